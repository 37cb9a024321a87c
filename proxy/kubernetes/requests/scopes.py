"""Which built-in kinds of object stand in no namespace. Pure.

From the discovery of Kubernetes 1.37 (kubernetes/kubernetes, api/discovery, which its build holds equal to what an API
server answers), and of metrics-server, which most clusters have. Of kinds that a cluster adds nothing is known here:
asked for without a namespace, they may be in any.
"""

from typing import Final

_BY_GROUP: Final = {
    "": "componentstatuses namespaces nodes persistentvolumes",
    "admissionregistration.k8s.io": "mutatingadmissionpolicies mutatingadmissionpolicybindings "
    "mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings "
    "validatingwebhookconfigurations",
    "apiextensions.k8s.io": "customresourcedefinitions",
    "apiregistration.k8s.io": "apiservices",
    "authentication.k8s.io": "selfsubjectreviews tokenreviews",
    "authorization.k8s.io": "selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews",
    "certificates.k8s.io": "certificatesigningrequests clustertrustbundles",
    "flowcontrol.apiserver.k8s.io": "flowschemas prioritylevelconfigurations",
    "internal.apiserver.k8s.io": "storageversions",
    "metrics.k8s.io": "nodes",
    "networking.k8s.io": "ingressclasses ipaddresses servicecidrs",
    "node.k8s.io": "runtimeclasses",
    "rbac.authorization.k8s.io": "clusterrolebindings clusterroles",
    "resource.k8s.io": "deviceclasses devicetaintrules resourcepoolstatusrequests resourceslices",
    "scheduling.k8s.io": "priorityclasses",
    "storage.k8s.io": "csidrivers csinodes storageclasses volumeattachments volumeattributesclasses",
    "storagemigration.k8s.io": "storageversionmigrations",
}

#: Group ("" is the core) and resource.
CLUSTER_SCOPED: Final = frozenset((group, each) for group, names in _BY_GROUP.items() for each in names.split())


def is_cluster_scoped(group: str, resource: str) -> bool:
    """Whether objects of this kind are known to stand in no namespace."""
    return (group, resource) in CLUSTER_SCOPED

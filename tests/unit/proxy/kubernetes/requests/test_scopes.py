"""Scopes: what Kubernetes 1.37 says of its own kinds, and nothing of others."""

import pytest

from proxy.kubernetes.requests.scopes import CLUSTER_SCOPED, is_cluster_scoped

#: api/discovery of Kubernetes v1.37.2 (api__v1.json and aggregated_v2.json), by scope.
NAMESPACED = """
bindings configmaps endpoints events limitranges persistentvolumeclaims pods podtemplates replicationcontrollers
resourcequotas secrets serviceaccounts services
apps/controllerrevisions apps/daemonsets apps/deployments apps/replicasets apps/statefulsets
authorization.k8s.io/localsubjectaccessreviews autoscaling/horizontalpodautoscalers batch/cronjobs batch/jobs
certificates.k8s.io/podcertificaterequests coordination.k8s.io/leasecandidates coordination.k8s.io/leases
discovery.k8s.io/endpointslices events.k8s.io/events lifecycle.k8s.io/evictionrequests lifecycle.k8s.io/evictions
networking.k8s.io/ingresses networking.k8s.io/networkpolicies policy/poddisruptionbudgets
rbac.authorization.k8s.io/rolebindings rbac.authorization.k8s.io/roles resource.k8s.io/resourceclaims
resource.k8s.io/resourceclaimtemplates scheduling.k8s.io/compositepodgroups scheduling.k8s.io/podgroups
scheduling.k8s.io/workloads storage.k8s.io/csistoragecapacities
"""
CLUSTER = """
componentstatuses namespaces nodes persistentvolumes
admissionregistration.k8s.io/mutatingadmissionpolicies admissionregistration.k8s.io/mutatingadmissionpolicybindings
admissionregistration.k8s.io/mutatingwebhookconfigurations admissionregistration.k8s.io/validatingadmissionpolicies
admissionregistration.k8s.io/validatingadmissionpolicybindings
admissionregistration.k8s.io/validatingwebhookconfigurations apiextensions.k8s.io/customresourcedefinitions
apiregistration.k8s.io/apiservices authentication.k8s.io/selfsubjectreviews authentication.k8s.io/tokenreviews
authorization.k8s.io/selfsubjectaccessreviews authorization.k8s.io/selfsubjectrulesreviews
authorization.k8s.io/subjectaccessreviews certificates.k8s.io/certificatesigningrequests
certificates.k8s.io/clustertrustbundles flowcontrol.apiserver.k8s.io/flowschemas
flowcontrol.apiserver.k8s.io/prioritylevelconfigurations internal.apiserver.k8s.io/storageversions
networking.k8s.io/ingressclasses networking.k8s.io/ipaddresses networking.k8s.io/servicecidrs
node.k8s.io/runtimeclasses rbac.authorization.k8s.io/clusterrolebindings rbac.authorization.k8s.io/clusterroles
resource.k8s.io/deviceclasses resource.k8s.io/devicetaintrules resource.k8s.io/resourcepoolstatusrequests
resource.k8s.io/resourceslices scheduling.k8s.io/priorityclasses storage.k8s.io/csidrivers storage.k8s.io/csinodes
storage.k8s.io/storageclasses storage.k8s.io/volumeattachments storage.k8s.io/volumeattributesclasses
storagemigration.k8s.io/storageversionmigrations
"""


def kinds(listed: str) -> set[tuple[str, str]]:
    return {(group, name) for group, _, name in (each.rpartition("/") for each in listed.split())}


def test_they_are_those_of_the_discovery() -> None:
    assert kinds(CLUSTER) | {("metrics.k8s.io", "nodes")} == CLUSTER_SCOPED
    assert not kinds(NAMESPACED) & CLUSTER_SCOPED


@pytest.mark.parametrize(
    ("group", "resource"),
    [("example.com", "widgets"), ("example.com", "nodes"), ("", "Nodes"), ("metrics.k8s.io", "pods")],
)
def test_of_others_nothing_is_known(group: str, resource: str) -> None:
    assert not is_cluster_scoped(group, resource)

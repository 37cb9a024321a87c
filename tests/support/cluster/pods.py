"""Objects for a cluster of tests, and when they are ready."""

from collections.abc import Mapping
from typing import Any

from support.cluster.cluster import Cluster

#: What no image is looked for: every container of the stand-in is busybox.
_IMAGE = "busybox"


def pod(cluster: Cluster, name: str, *containers: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """A pod on the cluster's node; a container that is not said to have an image or a command sleeps."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": template(cluster, *containers, **spec),
    }


def deployment(cluster: Cluster, name: str, replicas: int, *containers: Mapping[str, Any]) -> dict[str, Any]:
    """So many of such pods."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template(cluster, *containers)},
        },
    }


def template(cluster: Cluster, *containers: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """What a pod's `spec` says; one container `main` if none is given."""
    sleeps = {"command": ["sh", "-c", 'trap "exit 0" TERM; while :; do sleep 3600 & wait; done']}
    return {
        "nodeName": cluster.node,
        "containers": [
            {"image": _IMAGE, **({} if "command" in each else sleeps), **each}
            for each in containers or ({"name": "main"},)
        ],
        **spec,
    }


def settled(cluster: Cluster, name: str) -> None:
    """Wait until the pod of that name is ready."""
    cluster.done("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=40s")

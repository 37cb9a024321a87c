"""What an API server says of pods, made up with fixed seeds: as large and as full of escapes as the real thing.

The shapes are those of Kubernetes 1.34's answers to `kubectl get pods -o json`: managedFields, environments, probes,
annotations with what was applied last, conditions and container statuses.
"""

import json
import random
from typing import Any

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_TIME = "2026-03-04T05:06:07Z"


def pod_list(count: int, seed: int = 1) -> bytes:
    """A PodList as an API server writes it: compactly, items without kinds of their own, a newline behind it."""
    chance = random.Random(seed)
    items = [pod(chance, number) for number in range(count)]
    return as_go({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "81723"}, "items": items})


def as_go(value: Any) -> bytes:
    """JSON as Go's encoder writes it, for an API server."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, escape)
    return text.encode() + b"\n"


def pod(chance: random.Random, number: int) -> dict[str, Any]:
    """One pod of a deployment, with two containers."""
    app = chance.choice(["payments", "ledger", "gateway", "reports"])
    name = f"{app}-{_word(chance, 9)}-{_word(chance, 5)}"
    labels = {"app": app, "app.kubernetes.io/part-of": "shop", "pod-template-hash": name.split("-")[1]}
    containers = [_container(chance, app), _container(chance, "envoy")]
    applied = {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": labels, "name": name, "namespace": "shop"}}
    return {
        "metadata": {
            "name": name,
            "generateName": name[:-5],
            "namespace": "shop",
            "uid": _uid(chance),
            "resourceVersion": str(80000 + number),
            "generation": 1,
            "creationTimestamp": _TIME,
            "labels": labels,
            "annotations": {
                _LAST_APPLIED: as_go({**applied, "spec": {"containers": containers}}).decode(),
                "prometheus.io/scrape": "true",
                "note": "shown <at the desk> & nowhere else",
            },
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name[:-6], "uid": _uid(chance)}
            ],
            "managedFields": [_managed(chance, containers), _managed_status(chance)],
        },
        "spec": {
            "volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}],
            "containers": containers,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "serviceAccountName": app,
            "nodeName": f"node-{number % 12}",
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}],
        },
        "status": _status(chance, containers),
    }


def _container(chance: random.Random, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example.com/shop/{name}:{chance.randrange(1, 400)}.{chance.randrange(90)}",
        "args": ["--listen=:8080", f"--upstream=http://{name}.shop.svc:80/v1", "--level=info"],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            *({"name": f"SETTING_{number}", "value": _word(chance, 12)} for number in range(8)),
            {"name": "DATABASE_HOST", "value": f"{name}.db.shop.svc"},
            {"name": "API_SECRET", "valueFrom": {"secretKeyRef": {"name": name, "key": "token"}}},
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
        ],
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [{"name": "token", "readOnly": True, "mountPath": "/var/run/secrets"}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10},
        "imagePullPolicy": "IfNotPresent",
    }


def _managed(chance: random.Random, containers: list[dict[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for container in containers:
        named = json.dumps({"name": container["name"]}, separators=(",", ":"))
        env = {
            "k:" + json.dumps({"name": each["name"]}, separators=(",", ":")): {".": {}, "f:name": {}, "f:value": {}}
            for each in container["env"]
        }
        fields["k:" + named] = {".": {}, "f:env": env, "f:image": {}, "f:name": {}, "f:ports": {".": {}}}
    return {
        "manager": "kube-controller-manager",
        "operation": "Update",
        "apiVersion": "v1",
        "time": _TIME,
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {
                "f:labels": {".": {}, "f:app": {}},
                "f:ownerReferences": {f'k:{{"uid":"{_uid(chance)}"}}': {}},
            },
            "f:spec": {"f:containers": fields, "f:restartPolicy": {}, "f:volumes": {".": {}}},
        },
    }


def _managed_status(chance: random.Random) -> dict[str, Any]:
    conditions = {
        f'k:{{"type":"{kind}"}}': {".": {}, "f:lastProbeTime": {}, "f:status": {}, "f:type": {}}
        for kind in ("Ready", "Initialized", "ContainersReady", "PodScheduled")
    }
    address = f'k:{{"ip":"10.2.{chance.randrange(200)}.{chance.randrange(250)}"}}'
    return {
        "manager": "kubelet",
        "operation": "Update",
        "apiVersion": "v1",
        "time": _TIME,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": {"f:conditions": conditions, "f:podIPs": {".": {}, address: {".": {}, "f:ip": {}}}}},
        "subresource": "status",
    }


def _status(chance: random.Random, containers: list[dict[str, Any]]) -> dict[str, Any]:
    address = f"10.2.{chance.randrange(200)}.{chance.randrange(250)}"
    return {
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": _TIME}
            for kind in ("Ready", "Initialized", "ContainersReady", "PodScheduled")
        ],
        "hostIP": "10.0.0.7",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": _TIME,
        "containerStatuses": [
            {
                "name": each["name"],
                "state": {"running": {"startedAt": _TIME}},
                "lastState": {},
                "ready": True,
                "restartCount": chance.randrange(4),
                "image": each["image"],
                "imageID": f"registry.example.com/shop/{each['name']}@sha256:{chance.randbytes(32).hex()}",
                "containerID": f"containerd://{chance.randbytes(32).hex()}",
                "started": True,
            }
            for each in containers
        ],
        "qosClass": "Burstable",
    }


def _word(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(_LETTERS, k=length))


def _uid(chance: random.Random) -> str:
    digits = chance.randbytes(16).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

"""Files that tell a client of Kubernetes where a cluster is and who asks. JSON, which is YAML too."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.cluster.certificates import Pair

_NAME = "tests"


def with_certificate(path: Path, server: str, ca: Path, client: Pair) -> Path:
    """Write to `path` how `client` reaches `server`; returns `path`."""
    return _write(
        path, server, ca, {"client-certificate-data": _data(client.certificate), "client-key-data": _data(client.key)}
    )


def with_token(path: Path, server: str, ca: Path, token: str, namespace: str = "default") -> Path:
    """Write to `path` how whoever has `token` reaches `server`; returns `path`."""
    return _write(path, server, ca, {"token": token}, namespace)


def server_of(path: Path) -> tuple[str, bytes]:
    """Address and authority (PEM) of the current context of a file with JSON, such as `kubectl config view -o json`."""
    read = json.loads(path.read_bytes())
    context = next(each for each in read["contexts"] if each["name"] == read["current-context"])
    cluster = next(each for each in read["clusters"] if each["name"] == context["context"]["cluster"])["cluster"]
    return cluster["server"], base64.b64decode(cluster["certificate-authority-data"])


def _write(path: Path, server: str, ca: Path, user: Mapping[str, str], namespace: str = "default") -> Path:
    cluster = {"server": server, "certificate-authority-data": _data(ca)}
    context = {"cluster": _NAME, "user": _NAME, "namespace": namespace}
    whole: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _NAME, "cluster": cluster}],
        "users": [{"name": _NAME, "user": user}],
        "contexts": [{"name": _NAME, "context": context}],
        "current-context": _NAME,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(whole))
    return path


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()

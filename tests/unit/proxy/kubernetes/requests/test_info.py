"""Requests as an API server reads them: the corpus holds what Kubernetes' own code made of each.

It was written by a program around k8s.io/apiserver v0.37.2, RequestInfoFactory.NewRequestInfo, with the prefixes api
and apis, of which api has no groups.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.requests import paths
from proxy.kubernetes.requests.info import RequestInfo, info_of
from proxy.kubernetes.requests.unreadable import Unreadable

CORPUS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "corpus" / "request_info.json").read_text())
TEXTS = ["verb", "path", "prefix", "group", "version", "namespace", "resource", "subresource", "name"]
SELECTORS = ["field_selector", "label_selector"]


def read(method: str, target: str) -> RequestInfo:
    """As the gateway does, behind a door."""
    found = paths.split(f"/prod{target}")
    return info_of(method, found.path, found.query)


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: f"{row['method']} {row['target']}")
def test_the_corpus(row: dict[str, Any]) -> None:
    info = read(row["method"], row["target"])
    assert info.is_resource is row["is_resource"]
    wanted = {name: row.get(name, "") for name in (*TEXTS, *SELECTORS)}
    if not info.is_resource:
        # Kubernetes leaves there what it had read before it knew.
        wanted |= {"prefix": "", "group": ""}
    assert {name: getattr(info, name) for name in wanted} == wanted
    assert info.parts == tuple(row.get("parts", ()))
    assert info.method == row["method"]


def test_the_corpus_is_large() -> None:
    assert len({(row["method"], row["target"]) for row in CORPUS}) == len(CORPUS) >= 180


@pytest.mark.parametrize("method", ["", "get", "Get", "TRACE", "CONNECT", "PROPFIND", "GET ", "QUERY", "LIST", "WATCH"])
def test_methods_that_kubernetes_has_not(method: str) -> None:
    with pytest.raises(Unreadable, match="method"):
        info_of(method, "/api/v1/pods")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("OPTIONS", "/api/v1/pods"),
        ("OPTIONS", "/apis/apps/v1/deployments/web"),
        ("GET", "/api/v1/watch"),
        ("GET", "/api/v1/watch/"),
        ("GET", "/api/v1/proxy"),
        ("GET", "/apis/apps/v1/watch"),
        ("DELETE", "/api/v1/watch/pods"),
        ("POST", "/api/v1/watch/namespaces/prod/pods/web"),
        ("GET", "/api/v1/pods?watch=true&watch=false"),
        ("GET", "/api/v1/pods?watch=yes"),
        ("GET", "/api/v1/pods?watch=off"),
        ("GET", "/api/v1/pods?limit=many"),
        ("GET", "/api/v1/pods?timeoutSeconds=1s"),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name"),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name=a&fieldSelector=metadata.name=b"),
        ("GET", "/api/v1/pods?labelSelector=a&labelSelector=b"),
        ("DELETE", "/api/v1/namespaces/prod/pods?labelSelector=a&labelSelector=b"),
        ("POST", "/api/v1/namespaces/prod/pods?dryRun=all"),
        ("POST", "/api/v1/namespaces/prod/pods?dryRun="),
        ("POST", "/api/v1/namespaces/prod/pods?dryRun=All&dryRun=All"),
        ("PATCH", "/api/v1/namespaces/prod/pods/web?dryRun=true"),
    ],
)
def test_what_a_server_refuses_or_guesses(method: str, target: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        read(method, target)


@pytest.mark.parametrize(
    ("method", "target", "dry"),
    [
        ("POST", "/api/v1/namespaces/prod/pods?dryRun=All", True),
        ("PUT", "/api/v1/namespaces/prod/pods/web?dryRun=All", True),
        ("PATCH", "/apis/apps/v1/namespaces/prod/deployments/web/scale?dryRun=All", True),
        ("POST", "/api/v1/namespaces/prod/pods/web/eviction?dryRun=All", True),
        ("POST", "/api/v1/namespaces/prod/pods", False),
        ("POST", "/api/v1/namespaces/prod/pods?dryrun=All", False),
        # Not heeded by a server:
        ("GET", "/api/v1/namespaces/prod/pods?dryRun=All", False),
        ("GET", "/api/v1/namespaces/prod/pods?dryRun=what", False),
        ("POST", "/api/v1/namespaces/prod/pods/web/exec?command=sh&dryRun=All", False),
        ("POST", "/api/v1/namespaces/prod/pods/web/proxy/x?dryRun=All", False),
        ("PUT", "/api/v1/namespaces/prod/services/web/proxy?dryRun=All", False),
        ("POST", "/api/v1/namespaces/prod/serviceaccounts/bot/token?dryRun=All", False),
        ("POST", "/logs?dryRun=All", False),
        # Known with the body alone: see test_deletions.
        ("DELETE", "/api/v1/namespaces/prod/pods/web?dryRun=All", False),
        ("DELETE", "/api/v1/namespaces/prod/pods?dryRun=All", False),
    ],
)
def test_dry_runs(method: str, target: str, *, dry: bool) -> None:
    assert read(method, target).dry_run is dry


@pytest.mark.parametrize(
    ("target", "is_tunnel"),
    [
        ("/api/v1/namespaces/prod/pods/web/exec", True),
        ("/api/v1/namespaces/prod/pods/web/attach", True),
        ("/api/v1/namespaces/prod/pods/web/portforward", True),
        ("/api/v1/namespaces/prod/pods/web/proxy/a", True),
        ("/api/v1/namespaces/prod/services/web/proxy", True),
        ("/api/v1/nodes/n1/proxy/", True),
        ("/api/v1/proxy/nodes/n1", True),
        ("/apis/example.com/v1/namespaces/prod/widgets/w/exec", True),
        ("/api/v1/namespaces/prod/pods/web/log", False),
        ("/api/v1/namespaces/prod/pods/exec", False),
        ("/exec/proxy/attach", False),
    ],
)
def test_tunnels(target: str, *, is_tunnel: bool) -> None:
    assert read("GET", target).is_tunnel is is_tunnel


@given(
    st.sampled_from(["GET", "POST", "DELETE", "OPTIONS"]),
    st.lists(
        st.sampled_from(["api", "apis", "v1", "apps", "namespaces", "watch", "proxy", "pods", "status", "x"]),
        max_size=9,
    ),
    st.sampled_from(["", "watch=1", "fieldSelector=metadata.name=a", "dryRun=All", "watch=x", "limit=x"]),
)
def test_any_path_is_read_or_refused(method: str, parts: list[str], query: str) -> None:
    try:
        info = info_of(method, "/" + "/".join(parts), query)
    except Unreadable:
        return
    assert info.verb
    assert not info.is_resource or (info.resource and info.version)
    assert info.path == "/" + "/".join(parts)

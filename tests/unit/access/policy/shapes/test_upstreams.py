"""Where resources are, well-formed by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from access.policy.policy import Policy
from access.policy.shapes.upstreams import KubernetesUpstream, SshUpstream
from support.policies import HOST_KEY, assert_told, change

MALFORMED = [
    (change("resources", "web-1", "upstream", "host_key", to=...), "web-1.upstream", "needs host_key or host_ca"),
    (change("resources", "web-1", "upstream", "port", to=0), "web-1.upstream.port", "greater than or equal to 1"),
    (change("resources", "web-1", "upstream", "host", to="a b"), "web-1.upstream.host", "pattern"),
    (
        change("resources", "payments-db", "upstream", to={"host": "h", "tls": "disable", "ca_file": "/ca"}),
        "payments-db.upstream",
        "would be ignored",
    ),
]


@pytest.mark.parametrize(("wrong", "path", "sentence"), MALFORMED)
def test_a_malformed_part_is_found_where_it_is(
    document: dict[str, Any], wrong: Callable[[dict[str, Any]], None], path: str, sentence: str
) -> None:
    wrong(document)
    assert_told(document, path, sentence)


@pytest.fixture
def policy(document: dict[str, Any]) -> Policy:
    return Policy.model_validate(document)


def test_one_host_key_is_a_list_of_one(policy: Policy) -> None:
    upstream = policy.resources["web-1"].upstream
    assert isinstance(upstream, SshUpstream)
    assert upstream.host_key == [HOST_KEY]


SERVER = {"server": "https://10.0.0.7:6443", "token": "env:CLUSTER"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"server": "http://127.0.0.1:8080"}, "no address of an API server"),
        ({"server": "https://10.0.0.7:6443/?x=1"}, "no address of an API server"),
        ({"server": "https://u:p@10.0.0.7"}, "no address of an API server"),
        ({"server": "10.0.0.7:6443"}, "no address of an API server"),
        ({"token": None}, "needs token, or client_certificate and client_key"),
        ({"client_certificate": "env:C"}, "has one of client_certificate and client_key"),
        ({"client_certificate": "env:C", "client_key": "env:K"}, "needs token, or client_certificate and client_key"),
        ({"token": "eyJhbGciOi"}, "is not a reference to a secret"),
        ({"user_prefix": "system:"}, "Kubernetes' own users"),
        ({"user_prefix": "people"}, "pattern"),
    ],
)
def test_an_api_server_is_verified_and_proven_to(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        KubernetesUpstream.model_validate({**SERVER, **change})


def test_an_api_servers_address_may_have_a_path() -> None:
    upstream = KubernetesUpstream.model_validate({**SERVER, "server": "https://rancher.example.com/k8s/clusters/c-1/"})
    assert (upstream.server, upstream.user_prefix) == ("https://rancher.example.com/k8s/clusters/c-1", "gatepass:")

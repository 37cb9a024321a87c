"""Where resources are, well-formed by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from access.policy.policy import Policy
from access.policy.shapes.upstreams import SshUpstream
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

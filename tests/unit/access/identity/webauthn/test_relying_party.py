"""Which pages keys can be bound to."""

import pytest

from access.identity.webauthn.problems import NoKeysHere
from access.identity.webauthn.relying_party import RelyingParty


@pytest.mark.parametrize(
    ("origin", "rp_id"),
    [
        ("https://gate.example.com", "gate.example.com"),
        ("https://gate.example.com:8444", "gate.example.com"),
        ("http://localhost:8444", "localhost"),
        ("https://localhost", "localhost"),
    ],
)
def test_bound_to_the_host_and_to_nothing_above_it(origin: str, rp_id: str) -> None:
    assert RelyingParty.of(origin) == RelyingParty(origin, rp_id)


@pytest.mark.parametrize(
    "origin", ["https://10.0.0.1", "https://[::1]:8444", "http://127.0.0.1:8444", "http://gate.example.com", "https://"]
)
def test_where_browsers_use_no_keys(origin: str) -> None:
    with pytest.raises(NoKeysHere):
        RelyingParty.of(origin)

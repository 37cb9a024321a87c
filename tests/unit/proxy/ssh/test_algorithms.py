"""What is offered names nothing weak, and nothing that this machine's library does not have."""

import pytest
from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs
from asyncssh.public_key import get_certificate_algs, get_public_key_algs

from proxy.ssh import algorithms

pytestmark = pytest.mark.finding("L7")

OFFERED = {
    name: value for name, value in vars(algorithms).items() if isinstance(value, tuple) and not name.startswith("_")
}


def test_all_are_known_to_the_library() -> None:
    known = {
        name.decode()
        for get in (get_kex_algs, get_encryption_algs, get_mac_algs, get_public_key_algs, get_certificate_algs)
        for name in get()
    }
    assert {name for names in OFFERED.values() for name in names} <= known


@pytest.mark.parametrize(
    "weak", ["sha1", "group-exchange", "group1-", "cbc", "umac-64", "md5", "rsa2048", "@ssh.com", "dss"]
)
def test_nothing_weak_is_among_them(weak: str) -> None:
    assert not [name for names in OFFERED.values() for name in names if weak in name]
    assert "ssh-rsa" not in algorithms.HOST_KEYS


@pytest.mark.finding("ssh-F9")
def test_the_first_is_what_clients_guess() -> None:
    assert algorithms.KEY_EXCHANGE[0] == "curve25519-sha256"
    assert set(algorithms.UPSTREAM_KEY_EXCHANGE) == {*algorithms.KEY_EXCHANGE, *algorithms.NIST_CURVES}

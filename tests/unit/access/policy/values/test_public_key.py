"""A host's key: what is one, and what only looks like one."""

from base64 import b64encode

import pytest
from pydantic import ValidationError

from access.policy.shapes.upstreams import SshUpstream
from support.policies import HOST_KEY


def line_of(algorithm: str, *fields: bytes) -> str:
    """A public key of these fields, as OpenSSH writes it."""
    blob = b"".join(len(each).to_bytes(4, "big") + each for each in (algorithm.encode(), *fields))
    return f"{algorithm} {b64encode(blob).decode()}"


@pytest.mark.finding("use-25")
@pytest.mark.parametrize("field", ["host_key", "host_ca"])
@pytest.mark.parametrize(
    "key",
    [
        "ssh-ed25519 AAAA…",
        "ssh-ed25519 AAAA",
        "ssh-ed25519",
        "",
        "AAAAC3NzaC1lZDI1NTE5",
        HOST_KEY.replace("ssh-ed25519", "ssh-rsa"),
        HOST_KEY[:-12],
        f"web-1 {HOST_KEY}",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        line_of("ssh-ed25519", bytes(range(33))),
        line_of("ssh-ed25519", bytes(range(31))),
        line_of("ssh-ed25519", bytes(range(32)), b"more"),
        line_of("ssh-rsa", bytes(range(200))),
        line_of("ecdsa-sha2-nistp256", b"nistp256", bytes(range(64))),
        line_of("ssh-foo", bytes(range(32))),
    ],
)
def test_what_is_no_public_key_is_refused_and_not_repeated(field: str, key: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        SshUpstream.model_validate({"host": "web", field: key})
    assert "is no public key: write the line that ssh-keyscan shows" in str(invalid.value)


@pytest.mark.parametrize(
    "key",
    [
        line_of("ssh-ed25519", bytes(32)),
        line_of("ssh-ed25519", b"example-" * 4),
        line_of("ssh-rsa", b"\1\0\1", bytes(257)),
        line_of("ecdsa-sha2-nistp256", b"nistp256", b"\4" + b"A" * 64),
    ],
)
def test_a_key_that_only_stands_for_one_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="is no key that anybody has"):
        SshUpstream.model_validate({"host": "web", "host_key": key})


@pytest.mark.parametrize(
    "key",
    [
        line_of("ssh-ed448", bytes(range(57))),
        line_of("ecdsa-sha2-nistp256", b"nistp256", bytes(range(65))),
        line_of("ecdsa-sha2-nistp521", b"nistp521", bytes(range(133))),
        line_of("ssh-rsa", b"\1\0\1", bytes(range(1, 200))),
    ],
)
def test_keys_of_every_algorithm_are_taken(key: str) -> None:
    assert SshUpstream.model_validate({"host": "web", "host_key": key}).host_key == [key]


def test_a_key_may_have_a_comment() -> None:
    upstream = SshUpstream.model_validate({"host": "web", "host_key": [HOST_KEY, f"{HOST_KEY} root@web"]})
    assert len(upstream.host_key) == 2

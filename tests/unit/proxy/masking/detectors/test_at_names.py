"""Names with an @: told from addresses by how they are written, and an address beside one is still one."""

import pytest

from proxy.masking.detectors.at_names import is_a_name
from proxy.masking.rules import DEFAULT_RULES, Masker


def _is(text: bytes) -> bool:
    at = text.index(b"@")
    first = max(text.rfind(mark, 0, at) for mark in b" [/") + 1
    past = min(found for mark in b" :]," if (found := (text + b" ").find(mark, at)) > 0)
    return is_a_name(text, first, at, past)


@pytest.mark.finding("ssh-F11")
@pytest.mark.parametrize(
    "text",
    [
        b"user@1000.service",
        b"run-u1@x.scope",
        b"a@B.Service",
        b"lodash@4.17.21.tgz",
        b"x@v1.2.3",
        b"icon@2x.webp",
        b"tank/home@snap.daily",
        b"git@github.com",
        b"root@db.example.com:/srv#",
        b"root@db.example.com:~#",
        b"[root@db.example.com srv]# ls",
        b"hmac-sha2-256-etm@openssh.com",
        b"posix-rename@openssh.com",
    ],
)
def test_a_name_is_no_address(text: bytes) -> None:
    assert _is(text)


@pytest.mark.parametrize(
    "text",
    [
        b"alice@example.com",
        b"alice@example.com: hello",
        b"alice@example.com:hunter2",
        b"[alice@example.com]",
        b"alice@openssh.com",
        b"home@snap.daily",
        b"alice@service.com",
        b"git2@github.com",
    ],
)
def test_an_address_is_none_of_them(text: bytes) -> None:
    assert not _is(text)


def test_an_address_beside_a_name_is_masked() -> None:
    masker = Masker(DEFAULT_RULES)
    assert masker.text("git@github.com:x by ada@example.com") == "git@github.com:x by a***@***"

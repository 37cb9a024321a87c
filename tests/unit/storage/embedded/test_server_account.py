"""The account that PostgreSQL runs as, where several programs of root's start their first server at once."""

import fcntl
import os
import pwd
from pathlib import Path

import pytest

from storage.embedded import server_account

_ENTRY = pwd.struct_passwd((server_account.SERVER_ACCOUNT, "x", 999, 995, "", "/nonexistent", "/usr/sbin/nologin"))


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[pwd.struct_passwd]:
    """Those that the machine knows by the name of ours; we are root."""
    known: list[pwd.struct_passwd] = []

    def by_name(name: str) -> pwd.struct_passwd:
        if not known:
            raise KeyError(name)
        return known[-1]

    root = pwd.struct_passwd(("root", "x", 0, 0, "", str(tmp_path), "/bin/sh"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", by_name)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: root)
    return known


def test_an_account_that_another_program_makes_meanwhile_is_kept(
    accounts: list[pwd.struct_passwd], monkeypatch: pytest.MonkeyPatch
) -> None:
    """useradd would write over it, under another number than the one that the other program starts its server as."""

    def wait(_descriptor: int, _how: int) -> None:
        accounts.append(_ENTRY)

    monkeypatch.setattr(fcntl, "flock", wait)
    monkeypatch.setattr(server_account, "_make_account", lambda: pytest.fail("made once more"))
    assert server_account.server_account() == server_account.Account(999, 995)


def test_it_is_made_while_nobody_else_can(
    accounts: list[pwd.struct_passwd], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def make() -> pwd.struct_passwd:
        other = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(other)
        accounts.append(_ENTRY)
        return _ENTRY

    monkeypatch.setattr(server_account, "_make_account", make)
    assert server_account.server_account() == server_account.Account(999, 995)

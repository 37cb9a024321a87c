"""Folders of keys: files whole and their owner's; what is put in the place of a folder meanwhile gets nothing."""

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from access.certificates.authority import ClientAuthority
from access.identity.ssh import authority as ssh_authority
from access.key_folders.folder import Folder, made, opened
from access.key_folders.unusable import KeyUnusable
from access.signing_keys import KeyFolder
from proxy.authority import Authority
from proxy.ssh import user_authority
from proxy.ssh.host_key import host_key
from web.saml.keys import load_or_make

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOBODY = 65_534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root makes files for others")


def test_a_file_whose_writing_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "active").write_bytes(b"old")
    with opened(tmp_path) as folder:
        with pytest.raises(OSError, match="stopped"), folder.draft(b"new"):
            raise OSError("stopped")
        assert (folder.names(), folder.read("active")) == (["active"], b"old")


def test_the_first_file_of_several_stands_and_the_last_one_put_replaces_it(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        assert [folder.put_first("key", each) for each in (b"1", b"2")] == [True, False]
        assert folder.private("key") == b"1"
        folder.put("key", b"3")
        assert (folder.private("key"), folder.names()) == (b"3", ["key"])
        folder.rename("key", "other")
        assert (folder.has("key"), folder.has("other")) == (False, True)


@as_root
def test_what_root_makes_is_its_folders_owners(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    with made(tmp_path / "keys") as folder:
        folder.put("one", b"1")
        folder.put_first("two", b"2")
    found = [tmp_path / "keys", *(tmp_path / "keys").iterdir()]
    assert len(found) == 3
    assert {(path.stat().st_uid, path.stat().st_gid) for path in found} == {(NOBODY, NOBODY)}
    assert {path.stat().st_mode & 0o077 for path in found} == {0}


def test_a_key_that_the_folders_owner_could_not_read_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an account that may write to a folder of root's, and may give nothing away."""
    with opened(tmp_path) as folder:
        monkeypatch.setattr(folder, "_found", _of_another(os.stat(tmp_path)))
        monkeypatch.setattr(os, "fchown", _refused)
        with pytest.raises(KeyUnusable, match=r"belongs to .*, who could not read what .* makes there. Do this as "):
            folder.put("key", b"new")
    assert list(tmp_path.iterdir()) == []


def _of_another(found: os.stat_result) -> os.stat_result:
    facts = list(found)
    facts[4] = os.getuid() + 1
    return os.stat_result(facts)


def _refused(*_: int) -> None:
    raise PermissionError


# --- exchanged ----------------------------------------------------------------------------------------------------

Act = Callable[[Path], object]


def _next_and_change(folder: Path) -> None:
    user_authority.prepare_next(folder, "users")
    user_authority.change_over(folder, "users")


def _signing_keys(folder: Path) -> None:
    KeyFolder(folder).rotate(NOW, revoke=True)


def _server_certificate(folder: Path) -> None:
    Authority(folder).server_context(["localhost"])


#: Whatever makes, replaces or removes files of keys, as root is asked to in the folder of a service.
ACTS: list[Act] = [
    _signing_keys,
    ssh_authority.rotate,
    ssh_authority.ClientAuthority,
    _next_and_change,
    host_key,
    ClientAuthority,
    _server_certificate,
    lambda folder: load_or_make(folder / "key.pem"),
]
#: What is asked of the kernel by a name or a descriptor: before each of these another account may have its turn.
_BY_NAME = ("chown", "link", "mkdir", "open", "readlink", "rename", "replace", "scandir", "stat", "unlink")
_BY_DESCRIPTOR = ("fchown", "fstat", "listdir")


class Turns:
    """Has something done before the n-th call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, turn: int, do: Callable[[], None]) -> None:
        self.calls = 0
        self._turn, self._do = turn, do
        for name in (*_BY_NAME, *_BY_DESCRIPTOR):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, call: Any) -> Any:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == self._turn:
                self._do()
            return call(*arguments, **options)

        return counted


class Scene:
    """The home of a service, and a home of root's that looks alike and that the service cannot write to."""

    def __init__(self, folder: Path) -> None:
        self.service, self.roots = folder / "service" / "home" / "keys", folder / "root" / "home" / "keys"
        for keys in (self.service, self.roots):
            keys.mkdir(parents=True)
        for name in ("active", "ssh_client_ca", "ca.pem", "ca-key.pem", "key.pem", "ssh_user_ca_users"):
            (self.roots / name).write_bytes(b"root's own")
        for path in (folder / "service", self.service.parent, self.service):
            os.chown(path, NOBODY, NOBODY)

    def exchange(self, path: Path) -> None:
        """Put a link to root's in the place of one of the service's, as renameat2 does at one go."""
        path.rename(path.with_name("away"))
        path.symlink_to(self.roots if path == self.service else self.roots.parent)

    def outside(self) -> list[object]:
        found = [self.roots.parent, self.roots, *sorted(self.roots.iterdir())]
        facts = [path.stat() for path in found]
        content = [path.read_bytes() for path in found if path.is_file()]
        return [found, content, [(each.st_uid, each.st_gid, each.st_mode, each.st_nlink) for each in facts]]


@as_root
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("above", [False, True])
def test_whenever_the_folder_is_exchanged_nothing_outside_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Act, *, above: bool
) -> None:
    """Before every single call: the folder for a link to one of root's, or the one above it."""
    monkeypatch.setattr("web.saml.keys._BITS", 1024)
    turn = 0
    while True:
        turn += 1
        (tmp_path / str(turn)).mkdir()
        scene = Scene(tmp_path / str(turn))
        before = scene.outside()
        path = scene.service.parent if above else scene.service
        with monkeypatch.context() as patch:
            turns = Turns(patch, turn, lambda scene=scene, path=path: scene.exchange(path))
            with contextlib.suppress(OSError, KeyUnusable, user_authority.NoNextKey):
                act(scene.service)
        assert scene.outside() == before, turn
        if turns.calls < turn:
            assert turn > 5
            return


@as_root
@pytest.mark.parametrize("act", ACTS)
def test_a_link_in_the_place_of_the_folder_is_refused_and_says_what_to_do(tmp_path: Path, act: Act) -> None:
    scene = Scene(tmp_path)
    before = scene.outside()
    scene.exchange(scene.service)
    with pytest.raises(KeyUnusable, match=r"keys is a link to another folder, .*: put the folder itself in its place"):
        act(scene.service)
    assert scene.outside() == before


@as_root
def test_a_new_folder_that_is_exchanged_for_another_is_not_given_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For one of root's in the same home, the one thing that its owner can move there."""
    home, mkdir = tmp_path / "home", os.mkdir
    (home / "roots").mkdir(parents=True)
    (home / "roots" / "secret").write_bytes(b"root's own")
    os.chown(home, NOBODY, NOBODY)

    def exchanged(name: str, *arguments: Any, **options: Any) -> None:
        mkdir(name, *arguments, **options)
        (home / "keys").rmdir()
        (home / "roots").rename(home / "keys")

    monkeypatch.setattr(os, "mkdir", exchanged)
    with pytest.raises(KeyUnusable, match=r"home belongs to \S+, who could put another folder"), made(home / "keys"):
        pass
    assert ((home / "keys").stat().st_uid, (home / "keys" / "secret").exists()) == (0, True)


def test_a_folder_is_what_it_was_when_it_was_opened(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    with opened(tmp_path / "keys") as folder:
        (tmp_path / "keys").rename(tmp_path / "away")
        (tmp_path / "keys").mkdir()
        folder.put("key", b"1")
        assert isinstance(folder, Folder)
    assert ((tmp_path / "away" / "key").read_bytes(), list((tmp_path / "keys").iterdir())) == (b"1", [])

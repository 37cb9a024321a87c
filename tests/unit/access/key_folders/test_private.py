"""Private keys as files: nobody else has them, reads them, or knows them by another name."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from access.key_folders import private
from access.key_folders.folder import Folder, made, opened
from access.key_folders.unusable import KeyUnusable

NOBODY, ANOTHER = 65_534, 61_234
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")


def _refused(path: Path, why: str) -> None:
    """As a key of its folder, and as one that an operator named."""
    with pytest.raises(KeyUnusable, match=why):
        private.read(path)
    with opened(path.parent) as folder, pytest.raises(KeyUnusable, match=why):
        folder.private(path.name)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    with opened(tmp_path) as folder:
        folder.put("key", b"secret")
        assert (folder.private("key"), private.read(tmp_path / "key")) == (b"secret", b"secret")
    return tmp_path / "key"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610])
def test_a_key_that_others_may_read_is_refused(key: Path, mode: int) -> None:
    key.chmod(mode)
    _refused(key, "key can be read by others than its owner: chmod 600 it, or make a new key")


@as_root
def test_a_key_of_an_account_that_has_nothing_to_do_with_it_is_refused(key: Path) -> None:
    os.chown(key, ANOTHER, ANOTHER)
    _refused(key, "key belongs to uid 61234, who knows this key: make a new one, or give it to root")
    os.chown(key.parent, ANOTHER, ANOTHER)
    with opened(key.parent) as folder:
        assert folder.private("key") == b"secret"


@as_root
def test_a_link_to_a_key_of_somebody_elses_is_refused_and_one_to_a_key_of_roots_is_not(
    key: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(key)
    with opened(tmp_path) as folder:
        assert folder.private("link") == b"secret"
    os.chown(key, ANOTHER, ANOTHER)
    _refused(tmp_path / "link", "link belongs to uid 61234")


def test_a_key_with_another_name_is_refused(key: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "key").hardlink_to(key)
    _refused(key, rf"key has another name elsewhere \(a hard link\).*find -inum {key.stat().st_ino}\) and remove it")
    (tmp_path / "elsewhere" / "key").unlink()
    assert private.read(key) == b"secret"


def test_a_draft_that_is_being_put_in_place_is_no_other_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else reads the first key before its draft is gone, or just when it goes."""
    with opened(tmp_path) as folder:
        folder.put_first("key", b"secret")
        (tmp_path / ".draft").hardlink_to(tmp_path / "key")
        assert folder.private("key") == b"secret"
        names = Folder.names

        def gone(self: Folder) -> list[str]:
            (tmp_path / ".draft").unlink()
            return names(self)

        monkeypatch.setattr(Folder, "names", gone)
        assert folder.private("key") == b"secret"


def test_whoever_starts_at_once_reads_the_first_key(tmp_path: Path) -> None:
    def start(number: int) -> bytes:
        with made(tmp_path / "keys") as folder:
            folder.put_first("key", str(number).encode())
            return folder.private("key")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(start, range(64)))) == 1


def test_a_pipe_is_no_key_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key", 0o600)
    _refused(tmp_path / "key", "key is no file")


@as_root
@pytest.mark.parametrize(("mode", "whose"), [(0o755, "it"), (0o700, "/.*/keys")])
def test_a_key_of_somebody_elses_says_whose_it_is(mode: int, whose: str) -> None:
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        path = Path(parent) / "keys"
        with made(path) as folder:
            folder.put("key", b"secret")
        path.chmod(mode)
        os.seteuid(NOBODY)
        try:
            _refused(path / "key", rf"cannot be read: {whose} belongs to root, and this process")
        finally:
            os.seteuid(0)

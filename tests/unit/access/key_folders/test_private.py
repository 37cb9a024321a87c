"""Private keys as files: nobody else reads them."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from access.key_folders import private
from access.key_folders.folder import made, opened
from access.key_folders.unusable import KeyUnusable

NOBODY = 65_534
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

"""Private keys as open files: who may read them."""

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from access.key_folders.unusable import KeyUnusable, account


def read(path: Path) -> bytes:
    """A private key that an operator named, wherever it lies. Raises FileNotFoundError, KeyUnusable, OSError."""
    with readable(path), os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        judge(file.fileno(), path)
        return file.read()


def judge(descriptor: int, path: Path) -> None:
    """Raise KeyUnusable for a key that others may read."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise KeyUnusable(f"{path} is no file.")
    if found.st_mode & 0o077:
        raise KeyUnusable(f"{path} can be read by others than its owner: chmod 600 it, or make a new key.")


@contextmanager
def readable(path: Path) -> Generator[None]:
    """Raises KeyUnusable for what this process may not read, and says whose it is."""
    try:
        yield
    except PermissionError as error:
        raise KeyUnusable(_unreadable(path)) from error


def _unreadable(path: Path) -> str:
    # A folder on the way may be the one that lets nobody through.
    found = next(each for each in (path, *path.absolute().parents) if os.access(each, os.F_OK, effective_ids=True))
    owner, own = account(found.stat().st_uid), account(os.geteuid())
    what = "it" if found == path else str(found)
    return (
        f"{path} cannot be read: {what} belongs to {owner}, and this process runs as {own}. Give it that owner (chown)."
    )

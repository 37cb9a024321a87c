"""Private keys as open files: whose they are, who else may read them, and by which other names."""

import os
import stat
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from access.key_folders.unusable import KeyUnusable, account


def read(path: Path) -> bytes:
    """A private key that an operator named, wherever it lies. Raises FileNotFoundError, KeyUnusable, OSError."""
    with readable(path), os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        judge(file.fileno(), path, path.parent.stat(), drafts=list)
        return file.read()


def judge(
    descriptor: int, path: Path, folder: os.stat_result, *, drafts: Callable[[], Sequence[os.stat_result]]
) -> None:
    """Raise KeyUnusable for a key that others have, or may read. `drafts` are the files that are not in place yet.

    A draft is a name of the key for a moment: when the first one to make a key has put it in place.
    """
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise KeyUnusable(f"{path} is no file.")
    if found.st_mode & 0o077:
        raise KeyUnusable(f"{path} can be read by others than its owner: chmod 600 it, or make a new key.")
    if found.st_uid not in (0, os.geteuid(), folder.st_uid):
        owner = account(folder.st_uid)
        raise KeyUnusable(
            f"{path} belongs to {account(found.st_uid)}, who knows this key: make a new one, or give it to {owner} "
            "(chown) if it is yours."
        )
    if found.st_nlink > 1:
        # Counted first: each goes after the name that it gave.
        others = [each for each in drafts() if os.path.samestat(each, found)]
        if os.fstat(descriptor).st_nlink > 1 + len(others):
            raise KeyUnusable(
                f"{path} has another name elsewhere (a hard link), where it may be read or changed: find it "
                f"(find -inum {found.st_ino}) and remove it, or make a new key."
            )


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

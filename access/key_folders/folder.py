"""A folder of keys that is open: whatever is read, made, replaced or taken away in it goes by its descriptor.

So what another account puts in its place meanwhile gets nothing. Files appear whole or not at all, and belong to
whoever the folder belongs to: root may change a key of a service that runs as another account.
"""

import contextlib
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from access.key_folders import private, way


class Folder:
    """By names in it alone; `path` is for sentences, and for what takes nothing but a path to read."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._found = os.fstat(descriptor)

    @property
    def changed_ns(self) -> int:
        """When a file came or went, as it was when the folder was opened."""
        return self._found.st_mtime_ns

    def names(self) -> list[str]:
        """Of all its files, in order. Raises OSError."""
        # The descriptor may be one that reads nothing.
        listing = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._descriptor)
        try:
            return sorted(os.listdir(listing))
        finally:
            os.close(listing)

    def has(self, name: str) -> bool:
        try:
            self.stat(name)
        except FileNotFoundError:
            return False
        return True

    def stat(self, name: str) -> os.stat_result:
        """Of what a link leads to. Raises OSError."""
        return os.stat(name, dir_fd=self._descriptor)

    def read(self, name: str) -> bytes:
        """What everybody may know. Raises OSError."""
        with os.fdopen(self._open(name), "rb") as file:
            return file.read()

    def private(self, name: str) -> bytes:
        """A private key. Raises FileNotFoundError, and KeyUnusable for one that others have or may read."""
        path = self.path / name
        with private.readable(path), os.fdopen(self._open(name), "rb") as file:
            private.judge(file.fileno(), path, self._found, drafts=self._drafts)
            return file.read()

    def put(self, name: str, content: bytes) -> None:
        """Write a whole file in the place of whatever was there. Raises KeyUnusable, OSError."""
        with self.draft(content) as draft:
            self.rename(draft, name)

    def put_first(self, name: str, content: bytes, *, mode: int = 0o600) -> bool:
        """Write a whole file; False: one stands there, and stays. Raises KeyUnusable, OSError."""
        at = self._descriptor
        with self.draft(content, mode=mode) as draft:
            try:
                os.link(draft, name, src_dir_fd=at, dst_dir_fd=at, follow_symlinks=False)
            except FileExistsError:
                return False
        return True

    @contextmanager
    def draft(self, content: bytes, *, mode: int = 0o600) -> Generator[str]:
        """A file with all of its content on disk, gone after the block unless it was renamed.

        Raises KeyUnusable where it would not be the folder's owner's, and OSError.
        """
        name = f".{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, mode, dir_fd=self._descriptor)
        try:
            with os.fdopen(descriptor, "wb") as file:
                way.give(file.fileno(), self._found, self.path)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield name
        finally:
            self.remove(name)

    def rename(self, name: str, to: str) -> None:
        """In the place of whatever was there. Raises OSError."""
        os.replace(name, to, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Whether it is there or not. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def _open(self, name: str) -> int:
        # A pipe in its place must not be waited for.
        return os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._descriptor)

    def _drafts(self) -> list[os.stat_result]:
        found: list[os.stat_result] = []
        for name in self.names():
            if name.startswith("."):
                with contextlib.suppress(FileNotFoundError):
                    found.append(os.stat(name, dir_fd=self._descriptor, follow_symlinks=False))
        return found


@contextmanager
def opened(path: Path) -> Generator[Folder]:
    """A folder that is there. Raises KeyUnusable where others can put keys or another folder there, and OSError."""
    yield from _lent(path, way.opened(path, make=False))


@contextmanager
def made(path: Path) -> Generator[Folder]:
    """The same, made with mode 0700 if there is none, and given to the owner of the one above."""
    yield from _lent(path, way.opened(path, make=True))


def _lent(path: Path, descriptor: int) -> Generator[Folder]:
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)

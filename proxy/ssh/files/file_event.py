"""What is put on record of one file that was moved, or of one thing that was done to files. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Operation(StrEnum):
    DOWNLOAD = "download"
    UPLOAD = "upload"
    REMOVE = "remove"
    RENAME = "rename"
    LINK = "link"
    MAKE_FOLDER = "mkdir"
    REMOVE_FOLDER = "rmdir"
    ATTRIBUTES = "attributes"
    COPY = "copy"


@dataclass(frozen=True)
class FileEvent:
    """One line of the record; `facts` has it as JSON."""

    operation: Operation
    #: As the client named it, or as far as the protocol says it.
    path: str
    #: The second path of what has two: the new name, the link (which sshd has behind what it leads to).
    to: str = ""
    bytes: int = 0
    #: Where in the file the bytes begin.
    offset: int = 0
    #: Of the bytes, in hex; empty where they were not moved in one piece and in order.
    sha256: str = ""
    #: The host put the bytes at the file's end, wherever that was.
    appended: bool = False
    #: What was set: `size` (it was cut or grown), `mode`, `owner` (both numbers), `times`.
    attributes: Mapping[str, int | str] = field(default_factory=dict[str, int | str])
    #: Whether it came to its end: the file was closed, or the host said that it was done.
    done: bool = True

    @property
    def facts(self) -> dict[str, Any]:
        """What of it says something; `done` only where it was not."""
        facts = {name: value for name, value in asdict(self).items() if value not in ("", 0, {}) and name != "done"}
        return facts if self.done else {**facts, "done": False}


@dataclass
class Content:
    """Bytes of one file that go one way: how many, from where, and their hash while they come in order."""

    offset: int = 0
    count: int = 0
    in_order: bool = True
    _began: bool = False
    _hash: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes, offset: int | None = None) -> None:
        """Take the next bytes; `offset`: where in the file they stand, if the protocol says so."""
        if offset is not None and not self._began:
            self.offset = offset
        if offset is not None and offset != self.offset + self.count:
            self.in_order, self.offset = False, min(self.offset, offset)
        self._began = True
        self.count += len(data)
        if self.in_order:
            self._hash.update(data)

    def drop(self, count: int) -> None:
        """So many of the bytes were not moved after all."""
        self.count -= count
        self.in_order = False

    def event(self, operation: Operation, path: str, *, done: bool = True) -> FileEvent:
        """What is put on record of it."""
        return FileEvent(
            operation,
            path,
            bytes=self.count,
            offset=self.offset,
            sha256=self._hash.hexdigest() if self.in_order else "",
            done=done,
        )


def readable(path: bytes) -> str:
    """A path as text; bytes that are no UTF-8 stand in it as `\\xe9`."""
    return path.decode(errors="backslashreplace")

"""One handle of SFTP that is open: what went through it, and what is put on record of that. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from proxy.masking.scan import Scan
from proxy.ssh.files.file_event import Content, FileEvent, Operation

#: How a file is opened (draft-ietf-secsh-filexfer-02, 6.3).
WRITE: Final = 0x02
APPEND: Final = 0x04
CREATE: Final = 0x08
TRUNCATE: Final = 0x10
EXCLUSIVE: Final = 0x20

#: Any of these changes a file, or makes one, whether or not something is written: also beside reading alone.
_CHANGES: Final = WRITE | APPEND | CREATE | TRUNCATE


@dataclass(eq=False)
class OpenFile:
    """A handle; a folder's has no content."""

    path: str
    flags: int = 0
    #: What is set of a file that is made.
    attributes: Mapping[str, int | str] = field(default_factory=dict[str, int | str])
    is_folder: bool = False
    closing: bool = False
    read: Content = field(default_factory=Content)
    written: Content = field(default_factory=Content)
    #: Bytes of writes that the host has not answered, and whether it refused one.
    unanswered: int = 0
    refused: bool = False
    #: It was cut to nothing by its handle, as scp does with what it makes empty.
    emptied: bool = False
    #: It was grown, perhaps, before anything was written.
    grown: bool = False
    #: The host said that nothing more follows.
    read_to_end: bool = False
    scan: Scan | None = None
    scanned_to: int = 0

    @property
    def appends(self) -> bool:
        """Whether the host writes at the end, whatever offset a client names."""
        return bool(self.flags & APPEND)

    @property
    def is_written(self) -> bool:
        return bool(self.flags & _CHANGES or self.written.count)

    def write(self, data: bytes, offset: int) -> None:
        """The client sends bytes to be written."""
        self.written.add(data, None if self.appends else offset)
        self.unanswered += len(data)

    def wrote(self, count: int, *, done: bool) -> None:
        """The host answered a write."""
        self.unanswered -= count
        if not done:
            self.refused = True
            self.written.drop(count)

    def resized(self, size: int, *, surely: bool = True) -> None:
        """The file was cut or grown to this size, or perhaps: what was written may not be what it holds any more."""
        if self.written.count:
            self.written.in_order &= size == self.written.offset + self.written.count
        elif size:
            self.grown = True
        elif surely:
            self.emptied, self.grown = True, False

    def events(self, *, done: bool) -> Iterator[FileEvent]:
        """What is put on record when it is closed."""
        if self.is_folder:
            return
        if self.read.count or not self.is_written:
            # Of what nobody read there is no hash; of an empty file there is.
            self.read.in_order &= bool(self.read.count) or self.read_to_end
            yield self.read.event(Operation.DOWNLOAD, self.path, done=done)
        if self.is_written:
            self.written.in_order &= not self.unanswered and (bool(self.written.count) or self._is_empty)
            done = done and not self.refused and not self.unanswered
            moved = self.written.event(Operation.UPLOAD, self.path, done=done)
            yield replace(moved, appended=self.appends, attributes=self.attributes)

    @property
    def _is_empty(self) -> bool:
        """Whether it holds nothing but what is written."""
        made = bool(self.flags & TRUNCATE) or self.flags & (CREATE | EXCLUSIVE) == CREATE | EXCLUSIVE
        return (self.emptied or made) and not self.grown

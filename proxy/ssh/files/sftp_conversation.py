"""SFTP as it goes by, both ways: which files are read and written, and whether what is read may leave. Pure.

Version 3 is spoken (draft-ietf-secsh-filexfer-02), as by OpenSSH; a client that offers a later one is offered this one.
Packets pass as they are. Who uses a handle or a number that is not open, or a type that version 3 has not, breaks the
protocol: what cannot be followed does not go on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from proxy.masking.scan import Scan
from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.file_event import Content, FileEvent, Operation, readable
from proxy.ssh.files.sftp_packets import Fields, Kind, Packets, with_version

VERSION: Final = 3
#: Requests that wait for their answer, and handles that are open, at most: far beyond what clients use.
MAX_PENDING: Final = 4096
MAX_HANDLES: Final = 512

_CLIENT = "The client"
_HOST = "The host"
_OK: Final = 0
#: SSH_FXF_WRITE (6.3).
_FOR_WRITING: Final = 2

#: Requests that are only put on record, once the host says that they are done.
_DONE_TO_FILES: Final[dict[int, Operation]] = {
    Kind.REMOVE: Operation.REMOVE,
    Kind.MKDIR: Operation.MAKE_FOLDER,
    Kind.RMDIR: Operation.REMOVE_FOLDER,
    Kind.RENAME: Operation.RENAME,
    Kind.SYMLINK: Operation.LINK,
    Kind.SETSTAT: Operation.ATTRIBUTES,
}
#: Extensions of OpenSSH (PROTOCOL, 4) that do something to files that they name.
_EXTENSIONS: Final = {
    b"posix-rename@openssh.com": Operation.RENAME,
    b"hardlink@openssh.com": Operation.LINK,
}
_COPY_DATA: Final = b"copy-data"
_TWO_PATHS: Final = frozenset({Operation.RENAME, Operation.LINK})
_ASKS: Final = frozenset({Kind.LSTAT, Kind.FSTAT, Kind.FSETSTAT, Kind.READDIR, Kind.REALPATH, Kind.STAT, Kind.READLINK})


class Found(Exception):
    """What must not leave stands in what the host sent; `kind` says what, as masking counts it."""

    def __init__(self, path: str, kind: str) -> None:
        super().__init__(f"{path}: {kind}")
        self.path = path
        self.kind = kind


@dataclass
class _File:
    """A handle that is open; a folder's has no content."""

    path: str
    is_folder: bool = False
    #: Opened for writing, whether or not anything was written.
    writes: bool = False
    closing: bool = False
    read: Content = field(default_factory=Content)
    written: Content = field(default_factory=Content)
    scan: Scan | None = None
    scanned_to: int = 0


@dataclass(frozen=True)
class _Request:
    """One that waits for its answer."""

    kind: int
    handle: bytes = b""
    path: str = ""
    offset: int = 0
    writes: bool = False
    event: FileEvent | None = None


class SftpConversation:
    """One sftp channel. `told` gets each FileEvent; `scan` makes what looks at a file's bytes, None: nothing does."""

    def __init__(self, told: Callable[[FileEvent], None], scan: Callable[[], Scan] | None) -> None:
        self._told = told
        self._scan = scan
        self._requests = Packets(_CLIENT)
        self._answers = Packets(_HOST)
        self._pending: dict[int, _Request] = {}
        self._files: dict[bytes, _File] = {}
        self._began = self._agreed = False

    def client(self, data: bytes) -> bytes:
        """What of the client's bytes goes to the host now: whole packets. Raises BrokenProtocol."""
        return b"".join(map(self._request, self._requests.feed(data)))

    def upstream(self, data: bytes) -> bytes:
        """What of the host's bytes goes to the client now: whole packets. Raises BrokenProtocol, and Found."""
        passed: list[bytes] = []
        for packet in self._answers.feed(data):
            self._answer(packet)
            passed.append(packet)
        return b"".join(passed)

    def finish(self) -> None:
        """The channel is over; files that are open were not moved whole."""
        for file in self._files.values():
            self._moved(file, done=False)
        self._files.clear()

    # --- what the client asks ---------------------------------------------------------------------------------------

    def _request(self, packet: bytes) -> bytes:
        fields = Fields(packet, _CLIENT)
        if fields.kind == Kind.INIT and not self._began:
            self._began = True
            return packet if fields.uint32() <= VERSION else with_version(packet, VERSION)
        if not self._agreed:
            raise BrokenProtocol("The client asked for something before the version of SFTP was agreed on.")
        number = fields.uint32()
        if number in self._pending:
            raise BrokenProtocol("The client gave two SFTP requests one number.")
        if len(self._pending) >= MAX_PENDING:
            raise BrokenProtocol(f"The client has {MAX_PENDING:,} SFTP requests waiting at once.")
        self._pending[number] = self._read(fields)
        return packet

    def _read(self, fields: Fields) -> _Request:
        kind = fields.kind
        if kind == Kind.OPENDIR:
            return _Request(kind, path=readable(fields.string()))
        if kind == Kind.OPEN:
            return _Request(kind, path=readable(fields.string()), writes=bool(fields.uint32() & _FOR_WRITING))
        if kind == Kind.CLOSE:
            handle = fields.string()
            self._open(handle).closing = True
            return _Request(kind, handle)
        if kind == Kind.READ:
            handle = fields.string()
            self._open(handle)
            return _Request(kind, handle, offset=fields.uint64())
        if kind == Kind.WRITE:
            handle = fields.string()
            file, offset = self._open(handle), fields.uint64()
            file.written.add(fields.string(), offset)
            return _Request(kind, handle)
        if kind == Kind.EXTENDED:
            return _Request(kind, event=self._extended(fields))
        if (operation := _DONE_TO_FILES.get(kind)) is not None:
            return _Request(kind, event=_two(operation, fields))
        if kind not in _ASKS:
            raise BrokenProtocol(f"The client sent an SFTP packet of type {kind}, which version {VERSION} has not.")
        return _Request(kind)

    def _extended(self, fields: Fields) -> FileEvent | None:
        name = fields.string()
        if name == _COPY_DATA:
            source = self._open(fields.string())
            offset, count = fields.uint64(), fields.uint64()
            target = self._open(fields.string())
            return FileEvent(Operation.COPY, source.path, target.path, bytes=count, offset=offset)
        operation = _EXTENSIONS.get(name)
        return None if operation is None else _two(operation, fields)

    def _open(self, handle: bytes) -> _File:
        file = self._files.get(handle)
        if file is None or file.closing:
            raise BrokenProtocol("The client used an SFTP handle that is not open.")
        return file

    # --- what the host answers --------------------------------------------------------------------------------------

    def _answer(self, packet: bytes) -> None:
        fields = Fields(packet, _HOST)
        if fields.kind == Kind.VERSION and self._began and not self._agreed:
            if fields.uint32() > VERSION:
                raise BrokenProtocol(f"The host answered with a version of SFTP beyond {VERSION}.")
            self._agreed = True
            return
        if not self._agreed:
            raise BrokenProtocol("The host did not begin with its version of SFTP.")
        request = self._pending.pop(fields.uint32(), None)
        if request is None:
            raise BrokenProtocol("The host answered an SFTP request that was not made.")
        match fields.kind:
            case Kind.STATUS:
                self._status(request, fields.uint32())
            case Kind.HANDLE if request.kind in (Kind.OPEN, Kind.OPENDIR):
                self._opened(request, fields.string())
            case Kind.DATA if request.kind == Kind.READ:
                self._data(request, fields.string())
            case Kind.EXTENDED_REPLY if request.kind == Kind.EXTENDED:
                self._look("an answer of the host", packet, None)
            case Kind.NAME | Kind.ATTRS if request.kind in _ASKS:
                pass
            case kind:
                raise BrokenProtocol(f"The host answered an SFTP request by a packet of type {kind}.")

    def _status(self, request: _Request, code: int) -> None:
        if request.kind == Kind.CLOSE:
            file = self._files.pop(request.handle, None)
            if file is not None:
                self._moved(file, done=code == _OK)
        elif request.kind == Kind.WRITE and code != _OK:
            file = self._files.get(request.handle)
            if file is not None:
                file.written.in_order = False
        elif request.event is not None and code == _OK:
            self._told(request.event)

    def _opened(self, request: _Request, handle: bytes) -> None:
        if handle in self._files:
            raise BrokenProtocol("The host gave one SFTP handle twice.")
        if len(self._files) >= MAX_HANDLES:
            raise BrokenProtocol(f"The client has {MAX_HANDLES:,} files open at once.")
        self._files[handle] = _File(request.path, is_folder=request.kind == Kind.OPENDIR, writes=request.writes)

    def _data(self, request: _Request, data: bytes) -> None:
        file = self._files.get(request.handle)
        if file is None:
            raise BrokenProtocol("The host sent the content of a file that is not open.")
        file.read.add(data, request.offset)
        if self._scan is not None:
            if file.scan is None or request.offset != file.scanned_to:
                # What stands before it is not known: it is looked at by itself.
                file.scan = self._scan()
            file.scanned_to = request.offset + len(data)
            self._look(file.path, data, file.scan)

    def _look(self, path: str, data: bytes, scan: Scan | None) -> None:
        if self._scan is not None and (kind := (scan or self._scan()).look(data)):
            raise Found(path, kind)

    def _moved(self, file: _File, *, done: bool) -> None:
        if file.is_folder:
            return
        if file.read.count or not file.writes:
            self._told(file.read.event(Operation.DOWNLOAD, file.path, done=done))
        if file.writes:
            self._told(file.written.event(Operation.UPLOAD, file.path, done=done))


def _two(operation: Operation, fields: Fields) -> FileEvent:
    """An event of the one or two paths that a request begins with."""
    path = readable(fields.string())
    return FileEvent(operation, path, readable(fields.string()) if operation in _TWO_PATHS else "")

"""SFTP as it goes by, both ways: which files are read and written, and whether what is read may leave. Pure.

Version 3 is spoken (draft-ietf-secsh-filexfer-02), as by OpenSSH; a client that offers a later one is offered this one.
Packets pass as they are; what is asked right behind the offer of a version waits for the host's. What goes by a handle
that is not open fails, as with any server. Who uses one number twice, or a type that version 3 has not, breaks the
protocol: what cannot be followed does not go on.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from proxy.masking.scan import Scan
from proxy.ssh.files import sftp_extensions
from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.file_event import FileEvent, Operation, readable
from proxy.ssh.files.open_file import TRUNCATE, OpenFile
from proxy.ssh.files.sftp_packets import Fields, Kind, Packets, attributes, lstat, status, with_version

VERSION: Final = 3
#: Requests that wait for their answer at once; the client's others wait here. Handles that are open, at most.
MAX_PENDING: Final = 4096
MAX_HANDLES: Final = 512
#: Longer paths are refused, as Linux does (PATH_MAX), and none is cut in what is on record.
MAX_PATH_BYTES: Final = 4096

_CLIENT = "The client"
_HOST = "The host"
#: Codes of STATUS (7).
_OK: Final = 0
_EOF: Final = 1
_FAILURE: Final = 4
_OP_UNSUPPORTED: Final = 8

#: Requests that are only put on record, once the host says that they are done.
_DONE_TO_FILES: Final[dict[int, Operation]] = {
    Kind.REMOVE: Operation.REMOVE,
    Kind.MKDIR: Operation.MAKE_FOLDER,
    Kind.RMDIR: Operation.REMOVE_FOLDER,
    Kind.RENAME: Operation.RENAME,
    Kind.SYMLINK: Operation.LINK,
    Kind.SETSTAT: Operation.ATTRIBUTES,
}
_TWO_PATHS: Final = frozenset({Operation.RENAME, Operation.LINK})
#: What answers a request, beside a status.
_ANSWERS: Final[dict[int, Kind]] = {
    Kind.OPEN: Kind.HANDLE,
    Kind.OPENDIR: Kind.HANDLE,
    Kind.READ: Kind.DATA,
    Kind.LSTAT: Kind.ATTRS,
    Kind.FSTAT: Kind.ATTRS,
    Kind.STAT: Kind.ATTRS,
    Kind.READDIR: Kind.NAME,
    Kind.REALPATH: Kind.NAME,
    Kind.READLINK: Kind.NAME,
}
_ASKS: Final = frozenset({Kind.LSTAT, Kind.FSTAT, Kind.READDIR, Kind.REALPATH, Kind.STAT, Kind.READLINK})


class Found(Exception):
    """What must not leave stands in what the host sent; `kind` says what, as masking counts it."""

    def __init__(self, path: str, kind: str) -> None:
        super().__init__(f"{path}: {kind}")
        self.path = path
        self.kind = kind


class _NotOpen(Exception):
    """A request by a handle that is not open, or is being closed."""


class _Refused(Exception):
    """A request that Gatepass answers itself, with a code of SFTP's and words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class _Request:
    """One that waits for its answer."""

    kind: int
    #: What answers it, beside a status.
    answer: Kind | None = None
    handle: bytes = b""
    #: The file that it is about, if that is open.
    file: OpenFile | None = None
    #: What is to be opened, and how.
    path: str = ""
    flags: int = 0
    attributes: Mapping[str, int | str] = field(default_factory=dict[str, int | str])
    offset: int = 0
    #: How many bytes are written, or may be read at most.
    count: int = 0
    event: FileEvent | None = None
    #: What the client is told in the place of whatever the host says.
    instead: bytes = b""


class SftpConversation:
    """One sftp channel. `told` gets each FileEvent; `scan` makes what looks at a file's bytes, None: nothing does.

    `answer` takes what the client is told by Gatepass itself.
    """

    def __init__(
        self,
        told: Callable[[FileEvent], None],
        scan: Callable[[], Scan] | None,
        answer: Callable[[bytes], None],
    ) -> None:
        self._told = told
        self._scan = scan
        self._say = answer
        self._requests = Packets(_CLIENT)
        self._answers = Packets(_HOST)
        self._pending: dict[int, _Request] = {}
        self._files: dict[bytes, OpenFile] = {}
        #: Packets of the client's that wait until the host has answered others, or has said its version.
        self._held: deque[bytes] = deque()
        #: Versions that the host owes, one for each INIT.
        self._offered = 0
        self._agreed = False

    @property
    def is_full(self) -> bool:
        """Whether the client has asked for more than goes to the host now; it is to be read no more."""
        return bool(self._held)

    def client(self, data: bytes) -> bytes:
        """What of the client's bytes goes to the host now: whole packets. Raises BrokenProtocol."""
        self._held.extend(self._requests.feed(data))
        return self.released()

    def released(self) -> bytes:
        """What of the packets that waited goes to the host now. Raises BrokenProtocol."""
        passed: list[bytes] = []
        while self._held and len(self._pending) < MAX_PENDING and not self._waits(self._held[0]):
            passed.append(self._request(self._held.popleft()))
        return b"".join(passed)

    def upstream(self, data: bytes) -> bytes:
        """What of the host's bytes goes to the client now: whole packets. Raises BrokenProtocol, and Found."""
        return b"".join(map(self._answer, self._answers.feed(data)))

    def finish(self) -> None:
        """The channel is over; files that are open were not moved whole, and what was not answered may be done."""
        for request in self._pending.values():
            if request.event is not None:
                self._told(replace(request.event, done=False))
                self._resized(request.file, request.event.attributes.get("size"), done=False)
            elif request.kind == Kind.OPEN and request.flags & TRUNCATE:
                self._told(FileEvent(Operation.UPLOAD, request.path, done=False))
        for file in self._files.values():
            self._moved(file, done=False)
        self._pending.clear()
        self._files.clear()

    # --- what the client asks ---------------------------------------------------------------------------------------

    def _waits(self, packet: bytes) -> bool:
        """Whether the version has been offered and the host has still to answer: sshd takes what comes behind it."""
        return not self._agreed and self._offered > 0 and Fields(packet, _CLIENT).kind != Kind.INIT

    def _request(self, packet: bytes) -> bytes:
        fields = Fields(packet, _CLIENT)
        if fields.kind == Kind.INIT:
            self._offered += 1
            return packet if fields.uint32() <= VERSION else with_version(packet, VERSION)
        if not self._agreed:
            raise BrokenProtocol("The client asked for something before the version of SFTP was agreed on.")
        number = fields.uint32()
        if number in self._pending:
            raise BrokenProtocol("The client gave two SFTP requests one number.")
        try:
            self._pending[number] = self._read(fields)
        except _NotOpen:
            # In its turn: the host is asked for something harmless, and what it says is left out.
            self._pending[number] = _Request(fields.kind, instead=status(number, _FAILURE, "Failure"))
            return lstat(number)
        except _Refused as refused:
            self._say(status(number, refused.code, str(refused)))
            return b""
        return packet

    def _read(self, fields: Fields) -> _Request:
        kind = fields.kind
        match kind:
            case Kind.OPENDIR:
                return _Request(kind, Kind.HANDLE, path=_path(fields))
            case Kind.OPEN:
                path, flags = _path(fields), fields.uint32()
                return _Request(kind, Kind.HANDLE, path=path, flags=flags, attributes=attributes(fields))
            case Kind.CLOSE | Kind.READ | Kind.WRITE | Kind.FSETSTAT:
                return self._through_handle(kind, fields)
            case Kind.EXTENDED:
                return self._extended(fields)
            case _ if (operation := _DONE_TO_FILES.get(kind)) is not None:
                return _Request(kind, event=_done(operation, fields))
            case _ if kind in _ASKS:
                return _Request(kind, _ANSWERS[kind])
            case _:
                raise BrokenProtocol(f"The client sent an SFTP packet of type {kind}, which version {VERSION} has not.")

    def _through_handle(self, kind: int, fields: Fields) -> _Request:
        handle = fields.string()
        file = self._open(handle)
        request = _Request(kind, _ANSWERS.get(kind), handle, file)
        match kind:
            case Kind.CLOSE:
                file.closing = True
                return request
            case Kind.READ:
                return replace(request, offset=fields.uint64(), count=fields.uint32())
            case Kind.WRITE:
                offset, data = fields.uint64(), fields.string()
                file.write(data, offset)
                return replace(request, count=len(data))
            case _:
                event = FileEvent(Operation.ATTRIBUTES, file.path, attributes=attributes(fields))
                return replace(request, event=event)

    def _extended(self, fields: Fields) -> _Request:
        name = fields.string()
        if name == sftp_extensions.COPY_DATA:
            source = self._open(fields.string())
            offset, count = fields.uint64(), fields.uint64()
            target = self._open(fields.string())
            # What it holds then is not what the client wrote.
            target.written.in_order = False
            event = FileEvent(Operation.COPY, source.path, target.path, bytes=count, offset=offset)
            return _Request(Kind.EXTENDED, event=event)
        if (operation := sftp_extensions.DOING.get(name)) is not None:
            return _Request(Kind.EXTENDED, event=_done(operation, fields))
        if name not in sftp_extensions.ASKING:
            raise _Refused(_OP_UNSUPPORTED, "Gatepass does not know this extension of SFTP, so it was not passed on.")
        return _Request(Kind.EXTENDED, sftp_extensions.ASKING[name])

    def _open(self, handle: bytes) -> OpenFile:
        file = self._files.get(handle)
        if file is None or file.closing:
            raise _NotOpen
        return file

    # --- what the host answers --------------------------------------------------------------------------------------

    def _answer(self, packet: bytes) -> bytes:
        """What the client is told of it."""
        fields = Fields(packet, _HOST)
        if fields.kind == Kind.VERSION and self._offered:
            if fields.uint32() > VERSION:
                raise BrokenProtocol(f"The host answered with a version of SFTP beyond {VERSION}.")
            self._offered -= 1
            self._agreed = True
            return packet
        if not self._agreed:
            raise BrokenProtocol("The host did not begin with its version of SFTP.")
        request = self._pending.pop(fields.uint32(), None)
        if request is None:
            raise BrokenProtocol("The host answered an SFTP request that was not made.")
        if request.instead:
            return request.instead
        if fields.kind == Kind.STATUS:
            self._status(request, fields.uint32())
        elif fields.kind != request.answer:
            raise BrokenProtocol(f"The host answered an SFTP request by a packet of type {fields.kind}.")
        elif fields.kind == Kind.HANDLE:
            self._opened(request, fields.string())
        elif fields.kind == Kind.DATA:
            self._data(request, fields.string())
        return packet

    def _status(self, request: _Request, code: int) -> None:
        file = request.file
        if request.kind == Kind.CLOSE and file is not None:
            del self._files[request.handle]
            self._moved(file, done=code == _OK)
        elif request.kind == Kind.WRITE and file is not None:
            file.wrote(request.count, done=code == _OK)
        elif request.kind == Kind.READ and file is not None:
            file.read_to_end |= code == _EOF and request.offset <= file.read.offset + file.read.count
        elif request.event is not None:
            self._did(request, request.event, done=code == _OK)

    def _did(self, request: _Request, event: FileEvent, *, done: bool) -> None:
        """Put on record what was done. Of several attributes the host may have set some before it failed."""
        is_set = event.operation is Operation.ATTRIBUTES
        if done or (is_set and len(event.attributes) > 1):
            self._told(replace(event, done=done))
        if is_set:
            self._resized(request.file, event.attributes.get("size"), done=done)

    def _resized(self, file: OpenFile | None, size: int | str | None, *, done: bool) -> None:
        """A file was cut or grown; where it was named by its path, it may be any that is open."""
        if not isinstance(size, int):
            return
        for each in self._files.values() if file is None else [file]:
            each.resized(size, surely=done and file is not None)

    def _opened(self, request: _Request, handle: bytes) -> None:
        if handle in self._files:
            raise BrokenProtocol("The host gave one SFTP handle twice.")
        if len(self._files) >= MAX_HANDLES:
            raise BrokenProtocol(f"The client has {MAX_HANDLES:,} files open at once.")
        is_folder = request.kind == Kind.OPENDIR
        self._files[handle] = OpenFile(request.path, request.flags, request.attributes, is_folder=is_folder)

    def _data(self, request: _Request, data: bytes) -> None:
        file = request.file
        if file is None or self._files.get(request.handle) is not file:
            raise BrokenProtocol("The host sent the content of a file that is not open.")
        if len(data) > request.count:
            raise BrokenProtocol("The host sent more of a file than was asked for.")
        file.read.add(data, request.offset)
        if self._scan is not None:
            if file.scan is None or request.offset != file.scanned_to:
                # What stands before it is not known: it is looked at by itself.
                file.scan = self._scan()
            file.scanned_to = request.offset + len(data)
            self._look(file.path, data, file.scan)

    def _look(self, path: str, data: bytes, scan: Scan) -> None:
        if kind := scan.look(data):
            raise Found(path, kind)

    def _moved(self, file: OpenFile, *, done: bool) -> None:
        for event in file.events(done=done):
            self._told(event)


def _path(fields: Fields) -> str:
    """The path that comes next, whole: what is on record is what the host is asked for."""
    path = fields.string()
    if len(path) > MAX_PATH_BYTES:
        raise _Refused(_FAILURE, f"A path is longer than {MAX_PATH_BYTES:,} bytes.")
    return readable(path)


def _done(operation: Operation, fields: Fields) -> FileEvent:
    """An event of the one or two paths that a request begins with."""
    path = _path(fields)
    if operation in {Operation.ATTRIBUTES, Operation.MAKE_FOLDER}:
        return FileEvent(operation, path, attributes=attributes(fields))
    return FileEvent(operation, path, _path(fields) if operation in _TWO_PATHS else "")

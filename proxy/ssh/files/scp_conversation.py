"""The protocol of `scp -O` as it goes by: which files it moves, in which direction. Pure.

Nobody wrote it down but OpenSSH's scp.c. The sender says `C0644 SIZE NAME`, `D0755 0 NAME`, `E` or `T…`, each a line
that the receiver answers by a NUL; so are the bytes of a file and the NUL behind them. 1 or 2 and a line is an error.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.file_event import Content, FileEvent, Operation, readable

#: The longest line that scp itself takes.
MAX_LINE_BYTES: Final = 16 * 1024
#: Folders inside each other.
MAX_DEPTH: Final = 256

_OK: Final = 0
_ERRORS: Final = frozenset({1, 2})


class _State(Enum):
    """What the sender says next."""

    LINE = auto()
    #: Nothing, before the receiver has answered.
    ANSWERED = auto()
    DATA = auto()
    STATUS = auto()


class _Said(Enum):
    """What the receiver's answer is waited for, beside a file's size."""

    OTHER = auto()
    #: A folder: refused, nothing in it follows.
    FOLDER = auto()
    #: The status behind a file. Refused, the file is not there, or not whole.
    STATUS = auto()


class ScpConversation:
    """One `scp -f` (the host sends) or `scp -t` (the client does). `told` gets each FileEvent."""

    def __init__(self, told: Callable[[FileEvent], None], *, host_sends: bool) -> None:
        self._told = told
        self._host_sends = host_sends
        self._operation = Operation.DOWNLOAD if host_sends else Operation.UPLOAD
        self._state = _State.ANSWERED
        #: The receiver's answer to this is waited for; a number is the size of a file.
        self._owed: deque[int | _Said] = deque([_Said.OTHER])
        #: What the client sent on before it was answered, which waits here.
        self._held = b""
        self._line = bytearray()
        self._error = bytearray()
        self._folders: list[str] = []
        self._name = ""
        self._left = 0
        self._content: Content | None = None
        #: What the sender says of a file behind it, and whether the receiver refused it before that.
        self._is_whole = False
        self._refused_early = False

    @property
    def is_full(self) -> bool:
        """Whether the client went on before it was answered; it is to be read no more."""
        return bool(self._held)

    def client(self, data: bytes) -> bytes:
        """What of the client's bytes goes to the host now. Raises BrokenProtocol."""
        if self._host_sends:
            self._receive(data)
            return data
        self._held += data
        return self.released()

    def released(self) -> bytes:
        """What of the bytes that waited goes to the host now. Raises BrokenProtocol."""
        count = self._send(self._held)
        passed, self._held = self._held[:count], self._held[count:]
        return passed

    def upstream(self, data: bytes) -> None:
        """What the host sent. Raises BrokenProtocol."""
        if not self._host_sends:
            self._receive(data)
        elif self._send(data) < len(data):
            raise BrokenProtocol("scp's sender went on before it was answered.")

    def finish(self) -> None:
        """The channel is over; a file that was under way was not moved whole."""
        if self._content is not None:
            self._over(done=False)

    # --- the sender -------------------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> int:
        """How many of the bytes the sender may say before it is answered."""
        at = 0
        while at < len(data):
            if self._state is _State.DATA:
                at += self._take(data[at : at + self._left])
            elif self._state is _State.STATUS and not self._line and data[at] == _OK:
                self._ends(whole=True)
                at += 1
            elif self._state is _State.ANSWERED and not self._line and data[at] not in _ERRORS:
                break
            else:
                at = self._say(data, at)
        return at

    def _take(self, piece: bytes) -> int:
        assert self._content is not None
        self._content.add(piece)
        self._left -= len(piece)
        if not self._left:
            self._state = _State.STATUS
        return len(piece)

    def _say(self, data: bytes, at: int) -> int:
        """One line of the sender's, or a part of it; where what follows begins."""
        end = data.find(b"\n", at)
        past = len(data) if end < 0 else end + 1
        self._line += data[at:past]
        if len(self._line) > MAX_LINE_BYTES:
            raise BrokenProtocol("scp's sender sent a line that does not end.")
        if end >= 0:
            line, self._line = bytes(self._line[:-1]), bytearray()
            self._heard(line)
        return past

    def _heard(self, line: bytes) -> None:
        if line and line[0] in _ERRORS:
            # Behind a file it says that the file is not whole; elsewhere that something was left out.
            if self._state is _State.STATUS:
                self._ends(whole=False)
            return
        if self._state is not _State.LINE:
            raise BrokenProtocol("scp's sender sent no status behind a file.")
        match line[:1]:
            case b"C":
                size, self._name = _entry(line)
                self._owe(size)
            case b"D":
                _, name = _entry(line)
                self._folders.append(name)
                if len(self._folders) > MAX_DEPTH:
                    raise BrokenProtocol(f"scp's sender went down {MAX_DEPTH} folders.")
                self._owe(_Said.FOLDER)
            case b"E" if line == b"E":
                if self._folders:
                    self._folders.pop()
                self._owe(_Said.OTHER)
            case b"T":
                self._owe(_Said.OTHER)
            case _:
                raise BrokenProtocol("scp's sender sent what is no line of scp's.")

    def _owe(self, said: int | _Said) -> None:
        self._owed.append(said)
        self._state = _State.ANSWERED

    def _ends(self, *, whole: bool) -> None:
        """All of a file was sent. It is there once the receiver says so."""
        self._is_whole = whole
        if self._refused_early:
            self._state = _State.LINE
            self._over(done=False)
        else:
            self._owe(_Said.STATUS)

    def _over(self, *, done: bool) -> None:
        assert self._content is not None
        self._told(self._content.event(self._operation, self._path(self._name), done=done))
        self._content = None
        self._refused_early = False

    def _path(self, name: str) -> str:
        return "/".join([*self._folders, name])

    # --- the receiver -----------------------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        for byte in data:
            if self._error:
                self._error.append(byte)
                if byte == ord("\n"):
                    self._error.clear()
                    self._answered(refused=True)
                elif len(self._error) > MAX_LINE_BYTES:
                    raise BrokenProtocol("scp's receiver sent a line that does not end.")
            elif byte == _OK:
                self._answered(refused=False)
            elif byte in _ERRORS:
                self._error.append(byte)
            else:
                raise BrokenProtocol("scp's receiver sent what is no answer.")

    def _answered(self, *, refused: bool) -> None:
        if refused and self._state in {_State.DATA, _State.STATUS} and not self._refused_early:
            # Older receivers say at once that a disk is full, and nothing more behind the file.
            self._refused_early = True
            return
        if not self._owed:
            raise BrokenProtocol("scp's receiver answered what was not said.")
        said = self._owed.popleft()
        if isinstance(said, int) and not refused:
            self._content, self._left = Content(), said
            self._state = _State.DATA if said else _State.STATUS
            return
        self._state = _State.LINE
        if said is _Said.STATUS:
            self._over(done=self._is_whole and not refused)
        elif said is _Said.FOLDER and refused:
            self._folders.pop()


def _entry(line: bytes) -> tuple[int, str]:
    """Size and name of a `C` or `D` line."""
    mode, _, rest = line[1:].partition(b" ")
    size, _, name = rest.partition(b" ")
    if not (mode.isdigit() and size.isdigit() and name) or b"/" in name or len(size) > len(str(2**63)):
        raise BrokenProtocol("scp's sender described a file in a way that is not scp's.")
    return int(size), readable(name)

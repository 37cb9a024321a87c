"""`scp -O` as it goes by, from both ends and in pieces of any size."""

import hashlib

import pytest

from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.file_event import FileEvent, Operation
from proxy.ssh.files.scp_conversation import MAX_DEPTH, MAX_LINE_BYTES, ScpConversation

#: Who speaks ("S"ender or "R"eceiver) and what: a folder with two files, one of which the receiver cannot write.
WHOLE = [
    ("R", b"\0"),
    ("S", b"T1 0 1 0\n"),
    ("R", b"\0"),
    ("S", b"D0755 0 deep\n"),
    ("R", b"\0"),
    ("S", b"C0644 6 a b\n"),
    ("R", b"\0"),
    ("S", b"hello\n"),
    ("S", b"\0"),
    ("R", b"\0"),
    ("S", b"C0644 3 no\n"),
    ("R", b"\1scp: no: Permission denied\n"),
    ("S", b"C0600 0 empty\n"),
    ("R", b"\0"),
    ("S", b"\0"),
    ("R", b"\0"),
    ("S", b"E\n"),
    ("R", b"\0"),
    ("S", b"\1scp: gone: No such file\n"),
    ("S", b"C0600 2 cut\n"),
    ("R", b"\0"),
    ("S", b"xx"),
    ("S", b"\1scp: cut: Input/output error\n"),
    ("R", b"\0"),
]


def event(name: str, content: bytes, operation: Operation, *, done: bool = True) -> FileEvent:
    return FileEvent(operation, name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), done=done)


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("step", [1, 2, 5, 1000])
@pytest.mark.parametrize("host_sends", [True, False])
def test_every_file_is_told_of(step: int, host_sends: bool) -> None:
    events: list[FileEvent] = []
    scp = ScpConversation(events.append, host_sends=host_sends)
    for who, data in WHOLE:
        side = scp.upstream if (who == "S") is host_sends else scp.client
        for at in range(0, len(data), step):
            side(data[at : at + step])
    scp.finish()
    way = Operation.DOWNLOAD if host_sends else Operation.UPLOAD
    assert events == [
        event("deep/a b", b"hello\n", way),
        event("deep/empty", b"", way),
        event("cut", b"xx", way, done=False),
    ]


def test_a_file_that_is_cut_off_says_so() -> None:
    events: list[FileEvent] = []
    scp = ScpConversation(events.append, host_sends=True)
    scp.client(b"\0")
    scp.upstream(b"C0644 100 x\n")
    scp.client(b"\0")
    scp.upstream(b"half")
    scp.finish()
    scp.finish()
    assert events == [event("x", b"half", Operation.DOWNLOAD, done=False)]


@pytest.mark.parametrize(
    "data",
    [
        b"C0644 3 x\nxxx",
        b"hello\n",
        b"C0644 x name\n",
        b"C0644 3 a/b\n",
        b"C0644 3\n",
        b"X\n",
        b"EE\n",
        b"\n",
        b"x" * (MAX_LINE_BYTES + 1),
        b"C0644 " + b"9" * 30 + b" x\n",
    ],
)
def test_a_sender_that_breaks_the_protocol_is_told(data: bytes) -> None:
    scp = ScpConversation(lambda _: None, host_sends=True)
    scp.client(b"\0")
    with pytest.raises(BrokenProtocol, match="scp's sender"):
        scp.upstream(data)


def test_a_sender_says_how_a_file_ended() -> None:
    scp = ScpConversation(lambda _: None, host_sends=True)
    scp.client(b"\0")
    scp.upstream(b"C0644 1 x\n")
    scp.client(b"\0")
    with pytest.raises(BrokenProtocol, match="no status"):
        scp.upstream(b"xC0644 1 y\n")


@pytest.mark.parametrize("data", [b"x", b"\0\0", b"\1" + b"x" * (MAX_LINE_BYTES + 1)])
def test_a_receiver_that_breaks_the_protocol_is_told(data: bytes) -> None:
    scp = ScpConversation(lambda _: None, host_sends=True)
    with pytest.raises(BrokenProtocol, match="scp's receiver"):
        scp.client(data)


def test_folders_are_bounded() -> None:
    scp = ScpConversation(lambda _: None, host_sends=True)
    scp.client(b"\0")
    for _ in range(MAX_DEPTH):
        scp.upstream(b"D0755 0 x\n")
        scp.client(b"\0")
    with pytest.raises(BrokenProtocol, match="folders"):
        scp.upstream(b"D0755 0 x\n")


def _uploading(data: bytes) -> tuple[ScpConversation, list[FileEvent]]:
    """An upload whose bytes are sent."""
    events: list[FileEvent] = []
    scp = ScpConversation(events.append, host_sends=False)
    scp.upstream(b"\0")
    scp.client(b"C0644 %d x\n" % len(data))
    scp.upstream(b"\0")
    scp.client(data)
    return scp, events


def test_a_file_is_moved_once_its_receiver_says_so() -> None:
    scp, events = _uploading(b"hello")
    scp.client(b"\0")
    assert not events
    scp.upstream(b"\0")
    assert events == [event("x", b"hello", Operation.UPLOAD)]


def test_a_file_that_its_receiver_refuses_is_not_moved() -> None:
    scp, events = _uploading(b"hello")
    scp.client(b"\0")
    scp.upstream(b"\1scp: x: No space left on device\n")
    assert events == [event("x", b"hello", Operation.UPLOAD, done=False)]
    scp.client(b"C0644 1 y\n")
    scp.upstream(b"\0")
    scp.client(b"y\0")
    scp.upstream(b"\0")
    assert events[1:] == [event("y", b"y", Operation.UPLOAD)]


def test_a_file_whose_receiver_says_nothing_more_is_not_moved() -> None:
    scp, events = _uploading(b"hello")
    scp.client(b"\0")
    scp.finish()
    assert events == [event("x", b"hello", Operation.UPLOAD, done=False)]


@pytest.mark.parametrize("sent", [b"", b"lo"])
def test_a_receiver_may_refuse_before_it_has_all(sent: bytes) -> None:
    events: list[FileEvent] = []
    scp = ScpConversation(events.append, host_sends=False)
    scp.upstream(b"\0")
    scp.client(b"C0644 5 x\n")
    scp.upstream(b"\0")
    scp.client(b"hel" + sent)
    scp.upstream(b"\1scp: x: truncate: No space left on device\n")
    scp.client(b"hello"[3 + len(sent) :] + b"\0")
    assert events == [event("x", b"hello", Operation.UPLOAD, done=False)]
    scp.client(b"C0644 0 y\n")
    scp.upstream(b"\0")
    scp.client(b"\0")
    scp.upstream(b"\0")
    assert events[1:] == [event("y", b"", Operation.UPLOAD)]


def test_a_receiver_does_not_confirm_what_it_has_not() -> None:
    scp, _ = _uploading(b"hell")
    with pytest.raises(BrokenProtocol, match="scp's receiver"):
        scp.upstream(b"\0")


def test_a_folder_that_is_refused_is_in_no_path() -> None:
    events: list[FileEvent] = []
    scp = ScpConversation(events.append, host_sends=False)
    scp.upstream(b"\0")
    scp.client(b"D0755 0 denied\n")
    scp.upstream(b"\1scp: denied: Permission denied\n")
    scp.client(b"C0644 0 x\n")
    scp.upstream(b"\0")
    scp.client(b"\0")
    scp.upstream(b"\0")
    assert events == [event("x", b"", Operation.UPLOAD)]


@pytest.mark.parametrize("step", [1, 5, 1000])
def test_a_client_that_does_not_wait_for_answers_is_heard_in_its_turn(step: int) -> None:
    """As `printf 'C0644 1 x\\nx\\0' | ssh host scp -t .` does; the host reads one line after the other."""
    events: list[FileEvent] = []
    scp = ScpConversation(events.append, host_sends=False)
    sent = b"C0644 1 x\nx\0C0644 1 y\ny\0"
    for at in range(0, len(sent), step):
        assert scp.client(sent[at : at + step]) == b""
    assert scp.is_full
    passed: list[bytes] = []
    for _ in range(5):
        scp.upstream(b"\0")
        passed.append(scp.released())
    assert passed == [b"C0644 1 x\n", b"x\0", b"C0644 1 y\n", b"y\0", b""]
    assert not scp.is_full
    assert events == [event("x", b"x", Operation.UPLOAD), event("y", b"y", Operation.UPLOAD)]

"""SFTP as it goes by: what passes, what is put on record, what is found, and who breaks the protocol."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.scan import Scan
from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.file_event import FileEvent, Operation
from proxy.ssh.files.sftp_conversation import MAX_HANDLES, MAX_PATH_BYTES, MAX_PENDING, Found, SftpConversation
from proxy.ssh.files.sftp_packets import Kind
from support.wire.sftp import packet, read, status, write

PAN = b"4111111111111111"


class Talk:
    """A conversation that has agreed on its version."""

    def __init__(self, *, scans: bool = True) -> None:
        self.events: list[FileEvent] = []
        scan: Callable[[], Scan] | None = (lambda: Scan(Masker(DEFAULT_RULES))) if scans else None
        self.said: list[bytes] = []
        self.sftp = SftpConversation(self.events.append, scan, self.said.append)
        assert self.client(packet(Kind.INIT, 3))
        assert self.host(packet(Kind.VERSION, 3))

    def client(self, data: bytes) -> bytes:
        passed = self.sftp.client(data)
        assert passed == data
        return passed

    def host(self, data: bytes) -> bytes:
        passed = self.sftp.upstream(data)
        assert passed == data
        return passed

    def opened(self, path: bytes, handle: bytes = b"h", *, flags: int = 1, number: int = 900) -> None:
        self.client(packet(Kind.OPEN, number, path, flags, 0))
        self.host(packet(Kind.HANDLE, number, handle))

    def closed(self, handle: bytes = b"h", *, number: int = 901, code: int = 0) -> None:
        self.client(packet(Kind.CLOSE, number, handle))
        self.host(status(number, code))


def test_a_file_that_is_read_is_on_record() -> None:
    talk = Talk()
    talk.opened(b"/etc/motd")
    for number, piece in enumerate((b"hello ", b"world\n")):
        talk.client(read(number, b"h", number * 6, 6))
        talk.host(packet(Kind.DATA, number, piece))
    talk.client(read(9, b"h", 12, 6))
    talk.host(status(9, 1))
    talk.closed()
    assert talk.events == [
        FileEvent(Operation.DOWNLOAD, "/etc/motd", bytes=12, sha256=hashlib.sha256(b"hello world\n").hexdigest())
    ]


def test_a_file_that_is_written_is_on_record_whatever_it_holds() -> None:
    talk = Talk()
    talk.opened(b"up", flags=0x1A)
    talk.client(write(1, b"h", 0, PAN))
    talk.host(status(1))
    talk.closed()
    assert talk.events == [FileEvent(Operation.UPLOAD, "up", bytes=16, sha256=hashlib.sha256(PAN).hexdigest())]


def test_a_write_that_fails_has_no_hash() -> None:
    talk = Talk()
    talk.opened(b"up", flags=2)
    talk.client(write(1, b"h", 0, b"x"))
    talk.host(status(1, 4))
    talk.closed()
    assert talk.events == [FileEvent(Operation.UPLOAD, "up", done=False)]


def test_empty_files_are_on_record_too() -> None:
    talk = Talk()
    talk.opened(b"down")
    talk.closed()
    talk.opened(b"up", flags=2)
    talk.closed()
    assert [event.operation for event in talk.events] == [Operation.DOWNLOAD, Operation.UPLOAD]


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("cut", range(1, 16))
def test_a_value_is_found_in_one_piece_or_two(cut: int) -> None:
    talk = Talk()
    talk.opened(b"/cards")
    data = b"paid " + PAN[:cut]
    talk.client(read(1, b"h", 0, 99))
    talk.host(packet(Kind.DATA, 1, data))
    talk.client(read(2, b"h", len(data), 99))
    with pytest.raises(Found) as found:
        talk.sftp.upstream(packet(Kind.DATA, 2, PAN[cut:] + b"\n"))
    assert (found.value.path, found.value.kind) == ("/cards", "pan")


def test_files_are_looked_at_each_by_itself() -> None:
    talk = Talk()
    for handle in (b"a", b"b"):
        talk.opened(handle, handle)
    talk.client(read(1, b"a", 0, 99))
    talk.host(packet(Kind.DATA, 1, PAN[:10]))
    talk.client(read(2, b"b", 0, 99))
    talk.host(packet(Kind.DATA, 2, PAN[10:]))
    talk.client(read(3, b"a", 4000, 99))
    talk.host(packet(Kind.DATA, 3, PAN[10:]))


def test_a_role_that_lets_all_go_looks_at_nothing() -> None:
    talk = Talk(scans=False)
    talk.opened(b"/cards")
    talk.client(read(1, b"h", 0, 99))
    talk.host(packet(Kind.DATA, 1, PAN))


@pytest.mark.parametrize(
    ("request_", "event"),
    [
        (packet(Kind.REMOVE, 1, b"/x"), FileEvent(Operation.REMOVE, "/x")),
        (packet(Kind.RENAME, 1, b"/x", b"/y"), FileEvent(Operation.RENAME, "/x", "/y")),
        (packet(Kind.SYMLINK, 1, b"/x", b"/y"), FileEvent(Operation.LINK, "/x", "/y")),
        (packet(Kind.MKDIR, 1, b"/x", 0), FileEvent(Operation.MAKE_FOLDER, "/x")),
        (packet(Kind.RMDIR, 1, b"/x"), FileEvent(Operation.REMOVE_FOLDER, "/x")),
        (packet(Kind.SETSTAT, 1, b"/x", 0), FileEvent(Operation.ATTRIBUTES, "/x")),
        (
            packet(Kind.EXTENDED, 1, b"posix-rename@openssh.com", b"/x", b"/y"),
            FileEvent(Operation.RENAME, "/x", "/y"),
        ),
        (packet(Kind.EXTENDED, 1, b"hardlink@openssh.com", b"/x", b"/y"), FileEvent(Operation.LINK, "/x", "/y")),
        (
            packet(Kind.EXTENDED, 1, b"lsetstat@openssh.com", b"/x", 4, 0o600),
            FileEvent(Operation.ATTRIBUTES, "/x", attributes={"mode": "0600"}),
        ),
        (
            packet(Kind.SETSTAT, 1, b"/x", 0xF, 0, 0, 1, 2, 0o104755, 3, 4),
            FileEvent(
                Operation.ATTRIBUTES,
                "/x",
                attributes={"size": 0, "owner": "1:2", "mode": "104755", "times": "3:4"},
            ),
        ),
        (
            packet(Kind.MKDIR, 1, b"/x", 4, 0o777),
            FileEvent(Operation.MAKE_FOLDER, "/x", attributes={"mode": "0777"}),
        ),
        (packet(Kind.EXTENDED, 1, b"statvfs@openssh.com", b"/x"), None),
        (packet(Kind.EXTENDED, 1, b"fsync@openssh.com", b"h"), None),
    ],
)
def test_what_is_done_to_files_is_on_record_when_it_was_done(request_: bytes, event: FileEvent | None) -> None:
    talk = Talk()
    talk.client(request_)
    talk.host(status(1, 3))
    # Of several attributes some may be set.
    half = event is not None and event.operation is Operation.ATTRIBUTES and len(event.attributes) > 1
    assert talk.events == ([replace(event, done=False)] if event is not None and half else [])
    talk.events.clear()
    talk.client(request_)
    talk.host(status(1))
    assert talk.events == ([] if event is None else [event])


def test_a_copy_on_the_host_is_on_record() -> None:
    talk = Talk()
    talk.opened(b"/from", b"a")
    talk.opened(b"/to", b"b", flags=2)
    copied = packet(Kind.EXTENDED, 1, b"copy-data", b"a", 0, 0, 0, 7, b"b", 0, 0)
    talk.client(copied)
    talk.host(status(1))
    assert talk.events == [FileEvent(Operation.COPY, "/from", "/to", bytes=7)]


def test_folders_are_read_and_leave_nothing_on_record() -> None:
    talk = Talk()
    talk.client(packet(Kind.OPENDIR, 1, b"/etc"))
    talk.host(packet(Kind.HANDLE, 1, b"d"))
    talk.client(packet(Kind.READDIR, 2, b"d"))
    talk.host(packet(Kind.NAME, 2, 0))
    talk.closed(b"d")
    assert talk.events == []


def test_what_is_open_at_the_end_was_not_moved_whole() -> None:
    talk = Talk()
    talk.opened(b"/x")
    talk.sftp.finish()
    talk.sftp.finish()
    assert [(event.path, event.done) for event in talk.events] == [("/x", False)]


def test_a_later_version_is_offered_as_this_one() -> None:
    sftp = SftpConversation(lambda _: None, None, lambda _: None)
    assert sftp.client(packet(Kind.INIT, 6)) == packet(Kind.INIT, 3)
    with pytest.raises(BrokenProtocol, match="beyond 3"):
        sftp.upstream(packet(Kind.VERSION, 6))


@pytest.mark.parametrize(
    "data",
    [
        packet(Kind.DATA, 1, b"x"),
        packet(77, 1),
        packet(Kind.OPEN, 1, b"/x"),
        packet(Kind.READ, 1),
        packet(Kind.STAT, 1, b"/x") * 2,
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_client_that_breaks_the_protocol_is_told(data: bytes) -> None:
    talk = Talk()
    with pytest.raises(BrokenProtocol, match="The client"):
        talk.sftp.client(data)


@pytest.mark.parametrize(
    "data",
    [
        read(1, b"h", 0, 9),
        write(1, b"h", 0, b"x"),
        packet(Kind.CLOSE, 1, b"h"),
        packet(Kind.FSETSTAT, 1, b"h", 0),
        packet(Kind.EXTENDED, 1, b"copy-data", b"h", 0, 0, 0, 7, b"h", 0, 0),
    ],
)
@pytest.mark.parametrize("was_open", [True, False])
def test_what_goes_by_a_handle_that_is_not_open_fails_in_its_turn(data: bytes, was_open: bool) -> None:
    talk = Talk()
    if was_open:
        talk.opened(b"/x")
        talk.client(packet(Kind.CLOSE, 2, b"h"))
    assert talk.sftp.client(data) == packet(Kind.LSTAT, 1, b"")
    if was_open:
        talk.host(status(2))
    # Whatever the host says of it.
    failed = packet(Kind.STATUS, 1, 4, b"Failure", b"")
    assert talk.sftp.upstream(status(1, 2)) == failed
    assert talk.sftp.client(data) == packet(Kind.LSTAT, 1, b"")
    assert talk.sftp.upstream(packet(Kind.ATTRS, 1, 0)) == failed
    assert talk.said == []
    assert [event.bytes for event in talk.events] == [0] * was_open


def test_a_client_may_begin_again() -> None:
    """As sftp-server does, which keeps what is open."""
    talk = Talk()
    talk.opened(b"/x")
    talk.client(packet(Kind.INIT, 3) + packet(Kind.STAT, 1, b"/x"))
    talk.host(packet(Kind.VERSION, 3) + packet(Kind.ATTRS, 1, 0))
    talk.closed()
    with pytest.raises(BrokenProtocol, match="The host"):
        talk.sftp.upstream(packet(Kind.VERSION, 3))


@pytest.mark.parametrize(
    "data",
    [
        packet(Kind.DATA, 5, b"x"),
        packet(Kind.DATA, 1, b"x"),
        packet(Kind.HANDLE, 1, b"h"),
        packet(Kind.VERSION, 3),
        packet(Kind.STAT, 1),
        packet(Kind.NAME, 1, 0),
        packet(Kind.EXTENDED_REPLY, 1, b"x"),
        status(1) * 2,
    ],
)
def test_a_host_that_breaks_the_protocol_is_named(data: bytes) -> None:
    talk = Talk()
    talk.client(packet(Kind.STAT, 1, b"/x"))
    with pytest.raises(BrokenProtocol, match="The host"):
        talk.sftp.upstream(data)


def test_nothing_is_asked_or_answered_before_the_version() -> None:
    sftp = SftpConversation(lambda _: None, None, lambda _: None)
    with pytest.raises(BrokenProtocol, match="did not begin"):
        sftp.upstream(status(1))
    sftp = SftpConversation(lambda _: None, None, lambda _: None)
    with pytest.raises(BrokenProtocol, match="before the version"):
        sftp.client(packet(Kind.STAT, 1, b"/x") + packet(Kind.INIT, 3))


def test_what_is_asked_right_behind_the_offer_waits_for_the_version() -> None:
    sftp = SftpConversation(lambda _: None, None, lambda _: None)
    asked = packet(Kind.STAT, 1, b"/x") + packet(Kind.STAT, 2, b"/y")
    assert sftp.client(packet(Kind.INIT, 6) + asked[:20]) == packet(Kind.INIT, 3)
    assert sftp.is_full
    assert sftp.client(asked[20:]) == b""
    with pytest.raises(BrokenProtocol, match="did not begin"):
        sftp.upstream(status(1))
    assert sftp.upstream(packet(Kind.VERSION, 3)) == packet(Kind.VERSION, 3)
    assert sftp.released() == asked
    assert not sftp.is_full
    assert sftp.upstream(status(1) + status(2)) == status(1) + status(2)


def test_requests_and_handles_are_bounded() -> None:
    talk = Talk()
    for number in range(MAX_PENDING):
        talk.client(packet(Kind.STAT, number, b"/x"))
    assert not talk.sftp.is_full
    more = [packet(Kind.STAT, MAX_PENDING + number, b"/x") for number in range(3)]
    assert talk.sftp.client(b"".join(more)) == b""
    assert talk.sftp.is_full
    talk.host(status(0) + status(1))
    assert talk.sftp.released() == more[0] + more[1]
    assert talk.sftp.is_full
    talk.host(status(2))
    assert talk.sftp.released() == more[2]
    assert not talk.sftp.is_full
    talk = Talk()
    for number in range(MAX_HANDLES):
        talk.opened(b"/x", number.to_bytes(4, "big"))
    with pytest.raises(BrokenProtocol, match="open at once"):
        talk.opened(b"/x", b"one more")
    with pytest.raises(BrokenProtocol, match="one SFTP handle twice"):
        again = Talk()
        again.opened(b"/x")
        again.opened(b"/x")


@pytest.mark.parametrize("name", [b"read-it@example", b"x", b"", b"check-file-handle"])
def test_an_extension_that_is_not_known_is_answered_in_sftp_s_own_words(name: bytes) -> None:
    talk = Talk()
    assert talk.sftp.client(packet(Kind.EXTENDED, 2, name, b"/cards") + packet(Kind.STAT, 3, b"/x")) == packet(
        Kind.STAT, 3, b"/x"
    )
    (said,) = talk.said
    assert said[4:13] == bytes([Kind.STATUS]) + (2).to_bytes(4, "big") + (8).to_bytes(4, "big")
    with pytest.raises(BrokenProtocol, match="not made"):
        talk.sftp.upstream(packet(Kind.EXTENDED_REPLY, 2, PAN))


@pytest.mark.parametrize("name", [b"expand-path@openssh.com", b"home-directory"])
def test_a_path_that_an_extension_asks_for_is_answered_by_a_name(name: bytes) -> None:
    talk = Talk()
    for answer in (packet(Kind.NAME, 1, 1, b"/home/a/" + PAN, b"", 0), status(1, 4)):
        talk.client(packet(Kind.EXTENDED, 1, name, b"~/" + PAN))
        talk.host(answer)
    assert talk.events == []
    talk.client(packet(Kind.EXTENDED, 1, name, b"~/x"))
    with pytest.raises(BrokenProtocol, match="by a packet of type 201"):
        talk.sftp.upstream(packet(Kind.EXTENDED_REPLY, 1, b"/home/a/x"))


def test_names_and_attributes_are_no_content() -> None:
    talk = Talk()
    for number, (kind, answer) in enumerate(((Kind.REALPATH, Kind.NAME), (Kind.READLINK, Kind.NAME))):
        talk.client(packet(kind, number, PAN))
        talk.host(packet(answer, number, 1, PAN, PAN, 0))
    for kind in (Kind.ATTRS, Kind.DATA, Kind.HANDLE):
        again = Talk()
        again.client(packet(Kind.REALPATH, 1, b"."))
        with pytest.raises(BrokenProtocol, match="The host answered"):
            again.sftp.upstream(packet(kind, 1, b"x"))


def test_paths_are_on_record_whole() -> None:
    talk = Talk()
    longest = b"/" + b"\xe9" * (MAX_PATH_BYTES - 1)
    talk.client(packet(Kind.REMOVE, 1, longest))
    talk.host(status(1))
    assert talk.events == [FileEvent(Operation.REMOVE, "/" + "\\xe9" * (MAX_PATH_BYTES - 1))]
    for number, request in enumerate(
        (
            packet(Kind.REMOVE, 2, longest + b"x"),
            packet(Kind.RENAME, 3, b"/x", longest + b"x"),
            packet(Kind.OPEN, 4, longest + b"x", 2, 0),
            packet(Kind.OPENDIR, 5, longest + b"x"),
            packet(Kind.EXTENDED, 6, b"hardlink@openssh.com", longest + b"x", b"/y"),
        )
    ):
        assert talk.sftp.client(request) == b""
        assert talk.said[number][5:13] == (number + 2).to_bytes(4, "big") + (4).to_bytes(4, "big")


def test_what_was_asked_at_the_end_may_be_done() -> None:
    talk = Talk()
    talk.client(packet(Kind.REMOVE, 1, b"/x") + packet(Kind.STAT, 2, b"/y") + packet(Kind.OPEN, 3, b"/z", 0x12, 0))
    talk.client(packet(Kind.OPEN, 4, b"/read", 1, 0))
    talk.sftp.finish()
    talk.sftp.finish()
    assert talk.events == [
        FileEvent(Operation.REMOVE, "/x", done=False),
        FileEvent(Operation.UPLOAD, "/z", done=False),
    ]


def test_attributes_of_an_open_file_are_on_record_by_its_path() -> None:
    talk = Talk()
    talk.opened(b"/x", flags=2)
    talk.client(write(1, b"h", 0, b"abcd"))
    talk.host(status(1))
    talk.client(packet(Kind.FSETSTAT, 2, b"h", 1, 0, 2))
    talk.host(status(2))
    talk.client(packet(Kind.FSETSTAT, 3, b"h", 4, 0o4755))
    talk.host(status(3, 3))
    talk.closed()
    assert talk.events == [
        FileEvent(Operation.ATTRIBUTES, "/x", attributes={"size": 2}),
        FileEvent(Operation.UPLOAD, "/x", bytes=4),
    ]


def test_a_handle_of_the_same_name_is_another_file() -> None:
    """An answer that comes late is one about the file that was asked for."""
    talk = Talk()
    talk.opened(b"/a", flags=0x1A)
    talk.client(write(1, b"h", 0, b"lost"))
    talk.closed()
    talk.opened(b"/b", flags=0x1A)
    talk.client(write(2, b"h", 0, b"kept"))
    talk.host(status(1, 4))
    talk.host(status(2))
    talk.closed()
    assert talk.events == [
        FileEvent(Operation.UPLOAD, "/a", bytes=4, done=False),
        FileEvent(Operation.UPLOAD, "/b", bytes=4, sha256=hashlib.sha256(b"kept").hexdigest()),
    ]


def test_a_host_that_sends_more_than_was_asked_for_is_named() -> None:
    talk = Talk()
    talk.opened(b"/x")
    talk.client(read(1, b"h", 0, 2))
    with pytest.raises(BrokenProtocol, match="more of a file"):
        talk.sftp.upstream(packet(Kind.DATA, 1, b"abc"))


def test_what_was_copied_into_a_file_is_not_what_was_written() -> None:
    talk = Talk()
    talk.opened(b"/from", b"a")
    talk.opened(b"/to", b"b", flags=0x1A)
    talk.client(packet(Kind.EXTENDED, 1, b"copy-data", b"a", 0, 0, 0, 0, b"b", 0, 0))
    talk.host(status(1))
    talk.closed(b"b")
    assert talk.events[-1] == FileEvent(Operation.UPLOAD, "/to")


@pytest.mark.parametrize("code", [0, 4, None])
@pytest.mark.parametrize(
    "cut",
    [
        packet(Kind.FSETSTAT, 2, b"h", 1, 0, 2),
        packet(Kind.SETSTAT, 2, b"x", 1, 0, 2),
        packet(Kind.SETSTAT, 2, b"./x", 1, 0, 2),
        packet(Kind.EXTENDED, 2, b"lsetstat@openssh.com", b"/home/x", 1, 0, 2),
    ],
)
def test_a_file_that_may_have_been_cut_has_no_hash(cut: bytes, code: int | None) -> None:
    """By its handle or by a path, which may lead to any file; also where the host failed, or did not answer."""
    talk = Talk()
    talk.opened(b"x", flags=0x1A)
    talk.client(write(1, b"h", 0, b"abcd") + cut)
    talk.host(status(1))
    if code is not None:
        talk.host(status(2, code))
        talk.closed()
    talk.sftp.finish()
    *_, event = talk.events
    assert (event.operation, event.bytes, event.sha256, event.done) == (Operation.UPLOAD, 4, "", code is not None)


def test_a_file_that_is_set_to_the_size_that_it_has_keeps_its_hash() -> None:
    talk = Talk()
    talk.opened(b"x", flags=0x1A)
    talk.client(write(1, b"h", 0, b"abcd") + packet(Kind.SETSTAT, 2, b"x", 1, 0, 4))
    talk.host(status(1) + status(2))
    talk.closed()
    assert talk.events[-1].sha256 == hashlib.sha256(b"abcd").hexdigest()

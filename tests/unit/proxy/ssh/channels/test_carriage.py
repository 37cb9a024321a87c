"""What becomes of a channel's bytes by its kind and by the role's word, without a host or a client."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from asyncssh.constants import EXTENDED_DATA_STDERR

from access.policy.shapes.roles import Files
from proxy.errors import RecorderFailed
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.ssh.channels.carriage import Carriage, Ends, Input
from proxy.ssh.channels.kind import Kind
from proxy.ssh.files.sftp_conversation import MAX_PENDING
from proxy.ssh.files.sftp_packets import Kind as Packet
from support.wire.sftp import packet, read, status

PAN = b"4111111111111111"
STDOUT = None


class Cast:
    """As much of a recording as a carriage writes."""

    def __init__(self) -> None:
        self.written = b""
        self.files: list[Mapping[str, Any]] = []
        self.fails = False

    def stream(self, _channel: int, _code: str) -> Any:
        def write(data: bytes) -> None:
            self.written += data

        return write

    def file(self, _channel: int, facts: Mapping[str, Any]) -> None:
        if self.fails:
            raise RecorderFailed("The disk is full.")
        self.files.append(facts)


class Carried:
    """A carriage and all that it did."""

    def __init__(self, kind: Kind, files: Files = Files.REFUSE_SENSITIVE) -> None:
        self.cast = Cast()
        self.sent: dict[int | None, bytes] = {STDOUT: b"", EXTENDED_DATA_STDERR: b""}
        self.ended: list[tuple[str, ...]] = []
        self.unread = 0
        role = type("Role", (), {"files": files})()
        session = type("Session", (), {"masker": Masker(DEFAULT_RULES), "role": role})()
        live: Any = type("Live", (), {"session": session, "cast": self.cast})()
        ends = Ends(
            found=lambda kind, path: self.ended.append(("found", kind, path)),
            not_allowed=lambda: self.ended.append(("not allowed",)),
            damaged=lambda: self.ended.append(("damaged",)),
            broken=lambda sentence: self.ended.append(("broken", sentence)),
            fail=lambda fault: self.ended.append(("fail", str(fault))),
        )
        self.asked: list[bytes] = []
        self.held: list[bool] = []
        self.carriage = Carriage(
            live,
            0,
            kind,
            send=self._send,
            to_host=Input(self.asked.append, self.held.append),
            unread=lambda: self.unread,
            ends=ends,
        )

    def _send(self, data: bytes, datatype: int | None) -> None:
        self.sent[datatype] += data

    def upstream(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.carriage.upstream(piece, STDOUT)

    def over(self) -> None:
        self.carriage.finish()
        self.carriage.stop()
        self.carriage.close()


@pytest.mark.parametrize("kind", [Kind.TERMINAL, Kind.TEXT])
async def test_text_is_masked_and_recorded(kind: Kind) -> None:
    carried = Carried(kind)
    carried.upstream(b"paid ", PAN, b"\n")
    carried.over()
    assert carried.sent[STDOUT] == carried.cast.written == b"paid ************1111\n"
    assert (carried.cast.files, carried.ended) == ([], [])


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("files", [Files.ALLOW, Files.REFUSE_SENSITIVE])
async def test_text_that_is_none_passes_whole_from_where_it_turns(files: Files, at_once: bool) -> None:
    carried = Carried(Kind.TEXT, files)
    data = b"held-411111111 \xc5"
    carried.upstream(data)
    await asyncio.sleep(0)
    carried.upstream(b"\x0fbytes\0" + b"end 4111111111")
    if not at_once:
        await asyncio.sleep(0)
    carried.over()
    assert carried.sent[STDOUT] == data + b"\x0fbytes\0end 4111111111"
    assert carried.ended == []
    assert carried.cast.files[0]["operation"] == "download"


@pytest.mark.finding("ssh-F3")
async def test_text_that_is_none_ends_where_the_role_moves_no_files() -> None:
    carried = Carried(Kind.TEXT, Files.DENY)
    carried.upstream(b"text\n", b"\0")
    carried.over()
    assert (carried.sent[STDOUT], carried.ended) == (b"", [("not allowed",)])


@pytest.mark.parametrize("files", [Files.ALLOW, Files.REFUSE_SENSITIVE])
async def test_text_that_was_masked_before_it_is_none_ends(files: Files) -> None:
    carried = Carried(Kind.TEXT, files)
    carried.upstream(PAN + b"\n")
    await asyncio.sleep(0)
    carried.upstream(b"\0more")
    carried.over()
    assert carried.ended == [("damaged",)]
    assert b"more" not in carried.sent[STDOUT]


async def test_a_terminal_stays_one_whatever_it_shows() -> None:
    carried = Carried(Kind.TERMINAL, Files.DENY)
    carried.upstream(b"\0\x01\xff " + PAN + b"\n")
    carried.over()
    assert carried.sent[STDOUT] == b"\0\x01\xff ************1111\n"
    assert carried.ended == []


@pytest.mark.finding("ssh-F3")
@pytest.mark.parametrize("kind", [Kind.STREAM, Kind.SCP_SENDS])
async def test_a_transfer_ends_before_what_must_not_leave_and_takes_nothing_more(kind: Kind) -> None:
    carried = Carried(kind)
    if kind is Kind.SCP_SENDS:
        carried.carriage.client(b"\0")
        carried.upstream(b"C0644 99 cards\n")
        await asyncio.sleep(0)
        carried.carriage.client(b"\0")
    carried.upstream(b"a\n" + PAN + b"\nb")
    await asyncio.sleep(0)
    carried.over()
    assert carried.ended == [("found", "pan", "")]
    assert carried.sent[STDOUT].endswith(b"cards\n") or carried.sent[STDOUT] == b""
    assert carried.carriage.client(b"more") == b""


async def test_stderr_of_a_transfer_is_masked() -> None:
    carried = Carried(Kind.STREAM, Files.ALLOW)
    carried.carriage.upstream(b"problem with " + PAN + b"\n", EXTENDED_DATA_STDERR)
    carried.upstream(PAN)
    carried.over()
    assert carried.sent == {STDOUT: PAN, EXTENDED_DATA_STDERR: b"problem with ************1111\n"}
    assert PAN not in carried.cast.written


async def test_both_ways_of_a_stream_are_on_record() -> None:
    carried = Carried(Kind.STREAM)
    assert carried.carriage.client(b"question") == b"question"
    carried.upstream(b"answer")
    carried.over()
    assert [(each["operation"], each["bytes"]) for each in carried.cast.files] == [("download", 6), ("upload", 8)]


@pytest.mark.parametrize("kind", [Kind.SFTP, Kind.SCP_TAKES])
async def test_who_breaks_the_protocol_is_told_once(kind: Kind) -> None:
    carried = Carried(kind, Files.ALLOW)
    if kind is Kind.SCP_TAKES:
        carried.upstream(b"\0")
        await asyncio.sleep(0)
        carried.sent[STDOUT] = b""
    for _ in range(2):
        assert carried.carriage.client(b"GET / HTTP/1.1\r\n") == b""
    assert [each[0] for each in carried.ended] == ["broken"]
    carried.upstream(packet(Packet.VERSION, 3))
    assert carried.sent[STDOUT] == b""


async def test_a_host_that_breaks_the_protocol_is_told() -> None:
    carried = Carried(Kind.SFTP)
    carried.upstream(b"motd: welcome\n")
    assert [each[0] for each in carried.ended] == ["broken"]
    assert "The host sent an SFTP packet" in carried.ended[0][1]


async def _sftp(carried: Carried, content: bytes) -> None:
    carried.carriage.client(packet(Packet.INIT, 3))
    carried.upstream(packet(Packet.VERSION, 3))
    carried.carriage.client(packet(Packet.OPEN, 1, b"/cards", 1, 0))
    carried.upstream(packet(Packet.HANDLE, 1, b"h"))
    carried.carriage.client(read(2, b"h", 0, 99))
    carried.upstream(packet(Packet.DATA, 2, content))


@pytest.mark.finding("ssh-F3")
async def test_sftp_ends_with_the_file_that_must_not_leave() -> None:
    carried = Carried(Kind.SFTP)
    await _sftp(carried, PAN)
    assert carried.ended == [("found", "pan", "/cards")]
    assert PAN not in carried.sent[STDOUT]
    carried.over()
    assert carried.cast.files[0]["done"] is False


async def test_sftp_passes_all_where_the_role_says_so() -> None:
    carried = Carried(Kind.SFTP, Files.ALLOW)
    await _sftp(carried, PAN)
    assert (PAN in carried.sent[STDOUT], carried.ended) == (True, [])


async def test_a_record_that_cannot_be_written_ends_the_session() -> None:
    carried = Carried(Kind.SFTP)
    carried.cast.fails = True
    await _sftp(carried, b"x")
    carried.carriage.client(packet(Packet.CLOSE, 3, b"h"))
    carried.upstream(packet(Packet.STATUS, 3, 0, b"", b""))
    assert carried.ended == [("fail", "The disk is full.")]


async def test_what_waits_for_the_host_s_answers_is_given_to_it_then() -> None:
    carried = Carried(Kind.SCP_TAKES, Files.ALLOW)
    assert carried.carriage.client(b"C0644 1 x\nx\0") == b""
    for _ in range(2):
        carried.upstream(b"\0")
        await asyncio.sleep(0)
    assert (carried.asked, carried.held) == ([b"C0644 1 x\n", b"x\0"], [True, False])
    carried = Carried(Kind.SFTP)
    carried.carriage.client(packet(Packet.INIT, 3))
    carried.upstream(packet(Packet.VERSION, 3))
    asked = [packet(Packet.STAT, number, b"/x") for number in range(MAX_PENDING + 2)]
    assert carried.carriage.client(b"".join(asked)) == b"".join(asked[:-2])
    carried.upstream(status(0))
    carried.upstream(status(1))
    assert (carried.asked, carried.held) == (asked[-2:], [True, False])

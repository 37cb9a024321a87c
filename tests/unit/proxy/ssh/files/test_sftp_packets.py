"""Packets of SFTP, of any cut, and what is none."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.ssh.files.broken import BrokenProtocol
from proxy.ssh.files.sftp_packets import MAX_PACKET_BYTES, Fields, Kind, Packets, lstat, with_version
from support.wire.sftp import packet, read


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(0, 400), max_size=8))
def test_any_cut_gives_the_same_packets(bodies: list[bytes], cuts: list[int]) -> None:
    whole = [struct.pack(">I", len(body)) + body for body in bodies]
    data = b"".join(whole)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    packets = Packets("The client")
    found = [each for at, past in pairwise(edges) for each in packets.feed(data[at:past])]
    assert found == whole


@pytest.mark.parametrize("length", [0, MAX_PACKET_BYTES + 1, 0x53534820, 0xFFFFFFFF])
def test_a_length_that_is_none_is_broken_before_anything_is_kept(length: int) -> None:
    packets = Packets("The client")
    with pytest.raises(BrokenProtocol, match="The client sent an SFTP packet of"):
        packets.feed(struct.pack(">I", length) + b"x")


def test_fields_are_read_in_order_and_their_lack_is_broken() -> None:
    fields = Fields(read(7, b"handle", 2**40, 9), "The client")
    assert (fields.kind, fields.uint32(), fields.string()) == (Kind.READ, 7, b"handle")
    assert (fields.uint64(), fields.uint32()) == (2**40, 9)
    with pytest.raises(BrokenProtocol, match="cut short"):
        fields.uint32()
    with pytest.raises(BrokenProtocol, match="cut short"):
        Fields(packet(Kind.OPEN, 2**31), "The client").string()


def test_a_version_is_changed_and_what_follows_it_stays() -> None:
    assert with_version(packet(Kind.INIT, 6, b"more"), 3) == packet(Kind.INIT, 3, b"more")


def test_a_request_of_gatepass_s_own_asks_about_no_file() -> None:
    assert lstat(7) == packet(Kind.LSTAT, 7, b"")

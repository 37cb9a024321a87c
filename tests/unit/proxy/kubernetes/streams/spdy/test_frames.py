"""Frames are values: those that say the same are equal."""

from proxy.kubernetes.streams.spdy.frames import Data, Kind, SynReply, SynStream


def test_they_are_values() -> None:
    assert SynStream(1, (("a", "b"),)) == SynStream(1, (("a", "b"),), associated=0, priority=0)
    assert Data(1, b"") != Data(1, b"", fin=True)
    assert len({SynReply(1), SynReply(1), SynReply(2)}) == 2


def test_what_the_protocol_numbers() -> None:
    assert [kind.value for kind in Kind] == [1, 2, 3, 4, 6, 7, 8, 9]

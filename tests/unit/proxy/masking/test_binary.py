"""Bytes that are no text, wherever a piece of them begins or ends."""

import pytest

from proxy.masking.binary import is_binary


@pytest.mark.parametrize(
    "data",
    [
        b"PACK\x00\x00\x00\x02",
        b"a\0b",
        b"\x04\xff",
        b"\x1f\x8b\x08\x04",
        b"text and then \x01\xc3\x28",
    ],
)
def test_what_is_for_a_program_is_no_text(data: bytes) -> None:
    assert is_binary(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain\r\n\tlines\x0c\n",
        b"\x1b[1mred\x1b[0m \x07\x08",
        "kůň 𝄞".encode(),
        b"caf\xe9 in Latin-1\n",
        b"\x01\x02 marks of readline\n",
        "\x01kůň".encode()[:-1],
        "ůň\x01".encode()[1:],
        b"\xff\xfe",
    ],
)
def test_what_people_read_is_text(data: bytes) -> None:
    assert not is_binary(data)

"""Addresses, and prompts that look like the beginning of one."""

import pytest

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker


def test_an_address_cut_by_a_flush_loses_its_rest() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"to alice") + masking.flush() == b"to alice"
    assert masking.feed(b"@example.com\n") == b"***\n"


@pytest.mark.parametrize("colour", ["", "\x1b[1mword "])
def test_an_address_before_a_cursor_that_goes_elsewhere_ends_there(colour: str) -> None:
    """Programs that draw the screen (less, top, mysql) put the next word anywhere: it is not the address's."""
    shown = Masker(DEFAULT_RULES).text(f"{colour}alice@example.com\x1b[2;1HID 17")
    assert shown.replace("\x1b[2;1HID", "").removeprefix(colour) == "a***@*** 17"


def test_letters_of_an_escape_sequence_are_no_address_s() -> None:
    shown = Masker(DEFAULT_RULES).text("\x1b[01;32malice@example.com\x1b[00m paid")
    assert shown == "\x1b[01;32ma***@***\x1b[00m paid"


def test_a_prompt_and_a_letter_are_not_kept_by_a_flush() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"alice@web-1:~$ ") == b"alice@web-1:~$ "
    assert masking.held == 0
    assert masking.feed(b"l") == b""
    assert masking.held == 1
    assert masking.flush() == b"l"
    assert masking.feed(b"s\r\n") == b"s\r\n"

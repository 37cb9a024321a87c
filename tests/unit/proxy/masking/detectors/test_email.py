"""Addresses, and prompts that look like the beginning of one."""

from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.masking.stream import StreamMasker


def test_an_address_cut_by_a_flush_loses_its_rest() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"to alice") + masking.flush() == b"to alice"
    assert masking.feed(b"@example.com\n") == b"***\n"


def test_a_prompt_and_a_letter_are_not_kept_by_a_flush() -> None:
    masking = StreamMasker(Masker(DEFAULT_RULES))
    assert masking.feed(b"alice@web-1:~$ ") == b"alice@web-1:~$ "
    assert masking.held == 0
    assert masking.feed(b"l") == b""
    assert masking.held == 1
    assert masking.flush() == b"l"
    assert masking.feed(b"s\r\n") == b"s\r\n"

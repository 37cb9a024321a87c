"""What is shown of what others say."""

from client.errors import shown


def test_nothing_that_steers_a_terminal_is_shown() -> None:
    assert shown("a\x1b[31mb\r\n\x07c\u202ed é") == "a?[31mb?\n?c?d é"

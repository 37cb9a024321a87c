"""What people typed into a session reaches an operator's terminal as text."""

from cli.sessions import plain


def test_an_escape_sequence_is_shown_and_not_obeyed() -> None:
    assert plain("SELECT 1 \x1b]0;title\x07\r\nSELECT 'é'") == "SELECT 1 \\x1b]0;title\\x07\\r\nSELECT 'é'"

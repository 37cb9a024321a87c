"""What is refused says so in one line that a terminal can show."""

from proxy.kubernetes.requests.unreadable import Unreadable


def test_the_sentence_is_one_printable_line() -> None:
    assert str(Unreadable("Leave it out.")) == "Leave it out."
    assert str(Unreadable("a\nb\x1b[2J\u202eé")) == "a?b?[2J??"

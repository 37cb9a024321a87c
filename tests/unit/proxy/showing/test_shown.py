"""A statement as it is shown."""

from proxy.showing.shown import Shown


def test_what_is_shown_whole_has_no_reason_not_to_be_reviewed() -> None:
    assert Shown("ls").unreviewable == ""
    assert Shown("ls") == Shown("ls", "")

"""Changes to a text."""

from proxy.showing.bash.changes import HIDDEN, Change, applied, disjoint, moved


def test_changes_are_made_in_any_order() -> None:
    assert applied("abcdef", [Change(4, 5, "X"), Change(0, 2)]) == f"{HIDDEN}cdXf"
    assert applied("abc", []) == "abc"


def test_where_two_overlap_what_either_hides_is_hidden() -> None:
    assert disjoint([Change(2, 5, "x"), Change(0, 3, "y")]) == [Change(0, 5)]
    assert disjoint([Change(0, 5, "y"), Change(1, 2, "x")]) == [Change(0, 5, "y")]
    assert disjoint([Change(0, 1), Change(1, 2)]) == [Change(0, 1), Change(1, 2)]


def test_changes_move_with_their_text() -> None:
    assert moved([Change(1, 2, "x")], 3) == [Change(4, 5, "x")]

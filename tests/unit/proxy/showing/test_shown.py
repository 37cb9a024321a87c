"""Shown: a text and whether it shows all of what runs."""

from proxy.showing.shown import Shown


def test_what_says_nothing_else_shows_everything() -> None:
    assert Shown("x") == Shown("x", unreviewable="")

"""A statement as a person is shown it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """What is shown, stored and posted of one statement."""

    text: str
    #: Why `text` does not show all of what runs, as a sentence; empty: it does.
    unreviewable: str = ""

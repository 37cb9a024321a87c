"""What people are shown of something that runs. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """A text that is safe to store and to post, and whether it shows all of what runs."""

    text: str
    #: Why it does not, as a sentence that says what to do; empty: it does. What has one is not put to a reviewer.
    unreviewable: str = ""

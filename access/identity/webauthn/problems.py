"""Why an answer of a browser or a key proves nothing. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class TouchProblem(StrEnum):
    """The word for the audit log."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    #: No challenge of ours, or one of another browser, person or act, or one that was answered already.
    UNKNOWN_CHALLENGE = "unknown_challenge"
    EXPIRED = "expired"
    #: Of another origin, another RP ID, or another site's frame.
    OTHER_SITE = "other_site"
    #: Of a key that is not this person's, or not any more.
    OTHER_KEY = "other_key"
    NOT_VERIFIED = "not_verified"
    CLONED = "cloned"
    INVALID = "invalid"
    TAKEN = "taken"


_SENTENCES: Final[Mapping[TouchProblem, str]] = {
    TouchProblem.MALFORMED: "What your browser sent could not be read. Reload the page and touch your key again.",
    TouchProblem.TOO_LARGE: "What your browser sent is larger than any key's answer. Reload the page, and do it again.",
    TouchProblem.UNKNOWN_CHALLENGE: "This touch was for something else, or it was used already. Reload the page and "
    "touch your key again.",
    TouchProblem.EXPIRED: "That took too long: a touch counts for two minutes. Touch your key again.",
    TouchProblem.OTHER_SITE: "This touch was made for another site than this one, so it counts for nothing here.",
    TouchProblem.OTHER_KEY: "This is no security key of yours that counts. Use one that stands under Security keys.",
    TouchProblem.NOT_VERIFIED: "Your key was touched, but did not ask for its PIN or your finger. Set one up on the "
    "key, and do it again.",
    TouchProblem.CLONED: "This key counted backwards, as a copy of it would, so it counts no more. Tell your operator, "
    "and use another one.",
    TouchProblem.INVALID: "This answer was not signed by your key. Reload the page and touch it again.",
    TouchProblem.TAKEN: "This key is known here already. Use another one.",
}


class InvalidTouch(Exception):
    """The answer proves nothing; the message is for the person and holds nothing of what was sent."""

    def __init__(self, reason: TouchProblem) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason = reason


class NoKeysHere(Exception):
    """Browsers use no keys with the address of these pages; the message is for the person."""

    @classmethod
    def by_address(cls, origin: str) -> "NoKeysHere":
        return cls(
            f"Security keys are bound to a name, and these pages are at {origin}. Your operator can give them one."
        )

    @classmethod
    def unencrypted(cls, origin: str) -> "NoKeysHere":
        return cls(f"Security keys need https, and these pages are at {origin}. Your operator can turn it on.")

"""What tokens look like and how long they open connections: `tokens` of gatepass.yml. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from access.policy.shapes.base import Frozen
from access.policy.shapes.durations import Seconds
from access.policy.values.duration import format_duration

#: Less is over before a person has pasted it.
SHORTEST_S: Final = 60
#: More than any grant lasts means nothing.
_LONGEST_S: Final = 24 * 3_600


class TokenForm(StrEnum):
    """How a token proves itself."""

    #: By a signature over what it says; some 500 characters.
    SIGNED = "signed"
    #: By what storage knows of it; 53 characters.
    SHORT = "short"


class TokenTerms(Frozen):
    """Of every token that is handed from now on."""

    form: TokenForm = TokenForm.SIGNED
    #: How long it opens connections; None: until the access ends.
    lifetime_s: Annotated[Seconds, Field(ge=SHORTEST_S, le=_LONGEST_S)] | None = Field(
        default=None, validation_alias="lifetime", serialization_alias="lifetime"
    )

    def until(self, now: datetime, access_ends: datetime) -> datetime:
        """When a token that is handed at `now` opens nothing new any more: never after the access."""
        if self.lifetime_s is None:
            return access_ends
        return min(now + timedelta(seconds=self.lifetime_s), access_ends)

    @property
    def lifetime(self) -> str | None:
        """As people read it; None: as long as the access."""
        return format_duration(self.lifetime_s) if self.lifetime_s is not None else None

"""What a rule asks beyond who somebody is: a sign-in, how fresh and how strong, and that they are there. Pure."""

from typing import Annotated

from pydantic import Field

from access.policy.shapes.base import Frozen, Switch
from access.policy.shapes.durations import Seconds
from access.policy.values.duration import format_duration

#: Longer ago is no proof that somebody is there.
OLDEST_SIGN_IN_S = 7 * 86_400


class Requires(Frozen):
    """Of whoever asks by a rule, takes a token or connects by it, and approves by it."""

    #: They signed in at a provider within this time.
    sign_in_s: Annotated[Seconds, Field(le=OLDEST_SIGN_IN_S)] = Field(
        default=12 * 3_600, validation_alias="sign_in", serialization_alias="sign_in"
    )
    #: And the provider says that they did so with more than one factor.
    mfa: Switch = False
    #: And they touch a security key of theirs for this very act.
    present: Switch = False

    @property
    def sentence(self) -> str:
        """What is asked, as the end of a sentence."""
        factors = " with a second factor" if self.mfa else ""
        touch = " and a touch of your security key" if self.present else ""
        return f"a sign-in{factors} within the last {format_duration(self.sign_in_s)}{touch}"

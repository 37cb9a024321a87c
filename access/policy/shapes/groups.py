"""Groups: lists of people, or those whom a provider or Slack says are in it. Pure."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Discriminator, StringConstraints, Tag

from access.policy.shapes.base import Frozen, Name
from access.policy.values.complaint import complaint

#: How Slack's user groups stand among what is known of an account.
SLACK_CLAIM: Final = "usergroups"
DEFAULT_CLAIM: Final = "groups"


def _is_claim(value: str) -> str:
    if (value.startswith("/") and "//" in value) or value == "/":
        raise complaint("is no claim: write groups, or /realm_access/roles for one within another")
    return value


class ProviderGroup(Frozen):
    """Whoever a provider says is in it, whether the file names them or not."""

    provider: Name
    #: The claim of ID tokens in which it says so; with slashes the way to one within others (RFC 6901).
    claim: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=255), AfterValidator(_is_claim)] = (
        DEFAULT_CLAIM
    )
    #: What the provider calls the group; where it tells of groups by SCIM, their `displayName` or `externalId`.
    value: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=512)]


class SlackGroup(Frozen):
    """Those members of a Slack user group whom Gatepass knows."""

    #: The user group's id.
    slack: Annotated[str, StringConstraints(pattern=r"^S[A-Z0-9]{1,30}$")]


def _is_of_one_kind(value: Any) -> Any:
    if isinstance(value, dict) and {"provider", "slack"} <= value.keys():
        raise complaint("is filled by a provider or by Slack: make two groups of it, and name both in the rules")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, SlackGroup) or (isinstance(value, dict) and "slack" in value):
        return "slack"
    return "provider" if isinstance(value, ProviderGroup | dict) else "people"


_People = Annotated[list[Name], Tag("people")]
_Told = Annotated[ProviderGroup, Tag("provider")]
_OfSlack = Annotated[SlackGroup, Tag("slack")]
#: One group of the file; what a file says of it in the wrong shape is told as of the shape that was meant.
Group = Annotated[_People | _Told | _OfSlack, Discriminator(_kind), BeforeValidator(_is_of_one_kind)]

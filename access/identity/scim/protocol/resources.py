"""Users and groups as providers tell of them: what Gatepass keeps of SCIM's core schema, and nothing else. Pure.

An attribute that is not here (telephone numbers, photos, passwords, the enterprise extension) is read over and not
kept. What two of the large providers send beside RFC 7644 is taken as they mean it; POLICY says which.
"""

import unicodedata
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    Mutability,
    Reference,
    Required,
    Resource,
    ScimPolicy,
    Uniqueness,
)

from access.policy.values.mailbox import folded

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
MAX_TEXT_CHARS: Final = 512
MAX_USER_NAME_CHARS: Final = 256
MAX_ADDRESS_CHARS: Final = 320
MAX_ADDRESSES: Final = 50
#: Categories of Unicode: controls, format characters, what parts lines.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
#: Entra ID sends `remove` with the members as its value, and `replace` of an address by a filter that none meets yet.
POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def _is_seen(value: str) -> str:
    """Whoever is found by an address with a letter that nobody sees is not whom its reader takes them for."""
    if any(unicodedata.category(each) in _UNSEEN for each in value.strip()):
        raise ValueError("has letters that cannot be seen")
    return value


Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)]
UserName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_USER_NAME_CHARS), AfterValidator(_is_seen)]
Address = Annotated[str, StringConstraints(max_length=MAX_ADDRESS_CHARS), AfterValidator(_is_seen)]
GroupName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_CHARS)]


class Name(ComplexAttribute):
    """A user's name, in parts."""

    formatted: Text | None = None
    family_name: Text | None = None
    given_name: Text | None = None


class Email(ComplexAttribute):
    """One of a user's addresses."""

    value: Address | None = None
    display: Text | None = None
    type: Text | None = None
    primary: bool | None = None


class UserGroup(ComplexAttribute):
    """A group that a user is in; groups are told by their members."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[Any]):
    """A user of a provider."""

    __schema__ = URN(USER)

    external_id: Annotated[Text | None, CaseExact.true, Uniqueness.server] = None
    user_name: Annotated[UserName | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: Text | None = None
    emails: Annotated[list[Email] | None, Field(max_length=MAX_ADDRESSES)] = None
    active: bool | None = None
    groups: Annotated[list[UserGroup] | None, Mutability.read_only] = None


class Member(ComplexAttribute):
    """A user who is in a group."""

    value: Annotated[Text | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[Text | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group of a provider."""

    __schema__ = URN(GROUP)

    external_id: Annotated[Text | None, CaseExact.true, Uniqueness.server] = None
    display_name: Annotated[GroupName | None, Uniqueness.server, Required.true] = None
    members: list[Member] | None = None


def address_of(user: User) -> str | None:
    """The address by which a user's account is found to be somebody's: the primary one, or the first, or their name."""
    given = [email for email in user.emails or [] if email.value]
    chosen = next((email for email in given if email.primary), given[0] if given else None)
    said = chosen.value if chosen is not None and chosen.value else user.user_name or ""
    said = said.strip()
    return folded(said) if "@" in said and len(said) <= MAX_ADDRESS_CHARS else None

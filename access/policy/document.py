"""What gatepass.yml says: its sections, and the people behind its names. Pure.

Each part is checked by its own shape. Whether the parts fit together is for access.policy.checks to say, and what
follows for somebody who asks is the Policy's.
"""

from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from access.policy.entities import Entity
from access.policy.resources import Resource, named
from access.policy.shapes.base import Frozen, Name, NameOfKey, Switch
from access.policy.shapes.durations import Seconds
from access.policy.shapes.groups import Group, ProviderGroup
from access.policy.shapes.proof import Requires
from access.policy.shapes.providers import Provider, Subject
from access.policy.shapes.statement_rules import SlackChannel
from access.policy.shapes.tokens import TokenTerms
from access.policy.values.complaint import complaint
from storage.model import Decision, PrincipalKind

#: No rule may grant for longer: access that lasts for days is standing access.
LONGEST_GRANT_S = 24 * 3_600

TICKET_URL_PATTERN = r"^https://[^\s<>|{}/?#]+[/?#][^\s<>|{}]*\{ticket\}[^\s<>|{}]*$"

#: Reviewers who are told directly of one thing that is to be decided: not a whole department.
MAX_TOLD = 10

Glob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9._*?\[\]!-]+$", max_length=63)]


class Person(Frozen):
    """A principal as the file names it: a human, or an agent that may ask but never review."""

    name: NameOfKey = ""
    #: Slack member id.
    slack: Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{1,30}$")] | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^\s@<>]+@[^\s@<>]+$", max_length=320)] | None = None
    #: Provider -> what it calls their account, for providers that identify people by that.
    subjects: dict[Name, Subject] = Field(default={})
    kind: PrincipalKind = PrincipalKind.HUMAN


class SlackWorkspace(Frozen):
    """The workspace whose people these are."""

    #: The only one that it may be; None: the one that the bot's token belongs to.
    team: Annotated[str, StringConstraints(pattern=r"^[TE][A-Z0-9]{1,30}$")] | None = None
    #: Whoever has somebody's e-mail address in Slack, confirmed there, is them.
    match_email: Switch = False


class TicketSystem(Frozen):
    """Where tickets are read; cards link to it."""

    #: The address of one ticket, with `{ticket}` where its key stands: behind the host, which no key may choose.
    url: Annotated[str, StringConstraints(pattern=TICKET_URL_PATTERN, max_length=500)]

    def link(self, ticket: str) -> str:
        """The address of this ticket; whatever was typed stays one part of it."""
        return self.url.replace("{ticket}", quote(ticket, safe=""))


class PolicyRule(Frozen):
    """One rule: these people may have these roles on these resources, on these terms."""

    name: Name
    #: People and groups.
    who: list[Name] = Field(min_length=1)
    #: Names or globs.
    resources: list[Glob] = Field(min_length=1)
    roles: list[Glob] = Field(min_length=1)
    decision: Decision
    #: People and groups; they also answer held statements whose own rule names nobody.
    reviewers: list[Name] = Field(default=[])
    #: How many different people must approve.
    quorum: int = Field(default=1, ge=1, le=10)
    maximum_duration_s: Annotated[Seconds, Field(le=LONGEST_GRANT_S)] = Field(
        default=3_600, validation_alias="maximum_duration", serialization_alias="maximum_duration"
    )
    #: Where the card and the digest go.
    channel: SlackChannel | None = None
    #: Each reviewer, up to MAX_TOLD of them, gets the cards to decide on as direct messages too.
    tell_reviewers: Switch = False
    #: What whoever asks and approves by the rule must have proven; None: nothing beyond who they are.
    requires: Requires | None = None
    #: A request that nobody answers by then expires.
    answer_within_s: Annotated[Seconds, Field(le=7 * 86_400)] = Field(
        default=1_800, validation_alias="answer_within", serialization_alias="answer_within"
    )

    def covers(self, resource: str, role: str) -> bool:
        return _any_glob(self.resources, resource) and _any_glob(self.roles, role)


class ColumnAccess(StrEnum):
    """What becomes of the columns of a masking entry."""

    #: Shown as masks, and by no expression.
    MASK = "mask"
    #: Beyond that, roles with `credential: ephemeral` have no right to read them.
    DENY = "deny"


class MaskingEntry(Frozen):
    """What to mask on top of the built-in rules: columns by glob, or one entity wherever it is found."""

    name: Name
    columns: list[str] = Field(default=[])
    entity: Entity | None = None
    #: Put in the value's place; None: the entity's own masked form.
    replacement: str | None = Field(default=None, max_length=64)
    #: How many last characters stay readable.
    show_last: int = Field(default=4, ge=0, le=4)
    access: ColumnAccess = ColumnAccess.MASK

    @model_validator(mode="after")
    def _masks_something(self) -> Self:
        if not self.columns and self.entity is None:
            raise complaint("masks nothing: give columns or an entity")
        if self.access is ColumnAccess.DENY and not self.columns:
            raise complaint("denies access to columns and names none: give columns, or drop access")
        return self


class PolicyDocument(Frozen):
    """The sections of gatepass.yml, each part well-formed by itself."""

    model_config = ConfigDict(title="gatepass.yml")

    version: Literal[1]
    slack: SlackWorkspace | None = None
    ticket: TicketSystem | None = None
    #: Where people sign in.
    providers: Annotated[dict[Name, Provider], Field(max_length=20)] = Field(default={})
    tokens: TokenTerms = TokenTerms()
    resources: dict[Name, Resource] = Field(default={})
    people: dict[Name, Person] = Field(default={})
    groups: dict[Name, Group] = Field(default={})
    policy: list[PolicyRule] = Field(default=[])
    masking: list[MaskingEntry] = Field(default=[])

    @field_validator("resources")
    @classmethod
    def _name_resources(cls, resources: dict[str, Resource]) -> dict[str, Resource]:
        return named(resources)

    @field_validator("providers")
    @classmethod
    def _name_providers(cls, providers: dict[str, Provider]) -> dict[str, Provider]:
        return named(providers)

    @field_validator("people")
    @classmethod
    def _name_people(cls, people: dict[str, Person]) -> dict[str, Person]:
        return named(people)

    def members(self, names: Iterable[str]) -> frozenset[str]:
        """People behind names of people and groups; unknown names are nobody."""
        found: set[str] = set()
        for name in names:
            found.update(self.listed(name) if name in self.groups else (name,))
        return frozenset(found & self.people.keys())

    def listed(self, group: str) -> list[str]:
        """The names in a group as far as they are known; those of an open group are the directory's to say."""
        members = self.groups[group]
        return members if isinstance(members, list) else []

    def filling_issuers(self) -> frozenset[str]:
        """The issuers of providers that fill a group, and so may bring people whom the file does not name."""
        filling = {group.provider for group in self.groups.values() if isinstance(group, ProviderGroup)}
        return frozenset(self.providers[name].issuer for name in filling if name in self.providers)

    def is_open(self, names: Iterable[str]) -> bool:
        """Whether a provider or Slack says who some of `names` are, so that the file alone cannot count them."""
        return any(name in self.groups and not isinstance(self.groups[name], list) for name in names)

    def denies_columns(self) -> bool:
        """Whether there are columns that ephemeral roles must not be able to read."""
        return any(entry.access is ColumnAccess.DENY for entry in self.masking)

    def reviewers(self, names: Iterable[str]) -> frozenset[str]:
        """People behind names of people and groups who can review at all: humans."""
        return frozenset(name for name in self.members(names) if self.people[name].kind is PrincipalKind.HUMAN)


def _any_glob(globs: Iterable[str], name: str) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)

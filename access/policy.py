"""The policy: who may ask for which role on which resource, and what that takes. Pure.

It decides from names alone. It knows no tables, no clock and no network, and it never sees a secret.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from access.policy_faults import raise_faults
from access.resources import (
    Frozen,
    Name,
    NameOfKey,
    PostgresUpstream,
    Resource,
    Role,
    Seconds,
    SecretRef,
    SlackChannel,
    SshFeature,
    SshUpstream,
    StatementRule,
    TlsMode,
    Upstream,
    complaint,
    named,
)
from access.suggest import did_you_mean
from access.vocabulary import unknown_entity
from storage.model import Decision, PrincipalKind, Protocol

__all__ = [
    "LONGEST_GRANT_S",
    "NO_RULE",
    "MaskingEntry",
    "Offer",
    "Person",
    "Policy",
    "PolicyRule",
    "PostgresUpstream",
    "Protocol",
    "Requirement",
    "Resource",
    "Role",
    "SecretRef",
    "SshFeature",
    "SshUpstream",
    "StatementRule",
    "TlsMode",
    "Upstream",
]

#: No rule may grant for longer: access that lasts for days is standing access.
LONGEST_GRANT_S = 24 * 3_600
#: What Requirement.rule says when no rule matched; no rule can be called that.
NO_RULE = "(none)"

Glob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9._*?\[\]!-]+$", max_length=63)]


class Person(Frozen):
    """A principal as the file names it: a human, or an agent that may ask but never review."""

    name: NameOfKey = ""
    #: Slack member id.
    slack: Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{1,30}$")] | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^\s@<>]+@[^\s@<>]+$", max_length=320)] | None = None
    kind: PrincipalKind = PrincipalKind.HUMAN


class SlackWorkspace(Frozen):
    """The one workspace whose people these are; None in the policy: the one the bot's token belongs to."""

    team: Annotated[str, StringConstraints(pattern=r"^[TE][A-Z0-9]{1,30}$")]


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
    #: A request that nobody answers by then lapses.
    answer_within_s: Annotated[Seconds, Field(le=7 * 86_400)] = Field(
        default=1_800, validation_alias="answer_within", serialization_alias="answer_within"
    )

    def covers(self, resource: str, role: str) -> bool:
        return _any_glob(self.resources, resource) and _any_glob(self.roles, role)


#: What proxy.masking can recognise by content.
MaskedEntity = Literal[
    "pan",
    "cvv",
    "email",
    "phone",
    "iban",
    "ssn",
    "aws_key",
    "github_token",
    "jwt",
    "private_key",
    "password",
    "secret",
]


class MaskingEntry(Frozen):
    """What to mask on top of the built-in rules: columns by glob, or one entity wherever it is found."""

    name: Name
    columns: list[str] = Field(default=[])
    entity: MaskedEntity | None = None
    #: Put in the value's place; None: the entity's own masked form.
    replacement: str | None = Field(default=None, max_length=64)
    #: How many last characters stay readable.
    show_last: int = Field(default=4, ge=0, le=4)

    @model_validator(mode="after")
    def _masks_something(self) -> Self:
        if not self.columns and self.entity is None:
            raise complaint("masks nothing: give columns or an entity")
        if self.entity is not None and (wrong := unknown_entity(self.entity)) is not None:
            raise complaint(wrong)
        return self


@dataclass(frozen=True)
class Requirement:
    """What it takes for one person to get one role on one resource."""

    decision: Decision
    #: The rule's name, or NO_RULE.
    rule: str
    #: Names of people who may review; never the requester, never an agent.
    reviewers: frozenset[str]
    quorum: int
    maximum_s: int
    channel: str | None
    answer_within_s: int
    #: A sentence for the person who asks.
    why: str


@dataclass(frozen=True)
class Offer:
    """One thing that a person may ask for."""

    resource: str
    role: str
    requirement: Requirement


class Policy(Frozen):
    """The whole of gatepass.yml. The first matching rule decides; nothing matches: denied."""

    model_config = ConfigDict(title="gatepass.yml")

    version: Literal[1]
    slack: SlackWorkspace | None = None
    resources: dict[Name, Resource] = Field(default={})
    people: dict[Name, Person] = Field(default={})
    groups: dict[Name, list[Name]] = Field(default={})
    policy: list[PolicyRule] = Field(default=[])
    masking: list[MaskingEntry] = Field(default=[])

    @field_validator("resources")
    @classmethod
    def _name_resources(cls, resources: dict[str, Resource]) -> dict[str, Resource]:
        return named(resources)

    @field_validator("people")
    @classmethod
    def _name_people(cls, people: dict[str, Person]) -> dict[str, Person]:
        return named(people)

    @model_validator(mode="after")
    def _holds_together(self, info: ValidationInfo) -> Self:
        context = info.context if isinstance(info.context, dict) else {}
        raise_faults(self, unreadable=frozenset(context.get("unreadable", ())))
        return self

    @cached_property
    def document(self) -> dict[str, Any]:
        """The policy as plain JSON without defaults; validates back to an equal policy."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the document's canonical JSON, in hex: comments and layout don't change it."""
        canonical = json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def members(self, names: Iterable[str]) -> frozenset[str]:
        """People behind names of people and groups; unknown names are nobody."""
        found: set[str] = set()
        for name in names:
            found.update(self.groups.get(name, (name,)))
        return frozenset(found & self.people.keys())

    def reviewers(self, names: Iterable[str]) -> frozenset[str]:
        """People behind names of people and groups who can review at all: humans."""
        return frozenset(name for name in self.members(names) if self.people[name].kind is PrincipalKind.HUMAN)

    def rule_for(self, person: str, resource: str, role: str) -> PolicyRule | None:
        """The first rule about this person, resource and role."""
        for rule in self.policy:
            if rule.covers(resource, role) and person in self.members(rule.who):
                return rule
        return None

    def require(self, person: str, resource: str, role: str) -> Requirement:
        """What it takes for `person` to get `role` on `resource`. Denied with a reason, never an exception."""
        unknown = self._unknown(person, resource, role)
        if unknown:
            return _denied(NO_RULE, unknown)
        rule = self.rule_for(person, resource, role)
        if rule is None:
            return _denied(NO_RULE, f"No rule lets {person} have {role} on {resource}.")
        if rule.decision is Decision.DENIED:
            return _denied(rule.name, f"The rule {rule.name} denies {person} {role} on {resource}.", rule.channel)
        reviewers = self.reviewers(rule.reviewers) - {person}
        if rule.decision is Decision.REVIEWED and len(reviewers) < rule.quorum:
            return _denied(rule.name, _too_few(rule, person, len(reviewers)), rule.channel)
        return Requirement(
            decision=rule.decision,
            rule=rule.name,
            reviewers=reviewers,
            quorum=rule.quorum if rule.decision is Decision.REVIEWED else 0,
            maximum_s=rule.maximum_duration_s,
            channel=rule.channel,
            answer_within_s=rule.answer_within_s,
            why=_why(rule, reviewers),
        )

    def statement_rule(self, resource: str, role: str, name: str) -> StatementRule | None:
        """The rule for statements that a role has by this name."""
        roles = self.resources[resource].roles if resource in self.resources else {}
        rules = roles[role].statements if role in roles else []
        return next((rule for rule in rules if rule.name == name), None)

    def statement_reviewers(self, rule: StatementRule, person: str, resource: str, role: str) -> frozenset[str]:
        """Who may review what `rule` holds in a session of `person`: its own reviewers, or those of the policy rule."""
        if rule.reviewers:
            return self.reviewers(rule.reviewers) - {person}
        granting = self.rule_for(person, resource, role)
        return self.reviewers(granting.reviewers) - {person} if granting is not None else frozenset()

    def what_may(self, person: str) -> list[Offer]:
        """Everything `person` may ask for, by resource and role."""
        offers = [
            Offer(resource.name, role, self.require(person, resource.name, role))
            for resource in self.resources.values()
            for role in resource.roles
        ]
        return [offer for offer in offers if offer.requirement.decision is not Decision.DENIED]

    def _unknown(self, person: str, resource: str, role: str) -> str | None:
        if person not in self.people:
            return f"{person} is not in the policy."
        if resource not in self.resources:
            return f"There is no resource {resource}.{did_you_mean(resource, self.resources)}"
        roles = self.resources[resource].roles
        if role not in roles:
            return f"{resource} has no role {role}.{did_you_mean(role, roles)}"
        return None


def _any_glob(globs: Iterable[str], name: str) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _denied(rule: str, why: str, channel: str | None = None) -> Requirement:
    return Requirement(Decision.DENIED, rule, frozenset(), 0, 0, channel, 0, why)


def _too_few(rule: PolicyRule, person: str, left: int) -> str:
    return (
        f"The rule {rule.name} asks for {rule.quorum} reviewers, but besides {person} there are only {left}: "
        "nobody reviews their own request."
    )


def _why(rule: PolicyRule, reviewers: frozenset[str]) -> str:
    if rule.decision is Decision.AUTOMATIC:
        return f"The rule {rule.name} grants this at once."
    people = ", ".join(sorted(reviewers))
    return f"The rule {rule.name} asks for {rule.quorum} of: {people}."

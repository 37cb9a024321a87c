"""The policy: who may ask for which role on which resource, and what that takes. Pure.

It decides from names alone. It knows no tables, no clock and no network, and it never sees a secret.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from pydantic import ValidationInfo, model_validator

from access.policy.checks import raise_inconsistencies
from access.policy.directory import Directory
from access.policy.document import MAX_TOLD, PolicyDocument, PolicyRule
from access.policy.shapes.proof import Requires
from access.policy.shapes.statement_rules import StatementRule
from access.policy.suggest import did_you_mean
from storage.model import Decision, Protocol

#: What Requirement.rule says when no rule matched; no rule can be called that.
NO_RULE = "(none)"


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
    #: What whoever asks or approves must have proven.
    requires: Requires | None = None


@dataclass(frozen=True)
class Offer:
    """One thing that a person may ask for."""

    resource: str
    role: str
    requirement: Requirement


class Policy(PolicyDocument):
    """The whole of gatepass.yml. The first matching rule decides; nothing matches: denied."""

    @model_validator(mode="after")
    def _holds_together(self, info: ValidationInfo) -> Self:
        context = info.context if isinstance(info.context, dict) else {}
        raise_inconsistencies(self, unreadable=frozenset(context.get("unreadable", ())))
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

    def with_directory(self, directory: Directory) -> Self:
        """The same rules for the people of the file and of `directory` together; its hash stays the file's."""
        linked = {
            name: person if person.slack else person.model_copy(update={"slack": directory.slack.get(name)})
            for name, person in self.people.items()
            if name not in directory.gone
        }
        filled = {
            name: sorted(directory.members.get(name, ())) if self.is_open([name]) else self.listed(name)
            for name in self.groups
        }
        told = self.model_copy(update={"people": {**directory.people, **linked}, "groups": filled})
        # What a cached property keeps stands beside the fields.
        vars(told).update(document=self.document, hash=self.hash)
        return told

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
            requires=rule.requires,
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

    def required_of_holder(self, person: str, resource: str, role: str) -> Requires | None:
        """What `person` must have proven to take a token and to connect."""
        rule = self.rule_for(person, resource, role)
        return rule.requires if rule is not None else None

    def required_of_reviewers(self, rule: StatementRule, person: str, resource: str, role: str) -> Requires | None:
        """What whoever approves what `rule` holds in a session of `person` must have proven."""
        return rule.requires or self.required_of_holder(person, resource, role)

    def freshest_sign_in_s(self) -> int | None:
        """The shortest age of a sign-in that any rule asks for, which providers are asked for; None: none does."""
        roles = (role for resource in self.resources.values() for role in resource.roles.values())
        rules = [*self.policy, *(rule for role in roles for rule in role.statements)]
        return min((rule.requires.sign_in_s for rule in rules if rule.requires is not None), default=None)

    def told_directly(self, person: str, resource: str, role: str, reviewers: Iterable[str]) -> list[str]:
        """Slack ids of those of `reviewers` who get what is theirs to decide as a direct message, MAX_TOLD at most.

        Nobody, unless the rule that gives `person` this role wants it.
        """
        rule = self.rule_for(person, resource, role)
        if rule is None or not rule.tell_reviewers:
            return []
        known = (self.people[name].slack for name in sorted(reviewers) if name in self.people)
        return [slack for slack in known if slack is not None][:MAX_TOLD]

    def what_may(self, person: str) -> list[Offer]:
        """Everything `person` may ask for, by resource and role."""
        offers = [
            Offer(resource.name, role, self.require(person, resource.name, role))
            for resource in self.resources.values()
            for role in resource.roles
        ]
        return [offer for offer in offers if offer.requirement.decision is not Decision.DENIED]

    def unmasked_databases(self) -> list[str]:
        """PostgreSQL resources of a policy that masks no column by name: there an expression shows what it turns."""
        if any(rule.columns for rule in self.masking):
            return []
        return [each.name for each in self.resources.values() if each.type is Protocol.POSTGRES]

    def _unknown(self, person: str, resource: str, role: str) -> str | None:
        if person not in self.people:
            return f"{person} is not in the policy."
        if resource not in self.resources:
            return f"There is no resource {resource}.{did_you_mean(resource, self.resources)}"
        roles = self.resources[resource].roles
        if role not in roles:
            return f"{resource} has no role {role}.{did_you_mean(role, roles)}"
        return None


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

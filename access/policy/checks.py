"""What is wrong between the parts of a policy: names that mean nothing, rules that nobody could meet. Pure.

Each part alone is checked by its own shape; here they are checked against each other, and each of them is reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from access.policy.document import PolicyDocument, PolicyRule
from access.policy.shapes.groups import DEFAULT_CLAIM, ProviderGroup
from access.policy.shapes.proof import Requires
from access.policy.shapes.providers import Identify, OidcProvider
from access.policy.shapes.statement_rules import StatementRule
from access.policy.suggest import did_you_mean
from storage.model import Decision, PrincipalKind, VerdictKind

Path = tuple[int | str, ...]

#: The type of an error that is about how parts fit together, as pydantic has types.
BETWEEN: Final = "gatepass_between"


@dataclass(frozen=True)
class Inconsistency:
    """`message` about the part at `path` of the file."""

    path: Path
    message: str


def raise_inconsistencies(policy: PolicyDocument, *, unreadable: frozenset[str]) -> None:
    """Raise pydantic's ValidationError with every inconsistency of `policy`, or return.

    `unreadable`: names whose own definition is broken and reported already; speaking of them is no second one.
    """
    inconsistencies = list(_Check(policy, unreadable).inconsistencies())
    if inconsistencies:
        raise ValidationError.from_exception_data(
            "policy",
            [InitErrorDetails(type=_between(found.message), loc=found.path, input=None) for found in inconsistencies],
        )


def _between(message: str) -> PydanticCustomError:
    return PydanticCustomError(BETWEEN, "{message}", {"message": message})


class _Check:
    def __init__(self, policy: PolicyDocument, unreadable: frozenset[str]) -> None:
        self._policy = policy
        self._unreadable = unreadable

    def inconsistencies(self) -> Iterator[Inconsistency]:
        yield from self._people()
        yield from self._providers()
        yield from self._subjects()
        yield from self._groups()
        yield from _duplicates(("policy",), [rule.name for rule in self._policy.policy])
        yield from _duplicates(("masking",), [entry.name for entry in self._policy.masking])
        for index, rule in enumerate(self._policy.policy):
            yield from self._rule(("policy", index), rule)
        yield from self._statements()

    def _people(self) -> Iterator[Inconsistency]:
        for key in ("slack", "email"):
            owners: dict[str, str] = {}
            for name, person in self._policy.people.items():
                value: str | None = getattr(person, key)
                # In practice no two mailboxes differ by case alone (RFC 5321, 2.4): one person could review as two.
                first = owners.setdefault(value.casefold(), name) if value else name
                if first != name:
                    yield Inconsistency(("people", name, key), f"is {first}'s too: one {key} is one person")

    def _providers(self) -> Iterator[Inconsistency]:
        owners: dict[str, str] = {}
        for name, provider in self._policy.providers.items():
            first = owners.setdefault(provider.issuer, name)
            if first != name:
                key = ("issuer",) if isinstance(provider, OidcProvider) else ("saml", "entity_id")
                yield Inconsistency(("providers", name, *key), f"is {first}'s too: an account has one name there")

    def _subjects(self) -> Iterator[Inconsistency]:
        """An account is one person's at its issuer, whatever the provider is called."""
        owners: dict[tuple[str, str], str] = {}
        for name, person in self._policy.people.items():
            for called, subject in person.subjects.items():
                path = ("people", name, "subjects", called)
                provider = self._policy.providers.get(called)
                if person.kind is PrincipalKind.AGENT:
                    yield Inconsistency(path, "is an account that people sign in with, and an agent is none: drop it")
                elif provider is None:
                    if not self._known(called, ()):
                        suggestion = did_you_mean(called, self._policy.providers)
                        yield Inconsistency(path, f"{called} is no provider.{suggestion}")
                elif provider.identify is not Identify.SUBJECT:
                    yield Inconsistency(path, f"{called} finds people by their email: drop it, or `identify: subject`")
                elif (first := owners.setdefault((provider.issuer, subject), name)) != name:
                    yield Inconsistency(path, f"is {first}'s too: one account is one person")

    def _groups(self) -> Iterator[Inconsistency]:
        for name, members in self._policy.groups.items():
            if name in self._policy.people:
                yield Inconsistency(("groups", name), "is the name of a person too: give the group another")
            if isinstance(members, ProviderGroup) and not self._known(members.provider, self._policy.providers):
                suggestion = did_you_mean(members.provider, self._policy.providers)
                yield Inconsistency(("groups", name, "provider"), f"{members.provider} is no provider.{suggestion}")
            if isinstance(members, ProviderGroup) and self._is_unread(members):
                message = f"{members.provider} tells of groups by scim, and not in claims: drop it"
                yield Inconsistency(("groups", name, "claim"), message)
            for index, member in enumerate(self._policy.listed(name)):
                if not self._known(member, self._policy.people):
                    hint = "a group holds people" if member in self._policy.groups else "nobody is called that"
                    suggestion = did_you_mean(member, self._policy.people)
                    yield Inconsistency(("groups", name, index), f"{member}: {hint}.{suggestion}")

    def _is_unread(self, group: ProviderGroup) -> bool:
        """Whether it names a claim that nobody looks at."""
        provider = self._policy.providers.get(group.provider)
        return provider is not None and provider.scim is not None and group.claim != DEFAULT_CLAIM

    def _rule(self, path: Path, rule: PolicyRule) -> Iterator[Inconsistency]:
        yield from self._names((*path, "who"), rule.who)
        yield from self._globs(path, rule)
        yield from self._reviewers(path, rule.reviewers, rule.quorum)
        if rule.decision is Decision.REVIEWED and not rule.reviewers:
            yield Inconsistency(path, "is reviewed, but names no reviewers: nobody could answer")
        if rule.decision is Decision.REVIEWED and rule.channel is None:
            yield Inconsistency(path, "is reviewed, but names no channel: nobody would see the card")
        yield from self._proof(path, rule.requires)
        if rule.decision is Decision.DENIED and rule.requires is not None:
            yield Inconsistency((*path, "requires"), "the rule denies, whatever is proven: drop it")
        if rule.decision is Decision.REVIEWED:
            yield from self._own_review(path, rule, rule.reviewers, rule.quorum)
        if rule.tell_reviewers and not rule.reviewers:
            yield Inconsistency((*path, "tell_reviewers"), "there are no reviewers to tell: name some, or drop it")
        if rule.decision is Decision.DENIED and rule.reviewers:
            yield Inconsistency((*path, "reviewers"), "the rule denies, so they would never be asked: drop them")

    def _proof(self, path: Path, requires: Requires | None) -> Iterator[Inconsistency]:
        if requires is not None and not self._policy.providers and not self._unreadable:
            yield Inconsistency((*path, "requires"), "asks for a sign-in, and nobody can sign in: name providers")

    def _askers(self, rule: PolicyRule, reviewers: list[str], quorum: int) -> tuple[list[str], list[str]]:
        """Who may ask by the rule: those besides whom enough are left to review, and those besides whom too few are."""
        able = self._policy.reviewers(reviewers)
        people = sorted(self._policy.members(rule.who))
        left = {person: len(able - {person}) for person in people}
        return [person for person in people if left[person] >= quorum], [p for p in people if left[p] < quorum]

    def _own_review(self, path: Path, rule: PolicyRule, reviewers: list[str], quorum: int) -> Iterator[Inconsistency]:
        """Nobody reviews what is their own: where that leaves too few for everybody, nobody could approve."""
        if not reviewers or self._uncounted(rule.who, reviewers) or self._too_few(reviewers, quorum):
            return
        served, unserved = self._askers(rule, reviewers, quorum)
        if served or not unserved:
            return
        able = sorted(self._policy.reviewers(reviewers))
        if able == unserved and len(able) == 1:
            message = f"{able[0]} alone may review what {able[0]} asks: nobody could approve. Name somebody else too"
        else:
            message = f"besides whoever asks, fewer than {quorum} reviewers are left: nobody could approve. Name more"
        yield Inconsistency((*path, "reviewers"), message)

    def _globs(self, path: Path, rule: PolicyRule) -> Iterator[Inconsistency]:
        names = self._policy.resources.keys() | self._unreadable
        for index, glob in enumerate(rule.resources):
            if not any(fnmatchcase(name, glob) for name in names):
                yield Inconsistency(
                    (*path, "resources", index), f"{glob} matches no resource.{did_you_mean(glob, names)}"
                )
        covered = [name for name in names if any(fnmatchcase(name, glob) for glob in rule.resources)]
        if not covered or not self._unreadable.isdisjoint(covered):
            return
        roles = {role for name in covered for role in self._policy.resources[name].roles}
        for index, glob in enumerate(rule.roles):
            if not any(fnmatchcase(role, glob) for role in roles):
                suggestion = did_you_mean(glob, roles)
                yield Inconsistency((*path, "roles", index), f"{glob} matches no role of these resources.{suggestion}")

    def _statements(self) -> Iterator[Inconsistency]:
        for name, resource in self._policy.resources.items():
            for role_name, role in resource.roles.items():
                path = ("resources", name, "roles", role_name, "statements")
                yield from _duplicates(path, [rule.name for rule in role.statements])
                for index, statement in enumerate(role.statements):
                    yield from self._proof((*path, index), statement.requires)
                    if statement.verdict is VerdictKind.REVIEW:
                        yield from self._held((*path, index), statement, name, role_name)

    def _held(self, path: Path, statement: StatementRule, resource: str, role: str) -> Iterator[Inconsistency]:
        yield from self._reviewers(path, statement.reviewers, statement.quorum)
        granting = [
            rule for rule in self._policy.policy if rule.decision is not Decision.DENIED and rule.covers(resource, role)
        ]
        for rule in granting:
            if not statement.reviewers and not rule.reviewers:
                yield Inconsistency(
                    path, f"names no reviewers, and the rule {rule.name} that opens this role has none either"
                )
            elif not statement.reviewers and self._too_few(rule.reviewers, statement.quorum):
                yield Inconsistency(
                    (*path, "quorum"), f"is larger than the number of reviewers of the rule {rule.name}"
                )
            if not self._unknown(statement.reviewers or rule.reviewers):
                yield from self._own_review(path, rule, statement.reviewers or rule.reviewers, statement.quorum)
            if statement.channel is None and rule.channel is None:
                yield Inconsistency(
                    path, f"names no channel, and the rule {rule.name} that opens this role has none either"
                )

    def _reviewers(self, path: Path, reviewers: list[str], quorum: int) -> Iterator[Inconsistency]:
        yield from self._names((*path, "reviewers"), reviewers)
        people = self._policy.members(reviewers)
        for name in sorted(people):
            if self._policy.people[name].kind is PrincipalKind.AGENT:
                yield Inconsistency((*path, "reviewers"), f"{name} is an agent: agents never review")
        if reviewers and self._too_few(reviewers, quorum):
            able = len(self._policy.reviewers(reviewers))
            yield Inconsistency((*path, "quorum"), f"asks for {quorum} different people, but the reviewers are {able}")

    def _too_few(self, reviewers: list[str], quorum: int) -> bool:
        """Whether the quorum cannot be met; not to be said while one of them is unknown, which is reported already."""
        if self._policy.is_open(reviewers):
            return False
        groups = self._policy.groups
        names = {member for name in reviewers for member in (self._policy.listed(name) if name in groups else [name])}
        return names <= self._policy.people.keys() and len(self._policy.reviewers(reviewers)) < quorum

    def _uncounted(self, who: list[str], reviewers: list[str]) -> bool:
        """Whether who may ask beside whom cannot be said: one of them is reported already, or told by a provider."""
        return self._unknown(who) or self._policy.is_open([*who, *reviewers])

    def _unknown(self, names: list[str]) -> bool:
        """Whether one of them is reported already."""
        known = self._policy.people.keys() | self._policy.groups.keys()
        return any(name not in known for name in names)

    def _names(self, path: Path, names: list[str]) -> Iterator[Inconsistency]:
        known = self._policy.people.keys() | self._policy.groups.keys()
        for index, name in enumerate(names):
            if not self._known(name, known):
                yield Inconsistency(
                    (*path, index), f"{name} is neither a person nor a group.{did_you_mean(name, known)}"
                )

    def _known(self, name: str, known: Iterable[str] | Mapping[str, object]) -> bool:
        return name in known or name in self._unreadable


def _duplicates(path: Path, names: list[str]) -> Iterator[Inconsistency]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Inconsistency((*path, index, "name"), f"{name} is used twice: each rule has a name of its own")
        seen.add(name)


def shadowed(policy: PolicyDocument) -> list[tuple[int, list[int]]]:
    """Rules that never decide anything, each with the earlier ones that do; by their places in `policy`.

    Not an error: a rule may be kept for the day on which the one before it goes.
    """
    decided: dict[tuple[str, str], list[tuple[int, frozenset[str]]]] = {}
    found: list[tuple[int, list[int]]] = []
    doors = [(resource.name, role) for resource in policy.resources.values() for role in resource.roles]
    for index, rule in enumerate(policy.policy):
        people, before, left = policy.members(rule.who), set[int](), False
        covered = [door for door in doors if rule.covers(*door)]
        for door in covered:
            earlier = decided.setdefault(door, [])
            by = [(place, others) for place, others in earlier if others & people]
            before |= {place for place, _ in by}
            left = left or not people <= frozenset().union(*(others for _, others in by))
            earlier.append((index, people))
        if people and covered and not left and not policy.is_open(rule.who):
            found.append((index, sorted(before)))
    return found

"""`gatepass judge`: what becomes of statements under the policy file. It runs nothing and asks nobody."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, assert_never

import typer

from access.policy.file import load
from access.policy.policy import Policy
from access.policy.resources import Resource
from access.policy.shapes.roles import Role
from access.policy.shapes.statement_rules import StatementRule
from access.policy.suggest import did_you_mean
from access.visible import visible_line
from cli.runtime import NotReady
from cli.settings import Settings
from proxy.kubernetes.requests.facts import facts_of as request_facts
from proxy.kubernetes.requests.info import info_of
from proxy.kubernetes.requests.unreadable import Unreadable
from proxy.postgres.sql.search_path import DEFAULT, means_now, schemas_of
from proxy.postgres.sql.texts.executed import expand
from proxy.postgres.sql.texts.query import QueryAnalyser
from proxy.sessions.session import UNREVIEWABLE
from proxy.showing.shell import facts_of
from proxy.statements import StatementFacts, match, strictest
from storage.model import Protocol, VerdictKind

#: The exit status of the strictest verdict.
STATUS = {VerdictKind.ALLOW: 0, VerdictKind.REVIEW: 3, VerdictKind.DENY: 4}


@dataclass(frozen=True)
class Judged:
    """One statement and what becomes of it."""

    facts: StatementFacts
    #: None: no rule is met, which allows it.
    rule: StatementRule | None
    #: What the rule says; denied where it says review and nobody can be shown the statement.
    verdict: VerdictKind
    #: Those that its names without one may stand in; None: any.
    schemas: Sequence[str] | None = None
    #: The rule asks for a review, and nobody can be shown what runs.
    cannot_ask: bool = False

    @property
    def denied_by(self) -> str | None:
        """The rule's name as the client is told it."""
        if self.cannot_ask:
            return UNREVIEWABLE
        return self.rule.name if self.rule is not None else None

    def as_json(self) -> dict[str, Any]:
        """What is printed with --json; each label is a string, each part a list of them."""
        return {
            "kind": self.facts.kind,
            "verdict": self.verdict.value,
            "rule": self.denied_by,
            "labels": sorted(map(str, self.facts.labels)),
            "parts": [sorted(map(str, part)) for part in self.facts.parts],
            "shown": self.facts.text,
            "unreviewable": self.facts.unreviewable or None,
        }


def judge(
    resource: Annotated[str, typer.Argument(help="The resource, as the policy names it.")],
    role: Annotated[str, typer.Argument(help="The role on it.")],
    statements: Annotated[
        list[str],
        typer.Argument(help="SQL, command lines, or requests as `GET /api/v1/pods`; - reads them from standard input."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each statement.")] = False,
    null: Annotated[bool, typer.Option("-0", help="Null bytes part standard input's statements, not lines.")] = False,
    search_path: Annotated[str, typer.Option(help="Of SQL: the session's, as SHOW search_path says it.")] = DEFAULT,
    file: Annotated[Path | None, typer.Option("--policy", help="The policy file; default: $GATEPASS_CONFIG.")] = None,
) -> None:
    """Say what becomes of statements under the policy, without running anything.

    Exit status: 0 allowed, 3 held for review, 4 denied, the strictest of all of them; 1 for errors.
    """
    found = _found(load(file or Settings.load().config), resource, role)
    strictest_status = 0
    for text in _texts(statements, null=null):
        for each in judged(*found, text, search_path):
            typer.echo(json.dumps(each.as_json(), ensure_ascii=False) if as_json else _in_words(each, found[1]))
            strictest_status = max(strictest_status, STATUS[each.verdict])
    raise typer.Exit(strictest_status)


def judged(resource: Resource, role: Role, text: str, search_path: str = DEFAULT) -> Iterator[Judged]:
    """Each statement of `text`, under the role's rules. Raises NotReady for what is no statement."""
    every, schemas = _facts(resource.type, text, search_path, role)
    for facts in every:
        rule = strictest(role.statements, [facts], schemas)
        verdict = rule.verdict if rule is not None else VerdictKind.ALLOW
        cannot_ask = verdict is VerdictKind.REVIEW and bool(facts.unreviewable)
        yield Judged(facts, rule, VerdictKind.DENY if cannot_ask else verdict, schemas, cannot_ask=cannot_ask)


def _facts(
    protocol: Protocol, text: str, search_path: str, role: Role
) -> tuple[list[StatementFacts], Sequence[str] | None]:
    """The statements, and where names without a schema may stand in them."""
    match protocol:
        case Protocol.POSTGRES:
            analysis = QueryAnalyser(lambda _: False).exactly(text.encode("utf-8", "surrogateescape"))
            analysis = expand(analysis, lambda _: ())
            return analysis.facts, schemas_of(search_path, role.username) if means_now(analysis) else None
        case Protocol.SSH:
            return facts_of(text), None
        case Protocol.KUBERNETES:
            return [_request(text)], None
        case _:
            assert_never(protocol)


def _request(text: str) -> StatementFacts:
    """A request to an API server, as `GET /api/v1/namespaces/prod/pods`. Raises NotReady for what is none."""
    method, _, target = text.partition(" ")
    path, _, query = target.strip().partition("?")
    try:
        return request_facts(info_of(method.upper(), path, query))
    except Unreadable as unreadable:
        raise NotReady(f"{unreadable} Of a cluster write a request: DELETE /api/v1/namespaces/prod") from unreadable


def _found(policy: Policy, resource: str, role: str) -> tuple[Resource, Role]:
    if (known := policy.resources.get(resource)) is None:
        raise NotReady(f"There is no resource {resource} in the policy.{did_you_mean(resource, policy.resources)}")
    if role not in known.roles:
        raise NotReady(f"{resource} has no role {role}.{did_you_mean(role, known.roles)}")
    return known, known.roles[role]


def _texts(statements: Sequence[str], *, null: bool) -> Iterator[str]:
    for each in statements:
        if each != "-":
            yield each
            continue
        content = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        yield from (text for text in content.split("\0" if null else "\n") if text.strip())


def _in_words(found: Judged, role: Role) -> str:
    rule = f"rule {found.denied_by}" if found.denied_by is not None else "no rule is met"
    if found.cannot_ask and found.rule is not None:
        rule += f", where {found.rule.name} would have it reviewed"
    lines = [f"{found.facts.kind}: {found.verdict.value} ({rule})"]
    lines.append(f"  labels     {' '.join(sorted(map(_label, found.facts.labels)))}")
    if (part := _deciding(found, role)) is not None:
        lines.append(f"  met by     {' '.join(sorted(map(_label, part)))}")
    if found.facts.unreviewable:
        lines.append(f"  not shown  {visible_line(found.facts.unreviewable)}")
    else:
        lines.append(f"  shown      {visible_line(found.facts.text)}")
    return "\n".join(lines)


def _label(label: str) -> str:
    return visible_line(str(label))


def _deciding(found: Judged, role: Role) -> frozenset[str] | None:
    """The part of the statement that meets the rule which decides, if it has parts."""
    for part in found.facts.parts:
        facts = StatementFacts("", "", part, unqualified=found.facts.unqualified)
        if found.rule is not None and match(role.statements, facts, found.schemas) is found.rule:
            return part
    return None

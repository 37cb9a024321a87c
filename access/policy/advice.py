"""What is valid in a policy and probably not meant: warnings, and notes on what labels mean now. Pure.

Each is a sentence about one rule or one role; none makes the policy invalid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import assert_never

from access.policy.document import PolicyDocument, PolicyRule
from access.policy.labels import KubernetesLabel, ShellLabel, SqlLabel, patterns_of
from access.policy.resources import Resource
from access.policy.shapes.accounts import Credential
from access.policy.shapes.roles import Role, SshFeature
from access.policy.shapes.statement_rules import StatementRule
from access.policy.shapes.upstreams import PostgresUpstream
from storage.model import Decision, Protocol, VerdictKind

Path = tuple[int | str, ...]


class Weight(StrEnum):
    WARNING = "warning"
    """probably not meant"""
    NOTE = "note"
    """means more than it did in the version before"""


@dataclass(frozen=True)
class Advice:
    """`message` about the part at `path` of the file."""

    path: Path
    weight: Weight
    message: str


def advice(policy: PolicyDocument) -> list[Advice]:
    """All that is to say: about resources and their roles first, then about rules, each in the file's order."""
    found: list[Advice] = []
    if not policy.resources:
        message = "there are no resources, so nobody can ask for anything."
        found.append(Advice(("resources",), Weight.WARNING, message))
    for name, resource in policy.resources.items():
        found += _accounts(("resources", name), policy, resource)
        for role_name, role in resource.roles.items():
            path = ("resources", name, "roles", role_name)
            found += [Advice((*path, "forward"), Weight.WARNING, message) for message in _anywhere(role)]
            if role.statements:
                found += _role((*path, "statements"), resource, role)
    for index, rule in enumerate(policy.policy):
        found += [Advice(("policy", index), Weight.WARNING, message) for message in _unasked(policy, rule)]
    return found


# --- accounts -----------------------------------------------------------------------------------------------------


def _accounts(path: Path, policy: PolicyDocument, resource: Resource) -> Iterator[Advice]:
    """Of a database: columns that are denied to some roles alone, and an administrator without anything to do."""
    if not isinstance(resource.upstream, PostgresUpstream):
        return
    fixed = [name for name, role in resource.roles.items() if role.credential is Credential.FIXED]
    if policy.denies_columns():
        for name in fixed:
            message = (
                "masking has `access: deny`, and this role has an account of its own: there such columns are only "
                "masked. Say `credential: ephemeral`, and no right to read them is given."
            )
            yield Advice((*path, "roles", name), Weight.WARNING, message)
    if resource.upstream.role_admin is not None and len(fixed) == len(resource.roles):
        message = "no role here has `credential: ephemeral`, so role_admin makes no roles: drop it, or use it."
        yield Advice((*path, "upstream", "role_admin"), Weight.WARNING, message)


# --- rules that nobody can use ------------------------------------------------------------------------------------


def _unasked(policy: PolicyDocument, rule: PolicyRule) -> Iterator[str]:
    """People ask and answer in Slack, and who has no account there does neither."""
    if not policy.members(rule.who) and not policy.is_open(rule.who):
        yield f"the rule {rule.name} is for nobody: the groups that it names are empty."
        return
    if policy.providers or policy.is_open([*rule.who, *rule.reviewers]):
        # Whoever signs in may link a Slack account that the file does not name.
        return
    able = policy.reviewers(rule.reviewers)
    in_slack = frozenset(name for name in able if policy.people[name].slack is not None)
    if rule.decision is Decision.REVIEWED and in_slack != able and _nobody_answers(policy, rule, in_slack):
        without = ", ".join(sorted(able - in_slack))
        yield (
            f"nobody can approve what is asked by the rule {rule.name}: its reviewers answer in Slack, and {without} "
            "has no `slack` in this file."
        )


def _nobody_answers(policy: PolicyDocument, rule: PolicyRule, reviewers: frozenset[str]) -> bool:
    """Whether for each of those who may ask too few of `reviewers` are left beside them."""
    return all(len(reviewers - {asker}) < rule.quorum for asker in policy.members(rule.who))


def _role(path: Path, resource: Resource, role: Role) -> Iterator[Advice]:
    yield from (Advice(path, Weight.WARNING, message) for message in _lets_by(resource.type, role))
    for index, rule in enumerate(role.statements):
        here = (*path, index)
        yield from (Advice(here, Weight.WARNING, said) for said in _rule(resource.type, rule, role.statements[:index]))
        if resource.type is Protocol.POSTGRES:
            yield from (Advice(here, Weight.NOTE, said) for said in _means_more(rule))


def _lets_by(protocol: Protocol, role: Role) -> Iterator[str]:
    match protocol:
        case Protocol.POSTGRES:
            return _sql_role(role)
        case Protocol.SSH:
            return _shell_role(role)
        case Protocol.KUBERNETES:
            return _cluster_role(role)
        case _:
            assert_never(protocol)


# --- what a role lets by ------------------------------------------------------------------------------------------


def _shell_role(role: Role) -> Iterator[str]:
    rules = role.statements
    forbidding = [rule for rule in rules if rule.verdict is not VerdictKind.ALLOW and _names(rule, "command:")]
    if not forbidding:
        return
    names = f"the rule {forbidding[0].name} forbids or holds commands by name"
    if _allowed(rules, ShellLabel.EXEC, ShellLabel.DYNAMIC_COMMAND):
        yield (
            f"{names}, and dynamic_command is allowed: `$(echo reboot)` or `$x` runs any of them. Add it "
            "to that rule, or list what may run and deny the rest."
        )
    if any(_decides(rule, ShellLabel.UNPARSEABLE) and rule.verdict is VerdictKind.ALLOW for rule in rules):
        yield f"{names}, and unparseable is allowed: what cannot be read may run any of them. Deny it."
    if SshFeature.SHELL in role.allow and _allowed(rules, ShellLabel.SHELL):
        yield (
            f"{names}, and an interactive shell is allowed, in which no command is checked. Say `allow: [exec]`, "
            "or give the label shell a rule."
        )


def _cluster_role(role: Role) -> Iterator[str]:
    rules = role.statements
    forbidding = [rule for rule in rules if rule.verdict is not VerdictKind.ALLOW and _names(rule, "command:")]
    if forbidding and _allowed(rules, ShellLabel.SHELL):
        yield (
            f"the rule {forbidding[0].name} forbids or holds commands by name, and an interactive shell in a pod is "
            "allowed, in which no command is checked. Give the label shell a rule."
        )


def _anywhere(role: Role) -> Iterator[str]:
    for each in role.forward:
        if each.startswith("*:"):
            yield (
                f"{each} lets people reach all that the host reaches, and nothing in a forwarded connection is "
                "checked, masked or recorded. Name the hosts."
            )
        if each.startswith("listen:*:"):
            yield f"{each} lets people serve on every address of the host. Name a port of its loopback: listen:8080."


def _sql_role(role: Role) -> Iterator[str]:
    rules = role.statements
    if all(rule.verdict is VerdictKind.ALLOW for rule in rules):
        return
    if _allowed(rules, SqlLabel.DDL):
        yield (
            "these rules let ddl by: a function, trigger, view or rule that is made in the session does later what "
            "they deny or hold. Give ddl a rule that denies or holds it."
        )
    if _allowed(rules, SqlLabel.SET, SqlLabel.SESSION, "set:search_path") and _any_name(rules):
        yield (
            "these rules go by names of tables and functions, and `set search_path` is allowed, which changes what a "
            "name without a schema means. Give set:search_path and set:role a rule, or name tables without schema."
        )


def _allowed(rules: Sequence[StatementRule], *labels: str) -> bool:
    """Whether a statement with these labels would be allowed."""
    met = next((rule for rule in rules if any(_decides(rule, label) for label in labels)), None)
    return met is None or met.verdict is VerdictKind.ALLOW


def _decides(rule: StatementRule, label: str) -> bool:
    return any(fnmatchcase(label, pattern) for pattern in rule.match)


def _names(rule: StatementRule, prefix: str) -> bool:
    return any(pattern.startswith(prefix) for pattern in rule.match)


def _any_name(rules: Sequence[StatementRule]) -> bool:
    """Whether a rule goes by a table's or a function's name with its schema."""
    return any(pattern.startswith(_NAMING) and "." in pattern for rule in rules for pattern in rule.match)


# --- single rules -------------------------------------------------------------------------------------------------

_RANGES = frozenset("?[")
_NAMING = ("table:", "reads:", "writes:", "function:")
_OF_CLUSTERS = frozenset({"verb:", "resource:", "subresource:", "namespace:", "name:", "path:"})
_CALLED = {Protocol.SSH: "a host", Protocol.POSTGRES: "a database", Protocol.KUBERNETES: "a cluster"}


def _rule(protocol: Protocol, rule: StatementRule, earlier: Sequence[StatementRule]) -> Iterator[str]:
    for pattern in (each for entry in rule.match for each in patterns_of(entry)):
        if (why := _never(protocol, pattern)) is not None:
            yield f"{pattern} meets no statement here: {why}."
        elif pattern.startswith(_NAMING) and "." in pattern:
            yield from _with_schema(rule, pattern)
    covering = [_covering(pattern, earlier) for pattern in rule.match]
    if covering and all(covering):
        names = ", ".join(dict.fromkeys(name for name in covering if name))
        yield f"the rule {rule.name} never decides: all that it matches is decided by {names} before it."


def _never(protocol: Protocol, pattern: str) -> str | None:
    prefix, _, name = pattern.partition(":")
    if protocol is not Protocol.POSTGRES:
        if pattern in set(SqlLabel) - set(ShellLabel) or f"{prefix}:" in {*_NAMING, "object:", "set:"}:
            return f"it is a label of SQL, and this is {_CALLED[protocol]}"
    elif pattern in {ShellLabel.EXEC, ShellLabel.SHELL, ShellLabel.SFTP}:
        return "it is a label of SSH sessions, and this is a database"
    if protocol is not Protocol.KUBERNETES and (pattern in set(KubernetesLabel) or f"{prefix}:" in _OF_CLUSTERS):
        return f"it is a label of requests to a cluster, and this is {_CALLED[protocol]}"
    if prefix == "command" and "/" in name:
        return "commands are named by their last part, without a folder"
    if f"{prefix}:" in _NAMING and name.count(".") > 1:
        return "names have one dot at most, between schema and name"
    return "settings are in lower case" if prefix == "set" and name != name.lower() else None


def _with_schema(rule: StatementRule, pattern: str) -> Iterator[str]:
    if rule.verdict is VerdictKind.ALLOW:
        yield f"{pattern} allows only statements that write the schema: a name without one is not known to mean it."
    elif pattern.rpartition(".")[2].strip("*?") == "":
        yield (
            f"{pattern} also meets names that are written without a schema: where the session's search path has that "
            "schema, and all of them where that is not known (DDL, DO, CALL, several statements at once). "
            "Name the tables, or have people write their schema."
        )


def _covering(pattern: str, earlier: Sequence[StatementRule]) -> str | None:
    """The earlier rule that meets whatever this pattern meets; an earlier `?` or `[` is not compared with a glob."""
    for rule in earlier:
        if rule.verdict is VerdictKind.ALLOW and "." in pattern:
            continue
        if any(each == pattern or (not _RANGES & set(each) and fnmatchcase(pattern, each)) for each in rule.match):
            return rule.name
    return None


# --- what older rules mean now ------------------------------------------------------------------------------------

#: Label -> what has it now and had not in version 0.1.
_NEWLY = {
    SqlLabel.INSERT: "MERGE that inserts, and COPY … FROM",
    SqlLabel.UPDATE: "MERGE that updates, and INSERT … ON CONFLICT DO UPDATE",
    SqlLabel.DELETE: "MERGE that deletes",
    SqlLabel.DELETE_WITHOUT_WHERE: "a WHERE that restricts nothing (`id = id`), and MERGE",
    SqlLabel.UPDATE_WITHOUT_WHERE: "a WHERE that restricts nothing (`id = id`), and MERGE",
    SqlLabel.DROP: "ALTER … DROP and DETACH PARTITION",
    SqlLabel.GRANT: "ALTER … OWNER TO, REASSIGN OWNED, and roles that are given rights or memberships",
    SqlLabel.DDL: "writing PostgreSQL's own tables",
    SqlLabel.SET: "set_config()",
    SqlLabel.NOTIFY: "pg_notify()",
    SqlLabel.COPY_SERVER_FILE: "functions that read, write or list files",
    SqlLabel.COPY_PROGRAM: "settings, languages and foreign tables by which the server runs programs",
    SqlLabel.UNPARSEABLE: "functions with a body that is not SQL, and functions that run SQL given as text",
}


def _means_more(rule: StatementRule) -> Iterator[str]:
    newly = [f"{label} ({_NEWLY[label]})" for label in _NEWLY if label.value in rule.match]
    if rule.verdict is VerdictKind.ALLOW:
        yield (
            f"the rule {rule.name} allows what it names and nothing beside it: tables, effects and functions in the "
            "same statement must be allowed as well."
        )
    elif newly:
        yield f"the rule {rule.name} now also meets: {'; '.join(newly)}."

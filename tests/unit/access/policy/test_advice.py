"""Advice: what a role's rules let by that their author may not expect, and what is said of sound ones: nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from access.policy.advice import Weight, advice
from access.policy.file import advise, parse
from cli.main import application
from support.policies import HOST_KEY

ROLE = """
version: 1
resources:
  r:
    type: {type}
    upstream: {{host: h, {trust}}}
    roles:
      x:
        username: u
        {secret}
        {allow}
        statements:
{rules}
people:
  bob: {{slack: U000BOB}}
"""


def text(rules: str, protocol: str, allow: str = "") -> str:
    is_ssh = protocol == "ssh"
    return ROLE.format(
        type=protocol,
        trust=f"host_ca: {HOST_KEY}" if is_ssh else "port: 5432",
        secret="private_key: env:K" if is_ssh else "password: env:P",
        allow=allow,
        rules="\n".join(f"          - {rule}" for rule in rules.splitlines()),
    )


def warnings(rules: str, protocol: str = "postgres", allow: str = "") -> list[str]:
    policy = parse(text(rules, protocol, allow), Path("gatepass.yml"))
    return [each.message for each in advice(policy) if each.weight is Weight.WARNING]


EXEC = "allow: [exec]"
NO_RM = '{name: a, match: ["command:rm", dynamic_command], verdict: deny}'
NO_REBOOT = '{name: a, match: ["command:reboot"], verdict: deny}'


@pytest.mark.finding("ssh-F19")
@pytest.mark.parametrize(
    ("rules", "allow", "says"),
    [
        (NO_REBOOT, EXEC, ["dynamic_command is allowed"]),
        (NO_REBOOT, "", ["dynamic_command is allowed", "an interactive shell is allowed"]),
        ('{name: a, match: ["command:reboot", dynamic_command], verdict: deny}', EXEC, []),
        ('{name: a, match: ["command:reboot", dynamic_command, shell], verdict: review, reviewers: [bob]}', "", []),
        (f"{{name: u, match: [unparseable], verdict: allow}}\n{NO_RM}", EXEC, ["unparseable is allowed"]),
        ('{name: l, match: ["command:ls"], verdict: allow}\n{name: e, match: ["*"], verdict: deny}', "", []),
        ('{name: a, match: ["command:/sbin/reboot", dynamic_command], verdict: deny}', EXEC, ["without a folder"]),
        ("{name: a, match: [ddl], verdict: deny}", EXEC, ["it is a label of SQL"]),
        (NO_RM, EXEC + '\n        forward: ["db.internal:5432", "*.internal:*", "listen:8080"]', []),
        (NO_RM, EXEC + '\n        forward: ["*:5432"]', ["all that the host reaches"]),
        (NO_RM, EXEC + '\n        forward: ["listen:*:8080"]', ["on every address of the host"]),
    ],
)  # fmt: skip
def test_a_host(rules: str, allow: str, says: list[str]) -> None:
    found = warnings(rules, "ssh", allow)
    assert len(found) == len(says)
    assert all(said in message for said, message in zip(says, found, strict=True))


@pytest.mark.finding("pg-F8")
@pytest.mark.finding("use-25")
@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("{name: a, match: [delete_without_where], verdict: deny}", ["let ddl by"]),
        ("{name: a, match: [ddl, truncate], verdict: deny}", []),
        ("{name: a, match: [select], verdict: allow}\n{name: b, match: ['*'], verdict: deny}", []),
        ("{name: a, match: [ddl], verdict: deny}\n{name: b, match: [drop, ddl], verdict: deny}", []),
        ("{name: a, match: ['d*'], verdict: deny}\n{name: b, match: [drop, ddl], verdict: allow}", ["b never decides"]),
        ("{name: a, match: [ddl, shell], verdict: deny}", ["label of SSH"]),
        ("{name: a, match: [ddl, 'table:a.b.c'], verdict: deny}", ["search_path", "one dot at most"]),
        ("{name: a, match: [ddl, 'set:*', 'table:hr.*'], verdict: deny}", ["names that are written without"]),
        ("{name: a, match: [ddl, 'set:*', 'table:hr.pay'], verdict: deny}", []),
        ("{name: a, match: ['table:hr.pay'], verdict: allow}\n{name: b, match: ['*'], verdict: deny}", ["allows only"]),
        ("{name: a, match: [ddl, 'set:Role'], verdict: deny}", ["lower case"]),
    ],
)
def test_a_database(rules: str, says: list[str]) -> None:
    found = warnings(rules)
    assert len(found) == len(says), found
    assert all(said in message for said, message in zip(says, found, strict=True))


def test_older_rules_are_told_what_they_meet_now() -> None:
    policy = parse(text("{name: a, match: [delete, ddl], verdict: deny}", "postgres"), Path("p"))
    [note] = advice(policy)
    assert note.weight is Weight.NOTE
    assert "delete (MERGE that deletes)" in note.message


def test_each_line_says_where_and_what_and_nothing_becomes_invalid(tmp_path: Path) -> None:
    file = tmp_path / "gatepass.yml"
    file.write_text(text(NO_REBOOT, "ssh", EXEC))
    [(weight, line)] = advise(file)
    assert weight is Weight.WARNING
    assert line.startswith(f"{file}:12: warning: resources.r.roles.x.statements: the rule a forbids")
    ran = CliRunner().invoke(application(), ["check", str(file)])
    assert ran.exit_code == 0
    assert "dynamic_command is allowed" in ran.stderr
    assert "is valid" in ran.stdout


RULE = """
version: 1
resources:
  r:
    type: postgres
    upstream: {{host: h}}
    roles: {{x: {{username: u, password: env:P}}}}
people:
  alice: {{slack: U000ALICE}}
  bob: {{{bob}}}
  carol: {{email: carol@example.com}}
groups:
  nobody: []
policy:
  - {{name: ask, who: [{who}], resources: [r], roles: [x], decision: {decision}}}
"""
REVIEWED = "reviewed, reviewers: [{}], quorum: {}, channel: C000CARDS"


@pytest.mark.finding("use-25")
@pytest.mark.parametrize(
    ("bob", "who", "decision", "says"),
    [
        ("email: b@x.y", "alice", REVIEWED.format("bob", 1), ["nobody can approve what is asked by the rule ask"]),
        ("slack: U000BOB", "alice", REVIEWED.format("bob, carol", 2), ["carol has no `slack`"]),
        ("slack: U000BOB", "bob", REVIEWED.format("bob, carol", 1), ["carol has no `slack`"]),
        ("slack: U000BOB", "alice", REVIEWED.format("bob, carol", 1), []),
        ("slack: U000BOB", "alice, bob", REVIEWED.format("bob, carol", 1), []),
        ("slack: U000BOB", "alice", "automatic", []),
        ("slack: U000BOB", "nobody", "automatic", ["the rule ask is for nobody"]),
    ],
)
def test_a_rule_that_nobody_can_answer_or_use_is_told(bob: str, who: str, decision: str, says: list[str]) -> None:
    policy = parse(RULE.format(bob=bob, who=who, decision=decision), Path("gatepass.yml"))
    found = [each for each in advice(policy) if each.path == ("policy", 0)]
    assert len(found) == len(says)
    for each, wanted in zip(found, says, strict=True):
        assert wanted in each.message


ACCOUNTS = """
version: 1
resources:
  db:
    type: postgres
    upstream: {{host: h, {admin}}}
    roles: {{read: {{{read}}}}}
masking:
  - {{name: codes, columns: [cvv], access: {access}}}
"""
FIXED, EPHEMERAL = "username: u, password: env:P", "credential: ephemeral, template: t"
ADMIN = "role_admin: {username: a, password: env:A}"


@pytest.mark.parametrize(
    ("admin", "read", "access", "said"),
    [
        ("port: 5432", FIXED, "mask", []),
        ("port: 5432", FIXED, "deny", ["masking has `access: deny`, and this role has an account of its own"]),
        (ADMIN, EPHEMERAL, "deny", []),
        (ADMIN, FIXED, "mask", ["no role here has `credential: ephemeral`"]),
    ],
)
def test_accounts(admin: str, read: str, access: str, said: list[str]) -> None:
    found = advice(parse(ACCOUNTS.format(admin=admin, read=read, access=access), Path("gatepass.yml")))
    assert len(found) == len(said)
    assert all(words in each.message and each.weight is Weight.WARNING for words, each in zip(said, found, strict=True))


def test_a_policy_of_nothing_says_that_nobody_can_ask() -> None:
    [found] = advice(parse("version: 1\n", Path("gatepass.yml")))
    assert (found.path, found.weight) == (("resources",), Weight.WARNING)
    assert "nobody can ask for anything" in found.message

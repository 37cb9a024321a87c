"""`gatepass judge`: kind, labels, rule, verdict and what a reviewer would see, for SQL and for command lines."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import application
from support.policies import HOST_KEY

POLICY = """
version: 1
resources:
  db:
    type: postgres
    upstream: {host: db.internal}
    roles:
      free: {username: app}
      read:
        username: app
        statements:
          - {name: whole, match: [delete_without_where], verdict: deny}
          - {name: ask, match: [delete, ddl], verdict: review, reviewers: [bob]}
  web:
    type: ssh
    upstream: {host: web.internal, host_ca: HOST_KEY}
    roles:
      deploy:
        username: deploy
        private_key: env:KEY
        statements: [{name: no-reboot, match: ["command:reboot"], verdict: deny}]
people:
  bob: {slack: U000BOB}
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    file = tmp_path / "gatepass.yml"
    file.write_text(POLICY.replace("HOST_KEY", HOST_KEY))
    return str(file)


def judged(policy: str, *arguments: str, stdin: str = "") -> tuple[int, list[dict[str, object]]]:
    ran = CliRunner().invoke(application(), ["judge", "--policy", policy, "--json", *arguments], input=stdin)
    return ran.exit_code, [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize(
    ("door", "statement", "verdict", "rule", "status"),
    [
        (("db", "read"), "select 1", "allow", None, 0),
        (("db", "read"), "delete from t where id = 1", "review", "ask", 3),
        (("db", "read"), "delete from t where id = id", "deny", "whole", 4),
        (("db", "read"), "selec", "deny", "unreadable-statement", 4),
        (("db", "read"), " or id = 1".join(["delete from t where id = 1", *[""] * 1200]), "deny", "unreviewable", 4),
        (("db", "free"), "drop table t", "allow", None, 0),
        (("web", "deploy"), "ls | reboot", "deny", "no-reboot", 4),
        (("web", "deploy"), "ls", "allow", None, 0),
    ],
)
def test_a_statement_gets_its_verdict(
    policy: str, door: tuple[str, str], statement: str, verdict: str, rule: str | None, status: int
) -> None:
    code, [found] = judged(policy, *door, statement)
    assert (code, found["verdict"], found["rule"]) == (status, verdict, rule)
    assert found["labels"]


def test_the_exit_status_is_that_of_the_strictest(policy: str) -> None:
    lines = "select 1\n\ndelete from t where id = 1\nselect 2; drop table t\n"
    code, found = judged(policy, "db", "read", "-", stdin=lines)
    assert code == 3
    assert [each["kind"] for each in found] == ["select", "delete", "select", "ddl"]


def test_null_bytes_part_statements_of_several_lines(policy: str) -> None:
    code, found = judged(policy, "db", "read", "-0", "-", stdin="select\n1\0delete\nfrom t")
    assert (code, [each["kind"] for each in found]) == (4, ["select", "delete"])


def test_it_says_in_words_what_met_the_rule(policy: str) -> None:
    statement = "with d as (delete from t) select * from s"
    ran = CliRunner().invoke(application(), ["judge", "--policy", policy, "db", "read", statement])
    assert ran.exit_code == 4
    assert ran.stdout.splitlines()[0] == "select: deny (rule whole)"
    assert "met by" in ran.stdout
    assert "writes:t" in ran.stdout
    assert "  shown      with d as (delete from t) select * from s" in ran.stdout


def test_what_a_name_hides_is_seen(policy: str) -> None:
    ran = CliRunner().invoke(application(), ["judge", "--policy", policy, "db", "read", 'select * from "a\x1b[2Jb"'])
    assert "\x1b" not in ran.stdout


@pytest.mark.parametrize(("door", "says"), [(("dbb", "read"), "no resource dbb"), (("db", "reed"), "has no role reed")])
def test_an_unknown_door_is_an_error(policy: str, door: tuple[str, str], says: str) -> None:
    ran = CliRunner().invoke(application(), ["judge", "--policy", policy, *door, "select 1"])
    assert ran.exit_code == 1
    assert says in str(ran.exception)


@pytest.mark.parametrize(
    ("options", "statement", "verdict"),
    [
        ([], "select * from cards", "allow"),
        ([], "select * from ledger", "review"),
        ([], "select * from mine", "deny"),
        (["--search-path", "hr, public"], "select * from cards", "deny"),
        (["--search-path", "no-names"], "select * from cards", "deny"),
        ([], "set search_path = hr; select * from cards", "deny"),
    ],
)
def test_names_stand_in_the_search_path(tmp_path: Path, options: list[str], statement: str, verdict: str) -> None:
    rules = """
          - {name: closed, match: ["table:hr.*", "table:app.mine"], verdict: deny}
          - {name: ask, match: ["table:public.ledger"], verdict: review, reviewers: [bob]}"""
    before, behind = POLICY.replace("HOST_KEY", HOST_KEY).split("          - {name: whole")
    file = tmp_path / "gatepass.yml"
    file.write_text(before.rstrip() + rules + behind[behind.index("\n  web:") :])
    _, found = judged(str(file), *options, "db", "read", statement)
    assert found[-1]["verdict"] == verdict

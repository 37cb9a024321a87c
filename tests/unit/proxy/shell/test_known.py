"""Programs that are known to run nothing, and all others."""

from collections.abc import Callable

import pytest

from access.policy.shapes.statement_rules import StatementRule
from proxy.shell.analysis import judge
from proxy.shell.known import PLAIN, is_known, runs_unknown
from proxy.statements import StatementFacts, strictest
from storage.model import VerdictKind

Labels = Callable[[str], set[str]]


@pytest.mark.parametrize("words", [["reboot"], ["/sbin/reboot"], [None], ["reboot -f"], ["--run=reboot"], ["a=b"]])
def test_an_unknown_program_may_run_what_could_be_a_command(words: list[str | None]) -> None:
    assert runs_unknown("mywrapper", words)
    assert not runs_unknown("ls", words)
    assert runs_unknown("ls", words, installed=False)


@pytest.mark.parametrize("words", [[], ["-x"], ["--long"], ["5"], ["10s"], ["--", "-1.5"], [""]])
def test_options_and_numbers_are_no_commands(words: list[str | None]) -> None:
    assert not runs_unknown("mywrapper", words)


@pytest.mark.parametrize(
    ("name", "words", "unknown"),
    [
        ("docker", ["ps", "x"], False),
        ("docker", ["-l", "debug", "logs", "x"], False),
        ("docker", ["unheard-of", "x"], True),
        ("kubectl", ["-n", "x", "get", "pods"], False),
        ("kubectl", ["myplugin", "x"], True),
        ("kubectl", [None, "x"], True),
        ("apt-get", ["install", "./x.deb"], True),
        ("dpkg", ["-l", "x"], False),
    ],
)
def test_a_program_with_subcommands_is_known_by_them(name: str, words: list[str | None], unknown: bool) -> None:
    assert runs_unknown(name, words) is unknown


def test_every_table_is_asked() -> None:
    assert all(
        is_known(name) for name in ("ls", "sudo", "docker", "mkfs.ext4", "bash", "vim", "git", "curl", "python3.11")
    )
    assert not is_known("mywrapper")
    assert {"echo", "ls", "ps"} <= PLAIN
    assert "curl" not in PLAIN


def verdict(rules: list[StatementRule], line: str) -> VerdictKind:
    found = judge(line)
    rule = strictest(rules, [StatementFacts("", "exec", found.labels, found.parts)])
    return VerdictKind.ALLOW if rule is None else rule.verdict


def rule(verdict: VerdictKind, *match: str) -> StatementRule:
    return StatementRule(name=verdict.value, match=list(match), verdict=verdict)


@pytest.mark.finding("ssh-F13")
def test_who_allows_a_program_by_its_name_knows_it() -> None:
    rules = [rule(VerdictKind.ALLOW, "command:mytool"), rule(VerdictKind.DENY, "*")]
    assert verdict(rules, "mytool deploy prod") is VerdictKind.ALLOW
    assert verdict(rules, "mytool $x") is VerdictKind.ALLOW
    assert verdict(rules, "othertool deploy prod") is VerdictKind.DENY
    assert verdict(rules, "mytool deploy $(othertool x)") is VerdictKind.DENY


@pytest.mark.finding("ssh-F13")
def test_a_wrapper_that_is_allowed_does_not_carry_what_it_wraps() -> None:
    rules = [rule(VerdictKind.ALLOW, "command:gosu", "command:perf"), rule(VerdictKind.DENY, "*")]
    assert verdict(rules, "gosu bob reboot") is VerdictKind.DENY
    assert verdict(rules, "perf stat reboot") is VerdictKind.DENY


def test_a_file_named_as_a_known_program_is_not_that_program() -> None:
    rules = [rule(VerdictKind.ALLOW, "command:ls"), rule(VerdictKind.DENY, "*")]
    assert verdict(rules, "ls x") is VerdictKind.ALLOW
    assert verdict(rules, "/bin/ls x") is VerdictKind.ALLOW
    assert verdict(rules, "./ls x") is VerdictKind.DENY
    assert verdict(rules, "/tmp/ls") is VerdictKind.DENY


def test_the_order_of_rules_decides_for_an_unknown_program() -> None:
    rules = [rule(VerdictKind.DENY, "dynamic_command"), rule(VerdictKind.ALLOW, "*")]
    assert verdict(rules, "mytool deploy prod") is VerdictKind.DENY
    rules = [rule(VerdictKind.ALLOW, "dynamic_command"), rule(VerdictKind.DENY, "command:mytool")]
    assert verdict(rules, "mytool deploy prod") is VerdictKind.DENY

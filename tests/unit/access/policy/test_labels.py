"""The words a policy may use are the words the proxy uses."""

import pytest

from access.policy.labels import ENTITIES, SHELL_LABELS, SQL_LABELS, unknown_entity, unknown_label
from proxy.masking.detectors.detectors import DETECTORS
from proxy.postgres.sql.analysis import judge as judge_sql
from proxy.postgres.sql.kinds import KINDS
from proxy.shell import judge as judge_shell

SQL = (
    "select 1; insert into t values (1); update t set a = 1; delete from t; merge into t using s on true "
    "when matched then do nothing; copy t to program 'x'; copy t from '/x'; call p(); do $$ begin end $$; "
    "set a = 1; begin; explain select 1; prepare q as select 1; execute q; declare c cursor for select 1; fetch c; "
    "notify n; grant select on t to r; create table t (a int); truncate t; drop table t; vacuum t; lock t; cluster t; "
    "discard all; checkpoint; load 'x'; close c; show a; reindex table t; deallocate q; listen n; unlisten n"
)


def words(labels: frozenset[str]) -> set[str]:
    return {label for label in labels if ":" not in label}


@pytest.mark.parametrize("sql", SQL.split("; "))
def test_every_label_of_sql_can_be_named_in_a_rule(sql: str) -> None:
    for facts in judge_sql(sql):
        assert words(facts.labels) <= SQL_LABELS
        assert not [label for label in facts.labels if unknown_label(label)]


def test_every_kind_of_sql_is_a_label() -> None:
    assert set(KINDS.values()) <= SQL_LABELS


@pytest.mark.parametrize("line", ["ls | rm -r x", "$X y", "echo a > b", "'", "sudo bash -c 'reboot'", "eval x"])
def test_every_label_of_a_command_line_can_be_named_in_a_rule(line: str) -> None:
    for facts in judge_shell(line):
        assert words(facts.labels) <= SHELL_LABELS
        assert not [label for label in facts.labels if unknown_label(label)]


def test_every_entity_that_masking_finds_can_be_named() -> None:
    assert {entity.value for entity in DETECTORS} == ENTITIES


@pytest.mark.parametrize("pattern", ["dll", "delete_without", "comand:rm", "table:", "tabel:*", ""])
def test_a_misspelt_label_is_an_error(pattern: str) -> None:
    assert unknown_label(pattern) is not None


@pytest.mark.parametrize("pattern", ["*", "ddl", "delete_*", "command:rm", "table:*", "table:app.cards", "com*:rm"])
def test_a_pattern_that_can_match_is_none(pattern: str) -> None:
    assert unknown_label(pattern) is None


def test_a_misspelt_entity_is_an_error() -> None:
    assert "'emial'" in str(unknown_entity("emial"))

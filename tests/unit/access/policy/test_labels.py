"""The words a policy may use are the words that the analyses give, and the guide has them all."""

from pathlib import Path

import pytest
from postgast import pg_query_pb2 as pg

from access.policy.labels import PREFIXES, KubernetesLabel, ShellLabel, SqlLabel, unknown_label
from proxy.postgres.sql.kinds import label_of
from proxy.shell.analysis import judge
from support.enumerations import lines_of, table_under
from support.sql import facts_of

GUIDE = (Path(__file__).parents[4] / "docs" / "policy.md").read_text()
SQL = (
    "select 1; insert into t values (1); update t set a = 1; delete from t; merge into t using s on true "
    "when matched then do nothing; copy t to program 'x'; copy t from '/x'; call p(); do $$ begin end $$; "
    "set a = 1; begin; explain select 1; prepare q as select 1; execute q; declare c cursor for select 1; fetch c; "
    "notify n; grant select on t to r; create table t (a int); truncate t; drop table t; vacuum t; lock t; cluster t; "
    "discard all; checkpoint; alter table t replica identity full; "
    "load 'x'; close c; show a; reindex table t; deallocate q; listen n; unlisten n; "
    "create function f() returns int return 1; select f(), dblink('a', 'b'), pg_reload_conf(); copy t to '/x'; "
    "update t set a = 1 where a = 2; grant r to s"
)


def words(labels: frozenset[str]) -> set[str]:
    return {label for label in labels if ":" not in label}


@pytest.mark.parametrize("sql", SQL.split("; "))
def test_every_label_of_sql_can_be_named_in_a_rule(sql: str) -> None:
    for facts in facts_of(sql):
        assert words(facts.labels) <= set(SqlLabel)
        assert not [label for label in facts.labels if unknown_label(label)]


def test_every_label_of_sql_is_given_by_some_statement() -> None:
    given = {label for facts in facts_of(SQL) for label in facts.labels} | {*facts_of("selec")[0].labels}
    assert set(SqlLabel) - given == set()


#: Nodes of PostgreSQL's own making, which no client's text becomes.
NOT_WRITTEN = {"RawStmt", "SetOperationStmt", "PLAssignStmt"}


def test_every_statement_of_the_grammar_has_its_label() -> None:
    fields = pg.Node.DESCRIPTOR.oneofs_by_name["node"].fields
    nodes = [field.message_type.name for field in fields if field.message_type is not None]
    unknown = {name for name in nodes if name.endswith("Stmt") and label_of(name) is SqlLabel.UNPARSEABLE}
    assert unknown == NOT_WRITTEN


def test_every_label_of_a_session_is_given_by_some_command_line() -> None:
    lines = ["ls > x", "a=1", "echo $((1+1))", "$X", "'", "tar c x"]
    given = {label for line in lines for label in judge(line).labels}
    assert set(ShellLabel) - given == {ShellLabel.SHELL, ShellLabel.SFTP, ShellLabel.FORWARD}, (
        "these are what is asked for, not a line"
    )


@pytest.mark.parametrize(
    ("labels", "heading"),
    [
        (SqlLabel, "### Labels of SQL statements"),
        (ShellLabel, "### Labels of SSH sessions"),
        (KubernetesLabel, "### Labels of requests to a cluster"),
    ],
)
def test_the_guide_says_of_every_label_what_its_line_says(
    labels: type[SqlLabel | ShellLabel | KubernetesLabel], heading: str
) -> None:
    lines = lines_of(labels)
    assert set(lines) == set(labels), "a label has a line below it that says what it means"
    assert table_under(GUIDE, heading) == lines


def test_the_guide_says_what_names_stand_behind() -> None:
    assert table_under(GUIDE, "### Labels with a name behind them") == PREFIXES


@pytest.mark.parametrize("line", ["ls | rm -r x", "$X y", "echo a > b", "'", "sudo bash -c 'reboot'", "eval x"])
def test_every_label_of_a_command_line_can_be_named_in_a_rule(line: str) -> None:
    labels = judge(line).labels
    assert words(labels) <= set(ShellLabel)
    assert not [label for label in labels if unknown_label(label)]


@pytest.mark.parametrize(
    "pattern", ["dll", "delete_without", "comand:rm", "table:", "tabel:*", "", "verb:get & resorce:pods", "ddl & "]
)
def test_a_misspelt_label_is_an_error(pattern: str) -> None:
    assert unknown_label(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    ["*", "ddl", "delete_*", "command:rm", "table:*", "table:app.cards", "com*:rm", "verb:get & namespace:prod"],
)
def test_a_pattern_that_can_match_is_none(pattern: str) -> None:
    assert unknown_label(pattern) is None

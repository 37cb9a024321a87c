"""ALTER TABLE, constraints and keys: what would tell something of the rows that are there."""

import pytest
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.columns.defining.table_changes import alter
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of


def change(sql: str, scope: Scope) -> None:
    tree = tree_of(sql)
    assert isinstance(tree, pg.AlterTableStmt)
    alter(tree, scope)


@pytest.mark.parametrize(
    "command",
    [
        "add column note text default 'x'",
        "add check (id > 0)",
        "add column total int generated always as (id + 1) stored",
        "alter cvv set not null, drop column holder",
        "add unique (holder)",
        "add foreign key (id) references users (id)",
        "enable row level security",
    ],
)
def test_harmless(scope: Scope, command: str) -> None:
    change(f"alter table cards {command}", scope)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("add check (cvv > '5')", Why.USED),
        ("add column y text generated always as (reverse(cvv)) stored", Why.USED),
        ("alter holder type text using cvv", Why.USED),
        ("add foreign key (cvv) references users (name)", Why.COMPARED),
        ("add foreign key (holder) references other (cvv)", Why.COMPARED),
        ("add exclude using btree (cvv with =)", Why.COMPARED),
        ("add exclude using gist (holder with =) where (cvv > '5')", Why.USED),
        ("add unique (cvv)", Why.COMPARED),
        ("add primary key (id, cvv)", Why.COMPARED),
        ("cluster on cards_pkey", Why.SHAPE),
        ("inherit users", Why.SHAPE),
        ("attach partition users default", Why.SHAPE),
        ("enable rule r", Why.SHAPE),
        ("of wrapped", Why.SHAPE),
    ],
)
def test_what_tells(scope: Scope, command: str, why: Why) -> None:
    with pytest.raises(Used) as raised:
        change(f"alter table cards {command}", scope)
    assert raised.value.why is why


def test_another_tables_rows_are_lent_to_none(scope: Scope) -> None:
    with pytest.raises(Used):
        change("alter table users inherit cards", scope)
    change("alter table users no inherit cards", scope)

"""Renames and moves where a database has masked columns."""

import pytest

from proxy.postgres.sql.columns.defining.definitions import define
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from support.sql import tree_of


@pytest.mark.parametrize(
    "sql",
    [
        "alter index cards_key rename to k",
        "alter table cards rename column holder to owner",
        "alter table users rename to people",
        "alter table cards rename constraint a to cvv",
        "alter trigger t on cards rename to u",
        "alter policy p on cards rename to q",
        "alter sequence s rename to r",
        "alter role a rename to b",
        "alter domain d rename constraint a to b",
        "alter table users set schema app",
        "alter function f(int) set schema app",
        "alter sequence s set schema app",
    ],
)
def test_harmless(scope: Scope, sql: str) -> None:
    define(tree_of(sql), scope)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("alter table cards rename to x", Why.RENAMED),
        ("alter table cards rename column cvv to x", Why.RENAMED),
        ("alter index cards rename to x", Why.RENAMED),
        ("alter table nobody rename to x", Why.RENAMED),
        ("alter view plain_view rename column code to x", Why.RENAMED),
        ("alter function f() rename to x", Why.KEPT),
        ("alter routine g() rename to x", Why.KEPT),
        ("alter procedure p(text) rename to x", Why.KEPT),
        ("alter aggregate a(int) rename to x", Why.KEPT),
        ("alter type wrapped rename to x", Why.KEPT),
        ("alter domain d rename to text", Why.KEPT),
        ("alter schema public rename to x", Why.KEPT),
        ("alter table cards set schema x", Why.SHAPE),
        ("alter view nobody set schema x", Why.SHAPE),
        ("alter function g() set schema x", Why.KEPT),
        ("alter type wrapped set schema x", Why.KEPT),
        ("alter operator @@@ (text, text) set schema x", Why.KEPT),
        ("alter extension e set schema x", Why.KEPT),
    ],
)
def test_names_that_tell(scope: Scope, sql: str, why: Why) -> None:
    with pytest.raises(Used) as raised:
        define(tree_of(sql), scope)
    assert raised.value.why is why

"""Functions that definitions name: whatever uses what is defined calls them, and names them no more."""

import pytest

from proxy.postgres.sql.effects.calls.named import named_functions
from support.sql import parts_of, tree_of

OF_SUM = "create aggregate a (int) (sfunc = x.f, stype = int, finalfunc = g, parallel = safe)"
OF_CLASS = "create operator class c for type int using btree as operator 1 <, function 1 g.f(int, int)"


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("create operator ### (function = x.f, rightarg = text, restrict = eqsel)", [["x", "f"]]),
        ("create operator ### (procedure = 'f', rightarg = text)", [["f"]]),
        (OF_SUM, [["x", "f"], ["g"]]),
        ("create aggregate a (basetype = int, sfunc1 = f, stype1 = int)", [["f"]]),
        ("create type r as range (subtype = int, subtype_diff = x.f)", [["x", "f"]]),
        ("create type t (input = f, output = g, alignment = int4)", [["f"], ["g"]]),
        ("alter type t set (receive = f)", [["f"]]),
        ("create cast (text as t) with function f(text)", [["f"]]),
        ("create conversion c for 'UTF8' to 'LATIN1' from x.f", [["x", "f"]]),
        (OF_CLASS, [["g", "f"]]),
        ("alter operator family o using btree add function 1 f(int, int)", [["f"]]),
        ("create transform for int language sql (from sql with function f(internal))", [["f"], []]),
        ("create text search template t (init = f, lexize = g)", [["f"], ["g"]]),
        ("create text search dictionary d (template = simple)", []),
        ("create table t (a int)", []),
    ],
)
def test_names(sql: str, names: list[list[str]]) -> None:
    assert list(named_functions(tree_of(sql))) == names


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        (
            "create operator ### (function = pg_read_file, rightarg = text)",
            {"ddl", "file", "copy_server_file", "function:pg_read_file"},
        ),
        (
            "create aggregate a (text) (sfunc = dblink_exec, stype = text)",
            {"ddl", "connect", "unparseable", "function:dblink_exec"},
        ),
        ("create cast (text as t) with function f(text)", {"ddl", "opaque_function", "function:f"}),
        ("create aggregate a (int) (sfunc = int4pl, stype = int)", {"ddl"}),
    ],
)
def test_their_effects_are_those_of_the_definition(sql: str, part: set[str]) -> None:
    assert part in parts_of(sql)

"""How a statement uses masked columns: shown as they are, or in any other way. Pure.

Theory of operation
-------------------

A column is masked when a rule of the policy matches its name. What must hold: a value of a masked column leaves the
upstream only in a place where Gatepass knows that it is one, and replaces it. Three steps make it so.

1. *Where does a result's column come from?* PostgreSQL says so itself: a RowDescription gives each column's origin, the
   table's OID and the attribute's number. They survive aliases, subqueries, CTEs and RETURNING. The catalogue knows
   which origins are masked, views' columns included (`reading`).
2. *Where would the origin be lost?* In every expression, in a UNION, in a copy into another table: PostgreSQL reports
   no origin there, or another one. So before a statement runs that may touch a relation with masked columns, this room
   reads it as PostgreSQL will, by the catalogue: what each FROM gives (`sources`), what each reference means (`scope`),
   what each query shows (`queries`, `row_changes`). A masked column may be shown, and nothing else (`expressions`). It
   lists the shapes that it understands, down to the parts of each node (`shapes`); a statement with any other is
   refused, and so is a reference that it cannot find. A table that is not in the catalogue may have masked columns.
   What the session itself makes is known from the moment that it is asked for (`made`), and must show masked columns
   under their own names (`definitions`, `table_changes`).
3. *What goes around columns?* Functions that take SQL as text and statistics (`bypasses`), changes by which other code
   would see the rows (`changes`), and the order of rows (`orders`): refused where the database has masked columns at
   all. So is code that a client makes, a function or a DO block, unless it is proven to read no rows (`code.bodies`):
   what a name in it means is found when it runs, and may be masked by then.

An example. In cards(id, holder, cvv), with OID 20000, a rule masks `cvv`:

    select x from (select cvv as x from cards) s
        s gives x, which shows cvv; the outer target x is that column, shown. It runs; the result's origin is
        (20000, 3), so each value becomes `***`.

    select substr(x, 1, 1) from (select cvv as x from cards) s
        s gives x, which shows cvv; it stands in a function call: refused.

    select reverse(c.quote_literal) from cards c
        c is known and has no column of that name, so it is a function of the whole row: refused.

    select count(*), max(id) from cards
        touches cards, and no masked column of it: it runs.

    create function n() returns bigint language sql as 'select count(*) from users'
        by the time it runs, a view with masked columns may be called users: refused.

    declare c cursor with hold for select cvv as x from cards
        the rows may outlive the table, and with it their origin: only a name that a rule knows tells then. Refused.

Harmless are: a target of a SELECT that the client or an outer query sees, a RETURNING list, IS NULL, count(x), EXISTS,
and SET of a masked column from itself. An INSERT's own values are the client's already. Order, groups,
DISTINCT and set operations compare values, and so tell what they are: they are uses.

Not covered: functions that were made around the gateway (SECURITY DEFINER, PL/pgSQL) cannot be seen through. Those that
give rows of a table are read as that table's; the results of others are masked by name and content alone.
"""

from typing import NamedTuple

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.protocol.encodings import codec
from proxy.postgres.sql.bypasses import reads_around
from proxy.postgres.sql.catalogue import Catalogue, IsMasked
from proxy.postgres.sql.changes import run_code
from proxy.postgres.sql.code.bodies import unproven
from proxy.postgres.sql.columns.defining.definitions import define, under_own_names
from proxy.postgres.sql.columns.defining.shadowing import leave_alone, temporary
from proxy.postgres.sql.columns.hints import Refusal, refusal
from proxy.postgres.sql.columns.orders import planner_setting
from proxy.postgres.sql.columns.queries import query
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.columns.scope import Scope
from proxy.postgres.sql.cursors import cursor_change
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.new_words import new_word
from proxy.syntax.sql import unwrap, walk

#: They say by themselves what stands in the way.
_SAID = frozenset(
    {
        *(Why.AROUND, Why.CODE, Why.BODY, Why.KEPT, Why.GROWN, Why.PLANNED, Why.ENCODED, Why.SHADOWED, Why.SETTING),
        *(Why.PLACES, Why.DROPPED),
    }
)
_QUERIES = (pg.SelectStmt, pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt, pg.MergeStmt)


class _Asked(NamedTuple):
    """The query that a statement is, or runs, and whether what it gives comes to the client as columns."""

    query: Message
    is_shown: bool


def misuse(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> Refusal | None:
    """Why the statement must not run, with what to write instead; None if it only shows masked columns."""
    try:
        _check(tree, catalogue, is_masked)
    except Used as used:
        return refusal(_because(used, tree, catalogue, is_masked))
    except RecursionError:
        return refusal(Used("", Why.DEPTH))
    return None


def _check(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> None:
    _check_encoding(tree)
    if catalogue.masked:
        _check_others(tree, catalogue, is_masked)
    scope = Scope(catalogue, is_masked, query)
    if catalogue.masked:
        _leave_names_alone(tree, scope)
    asked = _asked(tree)
    if asked is None:
        if catalogue.masked:
            define(tree, scope)
    elif _touches_masked(asked.query, catalogue, is_masked):
        given = query(asked.query, scope, asked.is_shown)
        if _outlives_origins(tree):
            under_own_names(given, scope)


def _leave_names_alone(tree: Message, scope: Scope) -> None:
    match tree:
        case pg.CreateTableAsStmt():
            temporary(tree.into.rel, scope)
        case pg.SelectStmt() if tree.HasField("into_clause"):
            temporary(tree.into_clause.rel, scope)
        case _ if _asked(tree) is None:
            leave_alone(tree, scope)
        case _:
            pass


def _outlives_origins(tree: Message) -> bool:
    """A cursor WITH HOLD keeps its rows when their table is gone, and their origins mean nothing any more."""
    change = cursor_change(tree)
    return change is not None and change.holds


def _check_encoding(tree: Message) -> None:
    """A COPY's rows are taken apart by ASCII bytes, which some encodings have within longer characters."""
    if isinstance(tree, pg.CopyStmt) and not tree.is_from:
        for option in (each.def_elem for each in tree.options):
            if option.defname == "encoding" and codec(option.arg.string.sval) is None:
                raise Used(option.arg.string.sval, Why.ENCODED)


def _check_others(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> None:
    """What goes around columns, and what would run other code over them."""
    if around := reads_around(tree):
        raise Used(around, Why.AROUND)
    if called := _called_by_word(tree, catalogue):
        raise Used(f"{called}()", Why.WHOLE_ROW)
    if code := unproven(tree, catalogue, is_masked):
        raise Used(code, Why.BODY)
    if setting := planner_setting(tree):
        raise Used(setting, Why.PLANNED)
    columns = {
        column
        for node in walk(tree)
        if isinstance(node, pg.RangeVar)
        for column in catalogue.masked_columns(node.relname)
    }

    def has(name: str) -> bool:
        return name in columns or is_masked(name)

    if code := next(run_code(tree, has, reads_masked=bool(columns)), None):
        raise Used(code, Why.CODE)


def _called_by_word(tree: Message, catalogue: Catalogue) -> str:
    """A function that gives masked rows, and that an older server would call by a word that is none of its own."""
    words = (word.name for node in walk(tree) if (word := new_word(node)) is not None)
    return next((name for name in words if any(each.masked for each in catalogue.functions([name]))), "")


def _asked(tree: Message) -> _Asked | None:
    match tree:
        case pg.DeclareCursorStmt() | pg.PrepareStmt() | pg.ExplainStmt():
            return _asked(unwrap(tree.query))
        case pg.CreateTableAsStmt():
            return _Asked(unwrap(tree.query), is_shown=False)
        case pg.CopyStmt() if tree.HasField("query"):
            return _Asked(unwrap(tree.query), is_shown=False)
        case _ if isinstance(tree, _QUERIES):
            return _Asked(tree, is_shown=True)
        case _:
            return None


def _touches_masked(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> bool:
    """Whether anything in it may be masked, or a row with something masked: all but what is known to have none."""
    for node in walk(tree):
        match node:
            case pg.RangeVar() if _may_be_masked(node, catalogue):
                return True
            case pg.FuncCall() if any(each.masked for each in catalogue.functions(strings(node.funcname))):
                return True
            case pg.ColumnRef() if any(map(is_masked, strings(node.fields))):
                return True
            case pg.A_Indirection() if any(map(is_masked, strings(node.indirection))):
                return True
            case pg.ColumnDef() if is_masked(node.colname):
                return True
            case pg.ResTarget() if is_masked(node.name):
                return True
            case _:
                pass
    return False


def _may_be_masked(reference: pg.RangeVar, catalogue: Catalogue) -> bool:
    found = catalogue.named(reference.relname, reference.schemaname)
    if not found:
        return bool(catalogue.masked)
    return any(table.masked or table.is_uncertain for table in found)


def _because(used: Used, tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> Used:
    """What stands in the way: where it is no column that is known to be masked, a table that is not known."""
    if used.why in _SAID or is_masked(used.masked):
        return used
    nodes = list(walk(tree))
    inner = {node.ctename for node in nodes if isinstance(node, pg.CommonTableExpr)}
    inner |= {node.view.relname for node in nodes if isinstance(node, pg.ViewStmt)}
    inner |= {node.rel.relname for node in nodes if isinstance(node, pg.IntoClause)}
    inner |= {node.relation.relname for node in nodes if isinstance(node, pg.CreateStmt)}
    for node in nodes:
        if isinstance(node, pg.RangeVar) and node.relname not in inner:
            found = catalogue.named(node.relname, node.schemaname)
            if not found or any(table.is_uncertain for table in found):
                return Used(node.relname, Why.NOT_KNOWN)
    return used

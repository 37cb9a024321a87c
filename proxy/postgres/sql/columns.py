"""How a statement uses masked columns: shown as they are, or inside an expression. Pure.

Theory of operation
-------------------

A column is masked when a rule of the policy matches its name. What must hold: a value of a masked column leaves the
upstream only in a place where Gatepass knows that it is one, and replaces it. Three steps make it so.

1. *Where does a result's column come from?* PostgreSQL says so itself: a RowDescription gives each column's origin, the
   table's OID and the attribute's number. They survive aliases, subqueries, CTEs and RETURNING. `catalogue.py` knows
   which origins are masked. A view has an OID of its own, so the catalogue reads its definition and marks each of its
   columns that mentions a masked one in any form, again and again until no view adds another.
2. *Where would the origin be lost?* In every expression, in a UNION, in a copy into another table: PostgreSQL reports
   no origin there, or another one. So before a statement runs, this module walks its tree, and whatever is more than
   showing a masked column is refused. It lists the places that are harmless (`_expression`), not those that are not.
3. *What goes around columns?* Functions that take SQL as text, statistics, bodies of functions (`bypasses.py`), and
   changes by which other code would see the rows (`changes.py`): refused where the database has masked columns at all.

Step 2 decides by names, without knowing what they refer to: the search path is the client's, and a temporary table can
hide another. `masked_names.py` collects from the whole statement

    columns   the masked columns of every table of that name, in any schema
    aliases   what a masked column was renamed to, followed until nothing is added
    rows      names of whole rows (`c` in `from cards c`), each of which means all of its columns

and a reference to any of them counts, wherever it stands. So more is refused than must be, never less.

An example. In cards(id, holder, cvv), with OID 20000, a rule masks `cvv`:

    select x from (select cvv as x from cards) s
        columns = {cvv}; x shows cvv, so aliases = {x}; rows = {cards, s, new, old, excluded}
        inner target `cvv as x`: a plain reference in a SELECT that is shown -> fine
        outer target `x`: the same -> fine. It runs; the result's origin is (20000, 3), so each value becomes `***`.

    select substr(x, 1, 1) from (select cvv as x from cards) s
        the same names; the outer target is a function call with `x` inside -> refused, with "x" in the message

    select x from (select cvv as x from cards) s union select holder from cards
        a UNION has no origin, so its arms are not shown (`_select`) -> refused at `x`

    create view v as select cvv as code from cards
        until it is committed the catalogue does not have v, and `code` has no rule -> refused at `cvv` (`_view`)

Harmless are: a target of a SELECT that the client or an outer query sees, a RETURNING list, IS NULL, EXISTS, and SET of
a masked column from one of the same row. An INSERT's own values are the client's already.

Not covered: functions that were written earlier (SECURITY DEFINER, PL/pgSQL) cannot be seen through, so their results
are masked by name and content alone; and the order or equality of masked values, where a position stands for the column
or nothing does (ORDER BY 2, GROUP BY 1, DISTINCT).
"""

from collections.abc import Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.bypasses import in_code, reads_around
from proxy.postgres.sql.changes import run_code
from proxy.postgres.sql.masked_names import IsMasked, MaskedColumnsOf, MaskedNames, collect
from proxy.syntax.sql import children, unwrap, walk

#: ALTER TABLE that lets another table show this one's rows.
_LENDING = frozenset({pg.AT_AddInherit, pg.AT_AttachPartition})


def misuse(tree: Message, masked_columns: MaskedColumnsOf, is_masked: IsMasked, *, any_masked: bool) -> str | None:
    """The masked column, `*` or table that the statement uses otherwise than showing it; None if there is none.

    `any_masked`: the database has masked columns at all, so what reads by other ways than columns is refused too.
    """
    names = collect(tree, masked_columns, is_masked)
    if any_masked and (found := reads_around(tree)):
        return found
    if any_masked and (found := in_code(tree, masked_columns, is_masked)):
        return found
    if any_masked and (found := next(run_code(tree, names.has, reads_masked=bool(names.columns)), None)):
        return found
    return next(_statement(tree, names), None)


def masked_outputs(tree: Message, masked_columns: MaskedColumnsOf, is_masked: IsMasked) -> dict[int, str]:
    """Position -> masked column, for what a view's definition shows of one in any form."""
    names = collect(tree, masked_columns, is_masked)
    return _outputs(tree, names) if isinstance(tree, pg.SelectStmt) else {}


def _outputs(select: pg.SelectStmt, names: MaskedNames) -> dict[int, str]:
    if select.HasField("larg"):
        return _outputs(select.larg, names) | _outputs(select.rarg, names)
    shown: dict[int, str] = {}
    for index, target in enumerate(select.target_list):
        for node in walk(target):
            if isinstance(node, pg.ColumnRef) and (found := names.in_reference(node)):
                shown[index] = found
    return shown


# --- uses ---------------------------------------------------------------------------------------------------------


def _statement(node: Message, names: MaskedNames) -> Iterator[str]:
    """Masked names in one statement that are more than shown."""
    if isinstance(node, pg.SelectStmt):
        yield from _select(node, names, shown=True)
    elif isinstance(node, pg.CopyStmt):
        yield from _copy(node, names)
    elif isinstance(node, pg.DeclareCursorStmt | pg.PrepareStmt | pg.ExplainStmt):
        yield from _statement(unwrap(node.query), names)
    elif isinstance(node, pg.ViewStmt):
        yield from _view(node, names)
    elif isinstance(node, pg.RenameStmt | pg.CreateTrigStmt | pg.AlterTableStmt):
        yield from _change(node, names)
    else:
        yield from _below(node, names)


def _copy(copy: pg.CopyStmt, names: MaskedNames) -> Iterator[str]:
    """COPY of a table to the client is masked column by column; anything else that leaves is refused."""
    if not copy.is_from and copy.filename and names.columns:
        yield copy.relation.relname or "*"
    yield from _below(copy, names)


def _view(view: pg.ViewStmt, names: MaskedNames) -> Iterator[str]:
    """A view may show masked columns under their own names: others could not be told apart before it is committed."""
    query = unwrap(view.query)
    if isinstance(query, pg.SelectStmt):
        yield from _select(query, names, shown=True)
        for shown in _outputs(query, names).values():
            if view.aliases or (shown == "*" and not all(map(names.is_masked, names.columns))):
                yield shown
        for target in query.target_list:
            value = unwrap(target.res_target.val)
            if isinstance(value, pg.ColumnRef) and (found := names.in_reference(value)) not in {None, "*"}:
                yield from () if names.is_masked(target.res_target.name or str(found)) else (str(found),)


def _change(change: pg.RenameStmt | pg.CreateTrigStmt | pg.AlterTableStmt, names: MaskedNames) -> Iterator[str]:
    """Masked columns keep their names, their tables too, and no trigger or heir gets at their rows."""
    if isinstance(change, pg.RenameStmt) and names.has(change.subname):
        yield change.subname
    elif names.columns and not isinstance(change, pg.AlterTableStmt):
        renames_column = isinstance(change, pg.RenameStmt) and change.rename_type == pg.OBJECT_COLUMN
        yield from () if renames_column else (change.relation.relname,)
    elif names.columns and any(isinstance(n, pg.AlterTableCmd) and n.subtype in _LENDING for n in walk(change)):
        yield change.relation.relname
    for node in walk(change):
        # A check that comes later is run on the rows that are there: it tells about each, or shows it to a function.
        if isinstance(node, pg.Constraint) and node.contype == pg.CONSTR_CHECK:
            yield from _below(node, names)
    yield from _below(change, names)


def _select(select: pg.SelectStmt, names: MaskedNames, *, shown: bool) -> Iterator[str]:
    """`shown`: what it selects comes to the client, or to an outer query, as the columns they are."""
    combined = select.HasField("larg")
    shown = shown and not combined and not select.HasField("into_clause")
    for field_name, child in children(select):
        if field_name == "target_list" and isinstance(child, pg.ResTarget):
            yield from _target(child, names, shown=shown, calls=_calls_functions(select))
        elif field_name in {"larg", "rarg"} and isinstance(child, pg.SelectStmt):
            yield from _select(child, names, shown=False)
        else:
            yield from _expression(field_name, child, names)


def _target(target: pg.ResTarget, names: MaskedNames, *, shown: bool, calls: bool) -> Iterator[str]:
    """One output column. A function's result has no origin, so a masked name in it must not be renamed."""
    value = unwrap(target.val)
    if not isinstance(value, pg.ColumnRef):
        yield from _expression("val", value, names)
        return
    found = names.in_reference(value)
    if found is None:
        return
    is_row = found != "*" and not names.has(found)
    renamed = calls and target.name and not names.is_masked(target.name)
    if not shown or is_row or renamed:
        yield found


def _calls_functions(select: pg.SelectStmt) -> bool:
    return any(isinstance(node, pg.RangeFunction) for source in select.from_clause for node in walk(source))


def _below(node: Message, names: MaskedNames) -> Iterator[str]:
    for field_name, child in children(node):
        yield from _expression(field_name, child, names)


def _expression(field_name: str, node: Message, names: MaskedNames) -> Iterator[str]:
    """Anything inside a statement: a masked name in it is a use, but for the places where it only names or shows."""
    match node:
        case pg.ColumnRef():
            if found := names.in_reference(node):
                yield found
        case pg.SelectStmt():
            yield from _select(node, names, shown=field_name == "ctequery")
        case pg.RangeSubselect():
            for name, child in children(node):
                if isinstance(child, pg.SelectStmt):
                    yield from _select(child, names, shown=True)
                else:
                    yield from _expression(name, child, names)
        case pg.SubLink() if node.sub_link_type == pg.EXISTS_SUBLINK:
            yield from _statement(unwrap(node.subselect), names)
        case pg.NullTest() if isinstance(unwrap(node.arg), pg.ColumnRef) and names.in_reference(
            unwrap(node.arg)  # pyright: ignore[reportArgumentType] - the line above says that it is one
        ) not in {"*", *names.rows}:
            # Whether there is a value at all is not masked: NULL stays NULL.
            return
        case pg.JoinExpr():
            yield from _join(node, names)
        case pg.ResTarget():
            yield from _assigned(field_name, node, names)
        case pg.Constraint() if node.contype == pg.CONSTR_CHECK:
            return
        case _:
            yield from _below(node, names)


def _join(join: pg.JoinExpr, names: MaskedNames) -> Iterator[str]:
    if join.is_natural and names.rows:
        yield "NATURAL JOIN"
    yield from (each.string.sval for each in join.using_clause if names.has(each.string.sval))
    yield from _below(join, names)


def _assigned(field_name: str, target: pg.ResTarget, names: MaskedNames) -> Iterator[str]:
    """RETURNING shows a column; SET may move one within its row, into one masked by its own name, and no other."""
    value = unwrap(target.val)
    if field_name in {"returning_list", "exprs"}:
        yield from _target(target, names, shown=True, calls=False)
    elif (
        names.moves
        or not isinstance(value, pg.ColumnRef)
        or not (target.name in names.columns or names.is_masked(target.name))
    ):
        yield from _expression("val", value, names)

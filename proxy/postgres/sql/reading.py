"""Reading: the catalogue, made from the rows of its queries; views traced through their definitions. Pure.

A view has an OID of its own, so each of its columns that mentions a masked one in any form is marked, again and again
until no view adds another. Fetching the rows is relay/masked_columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.bypasses import STATISTICS, reads_around
from proxy.postgres.sql.catalogue import Catalogue, Function, IsMasked, Table
from proxy.postgres.sql.columns.views import masked_outputs
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import walk

#: The account's settings must not decide what our own queries mean, nor how long each waits for a lock.
_AS_IS = "begin; set local search_path = pg_catalog; set local lock_timeout = '2s'; {}; commit"
#: Relations that nobody can read now, as in a migration's transaction, which may be the client's own: what the server
#: tells about their expressions it tells once it has locked them.
_LOCKED = (
    "locked as (select relation from pg_catalog.pg_locks where mode = 'AccessExclusiveLock'"
    " and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))"
)
#: What the queries give for an expression or a definition that cannot be read for such a lock.
_UNREAD = "?"

#: Types, and the table whose rows are in a value of each: by themselves, in arrays, ranges and domains of any depth.
_HELD = (
    "with recursive within(type, part) as ("
    "select oid, oid from pg_catalog.pg_type"
    " union select w.type, n.part from within w join pg_catalog.pg_type t on t.oid = w.part"
    " cross join lateral (select t.typbasetype union all select t.typelem union all"
    " select r.rngsubtype from pg_catalog.pg_range r where t.oid in (r.rngtypid, r.rngmultitypid)) as n(part)"
    " where n.part <> 0"
    "), held(type, relation) as (select w.type, max(t.typrelid) from within w join pg_catalog.pg_type t"
    " on t.oid = w.part where t.typrelid <> 0 group by w.type)"
)
_WITH_HELD = _AS_IS.format(_HELD + ", " + _LOCKED + " {}")
_WITH_LOCKED = _AS_IS.format("with " + _LOCKED + " {}")
#: Every column of the tables, views and row types that are not PostgreSQL's own: OID, schema, table, number, column,
#: the kind of relation, the OID of the table whose rows the column holds, or 0, and what it is generated as, or "".
COLUMNS_SQL = _WITH_HELD.format(
    "select a.attrelid, n.nspname, c.relname, a.attnum, a.attname, c.relkind, coalesce(h.relation, 0),"
    " case when a.attgenerated = '' then ''"
    " when a.attrelid in (select relation from locked) then '?'"
    " else coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') end"
    " from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid"
    " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
    " left join held h on h.type = a.atttypid"
    " left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
    " where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'v', 'm', 'f', 'p', 'c') and c.oid >= 16384"
    " order by a.attrelid, a.attnum"
)
#: PostgreSQL's own tables and views: OID, schema, name, and all columns, which have no space in their names.
SYSTEM_SQL = _AS_IS.format(
    "select c.oid, n.nspname, c.relname, string_agg(a.attname, ' ' order by a.attnum), c.relkind"
    " from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid"
    " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
    " where a.attnum > 0 and c.relkind in ('r', 'v') and c.oid < 16384 group by 1, 2, 3, 5"
)
#: Definitions of views, oldest first, so that a view comes after what it reads.
VIEWS_SQL = _WITH_LOCKED.format(
    "select c.oid, case when c.oid in (select r.ev_class from locked l join pg_catalog.pg_depend d"
    " on d.refobjid = l.relation and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_rewrite'::regclass"
    " join pg_catalog.pg_rewrite r on r.oid = d.objid) then '?'"
    " else pg_catalog.pg_get_viewdef(c.oid) end from pg_catalog.pg_class c"
    " where c.relkind in ('v', 'm') and c.oid >= 16384 order by c.oid"
)

#: Functions that are not PostgreSQL's own: OID, schema, name, the table whose rows they give or 0, and each column that
#: they give in a row of its own: its name, and the table whose rows it holds, or 0.
FUNCTIONS_SQL = _WITH_HELD.format(
    "select p.oid, n.nspname, p.proname, coalesce(t.relation, 0),"
    " coalesce(a.name, r.attname, ''), coalesce(h.relation, 0)"
    " from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace"
    " left join held t on t.type = p.prorettype"
    " left join lateral unnest(p.proargnames, p.proargmodes, p.proallargtypes) as a(name, mode, type)"
    " on a.mode in ('o', 'b', 't')"
    " left join held h on h.type = a.type"
    " left join pg_catalog.pg_attribute r on r.attnum > 0 and not r.attisdropped and r.attrelid = t.relation"
    " where p.oid >= 16384 order by p.oid, r.attnum"
)
_TABLE, _VIEW, _TYPE = "r", "v", "c"


def alone(sql: str) -> str:
    """A query of ours, whatever the account's settings are."""
    return _AS_IS.format(sql)


def is_partial(columns: Iterable[Sequence[str]], views: Iterable[Sequence[str]]) -> bool:
    """Whether something could not be read for somebody's lock; all that it shows counts as masked."""
    return any(row[-1] == _UNREAD for row in (*columns, *views))


def read(
    columns: Iterable[Sequence[str]],
    views: Iterable[Sequence[str]],
    is_masked: IsMasked,
    functions: Iterable[Sequence[str]] = (),
    system: Iterable[Sequence[str]] = (),
) -> Catalogue:
    """Build the catalogue from the rows of the queries above."""
    tables: dict[int, Table] = {}
    holders: list[tuple[int, int, int]] = []
    generated: list[tuple[int, int, set[str] | None]] = []
    for oid, schema, name, number, column, *more in columns:
        kind, rows, made = (*more, "")[:3] if more else (_TABLE, "0", "")
        table = tables.get(int(oid))
        if table is None:
            table = Table(int(oid), schema, name, is_view=kind == _VIEW, is_type=kind == _TYPE)
            tables[table.oid] = table
        table.columns[int(number)] = column
        if is_masked(column):
            table.masked[int(number)] = column
        if rows != "0":
            holders.append((table.oid, int(number), int(rows)))
        if made:
            generated.append((table.oid, int(number), _columns_in(made)))
    called = list(functions)
    shown = [(int(oid), definition) for oid, definition in views if int(oid) in tables]
    _trace(shown, holders, generated, tables, called, is_masked)
    found = list(_functions(called, tables, is_masked))
    own = [_system_table(row, is_masked) for row in system]
    plainly = not any(function.name == "count" for function in found)
    return Catalogue(tables.values(), found, own, counts_plainly=plainly)


def _columns_in(expression: str) -> set[str] | None:
    """The names that what a column is generated as refers to; None: it cannot be read."""
    [statement, *_] = analyse(f"select {expression}".encode()) or [None]
    if statement is None or statement.tree is None:
        return None
    references = [each for each in walk(statement.tree) if isinstance(each, pg.ColumnRef)]
    return {name for each in references for name in strings(each.fields)}


def _generated(columns: Sequence[tuple[int, int, set[str] | None]], tables: Mapping[int, Table]) -> bool:
    """Mark generated columns where what they are made of may be masked. Whether there were any."""
    changed = False
    for oid, number, names in columns:
        table = tables[oid]
        found = [masked for own, masked in table.masked.items() if names is None or table.columns[own] in names]
        if found and number not in table.masked:
            table.masked[number] = found[0]
            changed = True
    return changed


def _system_table(row: Sequence[str], is_masked: IsMasked) -> Table:
    oid, schema, name, columns, kind = row
    numbered = dict(enumerate(columns.split(" "), start=1))
    masked = {number: column for number, column in numbered.items() if is_masked(column)}
    return Table(int(oid), schema, name, numbered, masked, is_view=kind == _VIEW)


def _functions(rows: Iterable[Sequence[str]], tables: Mapping[int, Table], is_masked: IsMasked) -> Iterator[Function]:
    """Each with the columns of its table, or what it names itself."""
    found: dict[str, tuple[str, str, int, list[tuple[str, str]]]] = {}
    for oid, schema, name, table, column, *more in rows:
        held = tables.get(int(more[0])) if more else None
        masked = column if is_masked(column) else next(iter(held.masked.values()), "") if held is not None else ""
        found.setdefault(oid, (schema, name, int(table), []))[3].append((column, masked))
    for schema, name, oid, columns in found.values():
        table = tables.get(oid)
        own = [each for each in columns if each[0]]
        if nameless := next((masked for column, masked in columns if masked and not column), ""):
            # PostgreSQL counts them, and which of them this one is does not stand here.
            own += [(f"column{number}", nameless) for number in range(1, len(columns) + 1)]
        given = own if table is None else [(each, table.masked.get(n, "")) for n, each in table.columns.items()]
        yield Function(schema, name, tuple(given))


def _trace(
    views: Sequence[tuple[int, str]],
    holders: Sequence[tuple[int, int, int]],
    generated: Sequence[tuple[int, int, set[str] | None]],
    tables: Mapping[int, Table],
    functions: Sequence[Sequence[str]],
    is_masked: IsMasked,
) -> None:
    """Mark what views show of masked columns, and columns that hold rows with masked ones, until nothing changes.

    `create or replace` can turn the order of views around, and rows can hold rows.
    """
    changed = True
    while changed:
        changed = _held(holders, tables)
        changed = _generated(generated, tables) or changed
        given = [each for each in _functions(functions, tables, is_masked) if each.masked]
        known = Catalogue(tables.values(), given)
        named = {*known.masked, *STATISTICS, *(each.name for each in given)}
        # Within quotes a quote is written twice.
        written = tuple(named | {name.replace('"', '""') for name in named})
        for oid, definition in views:
            if definition != _UNREAD and not any(name in definition for name in written):
                continue
            found = _masked_in_view(definition, tables[oid], known, is_masked)
            new = {number: name for number, name in found.items() if number not in tables[oid].masked}
            tables[oid].masked.update(new)
            if new:
                known.mask(tables[oid])
                changed = True


def _held(holders: Sequence[tuple[int, int, int]], tables: Mapping[int, Table]) -> bool:
    changed = False
    for oid, number, rows in holders:
        held = tables.get(rows)
        if held is not None and held.masked and number not in tables[oid].masked:
            tables[oid].masked[number] = next(iter(held.masked.values()))
            changed = True
    return changed


def _masked_in_view(definition: str, view: Table, known: Catalogue, is_masked: IsMasked) -> dict[int, str]:
    """Attribute numbers of a view that show a masked column, with the name whose rule holds."""
    [statement, *_] = analyse(definition.encode()) or [None]
    if statement is None or statement.tree is None:
        return dict(view.columns)
    if reads_around(statement.tree):
        return dict(view.columns)
    shown = masked_outputs(statement.tree, known, is_masked)
    if shown is None:
        return dict(view.columns)
    return {number: masked for number, masked in zip(view.columns, shown, strict=False) if masked}

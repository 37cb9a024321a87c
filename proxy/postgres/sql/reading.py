"""Reading: the catalogue, made from the rows of its queries; views traced through their definitions. Pure.

A view has an OID of its own, so each of its columns that mentions a masked one in any form is marked, again and again
until no view adds another. Fetching the rows is relay/masked_columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from proxy.postgres.sql.analysis import analyse
from proxy.postgres.sql.bypasses import STATISTICS, reads_around
from proxy.postgres.sql.catalogue import Catalogue, Function, IsMasked, Table
from proxy.postgres.sql.columns.views import masked_outputs

#: The client's search path must not decide what our own queries mean.
_AS_IS = "begin; set local search_path = pg_catalog; {}; commit"

#: Every column of the tables, views and row types that are not PostgreSQL's own: OID, schema, table, number, column,
#: the kind of relation, and the OID of the table whose rows the column holds, by themselves, in an array or under a
#: domain, or 0.
COLUMNS_SQL = _AS_IS.format(
    "select a.attrelid, n.nspname, c.relname, a.attnum, a.attname, c.relkind,"
    " coalesce(nullif(t.typrelid, 0), e.typrelid, 0)"
    " from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid"
    " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
    " join pg_catalog.pg_type t on t.oid = a.atttypid"
    " left join pg_catalog.pg_type e on e.oid = coalesce(nullif(t.typbasetype, 0), t.typelem)"
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
VIEWS_SQL = _AS_IS.format(
    "select c.oid, pg_catalog.pg_get_viewdef(c.oid) from pg_catalog.pg_class c"
    " where c.relkind in ('v', 'm') and c.oid >= 16384 order by c.oid"
)

#: Functions that are not PostgreSQL's own: OID, schema, name, the table whose rows they give or 0, and each column that
#: they give in a row of its own: its name, and the table whose rows it holds, or 0.
FUNCTIONS_SQL = _AS_IS.format(
    "select p.oid, n.nspname, p.proname, coalesce(nullif(t.typrelid, 0), e.typrelid, 0),"
    " coalesce(a.name, r.attname, ''), coalesce(nullif(h.typrelid, 0), i.typrelid, 0)"
    " from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace"
    " join pg_catalog.pg_type t on t.oid = p.prorettype"
    " left join pg_catalog.pg_type e on e.oid = coalesce(nullif(t.typbasetype, 0), t.typelem)"
    " left join lateral unnest(p.proargnames, p.proargmodes, p.proallargtypes) as a(name, mode, type)"
    " on a.mode in ('o', 'b', 't')"
    " left join pg_catalog.pg_type h on h.oid = a.type"
    " left join pg_catalog.pg_type i on i.oid = coalesce(nullif(h.typbasetype, 0), h.typelem)"
    " left join pg_catalog.pg_attribute r on r.attnum > 0 and not r.attisdropped"
    " and r.attrelid = coalesce(nullif(t.typrelid, 0), e.typrelid, 0)"
    " where p.oid >= 16384 order by p.oid, r.attnum"
)
_TABLE, _VIEW, _TYPE = "r", "v", "c"


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
    for oid, schema, name, number, column, *more in columns:
        kind, rows = more or (_TABLE, "0")
        table = tables.get(int(oid))
        if table is None:
            table = Table(int(oid), schema, name, is_view=kind == _VIEW, is_type=kind == _TYPE)
            tables[table.oid] = table
        table.columns[int(number)] = column
        if is_masked(column):
            table.masked[int(number)] = column
        if rows != "0":
            holders.append((table.oid, int(number), int(rows)))
    called = list(functions)
    shown = [(int(oid), definition) for oid, definition in views if int(oid) in tables]
    _trace(shown, holders, tables, called, is_masked)
    found = list(_functions(called, tables, is_masked))
    own = [_system_table(row, is_masked) for row in system]
    plainly = not any(function.name == "count" for function in found)
    return Catalogue(tables.values(), found, own, counts_plainly=plainly)


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
        given = [each for each in _functions(functions, tables, is_masked) if each.masked]
        known = Catalogue(tables.values(), given)
        named = {*known.masked, *STATISTICS, *(each.name for each in given)}
        # Within quotes a quote is written twice.
        written = tuple(named | {name.replace('"', '""') for name in named})
        for oid, definition in views:
            if not any(name in definition for name in written):
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

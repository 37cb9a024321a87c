"""Remade: what a name means to code that is there already, and would mean otherwise after a statement. Pure.

A function's text finds things by their names whenever it runs: a table, a type or a function of an earlier schema, or
one that took another's place, or the same table with its columns in other places. Whether any text has the name, or
counts on the places, only the database can say (`in_code_sql`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from proxy.postgres.sql.catalogue import Catalogue, Table
from proxy.postgres.sql.changes import types_made
from proxy.postgres.sql.columns.counting import moves_columns
from proxy.postgres.sql.columns.defining.stars import takes_places
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import Unreadable, lex, unwrap

#: ALTER INDEX and ALTER SEQUENCE rename and move tables as well.
_TABLES = frozenset(
    {
        *(pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE),
        *(pg.OBJECT_INDEX, pg.OBJECT_SEQUENCE),
    }
)
#: What columns of other tables may be of: they are dropped with it.
_TYPES = frozenset({pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE}) | {
    *(pg.OBJECT_TYPE, pg.OBJECT_DOMAIN)
}
_DROPPING = frozenset({pg.AT_DropColumn})
_COMMENTS = frozenset({pg.SQL_COMMENT, pg.C_COMMENT})
#: A text, in whatever quotes: `'…'`, `E'…'`, `$$…$$`.
_TEXT = pg.SCONST
_ESCAPED = ("U&", "u&")
#: What begins an escape of E'…' that gives a letter by its number.
_BY_NUMBER = ("\\x", "\\u", "\\U", *(f"\\{digit}" for digit in range(8)))
#: The server cuts names in a text of code at 63 bytes, and a character of four may stand at the end.
_MAY_BE_CUT = 60


class Kind(StrEnum):
    """What misleads code."""

    #: Another thing of its name.
    NAME = "name"
    #: Its columns stand in other places.
    PLACES = "places"
    #: The columns of what inherits from it stand in other places.
    PARENT = "parent"
    #: A star gives other columns, and what stands behind it comes in other places.
    STAR = "star"
    #: Columns of other tables vanish with it.
    TYPE = "type"


class Remade(NamedTuple):
    """A name, without its schema: the search path is the client's."""

    name: str
    kind: Kind = Kind.NAME


def remade(tree: Message, made: Iterable[Table], catalogue: Catalogue) -> Iterator[Remade]:
    """What it remakes; `made` are the tables and views that it makes or extends."""
    match tree:
        case pg.RenameStmt() if tree.rename_type in _TABLES:
            yield Remade(tree.newname)
        case pg.AlterObjectSchemaStmt() if tree.object_type in _TABLES:
            yield Remade(tree.relation.relname)
        case pg.AlterTableStmt():
            name = tree.relation.relname
            if any(each.alter_table_cmd.subtype in _DROPPING for each in tree.cmds):
                known = catalogue.named(name)
                is_moved = not known or any(_moves_masked(tree, table) for table in known)
                yield Remade(name, Kind.PLACES if is_moved else Kind.PARENT)
            if moves_columns(tree):
                yield Remade(name, Kind.STAR)
        case pg.DropStmt() if tree.behavior == pg.DROP_CASCADE and tree.remove_type in _TYPES:
            yield from (Remade(name, Kind.TYPE) for name in _dropped(tree))
        case pg.CreateFunctionStmt():
            yield Remade(strings(tree.funcname)[-1])
        case _ if types := list(types_made(tree)):
            yield from map(Remade, types)
        case _:
            yield from (Remade(table.name) for table in made)
            if isinstance(tree, pg.ViewStmt) and tree.replace:
                yield from (Remade(table.name, Kind.STAR) for table in made if _is_other(table, catalogue))


def _moves_masked(change: pg.AlterTableStmt, table: Table) -> bool:
    """Whether masked columns of it come to stand in another place."""
    dropped = {each.alter_table_cmd.name for each in change.cmds if each.alter_table_cmd.subtype in _DROPPING}
    last = max(table.masked, default=0)
    return any(name in dropped and number <= last for number, name in table.columns.items())


def _is_other(view: Table, catalogue: Catalogue) -> bool:
    """Whether it may get columns that it has not: what is given its rows by a trigger has no name of it."""
    known = catalogue.named(view.name)
    return view.is_uncertain or not known or any(each.columns != view.columns for each in known)


def _dropped(drop: pg.DropStmt) -> Iterator[str]:
    for each in map(unwrap, drop.objects):
        if isinstance(each, pg.List):
            yield strings(each.items)[-1]
        elif isinstance(each, pg.TypeName):
            yield strings(each.names)[-1]


#: What the database has of a name, which stands in it in UTF-8 and hexadecimal; each with what it is: `code`, a
#: function's text, also where letters may be given by their numbers; `signature`, its arguments and result; `column`,
#: the type of one; `triggers` and `children`, where a relation of the name has some, or a type of it tables; `views`,
#: where a column holds rows of a view.
_IN_CODE_SQL = (
    "with name as (select lower(convert_from(decode('{}', 'hex'), 'UTF8')) as own)"
    " select 'code', prosrc from pg_catalog.pg_proc, name where oid >= 16384 and (strpos(lower(prosrc), own) > 0"
    " or strpos(prosrc, chr(92)) > 0 or strpos(upper(prosrc), 'U&') > 0)"
    " union all select 'signature', signature from name, (select pg_catalog.pg_get_function_arguments(oid)"
    " || ' ' || coalesce(pg_catalog.pg_get_function_result(oid), '') from pg_catalog.pg_proc where oid >= 16384)"
    " as p(signature) where strpos(lower(signature), own) > 0"
    " union all select 'column', pg_catalog.format_type(t.oid, null) from name, pg_catalog.pg_type t"
    " where t.oid >= 16384 and strpos(lower(pg_catalog.format_type(t.oid, null)), own) > 0 and exists (select"
    " from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'f')"
    " where a.atttypid = t.oid and not a.attisdropped)"
    " union all select 'triggers', '' from name, pg_catalog.pg_class c where lower(c.relname) = own"
    " and exists (select from pg_catalog.pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal)"
    " union all select 'children', '' from name, pg_catalog.pg_class c"
    " where lower(c.relname) = own and (c.relhassubclass or exists (select from pg_catalog.pg_class t"
    " where t.reloftype = c.reltype and c.reltype <> 0))"
    " union all select 'views', '' from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid"
    " join pg_catalog.pg_class v on v.oid = t.typrelid and v.relkind in ('v', 'm')"
    " join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'f') where not a.attisdropped"
)
#: What may bring a star other columns of a relation, whose name stands in it in the same way: `star`, a function's text
#: with one, or with names for what is joined; `own`, that of one which is given its rows as a trigger, in an argument
#: or a result; `named`, whatever else has its columns: what inherits from it, the tables of a type, what holds its rows
#: in a column, functions that take or give them.
_STARS_SQL = (
    "with recursive name as (select lower(convert_from(decode('{}', 'hex'), 'UTF8')) as own),"
    " kinds(oid, relation) as (select oid, typrelid from pg_catalog.pg_type where typrelid <> 0"
    " union select whole.oid, k.relation from kinds k join (select oid, typbasetype from pg_catalog.pg_type"
    " union all select oid, typelem from pg_catalog.pg_type"
    " union all select rngtypid, rngsubtype from pg_catalog.pg_range"
    " union all select rngmultitypid, rngsubtype from pg_catalog.pg_range) as whole(oid, part) on whole.part = k.oid),"
    " reached(oid) as (select c.oid from pg_catalog.pg_class c, name where lower(c.relname) = own and c.oid >= 16384"
    " union select n.oid from reached r cross join lateral (select inhrelid from pg_catalog.pg_inherits"
    " where inhparent = r.oid union all select t.oid from pg_catalog.pg_class o join pg_catalog.pg_class t"
    " on t.reloftype = o.reltype where o.oid = r.oid and o.reltype <> 0"
    " union all select a.attrelid from pg_catalog.pg_attribute a"
    " join kinds k on k.oid = a.atttypid where k.relation = r.oid and not a.attisdropped) as n(oid)),"
    " given as (select proname, prosrc from pg_catalog.pg_proc p where oid >= 16384 and exists (select from kinds k"
    " join reached r on r.oid = k.relation where k.oid = p.prorettype or k.oid = any (p.proargtypes)"
    " or k.oid = any (p.proallargtypes)))"
    " select 'star', prosrc from pg_catalog.pg_proc where oid >= 16384 and prosrc ~* '[*]|join|rows'"
    " union all select 'own', prosrc from given"
    " union all select 'own', p.prosrc from reached r join pg_catalog.pg_trigger g on g.tgrelid = r.oid"
    " join pg_catalog.pg_proc p on p.oid = g.tgfoid where not g.tgisinternal"
    " union all select 'named', proname from given"
    " union all select 'named', c.relname from reached r join pg_catalog.pg_class c on c.oid = r.oid"
)
_WITHOUT_TEXT = frozenset({"triggers", "children", "views"})
_TELLING = {
    Kind.NAME: frozenset({"code"}),
    Kind.PLACES: frozenset({"code", "signature", "triggers", "children", "column"}),
    Kind.PARENT: frozenset({"children"}),
    Kind.TYPE: frozenset({"column", "views"}),
}


def in_code_sql(remade: Remade) -> str:
    """A query for what the database has that may be misled by it."""
    sql = _STARS_SQL if remade.kind == Kind.STAR else _IN_CODE_SQL
    return sql.format(remade.name.encode().hex())


def is_misled(remade: Remade, rows: Iterable[tuple[str, str]]) -> bool:
    """Whether code may be misled, by the rows of in_code_sql."""
    if remade.kind == Kind.STAR:
        return _is_misled_by_stars(remade.name, list(rows))
    telling = _TELLING[remade.kind]
    return any(
        what in telling and (what in _WITHOUT_TEXT or _has(remade.name, text, is_code=what == "code"))
        for what, text in rows
    )


def _is_misled_by_stars(name: str, rows: Sequence[tuple[str, str]]) -> bool:
    names = {name, *(text for what, text in rows if what == "named")}
    return any(
        what != "named"
        and takes_places(text)
        and (what == "own" or any(_has(each, text, is_code=True) for each in names))
        for what, text in rows
    )


def _has(name: str, text: str, *, is_code: bool) -> bool:
    """Whether the text has it as a name of its own, and not within another one."""
    if len(name.encode()) >= _MAY_BE_CUT:
        return True
    if not is_code:
        return _stands_in(name, text)
    source = text.encode()
    try:
        tokens = [
            (each.kind, source[each.start : each.end].decode()) for each in lex(source) if each.kind not in _COMMENTS
        ]
    except (Unreadable, UnicodeDecodeError):
        return _may_say(name, text)
    # A text within it may be run as a statement.
    return any(_may_say(name, token) if kind == _TEXT else _is(name, token) for kind, token in tokens)


def _may_say(name: str, text: str) -> bool:
    """Whether a text within code may have it: `E'…\\naudit'` where an escape ends, `E'\\x61udit'` by numbers."""
    if "\\" not in text:
        return _stands_in(name, text)
    is_escaped = "e'" in text.lower() and any(each in text for each in _BY_NUMBER)
    return is_escaped or name.lower() in text.lower() or _stands_in(name, text)


def _is(name: str, token: str) -> bool:
    if token.startswith(_ESCAPED):
        return True
    if token.startswith('"'):
        return token[1:-1].replace('""', '"').lower() == name.lower()
    is_word = token[:1].isalpha() or token.startswith("_")
    return token.lower() == name.lower() if is_word else _stands_in(name, token)


def _stands_in(name: str, text: str) -> bool:
    spellings = {name, name.replace('"', '""'), name.replace("'", "''")}
    return any(re.search(rf"(?<![\w$]){re.escape(each)}(?![\w$])", text, re.IGNORECASE) for each in spellings)

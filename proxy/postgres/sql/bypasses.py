"""Ways to read a table's contents other than by its columns: functions, statistics, and code that is text. Pure.

They have no column that could be traced, so where a database has masked columns they are refused. The lists name what
PostgreSQL and its contributed extensions offer; what a database's own functions do cannot be seen.
"""

import re
import sys

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import SqlLabel
from proxy.postgres.sql.catalogue import Catalogue, IsMasked
from proxy.postgres.sql.changes import names_domain_change
from proxy.postgres.sql.effects.calls.function_effects import FUNCTION_EFFECTS
from proxy.postgres.sql.effects.names import strings
from proxy.syntax.sql import unwrap, walk

_READING = {SqlLabel.UNPARSEABLE, SqlLabel.CONNECT}
#: They take SQL as text, read pages and files that hold rows, or give rows to other servers.
READERS = frozenset(
    {name for name, effects in FUNCTION_EFFECTS.items() if _READING & set(effects)}
    | {"pg_read_file", "pg_read_binary_file", "pg_read_file_old", "pg_file_read", "lo_import"}
)
#: The planner's statistics hold the most common values of every column.
STATISTICS = frozenset({"pg_stats", "pg_statistic", "pg_stats_ext", "pg_stats_ext_exprs", "pg_statistic_ext_data"})

_WORD = re.compile(r"\w+")
#: A name (or a string) spelt in code points, which hides what it says.
_UNICODE_NAME = re.compile(r"""[uU]&["']""")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
#: SQL that a function's body puts together cannot be looked into.
_DYNAMIC = "execute"


def reads_around(tree: Message) -> str | None:
    """The function or catalogue by which the statement reads around columns; None if it does not."""
    for node in walk(tree):
        if isinstance(node, pg.RangeVar) and node.relname in STATISTICS:
            return node.relname
        for name in _called(node):
            if name in READERS:
                return name
        if isinstance(node, pg.CreateTableAsStmt) and isinstance(unwrap(node.query), pg.ExecuteStmt):
            return "CREATE TABLE AS EXECUTE"
    return None


def _called(node: Message) -> list[str]:
    """Functions that a node calls; `x.f` and `(x).f` call one too, where x has no such column."""
    match node:
        case pg.FuncCall():
            name = strings(node.funcname)
            return [name[-1], ".".join(name[-2:])]
        case pg.ColumnRef():
            return strings(node.fields[1:])[-1:]
        case pg.A_Indirection():
            return strings(node.indirection)
        case _:
            return []


def in_code(tree: Message, catalogue: Catalogue, is_masked: IsMasked) -> str | None:
    """A masked column or table that a DO block or a function's body names, or a way to name one unseen."""
    if not isinstance(tree, pg.DoStmt | pg.CreateFunctionStmt):
        return None
    tables = {name.lower() for name in catalogue.masked}
    columns = {column.lower() for name in catalogue.masked for column in catalogue.masked_columns(name)}
    spaced = [name for name in (*tables, *columns) if not _WORD.fullmatch(name)]
    for node in walk(tree):
        if isinstance(node, pg.String):
            if _UNICODE_NAME.search(node.sval):
                return "U&"
            # With standard_conforming_strings off the server takes the body's own backslashes for escapes.
            text = f"{node.sval} {_unescaped(node.sval)}".lower()
            words = _WORD.findall(text)
            if names_domain_change(set(words)):
                return "domain"
            for word in words:
                if is_masked(word) or word in tables or word == _DYNAMIC or word in READERS | STATISTICS:
                    return word
            for name in spaced:
                if name in text or name.replace('"', '""') in text:
                    return name
    return None


def _unescaped(text: str) -> str:
    """The text with the escapes of an E'' string decoded (PostgreSQL docs, "String Constants with C-Style Escapes")."""
    return _ESCAPE.sub(
        lambda found: (
            chr(int(found[1], 8) & 0xFF) if found[1] else _character(found[2] or found[3] or found[4]) or found[5] or ""
        ),
        text,
    )


def _character(digits: str | None) -> str:
    return chr(int(digits, 16)) if digits and int(digits, 16) <= sys.maxunicode else ""

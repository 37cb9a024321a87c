"""The schemas that a search path names, as SHOW search_path gives it. Pure.

PostgreSQL looks into pg_temp and pg_catalog besides, wherever they stand (its documentation, "search_path"). What is
not read for certain is not known: then a name without a schema may stand in any.
"""

from proxy.postgres.sql.texts.query import QueryAnalysis
from proxy.syntax.sql import Token, Unreadable, lex
from proxy.syntax.words import MAX_NAME_BYTES, name_value

#: PostgreSQL's own.
DEFAULT = '"$user", public'
_ALWAYS = ("pg_temp", "pg_catalog")
_USER = "$user"
#: Statements that run what names something later, or what nobody has read.
_LATER = frozenset({"ddl", "do", "call", "unparseable"})


def schemas_of(search_path: str, account: str) -> tuple[str, ...] | None:
    """Where a name without a schema may stand, for who acts as `account`; None: not known."""
    try:
        source = search_path.encode()
        names, commas = _parted(source, lex(source))
        schemas = [_schema(source[token.start : token.end], account) for token in names]
    except (Unreadable, UnicodeError):
        return None
    return (*_ALWAYS, *schemas) if commas == max(len(names) - 1, 0) else None


def means_now(analysis: QueryAnalysis) -> bool:
    """Whether all names of a query mean what they mean before it runs: it is one statement, and keeps nothing."""
    is_one = len(analysis.statements) == 1 and not analysis.names_change_beneath
    return is_one and _LATER.isdisjoint(analysis.statements[0].facts.labels)


def _parted(source: bytes, tokens: list[Token]) -> tuple[list[Token], int]:
    """Every other token, and how many commas stand between them. Raises Unreadable for anything but a list."""
    names, between = tokens[::2], tokens[1::2]
    if any(source[each.start : each.end] != b"," for each in between):
        raise Unreadable
    return names, len(between)


def _schema(source: bytes, account: str) -> str:
    """A name as it was written: in double quotes, or a word, which PostgreSQL folds. Raises Unreadable."""
    is_quoted = source.startswith(b'"')
    if not is_quoted and not (source.isascii() and source.decode().isidentifier()):
        raise Unreadable
    name = name_value(source)
    if len(name.encode()) > MAX_NAME_BYTES:
        raise Unreadable
    return account if name == _USER else name

"""SQL as tokens and a tree, by PostgreSQL 18's own lexer and grammar (libpg_query). Pure.

It refuses what the parser does not bear (size, depth) and what another encoding or string mode would cut otherwise.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import postgast
from google.protobuf.message import DecodeError, Message
from postgast import pg_query_pb2 as pg

#: Larger texts are not parsed: a bulk load of this size belongs into COPY.
MAX_SQL_BYTES = 8 * 1024 * 1024
#: Longer texts count as if a plain string had a backslash: others wait while they are read, for 2 MB some seconds.
MAX_PLAIN_SQL_BYTES = 16 * 1024
#: libpg_query's C code recurses and overflows its stack somewhere above 20,000 levels. A level takes a token or more.
MAX_CHAIN_TOKENS = 8_000
#: Set operations nest to the left, whatever stands between them.
MAX_SET_OPERATIONS = 1_000

#: The lexer looks at a run of signs to its end for each token that begins in it: 400 KB of `/**/` took minutes.
_RUN = re.compile(rb"[-+*/<>=~!@#%^&|`?]{64,}")
_BEGINNINGS = (b"/*", b"+")
#: How many signs it may look at in the runs of one text, more or less: some 50 ms.
_MAX_LOOKS = 20_000_000

_OPEN = frozenset({pg.ASCII_40, pg.ASCII_91})
_CLOSE = frozenset({pg.ASCII_41, pg.ASCII_93})
_BORDERS = frozenset({pg.ASCII_44, pg.ASCII_59})
_SET_OPERATIONS = frozenset({pg.UNION, pg.INTERSECT, pg.EXCEPT})

#: A backslash before a quote ends a plain string or not, by standard_conforming_strings, which a session can change.
_TWO_READINGS = re.compile(rb"\\'")
#: In SJIS, BIG5, GBK and their kin a backslash can be the second byte of a character.
_SECOND_BYTE = re.compile(rb"[\x80-\xff]\\")

#: How many strings of one text are read anew at most.
_MAX_REREAD = 16
#: Letters that belong to a string which begins behind them.
_PREFIXES = frozenset({b"N", b"n", b"&"})
#: Nodes that hold nothing but a value.
_VALUES = (pg.A_Const, pg.String, pg.Integer)
#: What a field holds that is neither a node nor a list of nodes; none of the grammar's lists are of scalars.
_SCALARS = (int, str, bytes, float)


class Unreadable(Exception):
    """The text cannot be read for certain."""


class Token(NamedTuple):
    kind: int
    start: int
    end: int


def tokens(sql: bytes) -> list[Token]:
    """PostgreSQL's tokens, comments included. Raises postgast.PgQueryError where the lexer fails."""
    return [Token(each.token, each.start, each.end) for each in postgast.scan(sql.decode()).tokens]


def lex(sql: bytes) -> list[Token]:
    """The tokens of a text that has one reading, undecoded; its grammar may be another's. Raises Unreadable."""
    scanned = _lexed(sql)
    if _two_ends(sql, scanned):
        raise Unreadable
    return scanned


def parse(sql: bytes) -> tuple[list[Token], pg.ParseResult]:
    """The tokens and the tree of a query string, undecoded. Raises Unreadable.

    Where a plain string could end elsewhere, the other reading must have no end: `like $1 escape '\\'`.
    """
    scanned = _lexed(sql)
    tree = _tree(sql)
    if _two_ends(sql, scanned) and _is_sql_otherwise(sql):
        raise Unreadable
    return scanned, tree


def parse_kept(sql: bytes) -> pg.ParseResult:
    """The tree of SQL that is read whenever it runs, under what standard_conforming_strings says then.

    Raises Unreadable, also where a plain string has a backslash: its value is another with that off.
    """
    scanned, tree = parse(sql)
    if any(b"\\" in text for _, text in _plain(sql, scanned)):
        raise Unreadable
    return tree


def has_plain_backslash(sql: bytes) -> bool:
    """Whether a plain string may say something else with standard_conforming_strings off than with it on."""
    if b"\\" not in sql:
        return False
    if len(sql) > MAX_PLAIN_SQL_BYTES or _is_slow(sql):
        return True
    try:
        return any(b"\\" in text for _, text in _plain(sql, tokens(sql)))
    except (postgast.PgQueryError, DecodeError, UnicodeError):
        return True


def _lexed(sql: bytes) -> list[Token]:
    try:
        if len(sql) > MAX_SQL_BYTES or _SECOND_BYTE.search(sql) or _is_slow(sql):
            raise Unreadable
        scanned = tokens(sql)
    except (postgast.PgQueryError, DecodeError, UnicodeError) as error:
        raise Unreadable from error
    if _is_too_deep(scanned):
        raise Unreadable
    return scanned


def _is_slow(sql: bytes) -> bool:
    """Whether reading it takes time by the square of its length."""
    return sum(len(run) * sum(map(run.count, _BEGINNINGS)) for run in _RUN.findall(sql)) > _MAX_LOOKS


def _tree(sql: bytes) -> pg.ParseResult:
    try:
        return postgast.parse(sql.decode())
    except (postgast.PgQueryError, DecodeError, UnicodeError) as error:
        raise Unreadable from error


def _is_too_deep(scanned: Sequence[Token]) -> bool:
    set_operations = sum(token.kind in _SET_OPERATIONS for token in scanned)
    return set_operations > MAX_SET_OPERATIONS or _chain(scanned) > MAX_CHAIN_TOKENS


def _chain(scanned: Sequence[Token]) -> int:
    """An upper bound for how deep the tree can be: tokens since the last comma, summed over open parentheses."""
    deepest = depth = here = 0
    outer: list[int] = []
    for token in scanned:
        if token.kind in _OPEN:
            outer.append(here)
            here = 0
        elif token.kind in _CLOSE and outer:
            depth -= here
            here = outer.pop()
        elif token.kind in _BORDERS:
            depth -= here
            here = 0
        depth += 1
        here += 1
        deepest = max(deepest, depth)
    return deepest


def _two_ends(sql: bytes, scanned: Sequence[Token]) -> bool:
    """Whether a plain string would end elsewhere with standard_conforming_strings off."""
    return bool(_TWO_READINGS.search(sql)) and any(_TWO_READINGS.search(text) for _, text in _plain(sql, scanned))


def _plain(sql: bytes, scanned: Sequence[Token]) -> Iterator[tuple[Token, bytes]]:
    """Strings in which a backslash is an escape or not, by that setting."""
    for token in scanned:
        text = sql[token.start : token.end]
        if token.kind in {pg.SCONST, pg.USCONST} and text[:1] not in b"Ee$":
            yield token, text


def _is_sql_otherwise(sql: bytes) -> bool:
    """Whether some server may run something with standard_conforming_strings off: then the text has two readings.

    A plain string is read like E'…' then. So each that has a backslash is made one, from the first on, and what stands
    behind it is read anew. No server runs what has no end, or a backslash outside of a string: it parses all of a text
    before it runs any. What this grammar has no word for, or does not bear, another server's may.
    """
    for _ in range(_MAX_REREAD):
        scanned, end = _up_to_unterminated(sql)
        if scanned is None:
            return True
        at = next((token.start for token, text in _plain(sql, scanned) if b"\\" in text), None)
        if at is None and sql[end : end + 1] == b"'" and b"\\" in sql[end:]:
            at = end
        if at is None:
            return end == len(sql) and _is_tree(sql, scanned)
        if sql[at : at + 1] != b"'" or sql[:at][-1:] in _PREFIXES:
            return True
        sql = sql[:at] + b" E" + sql[at:]
    return True


def _up_to_unterminated(sql: bytes) -> tuple[list[Token] | None, int]:
    """The tokens up to a string, name or comment without an end, and where that begins; None: not certain."""
    try:
        return tokens(sql), len(sql)
    except postgast.PgQueryError as error:
        if not error.message.startswith("unterminated"):
            return None, 0
        end = len(sql.decode()[: error.cursorpos - 1].encode())
    try:
        return tokens(sql[:end]), end
    except postgast.PgQueryError:
        return None, 0


def _is_tree(sql: bytes, scanned: Sequence[Token]) -> bool:
    if any(token.kind == pg.ASCII_92 for token in scanned):
        return False
    try:
        _lexed(sql)
        return bool(_tree(sql).stmts)
    except Unreadable:
        return True


def unwrap(node: Message) -> Message:
    """The message inside a Node; itself if it is none or empty."""
    if isinstance(node, pg.Node):
        which = node.WhichOneof("node")
        return node if which is None else getattr(node, which)
    return node


def children(node: Message) -> Iterator[tuple[str, Message]]:
    """Field name and message of everything directly below a node."""
    for field, value in node.ListFields():
        if isinstance(value, Message):
            yield field.name, unwrap(value)
        elif not isinstance(value, _SCALARS):
            for item in value:
                yield field.name, unwrap(item)


def walk(node: Message) -> Iterator[Message]:
    """The node and everything below it."""
    pending = [unwrap(node)]
    while pending:
        current = pending.pop()
        yield current
        if isinstance(current, _VALUES):
            continue
        for _, value in current.ListFields():
            if isinstance(value, Message):
                pending.append(unwrap(value))
            elif not isinstance(value, _SCALARS):
                pending.extend(map(unwrap, value))

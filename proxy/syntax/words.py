"""What one token of SQL says once its quotes and escapes are taken away. Pure.

What has escapes is given to PostgreSQL's own grammar; nothing of its lexer is done again here.
"""

import string
from collections.abc import Iterable

import postgast
from google.protobuf.message import DecodeError
from postgast import pg_query_pb2 as pg

from proxy.syntax.sql import Token, Unreadable

COMMENTS = frozenset({pg.SQL_COMMENT, pg.C_COMMENT})

#: NAMEDATALEN - 1: PostgreSQL cuts longer names, and the lexer's own rules cut them too.
MAX_NAME_BYTES = 63

#: An unquoted name is folded by ASCII alone where characters may have several bytes (downcase_identifier).
_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def string_value(source: bytes) -> str:
    """The value of a string literal, prefix, quotes, continuation lines and UESCAPE included. Raises Unreadable."""
    text = source.decode()
    if text.startswith("'") and "'" not in (inner := text[1:-1]).replace("''", ""):
        return inner.replace("''", "'")
    if text.startswith("$"):
        opened = text.index("$", 1) + 1
        return text[opened:-opened]
    return _target(text).a_const.sval.sval


def name_value(source: bytes) -> str:
    """The name that an identifier or keyword stands for, UESCAPE included. Raises Unreadable."""
    text = source.decode()
    if text.startswith('"'):
        return text[1:-1].replace('""', '"')
    if text[:2] in {"U&", "u&"} and text[2:3] == '"':
        return _target(text).column_ref.fields[0].string.sval
    return text.translate(_FOLDED)


def _target(text: str) -> pg.Node:
    try:
        return postgast.parse(f"select {text}").stmts[0].stmt.select_stmt.target_list[0].res_target.val
    except (postgast.PgQueryError, DecodeError) as error:
        raise Unreadable from error


def units(scanned: Iterable[Token]) -> list[Token]:
    """Tokens without comments; what UESCAPE decodes is one token with it, and N before a string is left out."""
    found: list[Token] = []
    own = [token for token in scanned if token.kind not in COMMENTS and token.kind != pg.NCHAR]
    for token in own:
        if token.kind == pg.SCONST and found and found[-1].kind == pg.UESCAPE and len(found) > 1:
            escaped = found[-2]
            found[-2:] = [Token(escaped.kind, escaped.start, token.end)]
        else:
            found.append(token)
    return found

"""A statement's text without its literals, by PostgreSQL's own lexer. Pure.

libpg_query's `normalize` leaves literals standing in most utility statements (COPY, COMMENT, CREATE TABLE … DEFAULT,
EXECUTE, PREPARE) and in all comments. So the text is built anew from the lexer's tokens: what is no keyword, operator
or plausible name does not survive. Where even the lexer fails, no text does.
"""

import re
from collections.abc import Sequence

from postgast import pg_query_pb2 as pg

from proxy.masking.cards.brands import is_pan
from proxy.syntax.sql import Token

#: Longer texts are cut: they are read by people, in a card or a digest.
MAX_TEXT_CHARACTERS = 4_000
_MAX_TOKENS = MAX_TEXT_CHARACTERS

_LITERALS = frozenset({pg.ICONST, pg.FCONST, pg.SCONST, pg.BCONST, pg.XCONST, pg.USCONST})
_COMMENTS = frozenset({pg.SQL_COMMENT, pg.C_COMMENT})
_ASSIGNMENTS = frozenset({pg.ASCII_61, pg.TO})
_NAMES = frozenset({pg.IDENT, pg.UIDENT})

#: More digits in a row than any name has need of: an account, a card, a phone number.
_MANY_DIGITS = re.compile(rb"\d{9,}")
#: What names are made of once they are quoted; anything else is text that somebody put into the wrong quotes.
_QUOTED_NAME = re.compile(rb'"[\w .$-]{1,63}"')


def redact(sql: bytes, scanned: Sequence[Token], *, settings: bool = False) -> str:
    """The tokens as text: literals become `?`, comments vanish, white space is one blank.

    In `settings` statements (SET and its kin) a bare word behind `=` or TO is a value too, so the text ends there.
    """
    parts: list[bytes] = []
    end = None
    for token in scanned[:_MAX_TOKENS]:
        if token.kind in _COMMENTS:
            continue
        if end is not None and token.start > end:
            parts.append(b" ")
        parts.append(_shown(sql, token))
        end = token.end
        if settings and token.kind in _ASSIGNMENTS:
            parts.append(b" ?")
            break
    text = b"".join(parts).decode("utf-8", "replace").strip().rstrip(";").rstrip()
    if len(text) <= MAX_TEXT_CHARACTERS and len(scanned) <= _MAX_TOKENS:
        return text
    return f"{text[:MAX_TEXT_CHARACTERS]}… (cut; {len(sql)} bytes in all)"


def withheld(kind: str) -> str:
    """What is shown where a text could not be redacted."""
    return f"{kind} (text withheld)"


def is_plausible_name(name: str) -> bool:
    """Whether an identifier may be shown: no long numbers, no e-mail addresses, nothing that only a value would be."""
    return _plausible(b'"%s"' % name.encode("utf-8", "replace"))


def _shown(sql: bytes, token: Token) -> bytes:
    if token.kind in _LITERALS:
        return b"?"
    text = sql[token.start : token.end]
    if token.kind not in _NAMES:
        return text
    if token.kind == pg.UIDENT:
        return b'"?"'
    quoted = text if text.startswith(b'"') else b'"%s"' % text
    return text if _plausible(quoted) else b'"?"'


def _plausible(quoted: bytes) -> bool:
    if not quoted.isascii():
        return not _MANY_DIGITS.search(quoted) and b"@" not in quoted
    return (
        _QUOTED_NAME.fullmatch(quoted) is not None
        and not _MANY_DIGITS.search(quoted)
        and not is_pan(bytes(filter(b"0123456789".__contains__, quoted)))
    )

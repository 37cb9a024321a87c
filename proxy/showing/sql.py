"""What a person is shown of SQL: everything but its data, or why it cannot be shown whole. Pure.

Theory of operation
-------------------

The text is written from the lexer's own tokens, so that only a whole literal can be replaced, and the tree says what
each literal is for (`literals/`): data is shown by type and length class, code is shown as code, with its own literals
redacted, and what names or sets something is shown as it is.

    update t set note = 'paid' where id = 4711      update t set note = ‹text ≤8› where id = 4711
    do $$ begin delete from t; end $$               the same
    copy t to program 'sh x.sh'                     the same
    alter role r password 'hunter2'                 alter role r password ‹secret›
    set search_path = 'evil'                        the same
    do $$ begin execute x; end $$                   unreviewable: it runs SQL that is put together when it runs

Then an exact text is held against the statement (`faithful`). What fails is unreviewable: it may be recorded, and
nobody is asked to approve it.

Statements that mean the same whatever their literals say (`SHARING`, and none of their literals is more than data)
are shown by type alone when they are analysed, so that texts which differ in values share one analysis (see
postgres/sql/texts/shapes.py): `update t set note = ‹text› where id = ‹number›`. `show_statements` gives the exact text.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.visible import MAX_SHOWN_CHARS, shown_length
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.showing.bodies import SQL, uses_in_body
from proxy.showing.faithful import is_faithful
from proxy.showing.literals.collect import uses_of
from proxy.showing.literals.uses import NAMES, NUMBERS, Uses
from proxy.showing.shown import Shown
from proxy.showing.values import is_split_card, masked, shown_string
from proxy.showing.writer import Manner, Writer
from proxy.syntax.sql import Token, Unreadable, parse, unwrap, walk
from proxy.syntax.words import name_value, units

#: Statements that mean the same whatever their data is.
SHARING = (pg.SelectStmt, pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt)
#: Code inside code inside code.
_MAX_DEPTH = 6

#: Whether short numbers beside this name (a column's or a table's) are hidden too.
IsPrivate = Callable[[str], bool]

UNREADABLE = (
    "Gatepass could not parse this statement. Send what PostgreSQL 18 reads; write E'…' where it has backslashes."
)
_UNREADABLE_CODE = "Code inside a literal could not be parsed. Run it as a statement of its own."
_TOO_DEEP = "Code stands inside code too many times. Run the inner part as a statement of its own."
_TOO_LONG = "It is too long to be shown whole. Send less at once, or load data with COPY."
_NOT_FAITHFUL = "It cannot be shown without leaving something out. Write it more plainly, as several statements."
_MASKED = "It has something that looks like a card number or another value that nobody may be shown."

_defaults = Masker(DEFAULT_RULES)


def is_masked_by_default(name: str) -> bool:
    """Whether the built-in masking rules mask a column of this name."""
    return _defaults.column_rule(name) is not None


@dataclass(frozen=True)
class ShownStatement(Shown):
    """A statement's text."""

    #: The text is that of every statement which differs in data alone.
    shared: bool = False


def show_statements(sql: bytes, is_private: IsPrivate = is_masked_by_default) -> list[Shown]:
    """What is shown of each statement of a query string, undecoded, with the values that may be seen. Never raises.

    It parses again: for what is held or denied. `is_private` tells of names beside which no number is shown.
    """
    try:
        scanned, tree = parse(sql)
    except Unreadable:
        return [Shown(unparsed(sql), UNREADABLE)]
    return [_shown(sql, scanned, raw, is_private) for raw in tree.stmts]


def unparsed(sql: bytes) -> str:
    """What is shown of a text that could not be parsed."""
    return f"(a statement of {len(sql)} bytes that could not be parsed)"


def _shown(sql: bytes, scanned: Sequence[Token], raw: pg.RawStmt, is_private: IsPrivate) -> Shown:
    statement = unwrap(raw.stmt)
    shown = show_statement(sql, own_tokens(sql, scanned, raw), statement, list(walk(statement)), is_private, exact=True)
    return Shown(shown.text, shown.unreviewable)


def own_tokens(sql: bytes, scanned: Sequence[Token], raw: pg.RawStmt) -> list[Token]:
    """The tokens of one statement of a query string."""
    start = raw.stmt_location
    end = start + raw.stmt_len if raw.stmt_len else len(sql)
    first, behind = (bisect_left(scanned, place, key=_start) for place in (start, end))
    own = list(scanned[first:behind])
    while own and own[-1].kind == pg.ASCII_59:
        own.pop()
    return own


def _start(token: Token) -> int:
    return token.start


def show_statement(
    sql: bytes,
    own: Sequence[Token],
    statement: Message,
    nodes: Sequence[Message],
    is_private: IsPrivate = is_masked_by_default,
    *,
    exact: bool = False,
) -> ShownStatement:
    """What is shown of one parsed statement; `own` are its tokens, `nodes` its tree, walked. Never raises.

    Unless `exact`, what can be shared is shown by type alone.
    """
    try:
        may_share = not exact and isinstance(statement, SHARING)
        uses = uses_of(sql, own, statement, nodes, looks_into_data=not may_share)
        shared = may_share and not uses.by_start and not uses.unreviewable
        if may_share and not shared:
            uses = uses_of(sql, own, statement, nodes)
    except (Unreadable, UnicodeError):
        return ShownStatement(unparsed(sql), UNREADABLE)
    shown = _Room(is_private, 0).show(uses, nodes, Manner(exact=not shared))
    return ShownStatement(shown.text, shown.unreviewable, shared)


@dataclass(frozen=True)
class _Room:
    """Where a text stands: at the top, or as code inside so many others."""

    is_private: IsPrivate
    depth: int

    def show(self, uses: Uses, nodes: Sequence[Message], manner: Manner) -> Shown:
        if manner.exact and not manner.hides_numbers and self._has_private(uses):
            manner = replace(manner, hides_numbers=True)
        writer, text = self._written(uses, manner)
        if masked(text) is not text and not manner.hides_numbers:
            writer, text = self._written(uses, replace(manner, hides_numbers=True))
        sentences = [*uses.unreviewable, *writer.unreviewable]
        if masked(text) is not text:
            text, sentences = masked(text), [*sentences, _MASKED]
        elif manner.exact and not sentences and not is_faithful(uses.sql, uses.tokens, writer.replaced, nodes, text):
            sentences.append(_NOT_FAITHFUL)
        if shown_length(text) > MAX_SHOWN_CHARS:
            sentences.append(_TOO_LONG)
        return Shown(text, " ".join(dict.fromkeys(sentences)))

    def _written(self, uses: Uses, manner: Manner) -> tuple[Writer, str]:
        writer = Writer(uses, manner, partial(_Room(self.is_private, self.depth + 1).code, manner))
        return writer, writer.text()

    def _has_private(self, uses: Uses) -> bool:
        """Whether its short numbers may be parts of what nobody may be shown."""
        sources = [(each.kind, uses.sql[each.start : each.end]) for each in uses.tokens]
        names = {source for kind, source in sources if kind in NAMES or source.isalpha()}
        numbers = [source.decode() for kind, source in sources if kind in NUMBERS]
        return bool(numbers) and (any(self.is_private(name_value(name)) for name in names) or is_split_card(numbers))

    def code(self, manner: Manner, language: str, code: str) -> Shown:
        """What is shown of code in a literal; of a function's body in lines."""
        if self.depth > _MAX_DEPTH:
            return Shown(shown_string(code, "code"), _TOO_DEEP)
        body = code.encode()
        try:
            if language in {"", SQL}:
                uses, nodes = _uses_in_sql(body)
            else:
                uses, nodes = uses_in_body(language, body, _uses_at), ()
            if uses.sql and not uses.tokens and uses.unreviewable:
                return Shown(shown_string(code, "code"), " ".join(uses.unreviewable))
            return self.show(uses, nodes, replace(manner, exact=True, keeps_lines=bool(language)))
        except (Unreadable, UnicodeError):
            return Shown(shown_string(code, "code"), _UNREADABLE_CODE)


def _uses_in_sql(sql: bytes) -> tuple[Uses, list[Message]]:
    """What the literals of several statements are for, and their trees' nodes. Raises Unreadable."""
    scanned, tree = parse(sql)
    every = Uses(sql, units(scanned))
    nodes: list[Message] = []
    for raw in tree.stmts:
        statement = unwrap(raw.stmt)
        walked = list(walk(statement))
        every.include(uses_of(sql, own_tokens(sql, scanned, raw), statement, walked))
        nodes += walked
    return every, nodes


def _uses_at(sql: bytes, offset: int) -> Uses:
    """The same, for a text that stands `offset` bytes further on in another one."""
    found = _uses_in_sql(sql)[0]
    found.by_start = {start + offset: use for start, use in found.by_start.items()}
    return found

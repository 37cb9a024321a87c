"""Judge: a session's judgements of SQL, remembered. Pure.

Programs send the same texts again and again, or the same text with other values in it; parsing is the dear part. Raw
SQL is kept in memory only, within bounds, for as long as the session lives.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE
from proxy.postgres.protocol.copy_format import CopyOut, copy_out
from proxy.postgres.sql.analysis import Judgement, analyse
from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns import misuse
from proxy.statements import StatementFacts

MAX_REMEMBERED = 1_000
#: Longer texts are judged anew each time.
MAX_REMEMBERED_SQL_BYTES = 4 * 1024

#: Shared shapes are for texts in which a quote can only be a quote, and a digit only a number or a name's.
_INTRICATE = re.compile(rb"""[\\"$\x80-\xff]|--|/\*|&'""")
_STRING = re.compile(rb"'[^']*'")
_NUMBER = re.compile(rb"(?<![\w.])\d+(?![\w.])")
#: Statements that mean the same whatever their literals are.
_LITERAL_FREE = (pg.SelectStmt, pg.InsertStmt, pg.UpdateStmt, pg.DeleteStmt)


#: Labels of statements after which the catalogue may be another.
_CHANGING = frozenset({"ddl", "do"})


@dataclass(frozen=True)
class Statement:
    """One judged statement, as the relay needs it."""

    facts: StatementFacts
    executes: str | None
    prepares: str | None
    #: It sends a COPY's rows to the client, and this is how they look.
    copy_out: CopyOut | None


@dataclass(frozen=True)
class Judged:
    """Everything one query string asks for."""

    statements: tuple[Statement, ...]
    #: Why it must not run whatever the role's rules say; None if nothing is in the way.
    refusal: str | None = None

    @cached_property
    def runs_prepared(self) -> bool:
        """Whether it has an EXECUTE."""
        return any(each.executes is not None for each in self.statements)

    @cached_property
    def prepares(self) -> bool:
        """Whether it has a PREPARE."""
        return any(each.prepares is not None for each in self.statements)

    @cached_property
    def is_ddl(self) -> bool:
        """Whether it may change the catalogue, and masked columns with it."""
        return any(not _CHANGING.isdisjoint(each.facts.labels) for each in self.statements)

    @cached_property
    def facts(self) -> list[StatementFacts]:
        return [each.facts for each in self.statements]


class Judge:
    """Judges query strings under one catalogue of masked columns."""

    def __init__(self, is_masked: Callable[[str], bool]) -> None:
        self._is_masked = is_masked
        self._catalogue = Catalogue()
        self._known: OrderedDict[bytes, Judged] = OrderedDict()

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @catalogue.setter
    def catalogue(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known.clear()

    def remembered(self, sql: bytes) -> Judged | None:
        """The judgement of this text or of its shape, if it was judged before."""
        key: bytes | None = sql
        if key not in self._known:
            key = _shape(sql)
        if key is None or (known := self._known.get(key)) is None:
            return None
        self._known.move_to_end(key)
        return known

    def judge(self, sql: bytes) -> Judged:
        """Judge a query string. Slow for long texts: call it off the event loop then. Never raises."""
        catalogue = self._catalogue
        analysed = analyse(sql)
        judged = Judged(tuple(map(self._statement, analysed)), self._refusal(analysed))
        if catalogue is self._catalogue:
            self._remember(sql, analysed, judged)
        return judged

    def _remember(self, sql: bytes, analysed: Sequence[Judgement], judged: Judged) -> None:
        if len(sql) > MAX_REMEMBERED_SQL_BYTES:
            return
        shared = all(isinstance(each.tree, _LITERAL_FREE) for each in analysed)
        self._known[(_shape(sql) if shared else None) or sql] = judged
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def _statement(self, judgement: Judgement) -> Statement:
        out = copy_out(judgement.tree) if isinstance(judgement.tree, pg.CopyStmt) else None
        return Statement(judgement.facts, judgement.executes, judgement.prepares, out)

    def _refusal(self, analysed: Sequence[Judgement]) -> str | None:
        return next((found for each in analysed if (found := self._refused(each))), None)

    def _refused(self, judgement: Judgement) -> str | None:
        if judgement.tree is None:
            return UNREADABLE if self._catalogue.masked else None
        if isinstance(judgement.tree, pg.CopyStmt) and (found := _copy_refusal(judgement.tree)):
            return found
        used = misuse(
            judgement.tree, self._catalogue.masked_columns, self._is_masked, any_masked=bool(self._catalogue.masked)
        )
        return _MISUSE.format(used) if used else None


UNREADABLE = "Gatepass could not parse this statement, and this database has masked columns."
_MISUSE = (
    "This statement uses masked data ({}) otherwise than selecting it as a plain column. "
    "Select the column by itself, and it comes back masked."
)
_COPY_FORMAT = "COPY … TO STDOUT in the {} format cannot be masked. Use the text or csv format."


def _copy_refusal(copy: Message) -> str | None:
    out = copy_out(copy)
    return _COPY_FORMAT.format(out.format) if out is not None and out.format not in {"text", "csv"} else None


#: What runs when nobody knows what stands behind a name.
UNKNOWN = Judged(
    (Statement(StatementFacts("(unknown statement)", "other", frozenset({UNPARSEABLE})), None, None, None),)
)


def together(meanings: Sequence[Judged]) -> Judged:
    """What may run if any of these may: all of it. Nothing known is UNKNOWN."""
    if len(meanings) == 1:
        return meanings[0]
    statements = tuple(each for judged in meanings for each in judged.statements)
    return Judged(statements, next((each.refusal for each in meanings if each.refusal), None)) if meanings else UNKNOWN


def expand(judged: Judged, prepared: Callable[[str], Sequence[Judged]]) -> Judged:
    """Add to every EXECUTE what the prepared statement it names asks for.

    `prepared` gives what may stand behind a name. An unknown one could be anything.
    """
    if not judged.runs_prepared:
        return judged
    refusal = judged.refusal
    statements: list[Statement] = []
    for each in judged.statements:
        found = prepared(each.executes) if each.executes is not None else ()
        labels = set(each.facts.labels)
        if each.executes is not None and not found:
            labels.add(UNPARSEABLE)
        for other in found:
            refusal = refusal or other.refusal
            labels.update(*(inner.facts.labels for inner in other.statements))
        statements.append(replace(each, facts=replace(each.facts, labels=frozenset(labels))))
    return Judged(tuple(statements), refusal)


def _shape(sql: bytes) -> bytes | None:
    """The text with its values taken out, or None if telling them apart takes a lexer."""
    if len(sql) > MAX_REMEMBERED_SQL_BYTES or _INTRICATE.search(sql):
        return None
    # A null byte, which no query string holds, keeps shapes apart from texts.
    return _NUMBER.sub(b"0", _STRING.sub(b"\0", sql) if b"'" in sql else sql) + b"\0"

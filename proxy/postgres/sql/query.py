"""QueryAnalysis: everything one query string asks for, and the analyser that remembers it. Pure.

Programs send the same texts again and again, or the same text with other values in it, and parsing is the costly part.
Raw SQL is kept in memory only, within bounds, for as long as the session lives. It runs nothing and asks no rules.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE
from proxy.postgres.protocol.copy_format import CopyOut, copy_out
from proxy.postgres.sql.analysis import StatementAnalysis, analyse
from proxy.postgres.sql.catalogue import Catalogue
from proxy.postgres.sql.columns import misuse
from proxy.postgres.sql.shapes import MAX_REMEMBERED_SQL_BYTES, shape_of
from proxy.statements import StatementFacts

MAX_REMEMBERED = 1_000

#: Labels of statements after which the catalogue may be another.
_CHANGING = frozenset({"ddl", "do"})
#: The same, and what runs code that could make or rename something.
_MAKING = _CHANGING | {"call", UNPARSEABLE}
_CALLING = frozenset({"call", "execute", UNPARSEABLE})
_FETCHING = frozenset({"fetch", UNPARSEABLE})


@dataclass(frozen=True)
class QueryStatement:
    """One statement of a query, as the relay needs it: its analysis without the tree."""

    facts: StatementFacts
    executes: str | None
    prepares: str | None
    #: It sends a COPY's rows to the client, and this is how they look.
    copy_out: CopyOut | None


@dataclass(frozen=True)
class QueryAnalysis:
    """Everything one query string asks for."""

    statements: tuple[QueryStatement, ...]
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
    def calls(self) -> bool:
        """Whether it gives its values to a function, or to a statement that was prepared."""
        labels = {label for each in self.statements for label in each.facts.labels}
        return any(label in _CALLING or label.startswith("function:") for label in labels)

    @cached_property
    def fetches(self) -> bool:
        """Whether it moves a cursor, or may."""
        return any(not _FETCHING.isdisjoint(each.facts.labels) for each in self.statements)

    @cached_property
    def is_ddl(self) -> bool:
        """Whether it may change the catalogue, and masked columns with it."""
        return any(not _CHANGING.isdisjoint(each.facts.labels) for each in self.statements)

    @cached_property
    def may_make_things(self) -> bool:
        """Whether it may make or rename tables, functions or operators, by itself or in what it calls."""
        return any(
            label in _MAKING or label.startswith("function:") for each in self.statements for label in each.facts.labels
        )

    @cached_property
    def facts(self) -> list[StatementFacts]:
        return [each.facts for each in self.statements]


class QueryAnalyser:
    """Analyses query strings under one catalogue of masked columns."""

    def __init__(self, is_masked: Callable[[str], bool]) -> None:
        self._is_masked = is_masked
        self._catalogue = Catalogue()
        self._known: OrderedDict[bytes, QueryAnalysis] = OrderedDict()

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @catalogue.setter
    def catalogue(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known.clear()

    def remembered(self, sql: bytes) -> QueryAnalysis | None:
        """The analysis of this text or of its shape, if there was one before."""
        key: bytes | None = sql
        if key not in self._known:
            key = shape_of(sql)
        if key is None or (known := self._known.get(key)) is None:
            return None
        self._known.move_to_end(key)
        return known

    def analyse(self, sql: bytes) -> QueryAnalysis:
        """Analyse a query string. Slow for long texts: call it off the event loop then. Never raises."""
        catalogue = self._catalogue
        statements = analyse(sql, self._is_private)
        analysis = QueryAnalysis(tuple(map(_without_tree, statements)), self._refusal(statements))
        if catalogue is self._catalogue:
            self._remember(sql, statements, analysis)
        return analysis

    def exactly(self, sql: bytes) -> QueryAnalysis:
        """The same of this very text, not of another one of its shape: what is shown has the text's own values."""
        statements = analyse(sql, self._is_private, exact=True)
        return QueryAnalysis(tuple(map(_without_tree, statements)), self._refusal(statements))

    def _is_private(self, name: str) -> bool:
        """Whether numbers beside this column or table may be masked ones."""
        return self._is_masked(name) or bool(self._catalogue.masked_columns(name))

    def _remember(self, sql: bytes, statements: Sequence[StatementAnalysis], analysis: QueryAnalysis) -> None:
        if len(sql) > MAX_REMEMBERED_SQL_BYTES:
            return
        shared = all(each.shared and not each.by_value for each in statements)
        self._known[(shape_of(sql) if shared else None) or sql] = analysis
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def _refusal(self, statements: Sequence[StatementAnalysis]) -> str | None:
        return next((found for statement in statements if (found := self._refused(statement.tree))), None)

    def _refused(self, tree: Message | None) -> str | None:
        if tree is None:
            return UNREADABLE if self._catalogue.masked else None
        if isinstance(tree, pg.CopyStmt) and (found := _copy_refusal(tree)):
            return found
        used = misuse(tree, self._catalogue.masked_columns, self._is_masked, any_masked=bool(self._catalogue.masked))
        return _MISUSE.format(used) if used else None


def _without_tree(statement: StatementAnalysis) -> QueryStatement:
    out = copy_out(statement.tree) if isinstance(statement.tree, pg.CopyStmt) else None
    return QueryStatement(statement.facts, statement.executes, statement.prepares, out)


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
UNKNOWN = QueryAnalysis(
    (QueryStatement(StatementFacts("(unknown statement)", "other", frozenset({UNPARSEABLE})), None, None, None),)
)


def together(candidates: Sequence[QueryAnalysis]) -> QueryAnalysis:
    """What may run if any of these may: all of it. Nothing known is UNKNOWN."""
    if not candidates:
        return UNKNOWN
    if len(candidates) == 1:
        return candidates[0]
    statements = tuple(statement for analysis in candidates for statement in analysis.statements)
    return QueryAnalysis(statements, next((analysis.refusal for analysis in candidates if analysis.refusal), None))


def expand(analysis: QueryAnalysis, prepared: Callable[[str], Sequence[QueryAnalysis]]) -> QueryAnalysis:
    """Add to every EXECUTE what the prepared statement it names asks for, and the text of that.

    `prepared` gives the candidates behind a name. An unknown one could be anything.
    """
    if not analysis.runs_prepared:
        return analysis
    refusal = analysis.refusal
    statements: list[QueryStatement] = []
    for statement in analysis.statements:
        if statement.executes is None:
            statements.append(statement)
            continue
        candidates = prepared(statement.executes)
        refusal = refusal or next((each.refusal for each in candidates if each.refusal), None)
        statements.append(replace(statement, facts=_with_prepared(statement, candidates)))
    return QueryAnalysis(tuple(statements), refusal)


def _with_prepared(execute: QueryStatement, candidates: Sequence[QueryAnalysis]) -> StatementFacts:
    """The facts of an EXECUTE and of what it may run: all of it as one, and in the parts of each."""
    inner = [each for candidate in candidates for each in candidate.statements]
    each = (execute.facts, *(one.facts for one in inner))
    runs = [one.facts for one in inner if one.prepares in {None, execute.executes}]
    hidden = next((one.unreviewable for one in [execute.facts, *runs] if one.unreviewable), "")
    if len(candidates) > 1:
        hidden = hidden or SEVERAL
    unknown = frozenset[str]() if candidates else frozenset({UNPARSEABLE})
    whole = unknown.union(*(one.parts[0] if one.parts else one.labels for one in each))
    return replace(
        execute.facts,
        text="\n".join([execute.facts.text, *(f"runs: {one.text}" for one in runs)]),
        labels=unknown.union(*(one.labels for one in each)),
        parts=tuple(dict.fromkeys((whole, *(part for one in each for part in one.parts[1:])))),
        unreviewable=hidden,
        unqualified=execute.facts.unqualified.union(*(one.facts.unqualified for one in inner)),
    )


#: What cannot be shown of a name that was given more than once.
SEVERAL = (
    "Its name has stood for several prepared statements in this session, and which of them would run is not certain. "
    "Prepare it under a name of its own."
)

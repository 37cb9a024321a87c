"""QueryAnalysis: everything one query string asks for, and the analyser that remembers it. Pure.

Programs send the same texts again and again, or the same text with other values in it, and parsing is the costly part.
Raw SQL is kept in memory only, within bounds, for as long as the session lives. It runs nothing and asks no rules.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE, SqlLabel
from proxy.postgres.protocol.copy_format import CopyOut, copy_out
from proxy.postgres.sql.analysis import StatementAnalysis, analyse
from proxy.postgres.sql.catalogue import Catalogue, Table
from proxy.postgres.sql.columns.hints import Refusal
from proxy.postgres.sql.columns.made import made, unsettles
from proxy.postgres.sql.columns.misuse import misuse
from proxy.postgres.sql.cursors import CursorChange, cursor_change
from proxy.postgres.sql.effects.kept_settings import NAMING
from proxy.postgres.sql.shapes import MAX_REMEMBERED_SQL_BYTES, shape_of
from proxy.statements import StatementFacts

MAX_REMEMBERED = 1_000

#: Labels of statements after which the catalogue may be another.
_CHANGING = frozenset({"ddl", "do"})
#: The same, and what runs code that could make or rename something.
_MAKING = _CHANGING | {"call", UNPARSEABLE}
_ENDING = frozenset({SqlLabel.TRANSACTION, SqlLabel.CALL, SqlLabel.DO, UNPARSEABLE})
#: What may change names: settings, and functions that nobody has read.
_BENEATH = NAMING | {SqlLabel.OPAQUE_FUNCTION}
_CALLING = frozenset({"call", "execute", UNPARSEABLE})


#: A name of 63 bytes at most loses up to three with a character that is cut.
_MAY_BE_CUT = 60


@dataclass(frozen=True)
class QueryStatement:
    """One statement of a query, as the relay needs it: its analysis without the tree."""

    facts: StatementFacts
    executes: str | None
    prepares: str | None
    #: It sends a COPY's rows to the client, and this is how they look.
    copy_out: CopyOut | None
    #: What it does to cursors.
    cursor: CursorChange | None = None
    #: It is a COPY of rows that the client sends.
    copies_in: bool = False
    #: What it makes changes what names mean, when it runs.
    keeps_naming: bool = False


@dataclass(frozen=True)
class QueryAnalysis:
    """Everything one query string asks for."""

    statements: tuple[QueryStatement, ...]
    #: Why it must not run whatever the role's rules say; None if nothing is in the way.
    refusal: str | None = None
    #: It may name what the catalogue does not know: a newer one may allow it, or refuse it.
    is_news: bool = False
    #: How often names had turned to mean masked data when it was made.
    turn: int = field(default=0, compare=False)

    @cached_property
    def runs_prepared(self) -> bool:
        """Whether it has an EXECUTE."""
        return any(each.executes is not None for each in self.statements)

    @cached_property
    def runs_by_name(self) -> bool:
        """Whether it runs what a name stands for at that time: a prepared statement's or a portal's."""
        return self.runs_prepared or any(SqlLabel.FETCH in each.facts.labels for each in self.statements)

    @cached_property
    def names_change_beneath(self) -> bool:
        """Whether what an EXECUTE runs may mean something else by the time that it is read or told about."""
        return any(each.executes is not None and not _BENEATH.isdisjoint(each.facts.labels) for each in self.statements)

    @cached_property
    def keeps_naming(self) -> bool:
        """Whether it makes code that changes what names mean, when it runs."""
        return any(each.keeps_naming for each in self.statements)

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
    def has_uncertain_names(self) -> bool:
        """Whether a prepared statement's or cursor's name may be another one where the server does not cut UTF-8.

        A name that was cut here may have lost all that was not ASCII, and little else.
        """
        names = [name for each in self.statements for name in (each.executes, each.prepares) if name]
        names += [each.cursor.name for each in self.statements if each.cursor is not None]
        return any(not name.isascii() or len(name) >= _MAY_BE_CUT for name in names)

    @cached_property
    def may_copy_in(self) -> bool:
        """Whether the server may wait for rows of the client's once it runs."""
        return any(
            each.copies_in or (UNPARSEABLE in each.facts.labels and each.facts.kind == "other")
            for each in self.statements
        )

    @cached_property
    def cursors(self) -> tuple[CursorChange, ...]:
        """What it does to cursors."""
        return tuple(each.cursor for each in self.statements if each.cursor is not None)

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
    def may_end_block(self) -> bool:
        """Whether a transaction block may be over when it has run."""
        return any(not _ENDING.isdisjoint(each.facts.labels) for each in self.statements)

    @cached_property
    def facts(self) -> list[StatementFacts]:
        return [each.facts for each in self.statements]


class QueryAnalyser:
    """Analyses query strings under one catalogue of masked columns."""

    def __init__(self, is_masked: Callable[[str], bool]) -> None:
        self._is_masked = is_masked
        self._catalogue = Catalogue()
        self._known: OrderedDict[bytes, QueryAnalysis] = OrderedDict()
        #: What the session made that shows masked columns under a name that meant none: it stays suspicious, for it can
        #: be made again by what was prepared before.
        self._made: list[Table] = []
        #: What it made and has not committed, which no catalogue that is fetched meanwhile can have.
        self._uncommitted: list[Table] = []
        self._is_unsettled = False
        #: Labels of tables, and in which turn the name came to mean masked data; what was found before does not hold.
        self._turned: dict[str, int] = {}
        self._turn = 0

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @catalogue.setter
    def catalogue(self, catalogue: Catalogue) -> None:
        before, self._catalogue = self._catalogue, catalogue
        catalogue.remember([*self._made, *self._uncommitted], unsettled=self._is_unsettled)
        self._turn_to_masked(
            name for name in catalogue.masked if catalogue.masked_columns(name) - before.masked_columns(name)
        )
        self._known.clear()

    def committed(self) -> None:
        """No transaction is open: the next catalogue has what there is."""
        self._uncommitted.clear()

    def _turn_to_masked(self, names: Iterable[str]) -> None:
        new = {f"table:{name}" for name in names}
        if new:
            self._turn += 1
            self._turned.update(dict.fromkeys(new, self._turn))
        self._known.clear()

    def is_outdated(self, analysis: QueryAnalysis) -> bool:
        """Whether something that it names has masked data only since: the server would read the text anew."""
        return analysis.turn < self._turn and any(
            self._turned.get(label, 0) > analysis.turn
            for statement in analysis.statements
            for label in statement.facts.labels
        )

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
        catalogue, made_before = self._catalogue, len(self._made)
        statements = analyse(sql, self._is_private)
        analysis = self._analysis(statements)
        if catalogue is self._catalogue and made_before == len(self._made):
            self._remember(sql, statements, analysis)
        return analysis

    def exactly(self, sql: bytes) -> QueryAnalysis:
        """The same of this very text, not of another one of its shape: what is shown has the text's own values."""
        statements = analyse(sql, self._is_private, exact=True)
        return self._analysis(statements)

    def _is_private(self, name: str) -> bool:
        """Whether numbers beside this column or table may be masked ones."""
        return self._is_masked(name) or bool(self._catalogue.masked_columns(name))

    def _remember(self, sql: bytes, statements: Sequence[StatementAnalysis], analysis: QueryAnalysis) -> None:
        if len(sql) > MAX_REMEMBERED_SQL_BYTES or analysis.is_news:
            return
        shared = all(each.shared and not each.by_value for each in statements)
        self._known[(shape_of(sql) if shared else None) or sql] = analysis
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def _analysis(self, statements: Sequence[StatementAnalysis]) -> QueryAnalysis:
        kept, refusal = tuple(map(_without_tree, statements)), self._refusal(statements)
        turn = self._turn  # with what its own statements make
        if refusal is None:
            # Code names things that stand in no tree, so it is read by the newest catalogue.
            has_code = any(isinstance(each.tree, pg.DoStmt | pg.CreateFunctionStmt) for each in statements)
            return QueryAnalysis(kept, is_news=has_code and bool(self._catalogue.masked), turn=turn)
        return QueryAnalysis(kept, refusal.sentence, refusal.is_news, turn)

    def _refusal(self, statements: Sequence[StatementAnalysis]) -> Refusal | None:
        for statement in statements:
            if found := self._refused(statement.tree):
                return found
            if statement.tree is not None and self._catalogue.masked:
                self._make(statement.tree)
        return None

    def _make(self, tree: Message) -> None:
        """Take note of what it makes: what comes after it may stand in the same transaction, or the same text."""
        tables = made(tree, self._catalogue, self._is_masked)
        known = self._catalogue.masked
        self._uncommitted += (table for table in tables if table not in self._uncommitted)
        self._made += (table for table in tables if table.masked and table.name not in known)
        self._is_unsettled = self._is_unsettled or unsettles(tree)
        catalogue, was_unsettled = self._catalogue, self._catalogue.is_unsettled
        before = {table.name: catalogue.masked_columns(table.name) for table in tables}
        if not catalogue.remember(tables, unsettled=self._is_unsettled):
            return
        turned = [name for name, columns in before.items() if catalogue.masked_columns(name) - columns]
        self._turn_to_masked(turned if was_unsettled or not self._is_unsettled else catalogue.masked)

    def _refused(self, tree: Message | None) -> Refusal | None:
        if tree is None:
            return Refusal(UNREADABLE) if self._catalogue.masked else None
        if isinstance(tree, pg.CopyStmt) and (found := _copy_refusal(tree)):
            return Refusal(found)
        return misuse(tree, self._catalogue, self._is_masked)


def _without_tree(statement: StatementAnalysis) -> QueryStatement:
    copy = statement.tree if isinstance(statement.tree, pg.CopyStmt) else None
    return QueryStatement(
        statement.facts,
        statement.executes,
        statement.prepares,
        copy_out(copy) if copy is not None else None,
        cursor_change(statement.tree),
        copies_in=copy is not None and copy.is_from and not copy.filename and not copy.is_program,
        keeps_naming=statement.keeps_naming,
    )


def may_run_code(sql: bytes) -> bool:
    """Whether PostgreSQL may run code of others when it reads this text, before it plans it.

    The input function of a literal's type may: that of a composite checks the domains of its attributes. Without the
    sign that begins a text, or a dollar quote, there is no literal that has one.
    """
    return b"'" in sql or b"$" in sql


UNREADABLE = (
    "Gatepass could not parse this statement, and this database has masked columns. Check its syntax; in a string, "
    "write a backslash before a quote as E'…\\\\…'."
)
OUTDATED = "A table or view that this prepared statement names has masked data since it was prepared. Prepare it again."
_COPY_FORMAT = "COPY … TO STDOUT in the {} format cannot be masked. Use the text or csv format."


def _copy_refusal(copy: Message) -> str | None:
    out = copy_out(copy)
    return _COPY_FORMAT.format(out.format) if out is not None and out.format not in {"text", "csv"} else None


KEEPS_NAMING = (
    "This would make code that changes the search path or the role when it runs, and statements around it would mean "
    "something else than what is judged. Use SET in the session, or `SET search_path = …` as an option of the function."
)
CHANGES_BENEATH = (
    "This EXECUTE changes settings or calls a function of the database's own, so the names of its statement may mean "
    "something else while it runs, and Gatepass cannot tell which of its columns are masked. Run the statement itself."
)
UNCERTAIN_NAMES = (
    "This database is not in UTF8, so Gatepass is not certain how it cuts this name of a prepared statement or cursor. "
    "Use ASCII, and fewer than 60 characters."
)

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
    refusal = next((analysis.refusal for analysis in candidates if analysis.refusal), None)
    return QueryAnalysis(statements, refusal, turn=min(analysis.turn for analysis in candidates))


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
        candidates = _reached(statement.executes, prepared)
        refusal = refusal or next((each.refusal for each in candidates if each.refusal), None)
        copies_in = any(one.copies_in for each in candidates for one in each.statements)
        statements.append(replace(statement, facts=_with_prepared(statement, candidates), copies_in=copies_in))
    return replace(analysis, statements=tuple(statements), refusal=refusal)


def _reached(name: str, prepared: Callable[[str], Sequence[QueryAnalysis]]) -> Sequence[QueryAnalysis]:
    """What an EXECUTE of this name may run, by EXECUTEs that Parse has prepared as well: as one, if that is certain."""
    found: list[QueryAnalysis] = []
    names, is_certain = [name], True
    for each in names:
        candidates = prepared(each)
        is_certain = is_certain and len(candidates) < 2
        found += candidates or ([UNKNOWN] if found else [])
        if any(
            one.prepares is not None and not _is_made_by(candidate, each)
            for candidate in candidates
            for one in candidate.statements
        ):
            found.append(UNKNOWN)  # Parse has prepared a PREPARE: what a name stands for afterwards is not known here.
        # What stands beside a PREPARE in SQL is not what that prepares, and SQL prepares no EXECUTE.
        runs = {one.executes for candidate in candidates if not candidate.prepares for one in candidate.statements}
        names += (one for one in runs if one is not None and one not in names)
    return [together(found)] if is_certain and found else found


def _is_made_by(candidate: QueryAnalysis, name: str) -> bool:
    """Whether SQL that PREPAREs this name is why it is known."""
    return any(one.prepares == name for one in candidate.statements)


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

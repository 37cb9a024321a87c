"""QueryAnalysis: everything one query string asks for, and the analyser that remembers it. Pure.

Programs send the same texts again and again, or the same text with other values in it, and parsing is the costly part.
Raw SQL is kept in memory only, within bounds, for as long as the session lives. It runs nothing and asks no rules.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from access.policy.labels import UNPARSEABLE, SqlLabel
from proxy.postgres.protocol.copy_format import CopyOut, copy_out
from proxy.postgres.sql.analysis import StatementAnalysis, analyse
from proxy.postgres.sql.catalogue import Catalogue, Place, Table, Tables
from proxy.postgres.sql.columns.counting import counts_columns, moves_columns
from proxy.postgres.sql.columns.defining.remade import Remade, remade
from proxy.postgres.sql.columns.hints import Refusal
from proxy.postgres.sql.columns.made import made, unsettles
from proxy.postgres.sql.columns.misuse import misuse
from proxy.postgres.sql.cursors import CursorChange, cursor_change
from proxy.postgres.sql.effects.kept_settings import NAMING
from proxy.postgres.sql.texts.shapes import MAX_REMEMBERED_SQL_BYTES, shape_of
from proxy.postgres.sql.texts.turns import Turns
from proxy.statements import StatementFacts

MAX_REMEMBERED = 1_000

#: Labels of statements after which the catalogue may be another.
_CHANGING = frozenset({"ddl", "do", UNPARSEABLE})
#: The same, and what runs code that could make or rename something.
_MAKING = _CHANGING | {"call"}
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
    #: It commits what a transaction prepared, maybe another session's or one of long ago.
    commits_prepared: bool = False
    #: It reads what has masked columns, and tells columns by their places.
    counts_columns: bool = False
    #: It may give columns other places.
    moves_columns: bool = False


@dataclass(frozen=True)
class QueryAnalysis:
    """Everything one query string asks for."""

    statements: tuple[QueryStatement, ...]
    #: Why it must not run whatever the role's rules say; None if nothing is in the way.
    refusal: str | None = None
    #: It may name what the catalogue does not know: a newer one may allow it, or refuse it.
    is_news: bool = False
    #: What code of the database might find instead of what it finds now: none of it may have its name.
    remakes: frozenset[Remade] = frozenset()
    #: How often names had turned to mean masked data when it was made.
    turn: int = field(default=0, compare=False)

    @cached_property
    def runs_prepared(self) -> bool:
        """Whether it has an EXECUTE."""
        return any(each.executes is not None for each in self.statements)

    @cached_property
    def runs_by_name(self) -> bool:
        """Whether it runs what a name stands for at that time: a prepared statement's or a portal's."""
        return self.runs_prepared or self.fetches

    @cached_property
    def fetches(self) -> bool:
        """Whether it has a FETCH."""
        return any(SqlLabel.FETCH in each.facts.labels for each in self.statements)

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
        return any(each.commits_prepared or not _CHANGING.isdisjoint(each.facts.labels) for each in self.statements)

    @cached_property
    def may_make_things(self) -> bool:
        """Whether it may make or rename tables, functions or operators, by itself or in what it calls."""
        return any(
            label in _MAKING or label.startswith("function:") for each in self.statements for label in each.facts.labels
        )

    @cached_property
    def counts_columns(self) -> bool:
        """Whether it tells columns by their places where it reads what has masked ones."""
        return any(each.counts_columns for each in self.statements)

    @cached_property
    def moves_columns(self) -> bool:
        """Whether it may give columns other places, which what comes behind it in the transaction finds."""
        return any(each.moves_columns for each in self.statements)

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
        #: The server's major version; 0: not known. Set it before the catalogue, with which all is forgotten.
        self.server = 0
        self._catalogue = Catalogue()
        self._known: OrderedDict[bytes, QueryAnalysis] = OrderedDict()
        #: What the session made that shows masked columns under a name that meant none: it stays suspicious, for it can
        #: be made again by what was prepared before.
        self._made = Tables()
        #: What it made and has not committed, which no catalogue that is fetched meanwhile can have.
        self._uncommitted = Tables()
        self._is_unsettled = False
        #: What was found in an earlier one may not hold.
        self._turns = Turns()

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @catalogue.setter
    def catalogue(self, catalogue: Catalogue) -> None:
        before, self._catalogue = self._catalogue, catalogue
        catalogue.remember([*self._made, *self._uncommitted], unsettled=self._is_unsettled)
        self._turns.to_masked(_new(before.masked_places(), catalogue.masked_places()))
        if catalogue.masked and catalogue.has_moved_since(before):
            self._turns.moved()
        self._known.clear()

    def committed(self) -> None:
        """No transaction is open: the next catalogue has what there is."""
        self._uncommitted.clear()

    def is_outdated(self, analysis: QueryAnalysis) -> bool:
        """Whether what it names has masked data only since, or columns moved: the server would read the text anew."""
        return self._turns.is_outdated(analysis.turn, analysis.facts, counts_columns=analysis.counts_columns)

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
        statements = analyse(sql, self._is_private, server=self.server)
        analysis = self._analysis(statements)
        if catalogue is self._catalogue and made_before == len(self._made):
            self._remember(sql, statements, analysis)
        return analysis

    def exactly(self, sql: bytes) -> QueryAnalysis:
        """The same of this very text, not of another one of its shape: what is shown has the text's own values."""
        statements = analyse(sql, self._is_private, exact=True, server=self.server)
        return self._analysis(statements)

    def _is_private(self, name: str) -> bool:
        """Whether numbers beside this column or table may be masked ones."""
        return self._is_masked(name) or bool(self._catalogue.masked_columns(name))

    def _remember(self, sql: bytes, statements: Sequence[StatementAnalysis], analysis: QueryAnalysis) -> None:
        if len(sql) > MAX_REMEMBERED_SQL_BYTES or analysis.is_news or analysis.remakes:
            return
        shared = all(each.shared and not each.by_value for each in statements)
        self._known[(shape_of(sql) if shared else None) or sql] = analysis
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def _analysis(self, statements: Sequence[StatementAnalysis]) -> QueryAnalysis:
        remakes: set[Remade] = set()
        refusal = self._refusal(statements, remakes)
        kept = tuple(_without_tree(each, self._catalogue) for each in statements)
        turn = self._turns.turn  # with what its own statements make
        if refusal is None:
            # Code names things that stand in no tree, so it is read by the newest catalogue.
            has_code = any(isinstance(each.tree, pg.DoStmt | pg.CreateFunctionStmt) for each in statements)
            is_news = has_code and bool(self._catalogue.masked)
            return QueryAnalysis(kept, is_news=is_news, remakes=frozenset(remakes), turn=turn)
        return QueryAnalysis(kept, refusal.sentence, refusal.is_news, turn=turn)

    def _refusal(self, statements: Sequence[StatementAnalysis], remakes: set[Remade]) -> Refusal | None:
        """Why not to run them; what they would remake is added to `remakes`."""
        for tree in (tree for statement in statements for tree in statement.inner or (statement.tree,)):
            if found := self._refused(tree):
                return found
            if tree is not None and self._catalogue.masked:
                remakes.update(self._make(tree))
        return None

    def _make(self, tree: Message) -> Iterable[Remade]:
        """Take note of what it makes: what comes after it may stand in the same transaction, or the same text.

        Gives what it remakes.
        """
        tables = made(tree, self._catalogue, self._is_masked)
        found = list(remade(tree, tables, self._catalogue)) if self._catalogue.has_functions else []
        self._note(tree, tables)
        return found

    def _note(self, tree: Message, tables: Sequence[Table]) -> None:
        known = self._catalogue.masked
        self._uncommitted.add(tables)
        self._made.add(table for table in tables if table.masked and table.name not in known)
        self._is_unsettled = self._is_unsettled or unsettles(tree)
        catalogue, was_unsettled = self._catalogue, self._catalogue.is_unsettled
        names = {table.name for table in tables}
        before = catalogue.masked_places(names)
        is_known = any(map(catalogue.named, names))
        if catalogue.remember(tables, unsettled=self._is_unsettled):
            is_settled = was_unsettled or not self._is_unsettled
            new = _new(before, catalogue.masked_places(names)) if is_settled else catalogue.masked_places()
            self._turns.to_masked(new)
            self._known.clear()
        if is_known or moves_columns(tree):
            self._turns.moved()
            self._known.clear()

    def _refused(self, tree: Message | None) -> Refusal | None:
        if tree is None:
            return Refusal(UNREADABLE) if self._catalogue.masked else None
        if isinstance(tree, pg.CopyStmt) and (found := _copy_refusal(tree)):
            return Refusal(found)
        return misuse(tree, self._catalogue, self._is_masked)


def _new(before: Mapping[str, set[Place]], after: Mapping[str, set[Place]]) -> Iterator[str]:
    """Labels of what shows masked columns where there was none.

    One that the session made in no schema that was written was taken for one in any schema.
    """
    for label, places in after.items():
        known = before.get(label, frozenset())
        if any(place not in known and place._replace(schema="") not in known for place in places):
            yield label


def _without_tree(statement: StatementAnalysis, catalogue: Catalogue) -> QueryStatement:
    copy = statement.tree if isinstance(statement.tree, pg.CopyStmt) else None
    return QueryStatement(
        statement.facts,
        statement.executes,
        statement.prepares,
        copy_out(copy) if copy is not None else None,
        cursor_change(statement.tree),
        copies_in=copy is not None and copy.is_from and not copy.filename and not copy.is_program,
        keeps_naming=statement.keeps_naming,
        commits_prepared=_commits_prepared(statement.tree),
        counts_columns=bool(catalogue.masked) and counts_columns(statement.tree, catalogue),
        moves_columns=any(map(moves_columns, statement.inner or (statement.tree,))),
    )


def _commits_prepared(tree: Message | None) -> bool:
    return isinstance(tree, pg.TransactionStmt) and tree.kind == pg.TRANS_STMT_COMMIT_PREPARED


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
UNREAD = (
    "Tables of this database may have been changed meanwhile, and Gatepass could not read how, so it does not know "
    "which columns are masked: {} Try again; if this transaction holds a lock of its own, end it first."
)
UNREAD_CODE = (
    "Code of this database may use a name that this statement gives to something else, and Gatepass could not read "
    "whether it does: {} Try again."
)
MOVED_COLUMNS = (
    "This transaction may have changed which columns tables have, and this statement tells columns of masked tables by "
    "their places, as by a list of names behind a join. Select them by their names, or end the transaction first."
)
OUTDATED = (
    "A table, view or function that this prepared statement names has masked data since it was prepared, or other "
    "columns. Prepare it again."
)
OUTDATED_CURSOR = (
    "A table, view or function that an open cursor of this transaction names has masked data since the cursor was "
    "opened. End the transaction, and open it again."
)
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

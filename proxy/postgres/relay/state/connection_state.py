"""Everything that affects the state of a PostgreSQL connection lives in this file, in ConnectionState. Pure.

It knows where both ends stand, so that every answer finds its question. SQL arrives at Parse, gets its parameters at
Bind and runs at Execute; clients send many messages ahead and PostgreSQL answers them in order (replies.py). An
ErrorResponse to anything but Query, Sync and Call (a FunctionCall) makes the server discard all messages up to the next
Sync; a Query and a Call still get their ReadyForQuery.

It refuses an answer to nothing that was asked. What a message carries is not its business: requests.py and answers.py
read, decide and mask, and tell it what passed.
"""

from collections import deque
from collections.abc import Iterator
from itertools import chain

from proxy.postgres.large_objects.functions import ObjectCall
from proxy.postgres.protocol.frames import ProtocolViolation
from proxy.postgres.protocol.messages import Column
from proxy.postgres.relay.state.pending_reply import READY, Kind, PendingReply, Question
from proxy.postgres.relay.state.portals import MAX_PORTALS, Portal, Portals
from proxy.postgres.relay.state.prepared import Prepared, PreparedStatements
from proxy.postgres.relay.state.replies import LEGAL
from proxy.postgres.sql.cursors import Kind as Change
from proxy.postgres.sql.cursors import OpenCursors
from proxy.postgres.sql.texts.query import QueryAnalysis

#: Answers that may be outstanding; the client waits beyond that.
MAX_PENDING = 20_000


class ConnectionState:
    """Takes note of what is sent upstream, and tells what comes back from there.

    What comes back is answered by the methods that REPLIES names; they raise ProtocolViolation where it is not legal.
    """

    def __init__(self) -> None:
        self._pending: deque[PendingReply] = deque()
        self._prepared = PreparedStatements()
        self._portals = Portals()
        #: Portals that SQL made.
        self.cursors = OpenCursors()
        #: What declared cursors in this transaction, by its id.
        self._declared: dict[int, QueryAnalysis] = {}
        #: Everything up to the next Sync is lost: the server discards it, or would after a refusal.
        self.discarding = False
        self._copying_in = False
        #: How many that may ask for rows of a COPY are unanswered.
        self._copies = 0
        self._batch = 0
        #: Something of a batch was sent whose Sync was not: an error would discard all up to that.
        self.is_in_batch = False
        #: Of the last ReadyForQuery: I, T or E.
        self.status = b"I"
        #: The client_encoding that the server told last.
        self.told_encoding = "UTF8"
        #: The same of standard_conforming_strings: on, a backslash in a plain string is itself.
        self.told_strings = "on"
        #: What it answered when asked for both, how many statements had been sent to run by then, and in which batch.
        self._asked = ("", "", 0, -1)
        #: The database is in UTF-8: the server cuts names by the bytes that they have in its own encoding.
        self.cuts_utf8 = True
        #: Statements that were sent to run, to be planned, or to be read where that runs code. A portal whose
        #: bound_after differs may be about other things by now.
        self.runs = 0
        self._runs_at_ready = 0
        #: Something was sent to run in this batch that may end a transaction block.
        self._may_end_block = False
        #: What names mean may be another thing in this transaction than outside it.
        self.has_made_things = False

    # --- sent upstream ------------------------------------------------------------------------------------------------

    @property
    def outstanding(self) -> int:
        return len(self._pending)

    @property
    def copying_in(self) -> bool:
        """A COPY waits for the client's rows, so nothing else gets an answer."""
        return self._copying_in

    @property
    def awaits_copy(self) -> bool:
        """Whether the server may or may not take the client's next messages for rows of a COPY: it has not said yet."""
        return self._copies > 0 and not self._copying_in

    @property
    def kept(self) -> int:
        """Bytes of texts and parameters that reviewers may have to be shown."""
        return self._prepared.kept + self._portals.kept

    @property
    def has_failed(self) -> bool:
        """The transaction takes nothing any more but its end, for all that is known."""
        return self.status == b"E" and self.runs == self._runs_at_ready

    @property
    def is_in_block(self) -> bool:
        """A transaction block is open, and a Sync leaves it open: nothing ended it since the server told of it."""
        return self.status != b"I" and not self._may_end_block and not any(each.kind in READY for each in self._pending)

    @property
    def is_settled(self) -> bool:
        """Nothing was sent to run since the server said how things stand."""
        is_known = self.runs == self._runs_at_ready or self._is_asked
        # What fails there rolls back what was set, and so does a refused Query, which is not sent to run.
        return is_known and not any(each.kind in READY for each in self._pending)

    @property
    def encoding(self) -> str:
        """The client_encoding in which the server reads what is sent next, if things are settled."""
        return self._asked[0] if self._is_asked else self.told_encoding

    @property
    def strings_conform(self) -> bool:
        """Whether standard_conforming_strings is on, if things are settled."""
        return (self._asked[1] if self._is_asked else self.told_strings) == "on"

    @property
    def _is_asked(self) -> bool:
        """It was asked in this batch, which has run nothing since."""
        return self._asked[2:] == (self.runs, self._batch)

    def asked(self, encoding: str, strings: str) -> None:
        """The server's answer in a batch, when all that was sent before is answered."""
        self._asked = (encoding, strings, self.runs, self._batch)

    def query(self, analysis: QueryAnalysis, denial: bytes | None = None, *, sql: bytes = b"") -> None:
        """A Query is sent, which takes the unnamed portal; a refused one is no SQL, and leaves it."""
        if denial is None:
            self.note_run(analysis)
            self._portals.closed("")
            self._prepared.made_by_sql(analysis, sql)
        self._add(PendingReply(Kind.QUERY, analysis=analysis, denial=denial))

    def call(self, analysis: QueryAnalysis, call: ObjectCall) -> None:
        """A FunctionCall is sent."""
        self.note_run(analysis)
        self._add(PendingReply(Kind.CALL, analysis=analysis, call=call))

    def ask(self, question: Question, *kinds: Kind) -> None:
        """Messages of these kinds are sent to ask something of our own."""
        for kind in kinds:
            self._add(PendingReply(kind, injected=True, question=question))

    def parse(
        self,
        name: str,
        analysis: QueryAnalysis,
        *,
        sql: bytes = b"",
        types: tuple[int, ...] = (),
        reads_code: bool = False,
    ) -> Prepared:
        """A Parse is sent; `reads_code`: reading its text may run code, which counts as a run (`may_run_code`)."""
        self.runs += reads_code
        prepared = Prepared(analysis, sql, types, sent_in=self._batch, reads_code=reads_code)
        self._prepared.parsed(name, prepared)
        self._add(PendingReply(Kind.PARSE, prepared=prepared, name=name))
        return prepared

    def bind(
        self, portal: str, statement: str, formats: tuple[int, ...], *, parameters: int = 0, payload: bytes = b""
    ) -> Portal:
        # Planning runs what is declared immutable, in views and operators too: it counts as a run.
        self.runs += 1
        bound = Portal(
            self.prepared(statement),
            formats,
            parameters=parameters,
            bound_after=self.runs,
            bind=payload,
            last_run=self.runs,
            sent_in=self._batch,
        )
        self._portals.bound(portal, bound)
        self.cursors.forget(portal)
        self._add(PendingReply(Kind.BIND, portal=bound, name=portal))
        return bound

    def describe(self, target: str, name: str, *, injected: bool = False, cursor: Portal | None = None) -> None:
        """`target` is S or P; `cursor` is the portal if it is one that SQL made."""
        pending = PendingReply(Kind.DESCRIBE, injected=injected)
        if target == "P":
            pending.portal = cursor or self._portals.get(name)
            if pending.portal is not None:
                pending.portal.described_in = self._batch
        else:
            candidates = self._prepared.of(name)
            # It is read again where what it names has changed.
            self.runs += any(each.reads_code for each in candidates)
            if len(candidates) == 1:
                pending.prepared = candidates[0]
                pending.prepared.described_in = self._batch
        self._add(pending)

    def is_certain(self, target: str, name: str) -> bool:
        """Whether the name means what was sent last under it, if what comes next runs at all.

        In the batch of that it does. Later the batch may turn out to have failed, and the name to mean what it did
        before: an unnamed statement and any portal outlive a Parse and a Bind that are discarded.
        """
        if target == "S" and name:
            return True  # for it stands for each of them
        last = self._portals.get(name) if target == "P" else next(iter(self.prepared(name)), None)
        return last is None or last.is_answered or last.sent_in == self._batch

    def portal(self, name: str) -> Portal | None:
        return self._portals.get(name)

    def needs_description(self, portal: Portal, *, origins: bool) -> bool:
        """Whether its rows could come before their columns are known.

        A Describe of the same batch is enough: if it is discarded, so is what follows. Where something else ran since,
        SQL or a function may have closed the portal and opened another one of its name.

        `origins`: it matters which tables the columns are of. What was said of the statement does not tell then: at its
        Bind the same text may name another table (another search_path, another cursor), and every Parse, Describe and
        Bind in between may have run code that changed that.
        """
        if portal.last_run != self.runs and portal is not self._portals.get(""):
            return True
        if portal.columns is not None or portal.described_in == self._batch:
            return False
        if len(portal.candidates) != 1:
            return True
        [prepared] = portal.candidates
        return origins or (prepared.columns is None and prepared.described_in != self._batch)

    def take_waiting(self, running: Portal | None) -> list[str]:
        """Portals that wait for a review no longer, for something runs: their names, without the one that it is."""
        return self._portals.take_waiting(running)

    def execute(self, portal: Portal, analysis: QueryAnalysis) -> None:
        self.note_run(analysis)
        portal.last_run = self.runs
        self._prepared.made_by_sql(analysis, b"")
        self._add(PendingReply(Kind.EXECUTE, analysis=analysis, portal=portal))

    def close(self, target: str, name: str) -> None:
        pending = PendingReply(Kind.CLOSE, name=name)
        if target == "S":
            pending.candidates = self._prepared.of(name)
        else:
            self._portals.closed(name)
            self.cursors.forget(name)
        self._add(pending)

    def refuse(self, denial: bytes) -> None:
        """Something that fails was sent in place of a refused extended message."""
        self._add(PendingReply(Kind.PARSE, denial=denial))
        self.discarding = True

    def sync(self, question: Question | None = None) -> None:
        """A Sync is sent, the client's or one of ours."""
        self.discarding = False
        self._batch += 1
        self._add(PendingReply(Kind.SYNC, injected=question is not None, question=question))

    def copy_end(self) -> None:
        """The rows that a COPY waits for are over: a CopyDone or CopyFail is sent."""
        self._copying_in = False

    def _add(self, sent: PendingReply) -> None:
        """Wait for the answer to it."""
        sent.runs = self.runs
        self._pending.append(sent)
        self._copies += sent.may_copy_in
        self.is_in_batch = sent.kind not in READY
        if not self.is_in_batch:
            self._may_end_block = False

    def _take(self) -> PendingReply:
        """The first one gets no answer any more."""
        taken = self._pending.popleft()
        self._copies -= taken.may_copy_in
        return taken

    def analyses_of(self, name: str) -> list[QueryAnalysis]:
        """What a prepared statement of this name may do."""
        return [prepared.analysis for prepared in self.prepared(name)]

    def prepared(self, name: str) -> tuple[Prepared, ...]:
        """What this name may stand for, oldest first."""
        return self._prepared.of(name)

    def note_run(self, analysis: QueryAnalysis) -> None:
        """Something is sent to run."""
        self.runs += 1
        self._may_end_block = self._may_end_block or analysis.may_end_block
        self.has_made_things = self.has_made_things or analysis.may_make_things
        if analysis.cursors:
            self._portals.met(analysis.cursors)
            self._declare(analysis)

    def _declare(self, analysis: QueryAnalysis) -> None:
        if any(each.kind is Change.DECLARE for each in analysis.cursors):
            self._declared[id(analysis)] = analysis
            if len(self._declared) > MAX_PORTALS:
                raise ProtocolViolation("too many cursors")

    @property
    def opened(self) -> Iterator[QueryAnalysis]:
        """What the portals and the cursors of this transaction may run; what was held when it began has its rows."""
        return chain(self._portals.analyses, self._declared.values())

    # --- received from upstream ---------------------------------------------------------------------------------------

    @property
    def current(self) -> PendingReply | None:
        """What the next answer belongs to."""
        return self._pending[0] if self._pending else None

    @property
    def question(self) -> Question | None:
        """What the next answer answers, if it is a question of ours."""
        return self._pending[0].question if self._pending else None

    def still_asks(self, question: Question) -> bool:
        """Whether an answer to it is yet to come."""
        return any(pending.question is question for pending in self._pending)

    def _head(self, method: str) -> PendingReply:
        """What the message that `method` takes belongs to. Raises ProtocolViolation if it may not come now."""
        current = self.current
        if current is None or current.kind not in LEGAL[method]:
            raise ProtocolViolation("an answer to nothing that was asked")
        return current

    def _complete(self, method: str) -> PendingReply:
        """The same, and nothing more will belong to it. A refused message cannot be complete without an error."""
        current = self._head(method)
        if current.denial is not None and current.kind is not Kind.QUERY:
            raise ProtocolViolation("a refused message that did not fail")
        return self._take()

    def parse_complete(self) -> None:
        done = self._complete("parse_complete")
        if done.prepared is not None:
            done.prepared.is_answered = True
        self._prepared.completed(done.name, done.prepared)

    def bind_complete(self) -> None:
        done = self._complete("bind_complete")
        if done.portal is not None:
            done.portal.is_answered = True

    def close_complete(self) -> None:
        done = self._complete("close_complete")
        self._prepared.closed(done.name, done.candidates)

    def parameters_described(self, types: tuple[int, ...] = ()) -> PendingReply:
        """A ParameterDescription: the RowDescription or NoData comes next."""
        current = self._head("parameters_described")
        if current.prepared is not None:
            current.prepared.types = types
        return current

    def rows_described(self, columns: tuple[Column, ...]) -> PendingReply:
        """A RowDescription, or NoData as no columns."""
        current = self._head("rows_described")
        if current.kind is Kind.QUERY:
            current.columns = columns
            return current
        self._take()
        if current.portal is not None:
            current.portal.columns = columns
        elif current.prepared is not None:
            current.prepared.columns = columns
        return current

    def row_columns(self) -> tuple[Column, ...]:
        """Columns of the rows that come now. Raises ProtocolViolation if they were never described."""
        current = self._head("row_columns")
        columns = current.portal.result_columns() if current.portal is not None else current.columns
        if columns is None:
            raise ProtocolViolation("rows that were never described")
        return columns

    def completed(self, tag: str = "") -> PendingReply:
        """CommandComplete with its tag, EmptyQueryResponse or PortalSuspended: one statement is done."""
        current = self._head("completed")
        if current.denial is not None:
            raise ProtocolViolation("a refused statement that did not fail")
        self._copying_in = False
        if tag and current.analysis is not None and current.analysis.cursors:
            ran = current.analysis.statements
            if current.kind is Kind.QUERY:
                ran = ran[current.index : current.index + 1]
            self.cursors.completed([each.cursor for each in ran], tag)
        if current.kind is Kind.EXECUTE:
            self._take()
        else:
            current.index += 1
            current.columns = None
        return current

    def returned(self) -> PendingReply:
        """A FunctionCallResponse."""
        return self._head("returned")

    def copy_in_began(self) -> None:
        """It is known before to be possible, so nothing was sent behind it that the server would ignore now."""
        if not self._head("copy_in_began").may_copy_in:
            raise ProtocolViolation("a COPY that nothing asked for")
        self._copying_in = True

    def copy_out_began(self) -> PendingReply:
        return self._head("copy_out_began")

    def failed(self) -> PendingReply | None:
        """An ErrorResponse: returns what it answers, None if nothing was asked."""
        current = self.current
        self._copying_in = False
        self.cursors.failed()
        if current is not None and current.kind in READY:
            return current
        while self._pending and self._pending[0].kind is not Kind.SYNC:
            self._forget(self._take())
        if not self._pending:
            # What comes when nothing is unanswered can only be about an open batch: a statement_timeout.
            self.discarding = self.is_in_batch
        return current

    def _forget(self, lost: PendingReply) -> None:
        """What failed, or was discarded, made nothing."""
        if lost.kind is Kind.PARSE and lost.prepared is not None:
            self._prepared.failed(lost.name, lost.prepared)
        elif lost.kind is Kind.BIND and lost.portal is not None:
            self._portals.failed(lost.name, lost.portal)

    def ready(self, status: bytes) -> None:
        """A ReadyForQuery. Portals live no longer than their transaction."""
        self._runs_at_ready = self._complete("ready").runs
        self.status = status
        if status == b"I":
            self.has_made_things = False
        if status == b"I" and not self._pending:
            self._portals.ended()
            self._declared.clear()
        self.cursors.ready(status, settled=not self._pending)

"""Deciding: what a client asks, analysed and put to its role's rules, whatever message it came in.

It tells a request what to do and sends nothing of the client's itself. What a reviewer is to be asked about waits here,
and can be withdrawn.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

from access.policy.labels import UNPARSEABLE
from access.policy.resources import StatementRule
from proxy.aside import aside
from proxy.errors import PolicyFault
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.encodings import NO_UTF8, UTF8, codec
from proxy.postgres.relay.held_run import answered
from proxy.postgres.relay.link import Link, Sent, done
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.questions import ask_in_batch
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.query import (
    CHANGES_BENEATH,
    KEEPS_NAMING,
    MAX_REMEMBERED,
    OUTDATED,
    UNCERTAIN_NAMES,
    UNREADABLE,
    QueryAnalysis,
    expand,
)
from proxy.postgres.sql.search_path import means_now
from proxy.sessions.reviewed import NotAsked, Surroundings
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts, depends_on_schemas, strictest
from proxy.syntax.sql import has_plain_backslash
from storage.model import VerdictKind

#: Longer texts are parsed in a thread, so that other sessions go on.
MAX_INLINE_SQL_BYTES = 512
#: Longer ones take more than others should wait for: a function call in each five bytes costs 50 ms a KiB.
MAX_SHORT_SQL_BYTES = 2 * 1024

#: What is sent in the place of what was refused: no SQL, so it fails whatever the transaction's state; PostgreSQL's own
#: log shows it.
FAILING = "Gatepass refused a statement before it reached this server"
#: The same in a batch. No client can make it succeed, as it could the Execute of a portal by giving that its name; and
#: it has a name so that the unnamed statement stays what it is.
FAILING_IN_BATCH = messages.parse("gatepass", FAILING)

_UNCERTAIN_NAME = (
    "Gatepass is not certain how the database reads the name of this prepared statement or portal. Use ASCII in such "
    "names, or UTF8 in client and database and a batch in which nothing ran before."
)
_REFUSED = "42501"
_SYNC = ord("S")
_CANCELLED = "57014"
#: The rules by which it refuses what no rule of a role could allow: beside masked columns, and where there are none.
_MASKED_DATA = "masked-data"
_UNMASKABLE = "unmaskable"
#: The rule by which it refuses code that would change what names mean.
_NAMES = "settled-names"
#: Of what the rules allow wherever its names stand.
_FREE = (VerdictKind.ALLOW, False)


class Deciding:
    """One connection's; a denial is the ErrorResponse for the client, None is leave to run."""

    def __init__(self, session: LiveSession, masked_columns: MaskedColumns, state: ConnectionState, link: Link) -> None:
        self._session = session
        self._masked_columns = masked_columns
        self._state = state
        self._link = link
        self._hold: asyncio.Task[bytes | None] | None = None
        self._withdrawn = False
        self._verdicts: dict[int, tuple[QueryAnalysis, VerdictKind, bool]] = {}

    def withdraw(self) -> bool:
        """The client cancels: whether a statement was waiting for review, which is now withdrawn."""
        if self._hold is None or self._hold.done():
            return False
        self._withdrawn = True
        self._hold.cancel()
        return True

    def text(self, sql: bytes) -> bytes:
        """A text of the client's in UTF-8, as its client_encoding reads it; what is not certain becomes no UTF-8."""
        is_read = b"\\" not in sql or (self.is_certain(sql) and self._state.strings_conform)
        if not is_read and has_plain_backslash(sql):
            return sql + NO_UTF8
        encoding = codec(self._state.encoding)
        if sql.isascii():
            return sql
        if encoding is None or not self.is_certain(sql):
            return sql + NO_UTF8
        if encoding == UTF8:
            return sql
        try:
            return sql.decode(encoding).encode()
        except UnicodeDecodeError:
            return sql + NO_UTF8

    def is_certain(self, sql: bytes) -> bool:
        """Whether it is known how the server reads a text.

        It tells of another client_encoding, and of other strings, with its next ReadyForQuery, so what was sent since
        the last one may have changed them, from UTF8 as well as from any other.
        """
        return (sql.isascii() and b"\\" not in sql) or self._state.is_settled

    async def certain_text(self, sql: bytes) -> bytes:
        """The same as `text`, once it is known how the server reads it: in a batch that has run something it is asked.

        Of a batch that failed meanwhile nothing comes of it.
        """
        if not self.is_certain(sql) and await self.settled() and not self.is_certain(sql) and self._state.is_in_batch:
            with contextlib.suppress(NotAsked):
                settings = ("client_encoding", "standard_conforming_strings")
                encoding, strings = await answered(self._link, *ask_in_batch(self._state, settings))
                self._state.asked(encoding, strings)
        return self.text(sql)

    def check_names(self, *names: str) -> None:
        """Names of statements and portals in messages, which the server converts and SQL may give again.

        Raises PolicyFault where it may read one as another than we do.
        """
        is_certain = self._state.cuts_utf8 and self._state.is_settled and codec(self._state.encoding) == UTF8
        if is_certain or all(map(str.isascii, names)):
            return
        raise PolicyFault(_UNCERTAIN_NAME)

    # --- analysing ----------------------------------------------------------------------------------------------------

    def known(self, sql: bytes) -> QueryAnalysis | None:
        """The same as `analysed`, if nothing has to be fetched or analysed for it."""
        known = self._remembered(sql)
        return None if known is None else self.expanded(known)

    def _remembered(self, sql: bytes) -> QueryAnalysis | None:
        if (self._masked_columns.is_stale or self._masked_columns.is_old) and self._is_idle:
            return None
        return self._masked_columns.analyser.remembered(sql)

    async def analysed(self, sql: bytes) -> QueryAnalysis:
        """What a query string asks for, with what its EXECUTEs run."""
        return self.expanded(await self.own(sql))

    async def own(self, sql: bytes) -> QueryAnalysis:
        """What a query string itself asks for."""
        await self._up_to_date()
        if (known := self._remembered(sql)) is not None:
            return known
        analysis = await self._analyse(sql)
        if analysis.is_news and self._is_idle:
            # Another session may have made it, or what was called.
            self._masked_columns.expire()
            await self._up_to_date()
            analysis = await self._analyse(sql)
        return analysis

    async def _analyse(self, sql: bytes) -> QueryAnalysis:
        analyser = self._masked_columns.analyser
        if len(sql) <= MAX_INLINE_SQL_BYTES:
            return analyser.analyse(sql)
        await self._link.send(b"")
        return await _aside(analyser.analyse, sql)

    async def exactly(self, sql: bytes) -> QueryAnalysis:
        """The same of this very text, for what is shown: another text of its shape has other values."""
        return self.expanded(await self._exactly(sql))

    async def exactly_prepared(self, prepared: Prepared) -> QueryAnalysis:
        """The same of a prepared statement."""
        return await self.exactly(prepared.sql) if prepared.sql else self.expanded(prepared.analysis)

    async def _exactly(self, sql: bytes) -> QueryAnalysis:
        await self._up_to_date()
        analyser = self._masked_columns.analyser
        return await _aside(analyser.exactly, sql)

    async def _up_to_date(self) -> None:
        masked_columns = self._masked_columns
        if not self._is_idle or not (masked_columns.is_stale or masked_columns.is_old):
            return
        await self._link.send(b"")
        await (masked_columns.refresh() if masked_columns.is_stale else masked_columns.renew())

    @property
    def _is_idle(self) -> bool:
        """Nothing runs, and no transaction of the client holds a lock that a fetch could wait for."""
        return self._state.status == b"I" and not self._state.outstanding

    def expanded(self, analysis: QueryAnalysis) -> QueryAnalysis:
        """With what its EXECUTEs run; unreadable ones are refused where there are masked columns."""
        analysis = self._current(analysis)
        if not self._state.cuts_utf8 and analysis.has_uncertain_names:
            return replace(analysis, refusal=UNCERTAIN_NAMES)
        expanded = self._with_prepared(analysis) if analysis.runs_prepared else analysis
        if expanded.refusal is None and (why := self._unfit(expanded)):
            return replace(expanded, refusal=why)
        return expanded

    def _unfit(self, analysis: QueryAnalysis) -> str:
        """Why what is known of it is not enough to judge or mask it; empty: it is."""
        if self._session.guarded and analysis.keeps_naming:
            return KEEPS_NAMING
        if not self._masked_columns.catalogue.masked:
            return ""
        if analysis.names_change_beneath:
            return CHANGES_BENEATH
        return UNREADABLE if _has_unknown(analysis) else ""

    def _with_prepared(self, analysis: QueryAnalysis) -> QueryAnalysis:
        def candidates(name: str) -> list[QueryAnalysis]:
            own = [analysis] if any(each.prepares == name for each in analysis.statements) else []
            return list(map(self._current, self._state.analyses_of(name))) + own

        return expand(analysis, candidates)

    def _current(self, analysis: QueryAnalysis) -> QueryAnalysis:
        """Refused where the names in it have come to mean masked data since it was analysed."""
        is_outdated = analysis.refusal is None and self._masked_columns.analyser.is_outdated(analysis)
        return replace(analysis, refusal=OUTDATED) if is_outdated else analysis

    # --- deciding -----------------------------------------------------------------------------------------------------

    def verdict(self, analysis: QueryAnalysis) -> VerdictKind:
        """What the role's rules say of any search path; remembered, for the rules of a session do not change."""
        return self._judged(analysis)[0]

    def asks_for_schemas(self, analysis: QueryAnalysis) -> bool:
        """Whether the search path decides what the rules say, and can be known before it runs."""
        return self._judged(analysis)[1]

    def _judged(self, analysis: QueryAnalysis) -> tuple[VerdictKind, bool]:
        known = self._verdicts.get(id(analysis))
        if known is not None and known[0] is analysis:
            return known[1:]
        rules = self._session.role.statements
        rule = None if analysis.refusal else strictest(rules, analysis.facts)
        verdict = VerdictKind.DENY if analysis.refusal else rule.verdict if rule is not None else VerdictKind.ALLOW
        asks = not analysis.refusal and means_now(analysis) and depends_on_schemas(rules, analysis.facts)
        if len(self._verdicts) >= MAX_REMEMBERED:
            self._verdicts.clear()
        self._verdicts[id(analysis)] = (analysis, verdict, asks)
        return verdict, asks

    def waits(self, analysis: QueryAnalysis) -> bool:
        """Whether somebody is asked before it runs: a reviewer, or the server for its search path."""
        verdict, asks = self._judged(analysis)
        return asks or verdict is VerdictKind.REVIEW

    @property
    def has_masked_columns(self) -> bool:
        """Whether the database has any."""
        return bool(self._masked_columns.catalogue.masked)

    @property
    def is_checking(self) -> bool:
        """Whether what runs has to be known: the role has rules, or the database masked columns."""
        return self._session.guarded or self.has_masked_columns

    def allows(self, analysis: QueryAnalysis, parameters: int = 0) -> bool:
        """Whether it may run now and nobody is asked; then that is recorded, with how many parameters it has.

        If not, `decide` says what becomes of it.
        """
        if analysis.refusal is not None or self._judged(analysis) != _FREE:
            return False
        self._session.allow(analysis.facts, parameters)
        return True

    def is_denied(self, analysis: QueryAnalysis) -> bool:
        return self.verdict(analysis) is VerdictKind.DENY

    async def decide(
        self,
        analysis: QueryAnalysis,
        surroundings: Surroundings | None = None,
        schemas: Sequence[str] | None = None,
    ) -> bytes | None:
        """None if it may run now, else the denial. Recorded either way before this returns.

        `schemas` are those that its names without one may stand in; None: any.
        """
        if not analysis.statements:
            return None
        if analysis.refusal is not None:
            rule = _MASKED_DATA if self._masked_columns.catalogue.masked else _UNMASKABLE
            rule = _NAMES if analysis.refusal == KEEPS_NAMING else rule
            return await self.refuse(analysis.facts, analysis.refusal, rule)
        if self.allows(analysis):
            return None
        if not self.waits(analysis):
            return await self._ask(analysis)
        await self._link.send(b"")
        return await self._ask_and_wait(analysis, surroundings, schemas)

    async def refuse(self, facts: Sequence[StatementFacts], message: str, rule: str) -> bytes:
        """The denial of what no rule of the role could allow."""
        own = StatementRule(name=rule, match=["*"], verdict=VerdictKind.DENY, message=message[:500])
        verdict = await self._session.authorize(facts, self._link.notify, refusal=own)
        return messages.error(_REFUSED, verdict.message)

    async def once_answered(self, take: Callable[[bytes, bytes], Sent], whole: bytes) -> bytes:
        """Take a message when all that was sent before has its answer."""
        if not await self.settled() and whole[0] != _SYNC:
            return b""
        return await done(take(whole[5:], whole))

    async def settled(self) -> bool:
        """Wait until all that was sent before has been answered: what is asked next is asked of what it left behind.

        False: it failed, and the server discards what comes next.
        """
        state = self._state
        if state.current is None:
            await self._link.send(b"")
            return not state.discarding
        await self._link.send(messages.FLUSH)
        await self._link.until(lambda: state.current is None or state.copying_in)
        return not state.discarding

    async def _ask(
        self,
        analysis: QueryAnalysis,
        surroundings: Surroundings | None = None,
        schemas: Sequence[str] | None = None,
    ) -> bytes | None:
        verdict = await self._session.authorize(
            analysis.facts, self._link.notify, surroundings=surroundings, schemas=schemas
        )
        return None if verdict.allowed else messages.error(_REFUSED, verdict.message)

    async def _ask_and_wait(
        self, analysis: QueryAnalysis, surroundings: Surroundings | None, schemas: Sequence[str] | None
    ) -> bytes | None:
        """Held for review: the client can withdraw it, and waits for nothing else."""
        self._hold = asyncio.create_task(self._ask(analysis, surroundings, schemas))
        try:
            return await self._hold
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._withdrawn or (task is not None and task.cancelling()):
                raise  # the session is being cut, whatever the client withdrew in that moment
            return messages.error(_CANCELLED, "canceling statement due to user request: it waited for review")
        finally:
            self._hold.cancel()
            self._hold = None
            self._withdrawn = False


def _has_unknown(analysis: QueryAnalysis) -> bool:
    """An EXECUTE of something unknown, or an unknown statement; a DO block's and a function's text was looked into."""
    return any(UNPARSEABLE in each.facts.labels and each.facts.kind not in _WITH_CODE for each in analysis.statements)


_WITH_CODE = frozenset({"do", "ddl"})


async def _aside(analyse: Callable[[bytes], QueryAnalysis], sql: bytes) -> QueryAnalysis:
    return await aside(functools.partial(analyse, sql), is_long=len(sql) > MAX_SHORT_SQL_BYTES)

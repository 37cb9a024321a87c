"""Analysing: what a text of the client's asks for, by the newest catalogue that can be had. It decides nothing.

The catalogue is fetched again before a statement is analysed where others may have changed it; what a statement runs by
name is looked up, and what cannot be known well enough to be judged or masked is refused.
"""

import functools
from collections.abc import Callable
from dataclasses import replace

from access.policy.labels import UNPARSEABLE, SqlLabel
from proxy.aside import aside
from proxy.errors import UpstreamFault
from proxy.postgres.relay.link import Link
from proxy.postgres.relay.masked_columns import MaskedColumns
from proxy.postgres.relay.state.connection_state import ConnectionState
from proxy.postgres.relay.state.prepared import Prepared
from proxy.postgres.sql.columns.defining.remade import Kind
from proxy.postgres.sql.columns.hints import refusal
from proxy.postgres.sql.columns.relations import Used, Why
from proxy.postgres.sql.texts.executed import expand
from proxy.postgres.sql.texts.query import (
    CHANGES_BENEATH,
    KEEPS_NAMING,
    MOVED_COLUMNS,
    OUTDATED,
    OUTDATED_CURSOR,
    UNCERTAIN_NAMES,
    UNREAD,
    UNREAD_CODE,
    UNREADABLE,
    QueryAnalysis,
)
from proxy.statements import StatementFacts

#: Longer texts are parsed in a thread, so that other sessions go on.
MAX_INLINE_SQL_BYTES = 512
#: Longer ones take more than others should wait for: a function call in each five bytes costs 50 ms a KiB.
MAX_SHORT_SQL_BYTES = 2 * 1024

#: What names no table and calls no function, of any catalogue.
_NAMELESS = frozenset({SqlLabel.TRANSACTION, SqlLabel.SET, SqlLabel.SHOW})
_WITH_CODE = frozenset({"do", "ddl"})


class Analysing:
    """One connection's; `is_guarded`: the role has rules."""

    def __init__(self, masked_columns: MaskedColumns, state: ConnectionState, link: Link, *, is_guarded: bool) -> None:
        self._masked_columns = masked_columns
        self._state = state
        self._link = link
        self._is_guarded = is_guarded
        #: Why what statements name may be something else by now; empty: it is known.
        self._unread = ""

    @property
    def has_masked_columns(self) -> bool:
        """Whether the database has any."""
        return bool(self._masked_columns.catalogue.masked)

    def known(self, sql: bytes) -> QueryAnalysis | None:
        """The same as `analysed`, if nothing has to be fetched or analysed for it."""
        known = self._remembered(sql)
        return None if known is None else self.expanded(known)

    def _remembered(self, sql: bytes) -> QueryAnalysis | None:
        if not self.is_up_to_date:
            return None
        return self._masked_columns.analyser.remembered(sql)

    async def analysed(self, sql: bytes) -> QueryAnalysis:
        """What a query string asks for, with what its EXECUTEs run."""
        return self.expanded(await self.own(sql))

    async def own(self, sql: bytes) -> QueryAnalysis:
        """What a query string itself asks for."""
        await self.up_to_date()
        if (known := self._remembered(sql)) is not None:
            return known
        analysis = await self._analyse(sql)
        if analysis.is_news and self._is_idle:
            # Another session may have made it, or what was called.
            self._masked_columns.expire()
            await self.up_to_date()
            analysis = await self._analyse(sql)
        return await self._unknown_to_code(analysis)

    async def _unknown_to_code(self, analysis: QueryAnalysis) -> QueryAnalysis:
        """Refused where code that is there would find what it makes by its name."""
        if analysis.refusal is not None or not analysis.remakes:
            return analysis
        await self._link.send(b"")
        try:
            found = await self._masked_columns.in_code(sorted(analysis.remakes))
        except UpstreamFault as fault:
            return replace(analysis, refusal=UNREAD_CODE.format(fault))
        if found is None:
            return analysis
        why = Why.SHADOWED if found.kind is Kind.NAME else Why.PLACES
        return replace(analysis, refusal=refusal(Used(found.name, why)).sentence)

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
        await self.up_to_date()
        analyser = self._masked_columns.analyser
        return await self._unknown_to_code(await _aside(analyser.exactly, sql))

    @property
    def is_up_to_date(self) -> bool:
        """Whether the catalogue holds all that is known to have changed and can be read by others."""
        columns = self._masked_columns
        return not (self._unread or columns.is_old or (columns.is_stale if self._is_idle else columns.is_behind))

    async def up_to_date(self) -> None:
        """Learn what others have changed; where it cannot be read, what names anything is refused until it can."""
        if self.is_up_to_date:
            return
        await self._link.send(b"")
        self._unread = await self._masked_columns.catch_up(is_idle=self._is_idle)

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
        if self._is_guarded and analysis.keeps_naming:
            return KEEPS_NAMING
        if self._unread and not all(map(_is_nameless, analysis.facts)):
            return UNREAD.format(self._unread)
        if not self._masked_columns.catalogue.masked:
            return ""
        is_outdated = self._masked_columns.analyser.is_outdated
        if analysis.fetches and any(map(is_outdated, self._state.opened)):
            return OUTDATED_CURSOR
        if analysis.counts_columns and (analysis.moves_columns or self._masked_columns.is_moving):
            return MOVED_COLUMNS
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


def _is_nameless(facts: StatementFacts) -> bool:
    return facts.kind in _NAMELESS or facts.labels <= _NAMELESS


def _has_unknown(analysis: QueryAnalysis) -> bool:
    """An EXECUTE of something unknown, or an unknown statement; a DO block's and a function's text was looked into."""
    return any(UNPARSEABLE in each.facts.labels and each.facts.kind not in _WITH_CODE for each in analysis.statements)


async def _aside(analyse: Callable[[bytes], QueryAnalysis], sql: bytes) -> QueryAnalysis:
    return await aside(functools.partial(analyse, sql), is_long=len(sql) > MAX_SHORT_SQL_BYTES)

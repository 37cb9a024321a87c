"""Reads what the digest of a grant shows: its sessions in sum, the latest of them, and what was held or denied.

A grant may have thousands of sessions, so they are summed up by storage and only the latest are read.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from bot.facts.facts import AuditHead, DigestFacts, StatementFacts, Totals
from bot.facts.reading import Reader
from storage.audit.sequencer import head
from storage.model import Grant, Post, PostSubject, Session, SessionState, Statement

#: A digest is read, not searched: `gatepass sessions` and the recordings have all of it.
SHOWN_SESSIONS = 6
SHOWN_STATEMENTS = 5


async def digested_request(transaction: AsyncSession, post: Post) -> UUID:
    """The request whose grant this digest is of; a post of an earlier version names a session."""
    if post.subject is not PostSubject.SESSION:
        return post.subject_id
    session = await transaction.get_one(Session, post.subject_id)
    return (await transaction.get_one(Grant, session.grant_id)).request_id


async def read_digest(reader: Reader, transaction: AsyncSession, request_id: UUID) -> DigestFacts | None:
    """The facts as of this transaction; None if the request has no grant."""
    request = await reader.request(transaction, request_id)
    if request is None or request.grant is None:
        return None
    grant = request.grant
    ended = col(Session.grant_id) == grant.id, col(Session.state) == SessionState.ENDED
    latest = select(Session).where(*ended).order_by(col(Session.ended_at).desc(), col(Session.id)).limit(SHOWN_SESSIONS)
    active = select(func.count()).where(col(Session.grant_id) == grant.id, col(Session.state) == SessionState.ACTIVE)
    statements = select(func.count(col(Statement.id))).where(_sent_under(grant))
    tree_size, root = await head(transaction)
    return DigestFacts(
        request=request,
        totals=await _totals(transaction, ended),
        sessions=tuple(await transaction.scalars(latest)),
        active=await transaction.scalar(active) or 0,
        statements=await _statements(reader, transaction, grant),
        statement_count=await transaction.scalar(statements) or 0,
        head=AuditHead(tree_size, root) if tree_size else None,
    )


async def _totals(transaction: AsyncSession, ended: tuple[ColumnElement[bool], ...]) -> Totals:
    found = await transaction.execute(
        select(
            func.count(col(Session.id)),
            _sum(col(Session.rows)),
            _sum(col(Session.bytes_out)),
            _sum(col(Session.held)),
            _sum(col(Session.denied)),
        ).where(*ended)
    )
    sessions, rows, bytes_out, held, denied = found.one()
    return Totals(
        sessions=sessions,
        statements=await _summed(transaction, col(Session.statements), ended),
        masked=await _summed(transaction, col(Session.masked), ended),
        rows=rows,
        bytes_out=bytes_out,
        held=held,
        denied=denied,
    )


def _sum(column: Mapped[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


async def _summed(
    transaction: AsyncSession, counters: Mapped[dict[str, int]], ended: tuple[ColumnElement[bool], ...]
) -> Mapping[str, int]:
    """The counts of one kind of counter, by key."""
    each = func.jsonb_each_text(counters).table_valued("key", "value")
    total = cast(func.sum(cast(each.c.value, BigInteger)), BigInteger)
    counted = select(each.c.key, total).select_from(Session).join(each, onclause=true()).where(*ended)
    return {key: count for key, count in await transaction.execute(counted.group_by(each.c.key))}  # noqa: C416 - rows


async def _statements(reader: Reader, transaction: AsyncSession, grant: Grant) -> tuple[StatementFacts, ...]:
    latest = select(Statement).where(_sent_under(grant)).order_by(col(Statement.created_at).desc())
    found = await transaction.scalars(latest.limit(SHOWN_STATEMENTS))
    return tuple(await reader.statements(transaction, list(found), grant))


def _sent_under(grant: Grant) -> ColumnElement[bool]:
    return col(Statement.session_id).in_(select(col(Session.id)).where(col(Session.grant_id) == grant.id))

"""Drafts: what somebody asked for where they could not touch their key, until they do so on the pages.

A draft is words and no request. It is read by whoever wrote it, for ten minutes; the touch is bound to its words.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.identity import acts
from access.identity.acts import Act
from storage.model import AskDraft, Principal

LIFETIME: Final = timedelta(minutes=10)


def write(
    transaction: AsyncSession,
    draft_id: UUID,
    by: Principal,
    *,
    resource: str,
    role: str,
    duration_s: int,
    reason: str,
    ticket: str | None,
    beside: UUID | None,
    now: datetime,
) -> None:
    """Keep the words, which are redacted already."""
    transaction.add(
        AskDraft(
            id=draft_id,
            principal_id=by.id,
            resource=resource,
            role=role,
            duration_s=duration_s,
            reason=reason,
            ticket=ticket,
            beside=beside,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )


async def find(transaction: AsyncSession, draft_id: UUID, of: Principal, now: datetime) -> AskDraft | None:
    """The draft; None: it is somebody else's, forgotten, or never was."""
    return await transaction.scalar(
        select(AskDraft).where(
            col(AskDraft.id) == draft_id, col(AskDraft.principal_id) == of.id, col(AskDraft.expires_at) > now
        )
    )


def act(
    resource: str,
    role: str,
    duration_s: int,
    reason: str,
    ticket: str | None,
    beside: UUID | None,
    draft_id: UUID | None = None,
) -> Act:
    """Asking for exactly this."""
    return acts.ask((resource, role, duration_s, reason, ticket, beside), draft_id)


def act_of(draft: AskDraft) -> Act:
    """Asking for what stands in the draft."""
    return act(draft.resource, draft.role, draft.duration_s, draft.reason, draft.ticket, draft.beside, draft.id)

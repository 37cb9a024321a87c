"""What both ways of letting a command line in end with: its sign-in, or the refusal, which is on record.

Whoever let it in must still be signed in there, and still be somebody: a code outlives neither.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.identity import browser_sessions
from access.identity.command_lines.codes import secret_text
from storage.audit import trail
from storage.model import BrowserSession, Principal, SignInCode


class CodeProblem(StrEnum):
    """Why a code signs nothing in, in the words of OAuth (RFC 6749, 5.2; RFC 8628, 3.5)."""

    INVALID = "invalid_grant"
    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"


class CodeRefused(Exception):
    """It signs nothing in (yet); the message is for the person at the command line."""

    def __init__(self, problem: CodeProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True)
class Given:
    """A sign-in, and the secret by which a command line has it, as text."""

    secret: str
    person: str
    session: BrowserSession


#: What a code may leave behind for whoever asks what happened; codes that were used matter as long as their sign-ins.
_KEPT = 2 * browser_sessions.LIFETIME


async def give(transaction: AsyncSession, code: SignInCode, now: datetime, *, client: str) -> Given | None:
    """Sign a command line in by `code`, which the caller has just spent; None: whoever let it in is out themselves.

    Their sign-in is locked: what ends it waits, and then ends this one too.
    """
    by = await browser_sessions.held(transaction, code.allowed_by, now)
    if by is None:
        return None
    session, secret = await browser_sessions.begin_command_line(
        transaction, by.session, by.principal, code.device, now, client=client
    )
    code.gave = session.id
    return Given(secret_text(secret), by.principal.name, session)


async def note_refusal(
    transaction: AsyncSession, why: str, *, client: str, by: Principal | None = None, source: str = "cli"
) -> None:
    """Put on record that a code was none; `why` is a word of ours."""
    await trail.record(
        transaction,
        actor=changes.actor(by) if by is not None else "unknown",
        action=f"{source}:command_line:refuse",
        resource=by.name if by is not None else "",
        outcome="failure",
        detail={"why": why, "client": client},
    )


async def forget_old(transaction: AsyncSession, now: datetime) -> None:
    """Codes that nobody can ask about any more."""
    await transaction.execute(delete(SignInCode).where(col(SignInCode.expires_at) < now - _KEPT))

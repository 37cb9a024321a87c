"""A command line where no browser is: a person types its short code in a browser elsewhere, while it asks (RFC 8628).

Whoever can talk somebody into typing a code is signed in as them. So the page says from where and by whom it was asked,
codes live ten minutes, and what is typed is counted.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.context import Access
from access.errors import Refused
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import codes
from access.identity.command_lines.given import CodeProblem, CodeRefused, Given, forget_old, give, note_refusal
from storage.audit import trail
from storage.database import clock
from storage.model import SignInCode, SignInCodeKind

CODE_LIFETIME: Final = timedelta(minutes=10)
INTERVAL_S: Final = 5
#: How much later somebody who asks too often may ask again (RFC 8628, 3.5).
SLOWER_S: Final = 5
#: Codes that wait at once, from everywhere: a guess finds one of them.
MAX_WAITING: Final = 500
#: How early a question may come: clocks and networks are not exact.
_EARLY: Final = timedelta(seconds=1)

_AGAIN: Final = "Run `gatepass login --no-browser` again."
_SENTENCES: Final = {
    CodeProblem.INVALID: f"This code signs nothing in: it is used, or not yours. {_AGAIN}",
    CodeProblem.PENDING: "Nobody has confirmed it in a browser yet.",
    CodeProblem.SLOW_DOWN: "You ask too often.",
    CodeProblem.DENIED: f"It was refused in the browser, or who confirmed it has signed out since. {_AGAIN}",
    CodeProblem.EXPIRED: f"Nobody confirmed the code within ten minutes. {_AGAIN}",
}


@dataclass(frozen=True)
class Asked:
    """Both codes of an attempt."""

    device_code: str
    user_code: str


async def ask(access: Access, device: str, *, client: str) -> Asked:
    """Begin an attempt of a command line that calls itself `device`. Raises Refused where too many wait."""
    asked = Asked(codes.new_code(), codes.new_user_code())
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        await forget_old(transaction, now)
        waiting = await transaction.scalar(
            select(func.count())
            .select_from(SignInCode)
            .where(col(SignInCode.kind) == SignInCodeKind.DEVICE, col(SignInCode.expires_at) > now)
            .where(col(SignInCode.used_at).is_(None))
        )
        if (waiting or 0) >= MAX_WAITING:
            raise Refused("Too many command lines wait to be confirmed at the moment. Try again in ten minutes.")
        transaction.add(
            SignInCode(
                kind=SignInCodeKind.DEVICE,
                code_hash=codes.hashed(asked.device_code),
                user_code_hash=codes.hashed(asked.user_code),
                device=device,
                client=client,
                interval_s=INTERVAL_S,
                created_at=now,
                expires_at=now + CODE_LIFETIME,
            )
        )
        await trail.record(
            transaction,
            actor="unknown",
            action="cli:command_line:ask",
            at=now,
            detail={"device": device, "client": client},
        )
    return asked


async def find(access: Access, me: SignedIn, typed: str, *, client: str) -> SignInCode | None:
    """The attempt that waits under the code that `me` typed; None, on record: there is none."""
    user_code = codes.user_code_of(typed)
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        found = None
        if user_code is not None:
            found = await transaction.scalar(
                select(SignInCode).where(
                    col(SignInCode.user_code_hash) == codes.hashed(user_code),
                    col(SignInCode.expires_at) > now,
                    col(SignInCode.allowed_by).is_(None),
                    col(SignInCode.denied_at).is_(None),
                    col(SignInCode.used_at).is_(None),
                )
            )
        if found is None:
            await note_refusal(transaction, "unknown user code", client=client, by=me.principal, source="web")
    return found


async def decide(access: Access, me: SignedIn, code_id: UUID, *, let_in: bool, client: str) -> SignInCode | None:
    """Let it in as `me`, or refuse it; None: it waits no more."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        decided = await transaction.scalar(
            update(SignInCode)
            .where(
                col(SignInCode.id) == code_id,
                col(SignInCode.kind) == SignInCodeKind.DEVICE,
                col(SignInCode.expires_at) > now,
                col(SignInCode.allowed_by).is_(None),
                col(SignInCode.denied_at).is_(None),
                col(SignInCode.used_at).is_(None),
            )
            .values({"allowed_by": me.session.id} if let_in else {"denied_at": now})
            .returning(SignInCode)
        )
        if decided is not None:
            await trail.record(
                transaction,
                actor=changes.actor(me.principal),
                action=f"web:command_line:{'allow' if let_in else 'deny'}",
                resource=me.principal.name,
                at=now,
                detail={
                    "browser": str(me.session.id),
                    "device": decided.device,
                    "client": client,
                    "asked_from": decided.client,
                    "way": "device",
                },
            )
    return decided


async def poll(access: Access, device_code: str, *, client: str) -> Given:
    """The sign-in, once somebody confirmed it. Raises CodeRefused: not yet, or never."""
    async with access.database.transaction() as transaction:
        given, problem = await _polled(transaction, device_code, client)
        if given is None and problem is CodeProblem.INVALID:
            await note_refusal(transaction, "unknown device code", client=client)
    if given is None:
        raise CodeRefused(problem, _SENTENCES[problem])
    return given


async def _polled(transaction: AsyncSession, device_code: str, client: str) -> tuple[Given | None, CodeProblem]:
    now = await clock(transaction)
    found = await transaction.scalar(
        select(SignInCode)
        .where(col(SignInCode.code_hash) == codes.hashed(device_code), col(SignInCode.kind) == SignInCodeKind.DEVICE)
        .with_for_update()
    )
    if found is None or found.used_at is not None:
        return None, CodeProblem.INVALID
    if found.denied_at is not None:
        return None, CodeProblem.DENIED
    if found.expires_at <= now:
        return None, CodeProblem.EXPIRED
    too_soon = found.polled_at is not None and now + _EARLY < found.polled_at + timedelta(seconds=found.interval_s)
    found.polled_at = now
    if too_soon:
        found.interval_s += SLOWER_S
        return None, CodeProblem.SLOW_DOWN
    if found.allowed_by is None:
        return None, CodeProblem.PENDING
    found.used_at = now
    await transaction.flush()
    return await give(transaction, found, now, client=client), CodeProblem.DENIED

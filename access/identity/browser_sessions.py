"""Browser sessions: who is signed in where, in a browser or on a command line, by what proof, and how that ends.

The browser keeps 32 random bytes and storage their hash, so what stands there opens nothing. Each sign-in makes a new
session, and the one that the browser had before ends: nobody keeps a secret that was there before they proved who they
are. A command line is let in by a signed-in browser and has a secret of its own; what ends a browser's sign-in ends its
sign-in too, and it counts no longer than that. The provider's own logout ends whatever was signed in by it, and what
that opened: the grants go, and with them every live session of the proxy.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.errors import Refused
from access.grants import revocation
from access.identity.proven import Logout, SignIn
from storage.audit import trail
from storage.model import (
    SIGN_IN_PROVIDERS,
    BrowserEnd,
    BrowserSession,
    Identity,
    Principal,
    PrincipalKind,
    SignInKind,
)
from storage.model.columns import new_id

#: A sign-in counts for a day's work, and for so long without a request.
LIFETIME: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=1)
#: How often a request is written down: not each of them.
SEEN_EVERY: Final = timedelta(minutes=1)
SECRET_BYTES: Final = 32
PROVIDER_LOGGED_OUT: Final = "signed out at the provider"


@dataclass(frozen=True)
class SignedIn:
    """Whose browser it is, and by which sign-in."""

    session: BrowserSession
    principal: Principal


class SignedOutMeanwhile(Refused):
    """What ended the sign-in came before what was asked by it was done."""

    def __init__(self) -> None:
        super().__init__("You were signed out meanwhile, so nothing was done. Sign in, and do it again.")


async def check_live(transaction: AsyncSession, me: SignedIn, now: datetime) -> None:
    """That `me` is signed in still, as `held` has it. Raises SignedOutMeanwhile.

    A request says who asks before all of it is here, so whatever gives somebody something asks again: once the person
    is locked, where they are.
    """
    if await held(transaction, me.session.id, now) is None:
        raise SignedOutMeanwhile


async def begin(
    transaction: AsyncSession,
    principal: Principal,
    provider: str,
    proven: SignIn,
    now: datetime,
    *,
    replaces: bytes | None = None,
) -> bytes:
    """Sign a browser in; returns the secret for it alone. `replaces` is the one that it had, which ends."""
    line = await _replaced(transaction, replaces, principal, now) if replaces is not None else None
    secret = secrets.token_bytes(SECRET_BYTES)
    session = BrowserSession(
        principal_id=principal.id,
        line=line or new_id(),
        secret_hash=_hash(secret),
        provider=provider,
        issuer=proven.issuer,
        subject=proven.subject,
        provider_session=proven.provider_session,
        methods=list(proven.methods),
        level=proven.level,
        proven_at=proven.issued_at,
        signed_in_at=proven.signed_in_at or proven.issued_at,
        created_at=now,
        expires_at=now + LIFETIME if proven.ends_at is None else min(now + LIFETIME, proven.ends_at),
        idle_until=now + IDLE,
    )
    transaction.add(session)
    await transaction.flush()
    await trail.record(
        transaction,
        actor=changes.actor(principal),
        action="web:browser:sign_in",
        resource=principal.name,
        at=now,
        detail={"browser": str(session.id), "provider": provider, "methods": session.methods, "level": session.level},
    )
    return secret


async def begin_command_line(
    transaction: AsyncSession, by: BrowserSession, principal: Principal, device: str, now: datetime, *, client: str
) -> tuple[BrowserSession, bytes]:
    """Sign a command line in by the proof of the browser that let it in, and for no longer than that counts.

    `device` is what it calls itself, `client` the address that it asks from. The secret is for it alone. It does not
    idle out: a terminal is not a screen that somebody left.
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    session = BrowserSession(
        principal_id=principal.id,
        kind=SignInKind.COMMAND_LINE,
        device=device,
        secret_hash=_hash(secret),
        provider=by.provider,
        issuer=by.issuer,
        subject=by.subject,
        provider_session=by.provider_session,
        methods=by.methods,
        level=by.level,
        proven_at=by.proven_at,
        signed_in_at=by.signed_in_at,
        created_at=now,
        expires_at=by.expires_at,
        idle_until=by.expires_at,
    )
    transaction.add(session)
    await transaction.flush()
    await trail.record(
        transaction,
        actor=changes.actor(principal),
        action="cli:command_line:sign_in",
        resource=principal.name,
        at=now,
        detail={"session": str(session.id), "browser": str(by.id), "device": device, "client": client},
    )
    return session, secret


async def current(
    transaction: AsyncSession, secret: bytes, now: datetime, kind: SignInKind = SignInKind.BROWSER
) -> SignedIn | None:
    """Who has this secret now, in a sign-in of this kind; None: nobody, or it is too late, or the policy names them no
    longer.
    """
    found = await transaction.execute(
        select(BrowserSession, Principal)
        .join(Principal, col(Principal.id) == col(BrowserSession.principal_id))
        .where(_by_secret(secret), col(BrowserSession.kind) == kind, _LIVE)
        .where(col(BrowserSession.expires_at) > now, col(BrowserSession.idle_until) > now)
        .where(col(Principal.disabled_at).is_(None), col(Principal.kind) == PrincipalKind.HUMAN)
    )
    row = found.one_or_none()
    if row is None:
        return None
    session, principal = row[0], row[1]
    if kind is SignInKind.BROWSER and session.idle_until - IDLE + SEEN_EVERY <= now:
        session.idle_until = now + IDLE
    return SignedIn(session, principal)


async def of(transaction: AsyncSession, principal: Principal, now: datetime) -> list[BrowserSession]:
    """Where somebody is signed in now, the newest sign-in first."""
    found = await transaction.scalars(
        select(BrowserSession)
        .where(col(BrowserSession.principal_id) == principal.id, _LIVE)
        .where(col(BrowserSession.expires_at) > now, col(BrowserSession.idle_until) > now)
        .order_by(col(BrowserSession.created_at).desc())
    )
    return list(found.all())


async def stands(transaction: AsyncSession, line: UUID) -> bool:
    """Whether a sign-in of this line was ended by nothing: that it ran out takes nothing from what it was given."""
    asked = select(exists().where(col(BrowserSession.line) == line, _LIVE))
    return bool(await transaction.scalar(asked))


async def held(transaction: AsyncSession, session_id: UUID | None, now: datetime) -> SignedIn | None:
    """A sign-in that counts for what it is about to let in, locked: what ends it waits, and then ends that too.

    None: it has ended, or it is too late, or its person is nobody any more.
    """
    found = await transaction.execute(
        select(BrowserSession, Principal)
        .join(Principal, col(Principal.id) == col(BrowserSession.principal_id))
        .where(col(BrowserSession.id) == session_id, _LIVE, col(BrowserSession.expires_at) > now)
        .where(col(Principal.disabled_at).is_(None), col(Principal.kind) == PrincipalKind.HUMAN)
        .with_for_update(key_share=True, of=BrowserSession)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    return SignedIn(row[0], row[1]) if row is not None else None


async def sign_out(transaction: AsyncSession, secret: bytes, now: datetime) -> None:
    """This browser is signed in no more. Its tokens let nobody in any more; the grants stay, they are no browser's."""
    await _end(transaction, _by_secret(secret), BrowserEnd.SIGNED_OUT, now)


async def end_one(transaction: AsyncSession, principal: Principal, session_id: UUID, now: datetime) -> bool:
    """End one sign-in of `principal`, from another one; False: it is none of theirs, or has ended."""
    theirs = and_(col(BrowserSession.id) == session_id, col(BrowserSession.principal_id) == principal.id)
    return await _end(transaction, theirs, BrowserEnd.SIGNED_OUT, now) == 1


async def end_replayed(transaction: AsyncSession, session_id: UUID, now: datetime) -> bool:
    """The code that gave this sign-in came a second time, so nobody knows who has it (RFC 6749, 4.1.2)."""
    return await _end(transaction, col(BrowserSession.id) == session_id, BrowserEnd.REPLAYED, now) == 1


async def sign_out_everywhere(transaction: AsyncSession, principal: Principal, now: datetime) -> int:
    """No browser or command line of theirs is signed in any more; returns how many were."""
    return await _end(
        transaction, col(BrowserSession.principal_id) == principal.id, BrowserEnd.SIGNED_OUT_EVERYWHERE, now
    )


async def left(transaction: AsyncSession, principal: Principal, now: datetime) -> int:
    """The policy or the directory names them no longer, or gives them another account."""
    return await end_all(transaction, principal, BrowserEnd.LEFT, now)


async def end_all(transaction: AsyncSession, principal: Principal, reason: BrowserEnd, now: datetime) -> int:
    """Every sign-in of theirs, browsers and command lines, for a reason that is not their own; returns how many."""
    return await _end(transaction, col(BrowserSession.principal_id) == principal.id, reason, now)


async def provider_logged_out(transaction: AsyncSession, logout: Logout, now: datetime) -> list[Principal]:
    """What the provider ended ends here, with the grants of those people; returns them.

    Back-Channel Logout 1.0, 2.7, and saml-core 3.7.3.2: a session that it names, or all sessions of a subject, begun
    before. A grant is not bound to the browser that asked for it, so all grants of a person go: whoever signs out at
    the provider wants it all to end.
    """
    # A proof may have waited on its way here, and the logout too: whichever clock says "before" is believed.
    before = or_(col(BrowserSession.created_at) <= logout.began_before, col(BrowserSession.proven_at) <= logout.said_at)
    which = [col(BrowserSession.issuer) == logout.issuer, before]
    if logout.subject is not None:
        which.append(col(BrowserSession.subject) == logout.subject)
    if logout.provider_session is not None:
        named = col(BrowserSession.provider_session) == logout.provider_session
        # One of the subject's that has no name may be the one that is meant.
        nameless = [] if logout.subject is None else [col(BrowserSession.provider_session).is_(None)]
        which.append(or_(named, *nameless))
    whose = select(col(BrowserSession.principal_id)).where(and_(*which), _LIVE)
    if logout.subject is not None and logout.provider_session is None:
        whose = whose.union(_by_account(logout.issuer, logout.subject))
    people = await transaction.scalars(
        select(Principal).where(col(Principal.id).in_(whose)).order_by(col(Principal.name))
    )
    signed_out = list(people.all())
    await _end(transaction, and_(*which), BrowserEnd.PROVIDER, now)
    for principal in signed_out:
        await revocation.cancel_requests_of(transaction, principal, PROVIDER_LOGGED_OUT, now, source="web")
        await revocation.revoke_grants_of(transaction, principal, PROVIDER_LOGGED_OUT, now, source="web")
    return signed_out


async def is_known(transaction: AsyncSession, issuer: str, subject: str) -> bool:
    """Whether somebody has this account of a provider, or has signed in by it."""
    by_it = select(col(BrowserSession.principal_id)).where(
        col(BrowserSession.issuer) == issuer, col(BrowserSession.subject) == subject
    )
    found = await transaction.scalar(by_it.union(_by_account(issuer, subject)).limit(1))
    return found is not None


_LIVE: Final = col(BrowserSession.ended_at).is_(None)


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


async def _replaced(transaction: AsyncSession, secret: bytes, by: Principal, now: datetime) -> UUID | None:
    """End the sign-in that the browser had; returns its line, if it was one of the same person.

    Locked: one that somebody ends at this moment gives its line to none.
    """
    before = await transaction.scalar(
        select(BrowserSession)
        .where(_by_secret(secret), _LIVE)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    await _end(transaction, _by_secret(secret), BrowserEnd.REPLACED, now)
    return before.line if before is not None and before.principal_id == by.id else None


def _by_account(issuer: str, subject: str) -> Select[UUID]:
    """Whose account it is, though it may be signed in nowhere."""
    return select(col(Identity.principal_id)).where(
        col(Identity.provider).in_(SIGN_IN_PROVIDERS),
        col(Identity.issuer) == issuer,
        col(Identity.subject) == subject,
        col(Identity.retired_at).is_(None),
    )


def _by_secret(secret: bytes) -> ColumnElement[bool]:
    return col(BrowserSession.secret_hash) == _hash(secret)


async def _end(transaction: AsyncSession, which: ColumnElement[bool], reason: BrowserEnd, now: datetime) -> int:
    """End those of `which` that live, each with its audit event; returns how many.

    Locks first, in an order: a command line that one of them lets in at this moment has its sign-in by then, and ends.
    """
    live = select(col(BrowserSession.id)).where(which, _LIVE).order_by(col(BrowserSession.id))
    await transaction.execute(live.with_for_update(key_share=True))
    ended = await transaction.execute(
        update(BrowserSession)
        .where(which, _LIVE)
        .values(ended_at=now, end_reason=reason)
        .returning(col(BrowserSession.id), col(BrowserSession.principal_id), col(BrowserSession.kind))
    )
    rows = ended.all()
    for session_id, principal_id, kind in rows:
        principal = await transaction.get_one(Principal, principal_id)
        await trail.record(
            transaction,
            actor=changes.actor(None if reason in _BY_OTHERS else principal),
            action=f"web:{kind.value}:sign_out",
            resource=principal.name,
            at=now,
            detail={"browser": str(session_id), "why": reason.value},
        )
    return len(rows)


#: Nobody signed out by themselves.
_BY_OTHERS: Final = frozenset({BrowserEnd.PROVIDER, BrowserEnd.LEFT, BrowserEnd.REPLAYED, BrowserEnd.OPERATOR})

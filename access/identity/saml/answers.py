"""Proofs that a browser brought without its cookie: kept under a handle, and taken by the browser that asked for them.

A provider's page posts its answer, and browsers send no cookie of ours along with another site's form. So nothing is
decided there: what was proven waits for a minute, in storage, since the next request may reach another process.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.identity.proven import SignIn
from access.identity.saml import logouts, replays
from access.identity.saml.protocol.assertion import Asserted, check_age
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from storage.database import clock
from storage.model import SamlAnswer

#: A browser goes on at once.
LIFETIME: Final = timedelta(minutes=2)
HANDLE_BYTES: Final = 32


async def keep(access: Access, provider: str, request_id: str, relay_state: str, asserted: Asserted) -> bytes:
    """Keep what an assertion proved; returns the handle.

    Raises InvalidSaml for one that came before, or whose session the provider has ended since.
    """
    handle = secrets.token_bytes(HANDLE_BYTES)
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        if asserted.proven.issued_at < now - logouts.KEPT:
            # Whether it was logged out meanwhile is remembered no longer.
            raise InvalidSaml(SamlProblem.EXPIRED)
        await replays.once(transaction, asserted.proven.issuer, asserted.id, asserted.until, now)
        # One that came too late has come all the same, and never comes again.
        has_ended = await logouts.has_ended(transaction, asserted.proven)
        if not has_ended:
            transaction.add(
                SamlAnswer(
                    handle_hash=_hash(handle),
                    provider=provider,
                    request_id=request_id,
                    relay_state=relay_state,
                    proven=_written(asserted.proven),
                    created_at=now,
                    expires_at=now + LIFETIME,
                )
            )
    if has_ended:
        raise InvalidSaml(SamlProblem.LOGGED_OUT)
    return handle


async def take(
    transaction: AsyncSession,
    now: datetime,
    *,
    handle: bytes,
    provider: str,
    request_id: str,
    relay_state: str,
    max_age_s: int | None,
) -> SignIn:
    """What was proven for this very question, once. Raises InvalidSaml; another browser takes nothing away by it.

    In the transaction that signs the browser in: a logout that comes meanwhile waits for it, and ends the session.
    `max_age_s`: so old the person's own sign-in may have been when the answer came.
    """
    this = col(SamlAnswer.handle_hash) == _hash(handle)
    found = await transaction.scalar(select(SamlAnswer).where(this, col(SamlAnswer.expires_at) > now))
    is_theirs = (
        found is not None
        and found.provider == provider
        and hmac.compare_digest(found.request_id.encode(), request_id.encode())
        and hmac.compare_digest(found.relay_state.encode(), relay_state.encode())
    )
    if found is None or not is_theirs:
        raise InvalidSaml(SamlProblem.OTHER_SIGN_IN)
    proven = _read(found.proven)
    # Of two at once, the second finds nothing to delete.
    gone = await transaction.execute(delete(SamlAnswer).where(this).returning(col(SamlAnswer.handle_hash)))
    if gone.first() is None:
        raise InvalidSaml(SamlProblem.OTHER_SIGN_IN)
    if await logouts.has_ended(transaction, proven):
        raise InvalidSaml(SamlProblem.LOGGED_OUT)
    check_age(proven, max_age_s, found.created_at)
    return proven


def _hash(handle: bytes) -> bytes:
    return hashlib.sha256(handle).digest()


def _written(proven: SignIn) -> dict[str, Any]:
    moments = {"issued_at": proven.issued_at, "signed_in_at": proven.signed_in_at, "ends_at": proven.ends_at}
    return {
        "issuer": proven.issuer,
        "subject": proven.subject,
        "level": proven.level,
        "provider_session": proven.provider_session,
        "email": proven.email,
        "claims": dict(proven.claims),
        **{name: at.isoformat() for name, at in moments.items() if at is not None},
    }


def _read(said: dict[str, Any]) -> SignIn:
    at = {name: datetime.fromisoformat(said[name]) if name in said else None for name in ("signed_in_at", "ends_at")}
    return SignIn(
        issuer=said["issuer"],
        subject=said["subject"],
        issued_at=datetime.fromisoformat(said["issued_at"]),
        signed_in_at=at["signed_in_at"],
        methods=(),
        level=said["level"],
        provider_session=said["provider_session"],
        email=said["email"],
        email_verified=False,
        claims=said["claims"],
        ends_at=at["ends_at"],
    )

"""Issued credentials as storage knows them: kept when they are issued, found when they are presented, revoked at once.

What is found says whose it is and for which grant; whether that grant opens anything is asked where every credential
asks it. One that is not here was never issued, or is so long over that it was forgotten: access.deadlines does that.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.identity.credentials import short_token
from access.tokens import Claims, InvalidToken, TokenProblem
from storage.model import CredentialKind, Grant, IssuedCredential, Principal


@dataclass(frozen=True)
class Found:
    """An issued credential as it stands at `now`, and what it says."""

    credential: IssuedCredential
    claims: Claims
    now: datetime

    @property
    def problem(self) -> TokenProblem | None:
        """Why it opens nothing any more."""
        if self.credential.revoked_at is not None:
            return TokenProblem.REVOKED
        return TokenProblem.EXPIRED if self.credential.expires_at <= self.now else None


async def by_token(transaction: AsyncSession, token: str) -> Claims:
    """What a whole short token says. Raises InvalidToken."""
    digest = short_token.hashed(token)
    found = await _found(transaction, col(IssuedCredential.secret_hash) == digest)
    if found is None or not hmac.compare_digest(found.credential.secret_hash or b"", digest):
        raise InvalidToken(TokenProblem.UNKNOWN)
    if found.problem is not None:
        raise InvalidToken(found.problem, found.claims)
    return found.claims


async def check(transaction: AsyncSession, claims: Claims, kind: CredentialKind) -> None:
    """Whether what let somebody in a moment ago would do so now. Raises InvalidToken."""
    found = await by_id(transaction, claims.id, kind)
    problem = found.problem if found is not None else TokenProblem.UNKNOWN
    if problem is not None:
        raise InvalidToken(problem, claims)


async def by_id(transaction: AsyncSession, credential_id: str, kind: CredentialKind) -> Found | None:
    """The credential with this id; None: there is none of this kind."""
    which = (col(IssuedCredential.id) == credential_id) & (col(IssuedCredential.kind) == CredentialKind(kind))
    return await _found(transaction, which)


async def keep(
    transaction: AsyncSession,
    kind: CredentialKind,
    credential_id: str,
    grant: Grant,
    now: datetime,
    until: datetime,
    **what: Any,
) -> None:
    """Have it count from now on; `what` are the columns of its kind, `issued_to` and `sign_in`."""
    transaction.add(
        IssuedCredential(
            id=credential_id,
            kind=kind,
            principal_id=grant.principal_id,
            grant_id=grant.id,
            issued_at=now,
            expires_at=until,
            **what,
        )
    )
    await transaction.flush()


async def revoke_all(transaction: AsyncSession) -> int:
    """Have none that was issued until now open anything; returns how many that were."""
    revoked = await transaction.scalars(
        update(IssuedCredential)
        .where(col(IssuedCredential.revoked_at).is_(None), col(IssuedCredential.expires_at) > func.clock_timestamp())
        .values(revoked_at=func.clock_timestamp())
        .returning(col(IssuedCredential.id))
    )
    return len(revoked.all())


async def revoke_certificates_of(transaction: AsyncSession, principal: Principal) -> None:
    """Have no certificate of theirs open anything: what asked for it may be a laptop that is lost."""
    await transaction.execute(
        update(IssuedCredential)
        .where(
            col(IssuedCredential.principal_id) == principal.id,
            col(IssuedCredential.kind) == CredentialKind.TLS_CERTIFICATE,
            col(IssuedCredential.revoked_at).is_(None),
        )
        .values(revoked_at=func.clock_timestamp())
    )


async def _found(transaction: AsyncSession, which: ColumnElement[bool]) -> Found | None:
    """By one query, whatever comes of it."""
    rows = await transaction.execute(
        select(IssuedCredential, Grant, Principal, func.clock_timestamp())
        .join(Grant, col(Grant.id) == col(IssuedCredential.grant_id))
        .join(Principal, col(Principal.id) == col(IssuedCredential.principal_id))
        .where(which)
    )
    row = rows.one_or_none()
    if row is None:
        return None
    credential, grant, principal, now = row[0], row[1], row[2], row[3]
    claims = Claims(
        principal_id=principal.id,
        grant_id=grant.id,
        resource=grant.resource,
        role=grant.role,
        kind=principal.kind,
        issued_at=credential.issued_at,
        expires_at=credential.expires_at,
        id=credential.id,
        sign_in=credential.sign_in,
    )
    return Found(credential, claims, now)

"""Handing somebody the token of their own grant: shown once, written nowhere, audited.

Refused to everybody but the grant's principal, and for a grant that the proxy would not let in.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from access.changes import actor
from access.context import Access
from access.errors import STALE, PolicyStale, Refused
from access.grants import grants
from access.identity import acts, proof
from access.identity.credentials import issued, short_token
from access.identity.proof import Proof, Unproven
from access.in_force import policy_in_force
from access.policy.shapes.tokens import TokenForm
from access.tokens import new_token_id
from storage.audit import trail
from storage.database import clock
from storage.model import CredentialKind, Grant, Principal


class Handed(NamedTuple):
    """A token for a grant, which opens connections until then."""

    grant: Grant
    token: str
    until: datetime


async def hand_token(
    access: Access,
    grant_id: UUID,
    to: Principal,
    *,
    source: str = "slack",
    detail: Mapping[str, object] | None = None,
    touch: UUID | None = None,
    client: str | None = None,
) -> Handed:
    """The grant and a token for it, in the form and for the time that the policy says.

    `detail` says in the audit log how they were known, `touch` is for this token, `client` is the address that asks.
    Raises Refused, of which Unproven says where what lacks can be proven, and GrantUnusable for a grant that opens
    nothing whosoever it is.
    """
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        grant = await grants.usable(transaction, grant_id)
        now, refusal, proven, token_id = await clock(transaction), None, Proof(), new_token_id()
        handed, until = None, grant.expires_at
        if grant.principal_id != to.id:
            refusal = "This access is somebody else's. Ask for your own with /access."
        elif policy is None:
            refusal = STALE
        else:
            requires = policy.required_of_holder(to.name, grant.resource, grant.role)
            refusal = grants.still_allowed(policy, grant, to.name)
            if refusal is None:
                act = acts.take_token(grant.id)
                proven = await proof.weigh(access, transaction, policy, requires, to, now, act, touch, token=token_id)
                refusal = proven.lacking
            until = policy.tokens.until(now, grant.expires_at)
            if refusal is None and policy.tokens.form is TokenForm.SHORT:
                handed = await _short(transaction, token_id, grant, now, until, client)
        said = {**(detail or {}), "token": token_id, "until": until.isoformat(), **proven.detail}
        await trail.record(
            transaction,
            actor=actor(to),
            action=f"{source}:token:issue",
            resource=f"{grant.resource}/{grant.role}",
            outcome="denied" if refusal else "success",
            grant=grant.id,
            detail={"why": refusal} if refusal else said,
        )
    if proven.lacking is not None:
        raise Unproven(proven)
    if refusal is not None:
        raise Refused(refusal) if refusal != STALE else PolicyStale
    if handed is None:
        handed = access.keys.issue(grant=grant, principal=to, now=now, token_id=token_id, until=until)
    return Handed(grant, handed, until)


async def _short(
    transaction: AsyncSession, token_id: str, grant: Grant, now: datetime, until: datetime, client: str | None
) -> str:
    token = short_token.new()
    await issued.keep(
        transaction,
        CredentialKind.SHORT_TOKEN,
        token_id,
        grant,
        now,
        until,
        secret_hash=short_token.hashed(token),
        issued_to=client,
    )
    return token

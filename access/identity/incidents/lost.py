"""Lost: what somebody no longer has in their own hands is ended for them, by an operator, and they are told.

Signing out ends every browser, command line, certificate and SSH key, and with `grants` all that is open and asked for.
Ending keys lets the person register a first key again, with a sign-in alone: an operator does it once they know who
asks.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.errors import Refused
from access.grants import grants, revocation
from access.identity import browser_sessions, security_keys
from access.identity.credentials import issued
from access.identity.ssh import certificates, keys
from access.in_force import policy_in_force
from access.text import storable
from storage.audit import trail
from storage.database import clock
from storage.model import BrowserEnd, KeyEnd, Principal, PrincipalKind

#: What revoked grants and cancelled requests say.
WHY = "an operator signed them out everywhere"


@dataclass(frozen=True)
class SignedOut:
    """What ended, counted."""

    sign_ins: int
    ssh_keys: int
    grants: int


async def sign_out(access: Access, name: str, operator: str, *, with_grants: bool) -> SignedOut:
    """Sign `name` out everywhere; `operator` as the audit log names them. Raises Refused for who is nobody."""
    async with access.database.transaction() as transaction:
        # Who they are in Slack may stand in the directory alone.
        await policy_in_force(access, transaction)
        person = await _person(transaction, name)
        now = await clock(transaction)
        ended = await browser_sessions.end_all(transaction, person, BrowserEnd.OPERATOR, now)
        await certificates.left(transaction, person, now)
        await issued.revoke_certificates_of(transaction, person)
        ssh_keys = await keys.end_all(access, transaction, person, KeyEnd.OPERATOR, now)
        open_now = await grants.of(transaction, person, now) if with_grants else []
        if with_grants:
            await revocation.cancel_requests_of(transaction, person, WHY, now, source="cli")
            await revocation.revoke_grants_of(transaction, person, WHY, now, source="cli")
        await trail.record(
            transaction,
            actor=operator,
            action="cli:person:sign_out",
            resource=person.name,
            at=now,
            detail={"sign_ins": ended, "ssh_keys": ssh_keys, "grants": [str(each.id) for each in open_now]},
        )
        return SignedOut(ended, ssh_keys, len(open_now))


async def end_keys(access: Access, name: str, operator: str) -> list[str]:
    """End the security keys of `name`, and the SSH keys that such a key holds; returns what they were called.

    Raises Refused for who is nobody.
    """
    async with access.database.transaction() as transaction:
        await policy_in_force(access, transaction)
        person = await _person(transaction, name)
        now = await clock(transaction)
        ended = await security_keys.end_all(access, transaction, person, KeyEnd.OPERATOR, now)
        held = await keys.end_held(access, transaction, person, KeyEnd.OPERATOR, now)
        called = [key.name for key in (*ended, *held)]
        await trail.record(
            transaction,
            actor=operator,
            action="cli:person:end_keys",
            resource=person.name,
            at=now,
            detail={"keys": [str(key.id) for key in ended], "ssh_keys": [str(key.id) for key in held]},
        )
        return called


async def _person(transaction: AsyncSession, name: str) -> Principal:
    """Locked, so that no sign-in and no key of theirs begins meanwhile."""
    found = await transaction.scalar(select(Principal).where(col(Principal.name) == storable(name)).with_for_update())
    if found is None:
        raise Refused(f"Nobody in the policy is called {name}. `gatepass people list` shows who is.")
    if found.kind is not PrincipalKind.HUMAN:
        raise Refused(f"{name} is an agent, which signs in nowhere and has no security keys.")
    return found

"""Linking: an account of Slack becomes somebody's because they signed in and said so, or because of its address.

A link's address is good for ten minutes and one account, and whoever opens it signed in decides. One person has one
account of a team, and one account is one person's; what the policy file says stands above both.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import directory
from access.changes import actor
from access.context import Access
from access.errors import PolicyStale, Refused
from access.grants import revocation
from access.identity import accounts, browser_sessions
from access.identity.browser_sessions import SignedIn, SignedOutMeanwhile
from access.identity.people import LOST_IDENTITY, slack_identity
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.values.mailbox import folded
from storage import outbox
from storage.audit import trail
from storage.database import clock
from storage.locks import Lock, take
from storage.model import (
    GivenBy,
    Identity,
    IdentityProvider,
    PostPurpose,
    PostSubject,
    Principal,
    PrincipalKind,
    SlackLink,
)

LIFETIME: Final = timedelta(minutes=10)
#: So many links of one account may be good at a time.
MAX_OPEN: Final = 5
SECRET_BYTES: Final = 32
_LONGEST_SHOWN: Final = 200

_OVER: Final = "This link is over, or it was used. Type /access in Slack for another one; it is good for ten minutes."


async def offer(
    transaction: AsyncSession, team: str, member: str, *, enterprise: str | None, shown: str, now: datetime
) -> bytes | None:
    """A secret by which this account can be linked once; None: it has links enough. `shown` is how Slack shows it."""
    open_links = await transaction.scalar(
        select(func.count()).where(
            col(SlackLink.team) == team,
            col(SlackLink.member) == member,
            col(SlackLink.used_at).is_(None),
            col(SlackLink.expires_at) > now,
        )
    )
    if (open_links or 0) >= MAX_OPEN:
        return None
    secret = secrets.token_bytes(SECRET_BYTES)
    transaction.add(
        SlackLink(
            secret_hash=_hash(secret),
            team=team,
            enterprise=enterprise,
            member=member,
            shown=shown[:_LONGEST_SHOWN],
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    await transaction.flush()
    return secret


async def look(transaction: AsyncSession, secret: bytes, now: datetime) -> SlackLink:
    """Which account a link is for. Raises Refused for one that is over."""
    return await _usable(transaction, secret, now, locked=False)


async def link(access: Access, secret: bytes, to: Principal, *, by: SignedIn | None = None) -> SlackLink:
    """The link's account is `to`'s from now on, who says so `by` a sign-in; both are told.

    Raises Refused, PolicyStale, StorageUnavailable.
    """
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        if policy is None:
            raise PolicyStale
        # One after the other: two people may take one account at once, by two links.
        await take(transaction, Lock.NAME_PERSON)
        now = await clock(transaction)
        found = await _usable(transaction, secret, now, locked=True)
        owner = await transaction.get_one(Principal, to.id, with_for_update=True, populate_existing=True)
        refusal = await _refusal(transaction, policy, owner, found.team, found.member)
        if by is not None and await browser_sessions.held(transaction, by.session.id, now) is None:
            refusal = str(SignedOutMeanwhile())
        if refusal is None:
            found.used_at, found.principal_id = now, owner.id
            await accounts.give(transaction, owner, IdentityProvider.SLACK, found.team, found.member, GivenBy.LINK, now)
            await outbox.enqueue(transaction, PostSubject.LINK, found.id, PostPurpose.NOTICE, found.member)
        await trail.record(
            transaction,
            actor=actor(owner),
            action="web:slack:link",
            resource=owner.name,
            outcome="success" if refusal is None else "denied",
            at=now,
            detail={"team": found.team, "member": found.member, "shown": found.shown}
            | ({"why": refusal} if refusal is not None else {}),
        )
        if refusal is None:
            await directory.changed(transaction)
    if refusal is not None:
        raise Refused(refusal)
    return found


async def by_email(access: Access, team: str, member: str, email: str) -> Principal | None:
    """Whose the account is by its address, which Slack has confirmed, where the policy wants that; None: nobody's."""
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        if policy is None or policy.slack is None or not policy.slack.match_email:
            return None
        await take(transaction, Lock.NAME_PERSON)
        address = folded(email)
        named = [person.name for person in policy.people.values() if person.email and folded(person.email) == address]
        found = await transaction.scalars(select(Principal).where(col(Principal.name).in_(named)).with_for_update())
        owner = found.one_or_none()
        if (
            owner is None
            or await _is_disowned(transaction, owner, team, member)
            or await _refusal(transaction, policy, owner, team, member) is not None
        ):
            return None
        now = await clock(transaction)
        await accounts.give(transaction, owner, IdentityProvider.SLACK, team, member, GivenBy.EMAIL, now)
        await trail.record(
            transaction,
            actor=actor(owner),
            action="slack:identity:link",
            resource=owner.name,
            at=now,
            detail={"team": team, "member": member, "email": email},
        )
        await directory.changed(transaction)
        return owner


async def unlink(access: Access, whose: Principal, *, by: SignedIn | None = None) -> None:
    """The account that they linked is theirs no more, who say so `by` a sign-in, and what was asked by it ends.

    Raises Refused.
    """
    async with access.database.transaction() as transaction:
        if await policy_in_force(access, transaction) is None:
            raise PolicyStale
        owner = await transaction.get_one(Principal, whose.id, with_for_update=True, populate_existing=True)
        if by is not None:
            await browser_sessions.check_live(transaction, by, await clock(transaction))
        identity = await slack_identity(transaction, owner)
        if identity is None or identity.given_by is GivenBy.POLICY:
            raise Refused(
                "You linked no Slack account. What the policy file gives you, your operator can change there."
            )
        now = await clock(transaction)
        # By their own word, which stands above its address: it is matched to them no more.
        identity.retired_at, identity.given_by = now, GivenBy.LINK
        owner.identity_lost_at = now
        await transaction.flush()
        await revocation.cancel_requests_of(transaction, owner, LOST_IDENTITY, now, source="web")
        await revocation.revoke_grants_of(transaction, owner, LOST_IDENTITY, now, source="web")
        await trail.record(
            transaction,
            actor=actor(owner),
            action="web:slack:unlink",
            resource=owner.name,
            at=now,
            detail={"team": identity.issuer, "member": identity.subject},
        )
        await directory.changed(transaction)


async def _usable(transaction: AsyncSession, secret: bytes, now: datetime, *, locked: bool) -> SlackLink:
    asked = select(SlackLink).where(
        col(SlackLink.secret_hash) == _hash(secret), col(SlackLink.used_at).is_(None), col(SlackLink.expires_at) > now
    )
    found = await transaction.scalar(asked.with_for_update() if locked else asked)
    if found is None:
        raise Refused(_OVER)
    return found


async def _refusal(transaction: AsyncSession, policy: Policy, owner: Principal, team: str, member: str) -> str | None:
    """Why this account cannot become `owner`'s, as a sentence for them."""
    if owner.disabled_at is not None or owner.kind is not PrincipalKind.HUMAN or owner.name not in policy.people:
        return "You are no longer in the policy of this Gatepass. Ask your operator."
    theirs = await slack_identity(transaction, owner)
    if theirs is not None:
        return (
            "Another Slack account is yours already. Unlink it on My access first; if the policy file gives it to you, "
            "ask your operator."
        )
    taken = await transaction.scalar(
        select(Identity).where(
            col(Identity.provider) == IdentityProvider.SLACK,
            col(Identity.issuer) == team,
            col(Identity.subject) == member,
            col(Identity.retired_at).is_(None),
        )
    )
    return None if taken is None else "This Slack account is somebody else's already. Ask your operator."


async def _is_disowned(transaction: AsyncSession, owner: Principal, team: str, member: str) -> bool:
    """Whether they said last that this account is theirs no more; a link of theirs gives it back."""
    found = await transaction.scalar(
        select(col(Identity.id)).where(
            col(Identity.principal_id) == owner.id,
            col(Identity.provider) == IdentityProvider.SLACK,
            col(Identity.issuer) == team,
            col(Identity.subject) == member,
            col(Identity.retired_at).is_not(None),
            col(Identity.given_by) == GivenBy.LINK,
        )
    )
    return found is not None


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()

"""Whose account a provisioned user is, and what it means that it is active no more.

A user is an account by its subject, once a sign-in or the policy has told it, and else by its address. Whoever has
users of one provider, none of them active, is nobody here: their browsers are signed out, requests cancelled, grants
revoked, and they are out of the policy that every process decides by, whether the file names them or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import directory
from access.grants import revocation
from access.identity import browser_sessions, security_keys
from access.identity.people import slack_identity
from access.identity.proven import SignIn
from access.identity.scim import named_groups
from access.identity.ssh import certificates
from access.identity.ssh import keys as ssh_keys
from access.policy.policy import Policy
from access.policy.shapes.providers import EmailProof, Identify, Provider
from access.policy.values.mailbox import folded
from storage.model import GivenBy, Identity, Principal, PrincipalKind, ScimUser

DEACTIVATED: Final = "deactivated by the provider"


@dataclass(frozen=True)
class ToldAccount:
    """What a provider has told by SCIM of an account that signs in; locked until the transaction ends."""

    provider: Provider
    subject: str
    users: Sequence[ScimUser]

    @property
    def is_barred(self) -> bool:
        return bool(self.users) and not any(user.active for user in self.users)

    async def groups(self, transaction: AsyncSession, policy: Policy) -> list[str] | None:
        """The groups of the policy, as written, that it is in; None: the provider does not tell by SCIM."""
        if self.provider.scim is None:
            return None
        active = [user.id for user in self.users if user.active]
        return await named_groups.of_users(transaction, policy, self.provider, active)

    async def belongs_to(self, transaction: AsyncSession, principal: Principal) -> None:
        """It is theirs from now on, where only one active user can be meant."""
        free = [user for user in self.users if user.active and user.subject in {None, self.subject}]
        theirs = [user for user in free if user.principal_id in {None, principal.id}]
        if len(theirs) != 1 or (theirs[0].subject, theirs[0].principal_id) == (self.subject, principal.id):
            return
        theirs[0].subject, theirs[0].principal_id = self.subject, principal.id
        await transaction.flush()
        await directory.changed(transaction)


async def of_sign_in(transaction: AsyncSession, provider: Provider, proven: SignIn) -> ToldAccount:
    """Users that the account may be. Nobody deactivates one of them before the transaction ends."""
    if provider.scim is None:
        return ToldAccount(provider, proven.subject, ())
    users = await _locked(transaction, provider, col(ScimUser.subject) == proven.subject)
    if provider.identify is Identify.EMAIL and proven.email and not any(user.active for user in users):
        owners = {user.principal_id for user in users if user.principal_id is not None}
        users = [*users, *await _by_address(transaction, provider, proven, folded(proven.email))]
        # An account that came before is nobody else's, whose address it may have been given.
        users = [user for user in users if not owners or user.principal_id in owners]
    return ToldAccount(provider, proven.subject, users)


async def _by_address(
    transaction: AsyncSession, provider: Provider, proven: SignIn, address: str
) -> Sequence[ScimUser]:
    if not proven.email_verified and provider.email is not EmailProof.MANAGED:
        return ()
    is_named = or_(col(ScimUser.address) == address, col(ScimUser.user_key) == address)
    return await _locked(transaction, provider, and_(col(ScimUser.subject).is_(None), is_named))


async def _locked(transaction: AsyncSession, provider: Provider, which: ColumnElement[bool]) -> Sequence[ScimUser]:
    found = await transaction.scalars(
        select(ScimUser)
        .where(col(ScimUser.issuer) == provider.issuer, which)
        .order_by(col(ScimUser.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def has_left(transaction: AsyncSession, provider: Provider, principal: Principal) -> bool:
    """Whether they have users of the provider, and none is active, until the transaction ends."""
    if provider.scim is None:
        return False
    them = select(col(Principal.id)).where(col(Principal.id) == principal.id)
    await transaction.execute(them.with_for_update(key_share=True))
    users = await transaction.scalars(
        select(col(ScimUser.active)).where(
            col(ScimUser.issuer) == provider.issuer, col(ScimUser.principal_id) == principal.id
        )
    )
    active = users.all()
    return bool(active) and not any(active)


async def find_owners(transaction: AsyncSession, provider: Provider, which: ColumnElement[bool] | None = None) -> None:
    """Say again whose accounts users of `provider` are: those of `which`, else all of them.

    One user whose address changes stays whose it was; all of them are looked at when a policy says who people are.
    """
    by_subject = (
        select(col(Identity.principal_id))
        .where(col(Identity.provider) == provider.accounts, col(Identity.issuer) == provider.issuer)
        .where(col(Identity.subject) == col(ScimUser.subject), col(Identity.retired_at).is_(None))
        .scalar_subquery()
    )
    owners: list[Any] = [by_subject]
    if provider.identify is Identify.EMAIL:
        owners += [_owner_of(provider, col(ScimUser.address)), _owner_of(provider, col(ScimUser.user_key))]
    if which is not None:
        owners.append(col(ScimUser.principal_id))
    owner = func.coalesce(*owners) if len(owners) > 1 else by_subject
    await transaction.execute(
        update(ScimUser)
        .where(col(ScimUser.issuer) == provider.issuer)
        .where(which if which is not None else col(ScimUser.id).is_not(None))
        .where(col(ScimUser.principal_id).is_distinct_from(owner))
        .values(principal_id=owner)
        .execution_options(synchronize_session=False)
    )


def _owner_of(provider: Provider, address: Any) -> ScalarSelect[UUID]:
    """Whoever is called by this address in the policy or was brought with it."""
    return (
        select(col(Principal.id))
        .where(func.lower(col(Principal.email)) == address, col(Principal.kind) == PrincipalKind.HUMAN)
        .where(col(Principal.disabled_at).is_(None))
        .where(or_(col(Principal.brought_by).is_(None), col(Principal.brought_by) == provider.issuer))
        .order_by(col(Principal.brought_by).nulls_first(), col(Principal.name))
        .limit(1)
        .scalar_subquery()
    )


async def leave(transaction: AsyncSession, provider: Provider, user: ScimUser, now: datetime) -> str | None:
    """A user is active no more: whoever it was loses all that is open, unless another active one is theirs.

    So are a Slack account that they linked and their security keys: the address may be another person's next.
    Returns their name; None: it was nobody's, or they are still somebody.
    """
    if user.principal_id is None:
        return None
    principal = await transaction.get_one(Principal, user.principal_id)
    if not await has_left(transaction, provider, principal):
        return None
    await browser_sessions.left(transaction, principal, now)
    await security_keys.left(transaction, principal, now)
    await certificates.left(transaction, principal, now)
    await ssh_keys.left(transaction, principal, now)
    slack = await slack_identity(transaction, principal)
    if slack is not None and slack.given_by is not GivenBy.POLICY:
        slack.retired_at = principal.identity_lost_at = now
        await transaction.flush()
    await revocation.cancel_requests_of(transaction, principal, DEACTIVATED, now, source="scim")
    await revocation.revoke_grants_of(transaction, principal, DEACTIVATED, now, source="scim")
    return principal.name

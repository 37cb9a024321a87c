"""Signing in: the person of the policy whom a provider's proof is about, and the refusal of everybody else.

An account means somebody by its issuer and its subject. Where people are found by their e-mail address, that is so from
their first sign-in on, and the address counts no more: whoever is given it later at the provider is a stranger here.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.context import Access
from access.errors import PolicyStale, Refused
from access.identity import browser_sessions, joining
from access.identity.accounts import give
from access.identity.people import principal_of
from access.identity.proven import SignIn
from access.identity.scim import accounts
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.shapes.providers import EmailProof, Identify, Provider
from access.policy.values.mailbox import folded
from storage.audit import trail
from storage.database import clock
from storage.model import GivenBy, Identity, Principal, PrincipalKind


class SignInProblem(StrEnum):
    """Why a proven account is nobody who may come in."""

    NO_PROVIDER = "no_provider"
    NO_EMAIL = "no_email"
    UNVERIFIED_EMAIL = "unverified_email"
    UNKNOWN = "unknown"
    OTHER_ACCOUNT = "other_account"
    DISABLED = "disabled"
    AGENT = "agent"
    NO_GROUP = "no_group"
    DEACTIVATED = "deactivated"


_SENTENCES: Final[Mapping[SignInProblem, str]] = {
    SignInProblem.NO_PROVIDER: "The policy no longer names {provider}. Sign in elsewhere, or ask your operator.",
    SignInProblem.NO_EMAIL: "{provider} did not tell your e-mail address, by which people are found here. Ask your "
    "operator to let Gatepass have it, or to name your account in the policy.",
    SignInProblem.UNVERIFIED_EMAIL: "{provider} has not verified your e-mail address, so it proves nothing. "
    "Verify it there and sign in again, or ask your operator.",
    SignInProblem.UNKNOWN: "{provider} knows you, but the policy here does not name you. Ask your operator to add "
    "you, with the address or account that you signed in with.",
    SignInProblem.OTHER_ACCOUNT: "Your e-mail address belongs to somebody who signs in with another account of "
    "{provider}. If that was your own, ask your operator to let this one take its place.",
    SignInProblem.DISABLED: "You are no longer in the policy of this Gatepass. Ask your operator.",
    SignInProblem.NO_GROUP: "{provider} says that you are in none of the groups that the policy here asks for. "
    "If that changed a moment ago, sign in again; else ask those who keep the groups.",
    SignInProblem.DEACTIVATED: "{provider} has deactivated your account for Gatepass, so nobody comes in by it. "
    "Ask those who keep the accounts there.",
    SignInProblem.AGENT: "This account is an agent's. Agents do not sign in here: they have tokens of their own.",
}


class CannotSignIn(Refused):
    """The provider proved who they are, and they are nobody who may come in; the message is for them."""

    def __init__(self, reason: SignInProblem, provider: str) -> None:
        super().__init__(_SENTENCES[reason].format(provider=provider))
        self.reason = reason


#: Takes, at a moment, a proof that storage keeps.
Taking = Callable[[AsyncSession, datetime], Awaitable[SignIn]]


async def sign_in(access: Access, provider: str, proof: SignIn | Taking, *, replaces: bytes | None = None) -> bytes:
    """Sign a browser in as the person whom `proof` is about; returns the secret for that browser alone.

    A proof that is kept is taken in the same transaction: whatever it raises leaves it where it was. `provider` is the
    policy's name for it. `replaces` is the secret that the browser had before. A refusal is audited.
    Raises CannotSignIn, PolicyStale, StorageUnavailable.
    """
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        if policy is None:
            raise PolicyStale
        now = await clock(transaction)
        proven = proof if isinstance(proof, SignIn) else await proof(transaction, now)
        found = await _person(access, transaction, policy, provider, proven, now)
        if isinstance(found, Principal):
            return await browser_sessions.begin(transaction, found, provider, proven, now, replaces=replaces)
        await trail.record(
            transaction,
            actor="unknown",
            action="web:browser:sign_in",
            resource=provider,
            outcome="failure",
            detail={"why": found.value, "subject": proven.subject, "email": proven.email},
        )
    shown = policy.providers[provider].shown if provider in policy.providers else provider
    raise CannotSignIn(found, shown)


async def refused(access: Access, provider: str, why: str, *, action: str = "web:browser:sign_in") -> None:
    """Put on record that something claimed to be the proof of `provider` and was none; `why` is a word of ours."""
    async with access.database.transaction() as transaction:
        await trail.record(
            transaction, actor="unknown", action=action, resource=provider, outcome="failure", detail={"why": why}
        )


async def _person(
    access: Access, transaction: AsyncSession, policy: Policy, name: str, proven: SignIn, now: datetime
) -> Principal | SignInProblem:
    """Whose account it is, or becomes by this first sign-in, in the groups that it tells of."""
    provider = policy.providers.get(name)
    if provider is None or provider.issuer != proven.issuer:
        return SignInProblem.NO_PROVIDER
    written = access.policies.written
    told = await accounts.of_sign_in(transaction, provider, proven)
    if told.is_barred:
        return SignInProblem.DEACTIVATED
    groups = await told.groups(transaction, written)
    found = await _owner(transaction, policy, provider, proven)
    if isinstance(found, Principal) and await accounts.has_left(transaction, provider, found):
        return SignInProblem.DEACTIVATED
    if not isinstance(found, Principal) and found in _STRANGERS:
        try:
            found = await joining.bring(transaction, written, provider, proven, now, provisioned=groups) or found
        except joining.AddressTaken:
            return SignInProblem.OTHER_ACCOUNT
    if not isinstance(found, Principal):
        return found
    await told.belongs_to(transaction, found)
    if not await joining.note(transaction, written, provider, found, proven, now, provisioned=groups):
        return SignInProblem.NO_GROUP
    return found


#: Whoever is one of these may be somebody by a group.
_STRANGERS: Final = frozenset({SignInProblem.NO_EMAIL, SignInProblem.UNVERIFIED_EMAIL, SignInProblem.UNKNOWN})


async def _owner(
    transaction: AsyncSession, policy: Policy, provider: Provider, proven: SignIn
) -> Principal | SignInProblem:
    """Whose account it is, or becomes by its address."""
    principal = await principal_of(transaction, provider.accounts, proven.issuer, proven.subject)
    if principal is not None:
        return _unless_barred(principal)
    if provider.identify is Identify.SUBJECT:
        return SignInProblem.UNKNOWN
    return await _by_email(transaction, policy, provider, proven)


async def _by_email(
    transaction: AsyncSession, policy: Policy, provider: Provider, proven: SignIn
) -> Principal | SignInProblem:
    """The person with the account's address, to whom the account belongs from now on."""
    if not proven.email:
        return SignInProblem.NO_EMAIL
    if not proven.email_verified and provider.email is EmailProof.VERIFIED:
        return SignInProblem.UNVERIFIED_EMAIL
    address = folded(proven.email)
    named = [person.name for person in policy.people.values() if person.email and folded(person.email) == address]
    # Two may come at once with one address: the second waits, and finds whose it is.
    principal = await transaction.scalar(select(Principal).where(col(Principal.name).in_(named)).with_for_update())
    if principal is None:
        return SignInProblem.UNKNOWN
    found = _unless_barred(principal)
    if not isinstance(found, Principal):
        return found
    theirs = await _account(transaction, principal, provider)
    if theirs is None:
        await _give(transaction, principal, provider, proven)
    elif theirs.subject != proven.subject:
        return SignInProblem.OTHER_ACCOUNT
    return principal


def _unless_barred(principal: Principal) -> Principal | SignInProblem:
    if principal.kind is PrincipalKind.AGENT:
        return SignInProblem.AGENT
    return principal if principal.disabled_at is None else SignInProblem.DISABLED


async def _account(transaction: AsyncSession, principal: Principal, provider: Provider) -> Identity | None:
    found = await transaction.scalars(
        select(Identity).where(
            col(Identity.principal_id) == principal.id,
            col(Identity.provider) == provider.accounts,
            col(Identity.issuer) == provider.issuer,
            col(Identity.retired_at).is_(None),
        )
    )
    return found.first()


async def _give(transaction: AsyncSession, principal: Principal, provider: Provider, proven: SignIn) -> None:
    """The account is theirs from this sign-in on."""
    now = await clock(transaction)
    await give(transaction, principal, provider.accounts, proven.issuer, proven.subject, GivenBy.SIGN_IN, now)
    await trail.record(
        transaction,
        actor=changes.actor(principal),
        action="web:identity:link",
        resource=principal.name,
        at=now,
        detail={"provider": provider.name, "subject": proven.subject, "email": proven.email},
    )

"""Groups that a provider fills: what a sign-in tells of them, and people who come in by one though no file names them.

What was told counts for as long as the provider's `groups_for` says; who is in no group of the policy any more, by
their latest sign-in, is nobody here from then on.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes, directory
from access.identity import accounts
from access.identity.proven import SignIn
from access.policy.policy import Policy
from access.policy.shapes.groups import ProviderGroup
from access.policy.shapes.providers import EmailProof, Identify, Provider
from access.policy.values.mailbox import folded
from storage.audit import trail
from storage.locks import Lock, take
from storage.model import GivenBy, Identity, IdentityProvider, Principal, PrincipalKind

#: Values of one claim that are kept; who is in more groups than that is in none of the others.
MAX_VALUES: Final = 2_000
_MAX_VALUE_CHARS: Final = 512
#: Leaves room for a number behind it in a name of 63.
_MAX_NAME_CHARS: Final = 56


class AddressTaken(Exception):
    """Somebody who is here has the address of the account already: they would review what they ask for themselves."""


def told_groups(policy: Policy, provider: Provider, claims: Mapping[str, Any]) -> dict[str, list[str]]:
    """What `claims` say, of the claims that groups of the policy ask for: claim -> values in order."""
    asked = {
        group.claim
        for group in policy.groups.values()
        if isinstance(group, ProviderGroup) and group.provider == provider.name
    }
    found = {claim: _values(claims, claim) for claim in asked}
    return {claim: values for claim, values in sorted(found.items()) if values}


def fills(policy: Policy, provider: Provider, groups: Mapping[str, list[str]]) -> list[str]:
    """The groups of the policy that an account with these values is in."""
    return [
        name
        for name, group in policy.groups.items()
        if isinstance(group, ProviderGroup)
        and group.provider == provider.name
        and group.value in groups.get(group.claim, ())
    ]


async def note(
    transaction: AsyncSession,
    policy: Policy,
    provider: Provider,
    principal: Principal,
    proven: SignIn,
    now: datetime,
    *,
    provisioned: list[str] | None = None,
) -> bool:
    """Write down what a sign-in of `principal` told of groups. False: a provider brought them, and they are in none.

    `policy` is as written. `provisioned` are their groups by SCIM, beside which a sign-in tells nothing. Nothing else
    may be locked after this in the transaction.
    """
    groups = told_groups(policy, provider, proven.claims) if provisioned is None else {}
    identity = await _identity(transaction, provider, proven)
    if identity is not None and (groups or identity.groups):
        was_over = identity.groups_until is not None and identity.groups_until <= now
        is_news = identity.groups != groups or was_over
        identity.groups, identity.groups_until = groups, now + timedelta(seconds=provider.groups_for_s)
        await transaction.flush()
        if is_news:
            await directory.changed(transaction)
    filled = fills(policy, provider, groups) if provisioned is None else provisioned
    return principal.brought_by is None or bool(filled)


async def bring(
    transaction: AsyncSession,
    policy: Policy,
    provider: Provider,
    proven: SignIn,
    now: datetime,
    *,
    provisioned: list[str] | None = None,
) -> Principal | None:
    """Whoever signed in is somebody here by a group of the policy's; None: they are in none.

    `policy` is as written, `provisioned` are their groups by SCIM. Twice at once for one account is once.
    Raises AddressTaken.
    """
    if provisioned is None and not proven.email and _is_named_as_asked(provider):
        return None
    claimed = fills(policy, provider, told_groups(policy, provider, proven.claims))
    groups = claimed if provisioned is None else provisioned
    if not groups:
        return None
    await take(transaction, Lock.NAME_PERSON)
    identity = await _identity(transaction, provider, proven)
    owner = await transaction.get(Principal, identity.principal_id) if identity is not None else None
    if identity is not None and owner is not None and owner.brought_by == provider.issuer and owner.disabled_at is None:
        if identity.retired_at is not None:
            await _brought(transaction, provider, owner, proven, now)
        # Else another browser's sign-in a moment ago.
        return owner
    everybody = select(col(Principal.name), col(Principal.email), col(Principal.disabled_at))
    known = (await transaction.execute(everybody)).all()
    taken = {*(row[0] for row in known), *policy.people, *policy.groups}
    email = proven.email if proven.email_verified or provider.email is EmailProof.MANAGED else None
    # One address is one person: by it they are found at other providers.
    owners = [row for row in known if email is not None and folded(row[1] or "") == folded(email)]
    if any(row[2] is None for row in owners):
        raise AddressTaken
    principal = Principal(
        name=name_of(email or _said_name(proven), taken),
        kind=PrincipalKind.HUMAN,
        email=None if owners else email,
        brought_by=provider.issuer,
        created_at=now,
    )
    transaction.add(principal)
    await transaction.flush()
    await _brought(transaction, provider, principal, proven, now)
    await trail.record(
        transaction,
        actor=changes.actor(principal),
        action="web:person:join",
        resource=principal.name,
        at=now,
        detail={"provider": provider.name, "subject": proven.subject, "email": proven.email, "groups": groups},
    )
    return principal


def _is_named_as_asked(provider: Provider) -> bool:
    """Whether one account may come by several names, as whoever asks likes (NameIDPolicy): its address makes it one."""
    return provider.accounts is IdentityProvider.SAML and provider.identify is Identify.EMAIL


async def _brought(
    transaction: AsyncSession, provider: Provider, principal: Principal, proven: SignIn, now: datetime
) -> None:
    """The account is theirs, for the first time or again, and every process is told."""
    await accounts.give(transaction, principal, provider.accounts, proven.issuer, proven.subject, GivenBy.SIGN_IN, now)
    await directory.changed(transaction)


def name_of(said: str, taken: set[str]) -> str:
    """A name for commands and audit lines, of an address or a user name, that is nobody's yet."""
    return Names(taken).take(said)


class Names:
    """Names of people, each given once; `taken` are those that are somebody's."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = set(taken)
        #: Where to go on counting: many may have one name.
        self._numbers: dict[str, int] = {}

    def take(self, said: str) -> str:
        """A name of an address or a user name, which is somebody's from now on."""
        plain = unicodedata.normalize("NFKD", said.partition("@")[0]).encode("ascii", "ignore").decode().casefold()
        kept = "".join(each if each.isalnum() or each in "._-" else "-" for each in plain).strip("._-")
        name = kept[:_MAX_NAME_CHARS] or "person"
        number = self._numbers.get(name, 1)
        while (found := name if number == 1 else f"{name}-{number}") in self._taken:
            number += 1
        self._numbers[name] = number
        self._taken.add(found)
        return found


def _said_name(proven: SignIn) -> str:
    said = proven.claims.get("preferred_username")
    return said if isinstance(said, str) else ""


async def _identity(transaction: AsyncSession, provider: Provider, proven: SignIn) -> Identity | None:
    return await transaction.scalar(
        select(Identity)
        .where(
            col(Identity.provider) == provider.accounts,
            col(Identity.issuer) == proven.issuer,
            col(Identity.subject) == proven.subject,
        )
        .execution_options(populate_existing=True)
    )


def _values(claims: Mapping[str, Any], claim: str) -> list[str]:
    """The values of a claim of that very name or, by RFC 6901, of one within others; a single text is one value."""
    found: Any = claims.get(claim)
    if found is None and claim.startswith("/"):
        found = claims
        for step in claim[1:].split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list):
        return []
    return [each for each in found if isinstance(each, str) and len(each) <= _MAX_VALUE_CHARS][:MAX_VALUES]

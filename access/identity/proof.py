"""Proof: whether somebody has signed in as freshly and as strongly as a rule asks, and is there at this moment.

What counts is a sign-in that nobody ended: not by signing out, not by the provider, not by a policy that took the
account away. That its browser was idle since does not matter: the rule says how old a proof may be. Being there is
shown by a touch of a security key, made for this one act and spent on it here. What was proven is given back in words
for the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.errors import Refused
from access.identity import touches
from access.identity.acts import Act
from access.identity.touches import Spent
from access.policy.policy import Policy
from access.policy.shapes.proof import Requires
from storage.model import BrowserSession, Principal, PrincipalKind

#: RFC 8176: how providers say that there was more than one factor.
_MFA = "mfa"


class Unproven(Refused):
    """It takes a proof that is not there; `page` is the path of our pages where it can be given, if there is one."""

    def __init__(self, proof: "Proof") -> None:
        super().__init__(str(proof.lacking))
        self.page = proof.page
        self.takes_sign_in = proof.takes_sign_in


@dataclass(frozen=True)
class Proof:
    """What somebody proved for one act, or what is lacking."""

    #: What they must do first, as a sentence for them; None: what is required was proven.
    lacking: str | None = None
    #: Where on our pages they can, as a path; empty: nowhere.
    page: str = ""
    #: What lacks is a sign-in, whatever else it takes.
    takes_sign_in: bool = False
    #: For the record: `provider`, `methods`, `level`, `signed_in_at`, and `touch`, as far as there was one.
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])
    touch_id: UUID | None = None

    @property
    def detail(self) -> dict[str, Any]:
        """The record as audit events and requests have it."""
        return {"proof": dict(self.record)} if self.record else {}


async def weigh(
    access: Access,
    transaction: AsyncSession,
    policy: Policy,
    requires: Requires | None,
    principal: Principal,
    now: datetime,
    act: Act,
    touch_id: UUID | None = None,
    *,
    token: str | None = None,
    insist: bool = False,
) -> Proof:
    """What `principal` proves for `act`. A touch that is given is spent on it, or it lacks, required or not.

    `token` is the id of the token that is handed by it. `insist`: it takes a touch whatever the rule says.
    """
    signed_in = await _signed_in(access, transaction, policy, requires, principal, now, act)
    if signed_in.lacking is not None:
        return signed_in
    if touch_id is not None:
        spent = await touches.spend(transaction, touch_id, principal, act, now, token=token)
        if spent is None:
            sentence = "This touch was for something else, or it was used already. Touch your key again."
            return Proof(sentence, act.page)
        return _with_touch(signed_in, spent)
    if insist or (requires is not None and requires.present):
        where = f" {act.doing} at {access.pages}{act.page}." if access.pages and act.page else _NOWHERE
        return Proof(f"This takes a touch of your security key.{where}", act.page)
    return signed_in


async def weigh_token(
    access: Access,
    transaction: AsyncSession,
    policy: Policy,
    requires: Requires | None,
    principal: Principal,
    now: datetime,
    act: Act,
    token: str,
) -> Proof:
    """The same of whoever connects: a connection has no browser, so the touch is that of the handing of its token."""
    signed_in = await _signed_in(access, transaction, policy, requires, principal, now, act)
    if signed_in.lacking is not None or requires is None:
        return signed_in
    spent = await touches.of_token(transaction, token, principal, act)
    if spent is not None:
        return _with_touch(signed_in, spent)
    if requires.present:
        where = f" {act.doing} at {access.pages}{act.page}." if access.pages else _NOWHERE
        return Proof(f"This takes a token that was handed with a touch of your security key.{where}", act.page)
    return signed_in


async def weigh_key(
    access: Access,
    transaction: AsyncSession,
    policy: Policy,
    requires: Requires | None,
    principal: Principal,
    now: datetime,
    act: Act,
    presence: Mapping[str, Any] | None,
) -> Proof:
    """The same of whoever connects with a registered key: what it signs of its owner's presence is the touch."""
    signed_in = await _signed_in(access, transaction, policy, requires, principal, now, act)
    if signed_in.lacking is not None or requires is None:
        return signed_in
    if presence is not None:
        return Proof(record={**signed_in.record, "touch": {**presence, "at": now.isoformat()}})
    if requires.present:
        return Proof(
            "This takes a touch. Use a key of a security key that asks for its PIN (ssh-keygen -t ed25519-sk -O "
            "verify-required) and was added with a touch, or connect without a key and let yourself in by your "
            "browser."
        )
    return signed_in


_NOWHERE = " Do it on Gatepass's pages."


async def _signed_in(
    access: Access,
    transaction: AsyncSession,
    policy: Policy,
    requires: Requires | None,
    principal: Principal,
    now: datetime,
    act: Act,
) -> Proof:
    """What is proven by a sign-in."""
    if requires is None:
        return Proof()
    if principal.kind is not PrincipalKind.HUMAN:
        return Proof(f"This takes {requires.sentence}, so it is for people alone, and {principal.name} is an agent.")
    found = await transaction.scalars(
        select(BrowserSession)
        .where(
            col(BrowserSession.principal_id) == principal.id,
            col(BrowserSession.ended_at).is_(None),
            col(BrowserSession.signed_in_at) > now - timedelta(seconds=requires.sign_in_s),
        )
        .order_by(col(BrowserSession.signed_in_at).desc())
    )
    session = next((each for each in found if _counts(policy, requires, each)), None)
    if session is None:
        where = f" at {access.pages}" if access.pages else " on Gatepass's pages"
        # The page of the act asks for a touch, and leads past the sign-in.
        page = act.page if requires.present else ""
        return Proof(f"This takes {requires.sentence}. Sign in{where}, then do it again.", page, takes_sign_in=True)
    record = {
        "provider": session.provider,
        "methods": session.methods,
        "level": session.level,
        "signed_in_at": session.signed_in_at.isoformat(),
    }
    return Proof(record=record)


def _with_touch(signed_in: Proof, spent: Spent) -> Proof:
    return Proof(record={**signed_in.record, "touch": spent.record}, touch_id=spent.touch.id)


def _counts(policy: Policy, requires: Requires, session: BrowserSession) -> bool:
    provider = policy.providers.get(session.provider)
    if provider is None or provider.issuer != session.issuer:
        return False
    return not requires.mfa or _MFA in session.methods or session.level in provider.mfa_levels

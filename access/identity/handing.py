"""Handing somebody what opens their own grant, a token or a certificate: shown once, written nowhere, audited.

Refused to everybody but the grant's principal, for a grant that the proxy would not let in, and for a door that does
not accept it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.ext.asyncio import AsyncSession

from access.certificates import reading
from access.certificates.subject import Subject
from access.changes import actor
from access.context import Access
from access.errors import STALE, PolicyStale, Refused
from access.grants import grants
from access.identity import acts, proof
from access.identity.credentials import issued, short_token
from access.identity.proof import Proof, Unproven
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.shapes.credentials import ClientCredential
from access.policy.shapes.tokens import TokenForm
from access.tokens import new_token_id
from storage.audit import trail
from storage.database import clock
from storage.model import BrowserSession, CredentialKind, Grant, Principal, Protocol

#: A certificate is for the connections of one command; those that are open go on without it.
CERTIFICATE_LIFETIME: Final = timedelta(minutes=5)
#: A certificate counts to the second: one that would end sooner is none.
_SHORTEST: Final = timedelta(seconds=2)


class Handed(NamedTuple):
    """A token for a grant, which opens connections until then."""

    grant: Grant
    token: str
    until: datetime


class Certified(NamedTuple):
    """A certificate for a grant, DER, which opens connections until then."""

    grant: Grant
    certificate: bytes
    until: datetime
    id: str


async def hand_token(
    access: Access,
    grant_id: UUID,
    to: Principal,
    *,
    source: str = "slack",
    detail: Mapping[str, object] | None = None,
    touch: UUID | None = None,
    wanted: UUID | None = None,
    client: str | None = None,
    sign_in: BrowserSession | None = None,
) -> Handed:
    """The grant and a token for it, in the form and for the time that the policy says.

    `detail` says in the audit log how they were known, `touch` is for this token, or for what a command line `wanted`,
    `client` is the address that asks, `sign_in` the one by which it is asked for, with which the token ends.

    Raises Refused, of which Unproven says where what lacks can be proven, and GrantUnusable for a grant that opens
    nothing whosoever it is.
    """
    async with access.database.transaction() as transaction:
        asked = await _Asked.weigh(access, transaction, grant_id, to, touch, wanted)
        grant, token, until = asked.grant, None, asked.grant.expires_at
        if asked.refusal is None and asked.policy is not None:
            terms = asked.policy.tokens
            until = terms.until(asked.now, grant.expires_at)
            if terms.form is TokenForm.SHORT:
                token = short_token.new()
                await issued.keep(
                    transaction,
                    CredentialKind.SHORT_TOKEN,
                    asked.id,
                    grant,
                    asked.now,
                    until,
                    secret_hash=short_token.hashed(token),
                    issued_to=client,
                    sign_in=_line(sign_in),
                )
        said = {**(detail or {}), "token": asked.id, "until": until.isoformat()}
        await asked.record(transaction, to, f"{source}:token:issue", said)
    asked.check()
    if token is None:
        token = access.keys.issue(
            grant=grant, principal=to, now=asked.now, token_id=asked.id, until=until, sign_in=_line(sign_in)
        )
    return Handed(grant, token, until)


async def hand_certificate(
    access: Access,
    grant_id: UUID,
    to: Principal,
    key: ec.EllipticCurvePublicKey,
    *,
    source: str,
    detail: Mapping[str, object] | None = None,
    touch: UUID | None = None,
    wanted: UUID | None = None,
    client: str | None = None,
    sign_in: BrowserSession | None = None,
) -> Certified:
    """The grant of a database and a certificate for it over `key`, whose holder asked. As `hand_token` otherwise.

    Raises KeyUnusable too.
    """
    async with access.database.transaction() as transaction:
        asked = await _Asked.weigh(access, transaction, grant_id, to, touch, wanted, kind=ClientCredential.CERTIFICATE)
        grant = asked.grant
        ends = grant.expires_at if sign_in is None else min(grant.expires_at, sign_in.expires_at)
        until = min(asked.now + CERTIFICATE_LIFETIME, ends).replace(microsecond=0)
        if asked.refusal is None and until - asked.now < _SHORTEST:
            asked.refusal = "This access, or your sign-in, ends at this moment. Ask for it again."
        signed, said = b"", {**(detail or {}), "certificate": asked.id, "until": until.isoformat()}
        if asked.refusal is None and access.client_authority is not None:
            subject = Subject(to.name, grant.role, grant.resource, grant.id, asked.id)
            signed = access.client_authority.sign(key, subject, asked.now, until)
            said["fingerprint"] = reading.fingerprint(signed)
            await issued.keep(
                transaction,
                CredentialKind.TLS_CERTIFICATE,
                asked.id,
                grant,
                asked.now,
                until,
                fingerprint=reading.fingerprint(signed),
                issued_to=client,
                sign_in=_line(sign_in),
            )
        await asked.record(transaction, to, f"{source}:certificate:issue", said)
    asked.check()
    return Certified(grant, signed, until, asked.id)


@dataclass
class _Asked:
    """Somebody asks for what opens a grant: whether they get it, and what they proved for it."""

    grant: Grant
    policy: Policy | None
    now: datetime
    #: By which what they get is known from then on.
    id: str
    proven: Proof
    refusal: str | None

    @classmethod
    async def weigh(
        cls,
        access: Access,
        transaction: AsyncSession,
        grant_id: UUID,
        to: Principal,
        touch: UUID | None,
        wanted: UUID | None,
        kind: ClientCredential = ClientCredential.TOKEN,
    ) -> Self:
        """Raises GrantUnusable."""
        policy = await policy_in_force(access, transaction)
        grant = await grants.usable(transaction, grant_id)
        asked = cls(grant, policy, await clock(transaction), new_token_id(), Proof(), None)
        if grant.principal_id != to.id:
            asked.refusal = "This access is somebody else's. Ask for your own with /access."
        elif policy is None:
            asked.refusal = STALE
        else:
            asked.refusal = grants.still_allowed(policy, grant, to.name) or _not_accepted(access, policy, grant, kind)
            if asked.refusal is None:
                requires = policy.required_of_holder(to.name, grant.resource, grant.role)
                act = acts.take_token(grant.id) if wanted is None else acts.hand_over(grant.id, wanted)
                asked.proven = await proof.weigh(
                    access, transaction, policy, requires, to, asked.now, act, touch, token=asked.id
                )
                asked.refusal = asked.proven.lacking
        return asked

    async def record(self, transaction: AsyncSession, to: Principal, action: str, said: Mapping[str, Any]) -> None:
        await trail.record(
            transaction,
            actor=actor(to),
            action=action,
            resource=f"{self.grant.resource}/{self.grant.role}",
            outcome="denied" if self.refusal else "success",
            grant=self.grant.id,
            detail={"why": self.refusal} if self.refusal else {**said, **self.proven.detail},
        )

    def check(self) -> None:
        """Raises Refused, once it is on record."""
        if self.proven.lacking is not None:
            raise Unproven(self.proven)
        if self.refusal is not None:
            raise Refused(self.refusal) if self.refusal != STALE else PolicyStale


def _line(sign_in: BrowserSession | None) -> UUID | None:
    return sign_in.line if sign_in is not None else None


def _not_accepted(access: Access, policy: Policy, grant: Grant, kind: ClientCredential) -> str | None:
    """Why the grant's door does not accept it, as a sentence; None: it does."""
    resource = policy.resources[grant.resource]
    door, accepts = f"{grant.role}@{grant.resource}", resource.roles[grant.role].accepts
    if kind is ClientCredential.CERTIFICATE:
        if resource.type is not Protocol.POSTGRES:
            return f"{grant.resource} is no database: there are no certificates of TLS for it."
        if access.client_authority is None:
            return "This Gatepass signs no certificates. Connect with a token."
        return None if kind in accepts else f"{door} accepts no certificate. Connect with a token."
    if kind in accepts:
        return None
    command = "psql" if resource.type is Protocol.POSTGRES else "ssh"
    return f"{door} accepts no token. Connect with `gatepass {command} {grant.role}@{grant.resource}`."

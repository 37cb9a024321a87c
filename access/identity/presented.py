"""Presented: what a client brought to be let in with, and how what it says is read. Whoever is let in is the grant's.

Each kind of credential is read to the same claims: whose it is, which grant it is for, until when, and its own id. What
signed them, or which row of storage holds them, is the reader's; nothing is let in by claims alone.

Between a login and its session may lie a minute, and what let in may end in it: so it is asked about again where the
session opens, by the rules of the login, and once more when its row stands. A session that is open is not asked.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from access.certificates import reading
from access.certificates.reading import CertificateProblem, NotOurs, Signed
from access.context import Access
from access.errors import Refused
from access.identity import acts, browser_sessions, proof
from access.identity.acts import Act
from access.identity.credentials import issued, short_token
from access.identity.proof import Proof
from access.policy.policy import Policy
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims, InvalidCredential, InvalidToken, TokenProblem
from storage.database import clock
from storage.model import CredentialKind, Grant, Principal

#: As sentences call each kind.
NOUNS: Final[Mapping[ClientCredential, str]] = {
    ClientCredential.TOKEN: "token",
    ClientCredential.CERTIFICATE: "certificate",
    ClientCredential.KEY: "key",
    ClientCredential.BROWSER: "confirmation",
}
_SIGNED_OUT: Final = (
    "This {} was given to a sign-in that has been ended since, and ended with it. Sign in again (`gatepass login`, or "
    "in your browser), and get a new one."
)

#: Raises as the reading of it does, where it would let nobody in any more.
Stands = Callable[[Access, AsyncSession, Claims], Awaitable[None]]


@dataclass(frozen=True)
class LetIn:
    """What let somebody in, without what opens anything: kept from the login to the session."""

    kind: ClientCredential
    claims: Claims
    act: Callable[[UUID], Act]
    presence: Mapping[str, Any] | None
    stands: Stands

    async def signed_out(self, transaction: AsyncSession) -> str | None:
        """The refusal, where the sign-in that it belongs to was ended."""
        line = self.claims.sign_in
        if line is None or await browser_sessions.stands(transaction, line):
            return None
        return _SIGNED_OUT.format(NOUNS[self.kind])

    async def proven(
        self, access: Access, transaction: AsyncSession, policy: Policy, grant: Grant, holder: Principal
    ) -> Proof:
        """What they proved of what the rule asks that gives them the access, or what lacks."""
        requires = policy.required_of_holder(holder.name, grant.resource, grant.role)
        if requires is None:
            return Proof()
        now, act = await clock(transaction), self.act(grant.id)
        if self.kind is ClientCredential.KEY:
            return await proof.weigh_key(access, transaction, policy, requires, holder, now, act, self.presence)
        return await proof.weigh_token(access, transaction, policy, requires, holder, now, act, self.claims.id)

    async def check(self, access: Access, transaction: AsyncSession, grant: Grant) -> None:
        """Whether it would let in now, of its usable grant. Raises InvalidCredential and Refused, for the person."""
        if (refusal := await self.signed_out(transaction)) is not None:
            raise Refused(refusal)
        await self.stands(access, transaction, self.claims)
        holder = await transaction.get_one(Principal, grant.principal_id)
        proven = await self.proven(access, transaction, access.policies.current, grant, holder)
        if proven.lacking is not None:
            raise Refused(proven.lacking)


@dataclass(frozen=True)
class Presented:
    """One credential as it came; nothing of it is checked yet."""

    kind: ClientCredential
    #: What it says, proven. Raises InvalidToken, AccessRefused's sentences as Refused, StorageUnavailable.
    read: Callable[[Access], Awaitable[Claims]]
    #: Asked again where the session opens, by what `read` gave.
    stands: Stands
    #: For the record: its form, the fingerprint of a key; never what opens something.
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: By the id of its grant, what a touch was for that came with it.
    act: Callable[[UUID], Act] = acts.take_token
    #: The key that signed that its owner is there, with this very login, as a touch has it on record; None: none did.
    presence: Mapping[str, Any] | None = None

    @property
    def record(self) -> dict[str, Any]:
        return {"kind": self.kind.value, **self.detail}

    def let_in(self, claims: Claims) -> LetIn:
        """What is kept of it once `read` gave these claims."""
        return LetIn(self.kind, claims, self.act, self.presence, self.stands)


def token(text: str) -> Presented:
    """A token in the place of a password: a short one by its first letters, else a signed one."""

    async def read(access: Access) -> Claims:
        if not short_token.is_meant(text):
            return access.keys.verify(text)
        if not short_token.is_whole(text):
            raise InvalidToken(TokenProblem.MALFORMED)
        async with access.database.transaction() as transaction:
            return await issued.by_token(transaction, text)

    return Presented(ClientCredential.TOKEN, read, _token_stands)


async def _token_stands(access: Access, transaction: AsyncSession, claims: Claims) -> None:
    """By what it said and not by its text, which nobody keeps."""
    if claims.signed_by is not None:
        access.keys.check(claims)
    else:
        await issued.check(transaction, claims, CredentialKind.SHORT_TOKEN)


class InvalidCertificate(InvalidCredential):
    """The client's certificate opens nothing."""

    def __init__(self, reason: CertificateProblem, claims: Claims | None = None) -> None:
        super().__init__(reading.SENTENCES[reason], claims)
        self.reason = reason


def certificate(der: bytes) -> Presented:
    """A certificate of TLS, whose key the handshake has proven, and nothing else of it."""

    async def read(access: Access) -> Claims:
        said = _ours(access, der)
        async with access.database.transaction() as transaction:
            return await _kept(transaction, said)

    async def stands(access: Access, transaction: AsyncSession, _: Claims) -> None:
        await _kept(transaction, _ours(access, der))

    detail = {"fingerprint": reading.fingerprint(der)}
    return Presented(ClientCredential.CERTIFICATE, read, stands, detail)


def _ours(access: Access, der: bytes) -> Signed:
    """By its signature alone: storage is asked nothing about what others signed."""
    if access.client_authority is None:
        raise InvalidCertificate(CertificateProblem.BAD_SIGNATURE)
    try:
        return reading.read(der, access.client_authority.certificate)
    except NotOurs as error:
        raise InvalidCertificate(error.reason) from error


async def _kept(transaction: AsyncSession, said: Signed) -> Claims:
    found = await issued.by_id(transaction, said.subject.id, CredentialKind.TLS_CERTIFICATE)
    if found is None or found.credential.fingerprint != said.fingerprint:
        raise InvalidCertificate(CertificateProblem.UNKNOWN)
    if found.credential.revoked_at is not None:
        raise InvalidCertificate(CertificateProblem.REVOKED, found.claims)
    if min(said.ends_at, found.credential.expires_at) <= found.now:
        raise InvalidCertificate(CertificateProblem.EXPIRED, found.claims)
    if said.begins_at > found.now:
        raise InvalidCertificate(CertificateProblem.NOT_YET_VALID, found.claims)
    return found.claims

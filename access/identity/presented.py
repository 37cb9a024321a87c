"""Presented: what a client brought to be let in with, and how what it says is read. Whoever is let in is the grant's.

Each kind of credential is read to the same claims: whose it is, which grant it is for, until when, and its own id. What
signed them, or which row of storage holds them, is the reader's; nothing is let in by claims alone.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from access.certificates import reading
from access.certificates.reading import CertificateProblem, NotOurs
from access.context import Access
from access.identity import acts
from access.identity.acts import Act
from access.identity.credentials import issued, short_token
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims, InvalidCredential, InvalidToken, TokenProblem
from storage.model import CredentialKind


@dataclass(frozen=True)
class Presented:
    """One credential as it came; nothing of it is checked yet."""

    kind: ClientCredential
    #: What it says, proven. Raises InvalidToken, AccessRefused's sentences as Refused, StorageUnavailable.
    read: Callable[[Access], Awaitable[Claims]]
    #: For the record: its form, the fingerprint of a key; never what opens something.
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: By the id of its grant, what a touch was for that came with it.
    act: Callable[[UUID], Act] = acts.take_token
    #: The key that signed that its owner is there, with this very login, as a touch has it on record; None: none did.
    presence: Mapping[str, Any] | None = None

    @property
    def record(self) -> dict[str, Any]:
        return {"kind": self.kind.value, **self.detail}


def token(text: str) -> Presented:
    """A token in the place of a password: a short one by its first letters, else a signed one."""

    async def read(access: Access) -> Claims:
        if not short_token.is_meant(text):
            return access.keys.verify(text)
        if not short_token.is_whole(text):
            raise InvalidToken(TokenProblem.MALFORMED)
        async with access.database.transaction() as transaction:
            return await issued.by_token(transaction, text)

    return Presented(ClientCredential.TOKEN, read)


class InvalidCertificate(InvalidCredential):
    """The client's certificate opens nothing."""

    def __init__(self, reason: CertificateProblem, claims: Claims | None = None) -> None:
        super().__init__(reading.SENTENCES[reason], claims)
        self.reason = reason


def certificate(der: bytes) -> Presented:
    """A certificate of TLS, whose key the handshake has proven, and nothing else of it."""

    async def read(access: Access) -> Claims:
        if access.client_authority is None:
            raise InvalidCertificate(CertificateProblem.BAD_SIGNATURE)
        try:
            said = reading.read(der, access.client_authority.certificate)
        except NotOurs as error:
            raise InvalidCertificate(error.reason) from error
        async with access.database.transaction() as transaction:
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

    return Presented(ClientCredential.CERTIFICATE, read, {"fingerprint": reading.fingerprint(der)})

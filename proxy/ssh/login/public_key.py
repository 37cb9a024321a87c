"""The method `publickey` (RFC 4252, 7): what a client offers and signs, checked before anybody is asked about it.

asyncssh's own checks are replaced by these, which know which signatures count, and whether somebody touched the key.
"""

import time
from typing import Any, Final

import asyncssh
from sqlalchemy.ext.asyncio import AsyncSession

from access.context import Access
from access.errors import Refused
from access.identity.presented import Presented
from access.identity.ssh import certificates, keys, public_keys, standing
from access.identity.ssh.authority import ClientAuthority
from access.identity.ssh.certificates import InvalidCertificate
from access.identity.ssh.public_keys import RSA, PublicKey, UnusableKey
from access.identity.ssh.wire import Malformed, Reader, string
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims
from proxy.doors.sources import source_of
from proxy.sessions.gateway import Gateway
from proxy.sessions.lockout import LockedOut
from proxy.sessions.refusals import Attempt
from storage.database import StorageUnavailable
from storage.model import Protocol, SshKey

#: RFC 4252, 7: the message's number, and what stands between the user and the algorithm.
_REQUEST: Final = 50


def take_over(connection: asyncssh.SSHServerConnection, login: Any) -> None:
    """Have `login.by_key` decide about keys. Replaces a private part of asyncssh."""
    hidden: Any = connection

    async def validate(username: str, blob: bytes, message: bytes, signature: bytes) -> bool:
        signed = string(hidden._session_id) + message if message else b""
        return await login.by_key(username, blob, signed, signature)

    hidden.validate_public_key = validate


class PublicKeys:
    """What one connection brings by this method."""

    def __init__(self, gateway: Gateway, authority: ClientAuthority, client: str) -> None:
        self._gateway = gateway
        self._authority = authority
        self._client = client
        self._address = client.rpartition(":")[0]
        self._source = source_of(self._address)

    async def may_sign(self, username: str, blob: bytes) -> bool:
        """Whether it is worth a signature. Nobody is told why not: most agents offer keys that are for elsewhere."""
        try:
            if certificates.is_certificate(blob):
                certificates.read(self._authority, blob)
                return True
            return self._takes_keys(username) and await self._known(public_keys.read(blob)) is not None
        except (InvalidCertificate, UnusableKey):
            return False

    async def signed(self, username: str, blob: bytes, message: bytes, signature: bytes) -> Presented | None:
        """The credential that was used; None: it is none of ours, and nothing is said about it."""
        if certificates.is_certificate(blob):
            return self._certificate(username, blob, message, signature)
        try:
            key = public_keys.read(blob)
        except UnusableKey:
            return None
        row = await self._known(key)
        if row is None:
            attempt = Attempt(username, Protocol.SSH, self._client)
            await self._gateway.authenticator.refusals.note(attempt, "nobody has registered the SSH key that signed")
            return None
        return _registered(username, key, row, message, signature)

    def _takes_keys(self, username: str) -> bool:
        """False where no key opens the door: one that is offered for elsewhere as well is no refused login."""
        role, _, resource = username.partition("@")
        found = self._gateway.access.policies.current.resources.get(resource)
        named = found.roles.get(role) if found is not None else None
        return named is None or ClientCredential.KEY in named.accepts

    async def _known(self, key: PublicKey) -> SshKey | None:
        """Whose it is, if anybody's: asked within bounds, and nobody is told which of them it was."""
        lockout, unknown, now = self._gateway.authenticator.lockout, self._gateway.unknown_keys, time.monotonic()
        try:
            lockout.check_source(self._source)
            if not unknown.may_offer(self._source, now):
                await lockout.failed(self._source, None)
                return None
            row = await keys.known(self._gateway.access, key.fingerprint)
        except (LockedOut, StorageUnavailable):
            return None
        if row is None:
            unknown.was_unknown(self._source, now)
        return row

    def _certificate(self, username: str, blob: bytes, message: bytes, signature: bytes) -> Presented:
        async def read(access: Access) -> Claims:
            found = certificates.read(self._authority, blob)
            if not _names(message, certificates.KIND, blob) or found.verify(signature, message) is None:
                raise Refused("The signature with this certificate is not of its key.")
            async with access.database.transaction() as transaction:
                return await certificates.claims(transaction, found, username, self._address)

        async def stands(_: Access, transaction: AsyncSession, __: Claims) -> None:
            found = certificates.read(self._authority, blob)
            await certificates.claims(transaction, found, username, self._address)

        return Presented(ClientCredential.CERTIFICATE, read, stands, {"form": "ssh"})


def _registered(username: str, key: PublicKey, row: SshKey, message: bytes, signature: bytes) -> Presented:
    signed = key.verify(signature, message)
    # RFC 8332, 3: an RSA key goes by the name of its hash.
    algorithm = _algorithm(signature) if key.kind == RSA else key.kind
    named = {"key": str(row.id), "name": row.name}

    async def read(access: Access) -> Claims:
        if signed is None or not _names(message, algorithm, key.blob):
            raise Refused("The signature with this key is not of it.")
        if key.is_security_key and not signed.present:
            raise Refused("This security key was not touched. Use it as it was made, without no-touch-required.")
        return await keys.claims(access, row.id, username)

    is_there = row.vouched and signed is not None and signed.present and signed.verified
    detail = {"form": key.kind, "name": row.name, "fingerprint": public_keys.shown(row.fingerprint)}
    presence = {**named, "user_verified": True} if is_there else None
    return Presented(ClientCredential.KEY, read, standing.key, detail, presence=presence)


def _algorithm(signature: bytes) -> str:
    try:
        return Reader(signature).text()
    except Malformed:
        return ""


def _names(message: bytes, algorithm: str, blob: bytes) -> bool:
    """Whether what was signed says this algorithm and this key, and nothing else."""
    reader = Reader(message)
    try:
        reader.string()
        number = reader.byte()
        _, _, method, has_signature = reader.string(), reader.string(), reader.string(), reader.byte()
        named, key = reader.text(), reader.string()
        reader.end()
    except Malformed:
        return False
    return (number, method, has_signature, named, key) == (_REQUEST, b"publickey", 1, algorithm, blob)

"""The method `publickey` (RFC 4252, 7): what a client offers and signs, checked before anybody is asked about it.

asyncssh's own checks are replaced by these, which know which signatures count, and whether somebody touched the key.
"""

from typing import Any, Final

import asyncssh

from access.context import Access
from access.errors import Refused
from access.identity.presented import Presented
from access.identity.ssh import certificates
from access.identity.ssh.authority import ClientAuthority
from access.identity.ssh.certificates import InvalidCertificate
from access.identity.ssh.wire import Malformed, Reader, string
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims
from proxy.sessions.gateway import Gateway

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
        self._address = client.rpartition(":")[0]

    async def may_sign(self, username: str, blob: bytes) -> bool:
        """Whether it is worth a signature. Nobody is told why not: most agents offer keys that are for elsewhere."""
        try:
            certificates.read(self._authority, blob)
        except InvalidCertificate:
            return False
        return True

    async def signed(self, username: str, blob: bytes, message: bytes, signature: bytes) -> Presented | None:
        """The credential that was used; None: it is none of ours, and nothing is said about it."""
        if certificates.is_certificate(blob):
            return self._certificate(username, blob, message, signature)
        return None

    def _certificate(self, username: str, blob: bytes, message: bytes, signature: bytes) -> Presented:
        async def read(access: Access) -> Claims:
            found = certificates.read(self._authority, blob)
            if not _names(message, certificates.KIND, blob) or found.verify(signature, message) is None:
                raise Refused("The signature with this certificate is not of its key.")
            return await certificates.claims(access, found, username, self._address)

        return Presented(ClientCredential.CERTIFICATE, read, {"form": "ssh"})


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

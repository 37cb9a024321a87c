"""What the gateway proves to an API server: its own token or certificate, and on whose behalf it asks.

People's names and the groups of their role go along with every request (Kubernetes docs, "User impersonation"), so that
the cluster's own rules decide, and its own audit log names the person. No client ever writes such a header.
"""

import os
import ssl
import time
from dataclasses import dataclass, field
from typing import Final

from access.policy.shapes.upstreams import KubernetesUpstream
from proxy.credentials import resolve
from proxy.errors import UpstreamFault
from proxy.sessions.session import LiveSession

#: A projected token is renewed long before it ends; so its file is read again now and then.
TOKEN_FRESH_S: Final = 30.0

#: Names of extras as headers carry them: in lower case, with percent-escapes for what is no token.
_SESSION: Final = "Impersonate-Extra-gatepass.dev%2Fsession"
_GRANT: Final = "Impersonate-Extra-gatepass.dev%2Fgrant"


def on_behalf(session: LiveSession) -> list[tuple[str, str]]:
    """Who asks: a person by their name behind the upstream's prefix, with the groups of their role."""
    upstream = session.resource.upstream
    assert isinstance(upstream, KubernetesUpstream)
    return [
        ("Impersonate-User", upstream.user_prefix + session.principal.name),
        *(("Impersonate-Group", group) for group in session.role.groups),
        ("Impersonate-Uid", str(session.principal.id)),
        (_SESSION, str(session.id)),
        (_GRANT, str(session.grant.id)),
    ]


@dataclass
class OwnToken:
    """The gateway's bearer token; none where it has a certificate."""

    reference: str | None
    _value: str = field(default="", repr=False)
    _read_at: float = 0.0

    async def fields(self) -> list[tuple[str, str]]:
        """Raises UpstreamFault when there is none behind the reference."""
        if self.reference is None:
            return []
        if not self._value or time.monotonic() - self._read_at > TOKEN_FRESH_S:
            self._value = (await resolve(self.reference)).get_secret_value().strip()
            self._read_at = time.monotonic()
        return [("Authorization", f"Bearer {self._value}")]


async def tls_context(upstream: KubernetesUpstream) -> ssl.SSLContext:
    """TLS that verifies the server, with the gateway's certificate if it has one. Raises UpstreamFault."""
    try:
        context = ssl.create_default_context(cafile=upstream.ca_file)
    except OSError as error:
        raise UpstreamFault(f"The CA file of the API server cannot be read ({error.strerror}).") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if upstream.client_certificate is not None and upstream.client_key is not None:
        certificate, key = await resolve(upstream.client_certificate), await resolve(upstream.client_key)
        pem = f"{key.get_secret_value()}\n{certificate.get_secret_value()}\n".encode()
        try:
            _load(context, pem)
        except (ssl.SSLError, OSError) as error:
            raise UpstreamFault("The gateway's certificate for the API server cannot be used.") from error
    return context


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    """From memory: OpenSSL reads certificates by name alone, and a key has no business on a disk."""
    memory = os.memfd_create("client-certificate")
    try:
        os.write(memory, pem)
        context.load_cert_chain(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)

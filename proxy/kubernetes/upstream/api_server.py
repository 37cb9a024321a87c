"""One session's way to its API server: requests, and connections that go on with another protocol.

The server is proven (TLS, verified), the gateway proves itself, and every request says on whose behalf it is. Redirects
are the client's to follow: they would carry those headers elsewhere.
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from access.policy.shapes.upstreams import KubernetesUpstream
from proxy.errors import UpstreamFault, words_of
from proxy.kubernetes.http.heads import Answer
from proxy.kubernetes.upstream.proof import OwnToken, on_behalf, tls_context
from proxy.kubernetes.upstream.switching import Refused, Switched, switched
from proxy.sessions.session import LiveSession

CONNECT_TIMEOUT_S: Final = 10.0
#: Read at once of what an API server sends, and kept ready at most twice.
READ_BYTES: Final = 256 * 1024

Fields = Sequence[tuple[str, str]]


class ApiServer:
    """Made by `of`; closed with its session."""

    def __init__(self, session: LiveSession, context: ssl.SSLContext) -> None:
        upstream = session.resource.upstream
        assert isinstance(upstream, KubernetesUpstream)
        self._name = session.resource.name
        self._base = upstream.server
        self._server_name = upstream.server_name
        self._tls = context
        self._token = OwnToken(upstream.token)
        self._on_behalf = on_behalf(session)
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
            auto_decompress=False,
            read_bufsize=READ_BYTES,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            trust_env=False,
        )

    @classmethod
    async def of(cls, session: LiveSession) -> "ApiServer":
        """Raises UpstreamFault."""
        upstream = session.resource.upstream
        assert isinstance(upstream, KubernetesUpstream)
        return cls(session, await tls_context(upstream))

    @asynccontextmanager
    async def request(
        self, method: str, target: str, fields: Fields, body: bytes | AsyncIterator[bytes] | None = None
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Send a request and have its answer, whose body is read while the block lasts. Raises UpstreamFault."""
        try:
            response = await self._client.request(
                method,
                URL(self._base + target, encoded=True),
                headers=[*fields, *await self._proof()],
                data=body,
                allow_redirects=False,
                server_hostname=self._server_name,
            )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._unreachable(error) from error
        try:
            yield response
        finally:
            # Cut, unless it was read to its end: what is left of it may never come.
            response.close()

    async def switch(self, target: str, fields: Fields, protocol: str, offers: Fields) -> Switched | Refused:
        """Ask to go on with `protocol` (RFC 9110, 7.8); `offers` are the fields that say of which kind.

        Raises UpstreamFault.
        """
        url = URL(self._base + target, encoded=True)
        head = [*fields, *offers, *await self._proof()]
        try:
            return await switched(url, head, protocol, self._tls, self._server_name)
        except (OSError, TimeoutError) as error:
            raise self._unreachable(error) from error

    async def _proof(self) -> list[tuple[str, str]]:
        return [*await self._token.fields(), *self._on_behalf]

    def _unreachable(self, error: Exception) -> UpstreamFault:
        return UpstreamFault(f"The API server of {self._name} {_why(error)}.")

    async def close(self) -> None:
        await self._client.close()


def answer_of(response: aiohttp.ClientResponse) -> Answer:
    """What the server answered, without its body."""
    fields = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.raw_headers)
    return Answer(response.status, fields)


def _why(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            certificate = error.certificate_error
            said = getattr(certificate, "verify_message", "") or type(certificate).__name__
            return f"shows a certificate that is not trusted ({said})"
        case ssl.SSLCertVerificationError():
            return f"shows a certificate that is not trusted ({error.verify_message})"
        case TimeoutError():
            return "does not answer"
        case aiohttp.ClientConnectorError():
            return f"cannot be reached ({words_of(error.os_error)})"
        case OSError():
            return f"cannot be reached ({words_of(error)})"
        case _:
            return "broke off the connection"

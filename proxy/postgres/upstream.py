"""Upstream: a connection to a PostgreSQL server with the role's own credentials.

Refuses what would show the password to somebody else: any method but SCRAM without verified TLS. Errors name the
resource and never the secret; the server's own words about a failed login are passed on, they hold none.
"""

import asyncio
import itertools
import ssl
import string
import struct
from collections.abc import Mapping

from access.policy.resources import Resource
from access.policy.shapes.roles import Role
from access.policy.shapes.upstreams import PostgresUpstream, TlsMode
from proxy import credentials
from proxy.errors import UpstreamFault
from proxy.postgres.protocol import messages, startup
from proxy.postgres.protocol.channel_binding import server_end_point
from proxy.postgres.protocol.frames import MAX_MESSAGE_BYTES, ProtocolViolation
from proxy.postgres.protocol.scram import MECHANISM, MECHANISM_PLUS, ScramClient, ScramFailed
from proxy.transport import Transport, TransportClosed

CONNECT_TIMEOUT_S = 10.0
LOGIN_TIMEOUT_S = 20.0
FETCH_TIMEOUT_S = 20.0

#: How long a cancelled upstream may take to accept the request.
CANCEL_TIMEOUT_S = 5.0

_MAX_LOGIN_MESSAGE_BYTES = 64 * 1024
_OK, _CLEARTEXT, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 3, 5, 10, 11, 12


class Refused(UpstreamFault):
    """The server refused a login or a query of ours: its own words, and its SQLSTATE as `code`."""

    def __init__(self, sentence: str, *, code: str, words: str, detail: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.words = words
        self.detail = detail


class Upstream:
    """A logged-in connection; `transport` is for the relay."""

    def __init__(self, resource: Resource, transport: Transport) -> None:
        self.resource = resource
        self.transport = transport
        #: ParameterStatus so far.
        self.parameters: dict[str, str] = {}
        #: Process id and secret, for cancelling.
        self.key: tuple[int, bytes] | None = None
        #: NoticeResponses that came with the login.
        self.notices: list[bytes] = []

    @property
    def version(self) -> int:
        """The server's major version, as it told; 0: it told none that could be read."""
        told = self.parameters.get("server_version", "")
        major = "".join(itertools.takewhile(frozenset(string.digits).__contains__, told[:4]))
        return int(major or 0)

    async def login(self, role: Role, parameters: Mapping[str, str]) -> None:
        """Authenticate and wait until the server is ready. Raises UpstreamFault."""
        secret = await credentials.password_of(role)
        password = secret.get_secret_value() if secret else ""
        named = {"application_name": role.application_name} if isinstance(role, credentials.Issued) else {}
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                self.transport.write(startup.startup({"user": role.username, **parameters, **named}))
                await self._authenticate(password)
                await self._until_ready()
        except TimeoutError as error:
            raise self._fault("did not finish the login in time") from error
        except TransportClosed as error:
            raise self._fault("closed the connection during the login") from error
        except (ProtocolViolation, ScramFailed, struct.error) as error:
            raise self._fault(f"broke the login: {error}") from error

    async def fetch(self, sql: str) -> list[list[str]]:
        """Run a query of our own and return its rows as text; NULL is empty.

        Raises UpstreamFault; Refused leaves the connection usable, unless the server ended it.
        """
        rows: list[list[str]] = []
        refusal: Refused | None = None
        self.transport.write(messages.query(sql))
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                while True:
                    tag, payload = await self._message(MAX_MESSAGE_BYTES)
                    if tag == b"D":
                        cells = messages.read_data_row(payload)
                        rows.append([messages.text_of(cell or b"") for cell in cells])
                    elif tag == b"E":
                        refusal = self._refusal(payload)
                    elif tag == b"Z":
                        if refusal is not None:
                            raise refusal
                        return rows
        except TimeoutError as error:
            raise self._fault("did not answer in time") from error
        except (TransportClosed, ProtocolViolation) as error:
            raise refusal or self._fault("broke the connection") from error

    async def cancel(self) -> None:
        """Ask the server to cancel what runs here; it may be done by then, so nothing is reported."""
        if self.key is None:
            return
        try:
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                transport = await _connected(self.resource)
                try:
                    transport.write(startup.cancel_request(*self.key))
                    await transport.read_some()
                finally:
                    await transport.close()
        except (TimeoutError, UpstreamFault):
            return

    # --- login --------------------------------------------------------------------------------------------------------

    async def _authenticate(self, password: str) -> None:
        while True:
            method, data = await self._authentication()
            if method == _OK:
                return
            if method == _SASL:
                await self._scram(data, password)
            elif method in {_CLEARTEXT, _MD5}:
                self._answer_weakly(method, password)
            else:
                raise self._fault("asks for a way to authenticate that Gatepass does not speak")

    def _answer_weakly(self, method: int, password: str) -> None:
        """The password itself, only to a server whose certificate proved its name; an MD5 of it, to no server."""
        if method == _MD5:
            raise self._fault("asks for an MD5 password; set password_encryption = scram-sha-256 there")
        if self._upstream.tls is not TlsMode.VERIFY_FULL:
            raise self._fault("asks for the password in a weak form; set SCRAM-SHA-256 there, or tls: verify-full here")
        self.transport.write(messages.message(b"p", messages.c_string(password)))

    async def _scram(self, data: bytes, password: str) -> None:
        """RFC 5802 inside SASLInitialResponse, SASLContinue and SASLFinal."""
        offered = [part.decode("ascii", "replace") for part in data.split(b"\0") if part]
        binding = server_end_point(self.transport.tls)
        bound = binding is not None and MECHANISM_PLUS in offered
        if not bound and MECHANISM not in offered:
            raise self._fault("offers no SCRAM-SHA-256")
        client = ScramClient(binding=binding if bound else None, supported=binding is not None)
        first = client.first()
        mechanism = messages.c_string(MECHANISM_PLUS if bound else MECHANISM)
        self.transport.write(messages.message(b"p", mechanism + struct.pack(">i", len(first)) + first))
        challenge = await self._sasl(_SASL_CONTINUE)
        final = await asyncio.to_thread(client.final, challenge, password)
        self.transport.write(messages.message(b"p", final))
        client.verify(await self._sasl(_SASL_FINAL))

    async def _sasl(self, expected: int) -> bytes:
        method, data = await self._authentication()
        if method != expected:
            raise ProtocolViolation("SCRAM out of order")
        return data

    async def _authentication(self) -> tuple[int, bytes]:
        while True:
            tag, payload = await self._message(_MAX_LOGIN_MESSAGE_BYTES)
            if tag == b"R":
                method, position = messages.take_int32(payload, 0)
                return method, payload[position:]
            if tag == b"E":
                raise self._refusal(payload)
            if tag not in {b"N", b"v"}:
                raise ProtocolViolation("something else than authentication")

    async def _until_ready(self) -> None:
        while True:
            tag, payload = await self._message(_MAX_LOGIN_MESSAGE_BYTES)
            if tag == b"Z":
                return
            if tag == b"S":
                name, value = messages.read_parameter_status(payload)
                self.parameters[name] = value
            elif tag == b"K":
                process, position = messages.take_int32(payload, 0)
                self.key = (process, payload[position:])
            elif tag == b"N":
                self.notices.append(payload)
            elif tag == b"E":
                raise self._refusal(payload)

    async def _message(self, limit: int) -> tuple[bytes, bytes]:
        header = await self.transport.read_exactly(5)
        length = int.from_bytes(header[1:], "big")
        if not 4 <= length <= limit:
            raise ProtocolViolation("a message of an impossible length")
        return header[:1], await self.transport.read_exactly(length - 4)

    # --- faults -------------------------------------------------------------------------------------------------------

    @property
    def _upstream(self) -> PostgresUpstream:
        return upstream_of(self.resource)

    def _fault(self, what: str) -> UpstreamFault:
        return fault(self.resource, what)

    def _refusal(self, payload: bytes) -> Refused:
        error = messages.read_fields(payload)
        sentence = str(self._fault(f"refused us: {error['M']} ({error['C']})"))
        return Refused(sentence, code=error["C"], words=error["M"], detail=error["D"])


async def connect(resource: Resource, role: Role, parameters: Mapping[str, str]) -> Upstream:
    """A logged-in connection to the resource's upstream. Raises UpstreamFault with a sentence for the person."""
    upstream = Upstream(resource, await _connected(resource))
    try:
        await upstream.login(role, parameters)
    except BaseException:
        upstream.transport.abort()
        raise
    return upstream


async def _connected(resource: Resource) -> Transport:
    """A TCP connection, in TLS if the policy says so."""
    upstream = upstream_of(resource)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, transport = await loop.create_connection(Transport, upstream.host, upstream.port)
            try:
                if upstream.tls is not TlsMode.DISABLE:
                    await _start_tls(resource, upstream, transport)
            except BaseException:
                transport.abort()
                raise
            return transport
    except TimeoutError as error:
        raise fault(resource, "does not answer") from error
    except ssl.SSLCertVerificationError as error:
        raise fault(resource, f"shows a certificate that is not trusted ({error.verify_message})") from error
    except ssl.SSLError as error:
        raise fault(resource, f"fails in TLS ({error.reason})") from error
    except TransportClosed as error:
        raise fault(resource, "closed the connection") from error
    except OSError as error:
        raise fault(resource, f"cannot be reached ({error.strerror or type(error).__name__})") from error


async def _start_tls(resource: Resource, upstream: PostgresUpstream, transport: Transport) -> None:
    transport.write(startup.SSL_REQUEST)
    if await transport.read_exactly(1) != b"S":
        raise fault(resource, "offers no TLS, which the policy demands")
    await transport.start_tls(_tls_context(upstream), server_hostname=upstream.server_name or upstream.host)


def _tls_context(upstream: PostgresUpstream) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=upstream.ca_file)
    context.check_hostname = upstream.tls is TlsMode.VERIFY_FULL
    context.set_alpn_protocols(["postgresql"])
    return context


def upstream_of(resource: Resource) -> PostgresUpstream:
    if not isinstance(resource.upstream, PostgresUpstream):
        raise UpstreamFault(f"{resource.name} is no PostgreSQL resource.")
    return resource.upstream


def fault(resource: Resource, what: str) -> UpstreamFault:
    return UpstreamFault(f"The database behind {resource.name} {what}. Ask your Gatepass operator.")

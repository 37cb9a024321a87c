"""One client's connection: its login, and what it asks for then, each thing judged and served.

The session is opened with the first channel, not with the login, so that a client that only tries its token
never counts as live.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import structlog
from asyncssh.auth import KbdIntChallenge, KbdIntResponse
from asyncssh.constants import (
    DISC_BY_APPLICATION,
    OPEN_ADMINISTRATIVELY_PROHIBITED,
    OPEN_CONNECT_FAILED,
    OPEN_RESOURCE_SHORTAGE,
)

from access.identity.ssh.authority import ClientAuthority
from access.policy.values.forward import Destination, allowed
from access.visible import visible_line
from proxy.doors.lobby import FIRST_WORDS_S, LobbyLimits
from proxy.doorstep import Doorstep, Entrance
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from proxy.ssh.algorithms import HOST_KEY, KEY_EXCHANGE
from proxy.ssh.channels.channel import Channel, Owner
from proxy.ssh.flow import EARLY_WINDOW_BYTES, FORWARD_WINDOW_BYTES, PACKET_BYTES, refuse_small_packets
from proxy.ssh.forwarding.forwarding import MAX_OPEN, no_room
from proxy.ssh.forwarding.pipe import End
from proxy.ssh.global_requests import answer_requests
from proxy.ssh.guesses import judge_guesses
from proxy.ssh.login.answers import take_one_each
from proxy.ssh.login.login import Login
from proxy.ssh.login.public_key import take_over
from proxy.ssh.pacing import pace
from proxy.ssh.serving import Serving
from proxy.ssh.strangers import bound_strangers
from proxy.ssh.transport import quicken, refuse_unknown_types
from storage.audit import trail
from storage.database import StorageUnavailable

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: Different refusals of one connection that are put on record, and how long the names in them are.
MAX_REFUSALS = 32
MAX_NAME_CHARS = 300
#: So much of a name is looked at. What is cut off may begin in a value, which stands far behind what is shown.
MAX_READ_CHARS = 4 * MAX_NAME_CHARS


#: Connections that are in no session yet: what starts many commands at once opens as many connections.
LOBBY = LobbyLimits(per_source=50, in_all=200)


@dataclass(frozen=True)
class Limits:
    """What one client, and all clients that are not logged in yet, may take."""

    #: From the first byte to a good token; a client that says nothing is dropped then.
    login_grace_s: float = 15
    #: From the login to the first channel.
    first_channel_s: float = 60
    auth_tries: int = 3
    channels: int = 32
    #: From the first contact to the client's version line.
    first_words_s: float = FIRST_WORDS_S
    lobby: LobbyLimits = LOBBY
    #: How long a client that was told to go may take to read why.
    hang_up_s: float = 0.5


class Connection(asyncssh.SSHServer):
    """The server's side of one client's connection."""

    def __init__(
        self,
        gateway: Gateway,
        limits: Limits,
        *,
        keys: Path,
        authority: ClientAuthority,
        entrance: Entrance,
        own: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._gateway = gateway
        self._limits = limits
        #: The folder of the authorities that certify keys of sessions.
        self._keys = keys
        self._authority = authority
        self._entrance = entrance
        #: Runs a coroutine as a task of the listener.
        self._own = own
        self._client = "unknown"
        self._grace: asyncio.TimerHandle | None = None
        self._numbers = 0
        #: Connections to be forwarded that are not open yet; they may wait for the session.
        self._opening = 0
        self._refused: set[tuple[str, str]] = set()

    # --- login ------------------------------------------------------------------------------------------------------

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self._serving = Serving(self._gateway, conn, keys=self._keys, hang_up_s=self._limits.hang_up_s, own=self._own)
        host, port, *_ = conn.get_extra_info("peername") or ("unknown", 0)
        self._client = f"{host}:{port}"
        self._doorstep = Doorstep(self._entrance, str(host), conn.abort)
        pace(conn)
        quicken(conn, self._doorstep.spoke)
        judge_guesses(conn, KEY_EXCHANGE[0], HOST_KEY)
        refuse_small_packets(conn)
        refuse_unknown_types(conn)
        answer_requests(conn)
        bound_strangers(conn)
        self._login = Login(
            self._gateway,
            conn,
            self._client,
            authority=self._authority,
            tries=self._limits.auth_tries,
            own=self._own,
        )
        take_over(conn, self._login)
        take_one_each(conn, self._login.unasked)

    def connection_lost(self, exc: Exception | None) -> None:
        self._serving.gone()
        self._doorstep.left()
        self._login.left()
        self._disarm()
        if self._admission is None:
            why = self._doorstep.dropped or (type(exc).__name__ if exc else "closed")
            self._doorstep.note("ssh_login_ended", why, client=self._client)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def kbdint_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        return await self._login.by_token(username, password)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> KbdIntChallenge:
        return self._login.question

    async def validate_kbdint_response(self, username: str, responses: KbdIntResponse) -> bool | KbdIntChallenge:  # pyright: ignore[reportIncompatibleMethodOverride] - asyncssh takes a next challenge, and its types do not say so
        return await self._login.answered(username, responses)

    @property
    def _admission(self) -> Admission | None:
        return self._login.admission

    def auth_completed(self) -> None:
        self._grace = asyncio.get_running_loop().call_later(self._limits.first_channel_s, self._drop_idle)

    def _disarm(self) -> None:
        if self._grace is not None:
            self._grace.cancel()

    def _drop_idle(self) -> None:
        if self._admission is not None and self._admission.role.forward:
            # It may wait for its first connection to forward, as ssh -N does: as a session, which can be seen and cut.
            self._begin()
            return
        self._conn.disconnect(DISC_BY_APPLICATION, "gatepass: nothing was asked for in time.")

    # --- channels ---------------------------------------------------------------------------------------------------

    def session_requested(self) -> tuple[asyncssh.SSHServerChannel[bytes], Channel | Awaitable[Channel]]:
        if len(self._serving.channels) >= self._limits.channels:
            raise asyncssh.ChannelOpenError(
                OPEN_RESOURCE_SHORTAGE, f"gatepass: {self._limits.channels} channels are open already."
            )
        first = not self._serving.began
        self._begin()
        channel = Channel(
            self._numbers, Owner(self._serving.start, self._serving.forget, self._refuse, self._transfer_ended)
        )
        self._numbers += 1
        self._serving.add(channel, is_first=first)
        transport = self._conn.create_server_channel(encoding=None, window=EARLY_WINDOW_BYTES, max_pktsize=PACKET_BYTES)
        # The first one is where the client hears why there is no way to the host, if there is none.
        return transport, channel if first else self._serving.opened(channel)

    def _begin(self) -> None:
        if self._serving.over or self._admission is None:
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, "gatepass: the session is over.")
        self._doorstep.left()
        self._disarm()
        self._serving.begin(self._admission, self._client)

    # --- forwarding -------------------------------------------------------------------------------------------------

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        wanted = Destination.to(dest_host, dest_port)
        self._check("port", wanted)
        self._make_room()
        transport = self._conn.create_tcp_channel(window=FORWARD_WINDOW_BYTES, max_pktsize=PACKET_BYTES)
        return transport, self._connect(wanted, (orig_host, orig_port))

    def unix_connection_requested(self, dest_path: str) -> Any:
        wanted = Destination.socket(dest_path)
        self._check("socket", wanted)
        self._make_room()
        transport = self._conn.create_unix_channel(window=FORWARD_WINDOW_BYTES, max_pktsize=PACKET_BYTES)
        return transport, self._connect(wanted, ("", 0))

    def server_requested(self, listen_host: str, listen_port: int) -> Any:
        return self._listen("remote port", Destination.at(listen_host, listen_port), listen_host)

    def unix_server_requested(self, listen_path: str) -> Any:
        return self._listen("remote socket", Destination.socket(listen_path, listens=True), listen_path)

    def tun_requested(self, unit: int | None) -> bool:
        raise self._no_forwarding("tunnel")

    def tap_requested(self, unit: int | None) -> bool:
        raise self._no_forwarding("tunnel")

    def _check(self, what: str, wanted: Destination) -> None:
        """Raise a ChannelOpenError unless the role's `forward` names it. No session is begun for what it does not."""
        role = self._admission.role if self._admission is not None else None
        if role is None or not wanted.is_whole or not allowed(role.forward, wanted):
            raise self._no_forwarding(what, wanted)
        self._begin()

    def _make_room(self) -> None:
        """Count one more, which `_connect` is called for; raise a ChannelOpenError if too many wait."""
        if self._opening >= MAX_OPEN:
            raise no_room()
        self._opening += 1

    async def _connect(self, wanted: Destination, origin: tuple[str, int]) -> End:
        try:
            return await (await self._serving.forwarding()).connect(wanted, origin)
        finally:
            self._opening -= 1

    async def _listen(self, what: str, wanted: Destination, asked: str) -> asyncssh.SSHListener | bool:
        try:
            self._check(what, wanted)
            return await (await self._serving.forwarding()).listen(wanted, asked) or False
        except asyncssh.ChannelOpenError:
            return False

    def _no_forwarding(self, what: str, wanted: Destination | None = None) -> asyncssh.ChannelOpenError:
        self._refuse(what, wanted)
        role = self._admission.role if self._admission is not None else None
        if wanted is None or role is None:
            return asyncssh.ChannelOpenError(
                OPEN_ADMINISTRATIVELY_PROHIBITED, f"gatepass: {what} forwarding is not allowed."
            )
        shown = visible_line(wanted.name[:MAX_NAME_CHARS])[:MAX_NAME_CHARS]
        named = f"; {role.name} allows {', '.join(role.forward)}" if role.forward else ""
        return asyncssh.ChannelOpenError(
            OPEN_ADMINISTRATIVELY_PROHIBITED,
            f"gatepass: {what} forwarding is not allowed to {shown}{named}.",
        )

    # --- on record --------------------------------------------------------------------------------------------------

    def _refuse(self, what: str, wanted: Destination | None = None) -> None:
        """Put the refusal on record, once for each: clients ask for every connection they would forward."""
        key = what, wanted.name[:MAX_NAME_CHARS] if wanted is not None else ""
        if key in self._refused or self._admission is None or len(self._refused) >= MAX_REFUSALS:
            return
        self._refused.add(key)
        detail = {"forwarding": what}
        if wanted is not None:
            detail["destination"] = self._cleaned(wanted.name)
        log.info("ssh_forwarding_refused", client=self._client, **detail)
        self._own(self._audit(self._admission, "proxy:forwarding:refuse", detail))

    def _transfer_ended(self, detail: Mapping[str, Any]) -> None:
        if self._admission is not None:
            cleaned = {name: self._cleaned(str(value)) for name, value in detail.items()}
            log.info("ssh_transfer_ended", client=self._client, **cleaned)
            self._own(self._audit(self._admission, "proxy:transfer:refuse", cleaned))

    def _cleaned(self, name: str) -> str:
        """A client's own word as it may stand on record, cut before it is read: each character takes time."""
        return self._gateway.access.redact(name[:MAX_READ_CHARS])[:MAX_NAME_CHARS]

    async def _audit(self, admission: Admission, action: str, detail: Mapping[str, Any]) -> None:
        with contextlib.suppress(StorageUnavailable):
            async with self._gateway.access.database.transaction() as transaction:
                await trail.record(
                    transaction,
                    actor=f"{admission.principal.kind}:{admission.principal.name}",
                    action=action,
                    resource=admission.resource.name,
                    outcome="failure",
                    grant=admission.grant.id,
                    detail={**detail, "client": self._client},
                )

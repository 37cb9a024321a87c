"""One client's connection: its login with a token, then one session for all of its channels.

The session is opened with the first channel, not with the login, so that a client that only tries its token
never counts as live. It ends when either side hangs up, or from outside; then every open channel is told why.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
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

from proxy.doors.lobby import FIRST_WORDS_S, LobbyLimits
from proxy.doorstep import Doorstep, Entrance
from proxy.errors import AccessRefused, Fault, PolicyFault, SessionEnded, UpstreamFault
from proxy.recording.asciicast import Cast
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from proxy.sessions.session import LiveSession
from proxy.ssh.algorithms import HOST_KEY, KEY_EXCHANGE
from proxy.ssh.channel import CUT, UNAVAILABLE, Channel, Live, Owner
from proxy.ssh.guesses import judge_guesses
from proxy.ssh.transport import PACKET_BYTES, WINDOW_BYTES, quicken
from proxy.ssh.upstream import connected
from proxy.tasks import unless
from storage.audit import trail
from storage.database import StorageUnavailable
from storage.model import Protocol

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: sshpass and what works like it (Ansible) wait for "assword".
_PROMPT = "Gatepass token as password: "
_LAST_WORDS_S = 0.2


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
        entrance: Entrance,
        own: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._gateway = gateway
        self._limits = limits
        self._entrance = entrance
        #: Runs a coroutine as a task of the listener.
        self._own = own
        self._client = "unknown"
        self._failures = 0
        self._admission: Admission | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        self._started: asyncio.Queue[Channel] = asyncio.Queue()
        self._serving = False
        self._numbers = 0
        self._channels: set[Channel] = set()
        self._emptied = asyncio.Event()
        self._over = False
        self._refused_forwarding: set[str] = set()

    # --- login ------------------------------------------------------------------------------------------------------

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        host, port, *_ = conn.get_extra_info("peername") or ("unknown", 0)
        self._client = f"{host}:{port}"
        self._doorstep = Doorstep(self._entrance, str(host), conn.abort)
        quicken(conn, self._doorstep.spoke)
        judge_guesses(conn, KEY_EXCHANGE[0], HOST_KEY)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._doorstep.left()
        self._disarm()
        if self._admission is None:
            why = self._doorstep.dropped or (type(exc).__name__ if exc else "closed")
            self._doorstep.note("ssh_login_ended", why, client=self._client)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def kbdint_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        return await self._admit(username, password)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> KbdIntChallenge:
        return "", "", "", ((_PROMPT, False),)

    async def validate_kbdint_response(self, username: str, responses: KbdIntResponse) -> bool:
        return len(responses) == 1 and await self._admit(username, responses[0])

    async def _admit(self, username: str, token: str) -> bool:
        """Let a good token in. A client says no more than "permission denied", so the reason goes ahead as a banner."""
        try:
            self._admission = await self._gateway.admit(
                username=username, token=token.strip(), protocol=Protocol.SSH, client=self._client
            )
        except AccessRefused as refusal:
            self._failures += 1
            with contextlib.suppress(OSError):
                self._conn.send_auth_banner(f"gatepass: {refusal}\n")
            if self._failures >= self._limits.auth_tries:
                raise asyncssh.PermissionDenied("Too many tokens were refused.") from refusal
            return False
        return True

    def auth_completed(self) -> None:
        self._grace = asyncio.get_running_loop().call_later(self._limits.first_channel_s, self._drop_idle)

    def _disarm(self) -> None:
        if self._grace is not None:
            self._grace.cancel()

    def _drop_idle(self) -> None:
        self._conn.disconnect(DISC_BY_APPLICATION, "gatepass: nothing was asked for in time.")

    # --- channels ---------------------------------------------------------------------------------------------------

    def session_requested(self) -> tuple[asyncssh.SSHServerChannel[bytes], Channel]:
        if len(self._channels) >= self._limits.channels:
            raise asyncssh.ChannelOpenError(
                OPEN_RESOURCE_SHORTAGE, f"gatepass: {self._limits.channels} channels are open already."
            )
        if self._over:
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, "gatepass: the session is over.")
        channel = Channel(self._numbers, Owner(self._start, self._forget, self._refuse_forwarding))
        self._numbers += 1
        self._channels.add(channel)
        self._emptied.clear()
        transport = self._conn.create_server_channel(encoding=None, window=WINDOW_BYTES, max_pktsize=PACKET_BYTES)
        return transport, channel

    def _start(self, channel: Channel) -> None:
        self._started.put_nowait(channel)
        if not self._serving and self._admission is not None:
            self._serving = True
            self._doorstep.left()
            self._disarm()
            self._own(self._serve(self._admission))

    def _forget(self, channel: Channel) -> None:
        self._channels.discard(channel)
        if not self._channels:
            self._emptied.set()

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return self._no_forwarding("port")

    def unix_connection_requested(self, dest_path: str) -> bool:
        return self._no_forwarding("socket")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        self._refuse_forwarding("remote port")
        return False

    def unix_server_requested(self, listen_path: str) -> bool:
        self._refuse_forwarding("remote socket")
        return False

    def tun_requested(self, unit: int | None) -> bool:
        return self._no_forwarding("tunnel")

    def tap_requested(self, unit: int | None) -> bool:
        return self._no_forwarding("tunnel")

    def _no_forwarding(self, what: str) -> bool:
        self._refuse_forwarding(what)
        raise asyncssh.ChannelOpenError(
            OPEN_ADMINISTRATIVELY_PROHIBITED, f"gatepass: {what} forwarding is not allowed."
        )

    def _refuse_forwarding(self, what: str) -> None:
        """Put the refusal on record, once for each kind: clients ask for every connection they would forward."""
        if what not in self._refused_forwarding and self._admission is not None:
            self._refused_forwarding.add(what)
            log.info("ssh_forwarding_refused", client=self._client, forwarding=what)
            self._own(self._audit_forwarding(self._admission, what))

    async def _audit_forwarding(self, admission: Admission, what: str) -> None:
        with contextlib.suppress(StorageUnavailable):
            async with self._gateway.access.database.transaction() as transaction:
                await trail.record(
                    transaction,
                    actor=f"{admission.principal.kind}:{admission.principal.name}",
                    action="proxy:forwarding:refuse",
                    resource=admission.resource.name,
                    outcome="failure",
                    grant=admission.grant.id,
                    detail={"forwarding": what, "client": self._client},
                )

    # --- the session ------------------------------------------------------------------------------------------------

    async def _serve(self, admission: Admission) -> None:
        """One session, from the first channel to the end of the connection."""
        try:
            async with self._gateway.enter(admission, client_software=self._software()) as session:
                try:
                    await session.run(self._until_gone(session))
                except Fault as fault:
                    await self._hang_up(fault)
                    raise
                except Exception as error:
                    await self._hang_up(PolicyFault(f"Gatepass failed ({type(error).__name__}), so the session ended."))
                    raise
                if not self._gone.is_set():
                    await self._hang_up(UpstreamFault(f"{session.resource.name} closed the connection."))
        except AccessRefused as refusal:
            await self._hang_up(refusal)
        except Fault as fault:
            log.info("ssh_session_cut", client=self._client, reason=fault.reason.value)
        finally:
            self._over = True
            self._conn.abort()

    def _software(self) -> str:
        return str(self._conn.get_extra_info("client_version", ""))[:255]

    async def _until_gone(self, session: LiveSession) -> None:
        await unless(self._gone, self._relay(session))

    async def _relay(self, session: LiveSession) -> None:
        """Serve channels as they are opened, until the upstream hangs up. Raises a Fault."""
        async with connected(session.resource, session.role) as upstream:
            live = Live(session, upstream, Cast(session.recorder))
            running: set[asyncio.Task[None]] = set()
            try:
                async with asyncio.TaskGroup() as group:
                    accepting = group.create_task(self._accept(live, group, running))
                    await upstream.wait_closed()
                    accepting.cancel()
                    # What had ended before the connection did only has to notice it.
                    if running and (await asyncio.wait(running, timeout=_LAST_WORDS_S))[1]:
                        raise UpstreamFault(f"{session.resource.name} closed the connection.")
            except* Fault as faults:
                raise _first(faults) from None

    async def _accept(self, live: Live, group: asyncio.TaskGroup, running: set[asyncio.Task[None]]) -> None:
        while True:
            channel = await self._started.get()
            task = group.create_task(channel.run(live))
            running.add(task)
            task.add_done_callback(running.discard)

    async def _hang_up(self, fault: Fault) -> None:
        """Tell every open channel why, close the connection, and leave the client a moment to read it."""
        self._over = True
        for channel in list(self._channels):
            channel.end(str(fault), CUT if isinstance(fault, SessionEnded) else UNAVAILABLE)
        if self._channels:
            await self._within_a_moment(self._emptied)
        self._conn.disconnect(DISC_BY_APPLICATION, f"gatepass: {fault}")
        await self._within_a_moment(self._gone)

    async def _within_a_moment(self, event: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.hang_up_s):
                await event.wait()


def _first(faults: BaseExceptionGroup[Fault]) -> Fault:
    """Several channels may fail together, and all for the first one's reason."""
    leaf: BaseException = faults
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    assert isinstance(leaf, Fault)
    return leaf

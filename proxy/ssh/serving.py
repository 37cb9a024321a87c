"""The one session of a client's connection: from its first channel to its end, with the way to the host.

It begins when the client opens something, not with the login. A channel behind the first one is opened at the host
before the client has it, so that a host that refuses it refuses the client.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncssh
import structlog
from asyncssh.constants import DISC_BY_APPLICATION, OPEN_CONNECT_FAILED

from proxy.errors import AccessRefused, Fault, PolicyFault, SessionEnded, UpstreamFault
from proxy.recording.asciicast import Cast
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from proxy.sessions.session import LiveSession
from proxy.ssh.certificate import Subject
from proxy.ssh.channels import session_channel
from proxy.ssh.channels.channel import CUT, UNAVAILABLE, Channel
from proxy.ssh.forwarding.forwarding import Forwarding
from proxy.ssh.live import Live
from proxy.ssh.pacing import pair
from proxy.ssh.upstream import connected
from proxy.tasks import unless

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_LAST_WORDS_S = 0.2
_OVER = "gatepass: the session is over."


class Serving:
    """What one connection is served with, once it has begun."""

    def __init__(
        self,
        gateway: Gateway,
        connection: asyncssh.SSHServerConnection,
        *,
        keys: Path,
        hang_up_s: float,
        own: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        #: The folder of the authorities that certify keys of sessions.
        self._keys = keys
        #: How long a client that was told to go may take to read why.
        self._hang_up_s = hang_up_s
        #: Runs a coroutine as a task of the listener.
        self._own = own
        self._started: asyncio.Queue[Channel] = asyncio.Queue()
        self._live: asyncio.Future[tuple[Live, Forwarding]] = asyncio.get_running_loop().create_future()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        self._emptied = asyncio.Event()
        self._first: Channel | None = None
        self.channels: set[Channel] = set()
        self.began = False
        self.over = False

    # --- what the connection tells ----------------------------------------------------------------------------------

    def begin(self, admission: Admission, client: str) -> None:
        """Open the session, if it is not open yet."""
        if not self.began:
            self.began = True
            self._own(self._serve(admission, client))

    def gone(self) -> None:
        """The client has hung up."""
        self._gone.set()

    def add(self, channel: Channel, *, is_first: bool) -> None:
        """A channel that the client opens; the first has it before the host was asked."""
        if is_first:
            self._first = channel
        self.channels.add(channel)
        self._emptied.clear()

    def forget(self, channel: Channel) -> None:
        self.channels.discard(channel)
        if not self.channels:
            self._emptied.set()

    def start(self, channel: Channel) -> None:
        """The channel's request is in."""
        self._started.put_nowait(channel)

    async def opened(self, channel: Channel) -> Channel:
        """The same channel, once the host has opened one for it. Raises asyncssh.ChannelOpenError as the host did."""
        try:
            live, _ = await self._arrived()
            try:
                channel.goes_by(await session_channel.opened(live.upstream))
            except asyncssh.ChannelOpenError as error:
                raise asyncssh.ChannelOpenError(error.code, f"{live.host}: {error.reason}") from error
            except (asyncssh.Error, OSError) as error:
                raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, _OVER) from error
        except asyncssh.ChannelOpenError:
            self.forget(channel)
            raise
        return channel

    async def forwarding(self) -> Forwarding:
        """What opens forwarded connections. Raises asyncssh.ChannelOpenError where there is no session any more."""
        return (await self._arrived())[1]

    async def _arrived(self) -> tuple[Live, Forwarding]:
        await asyncio.wait({self._live})
        if self.over or self._live.cancelled():
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, _OVER)
        return self._live.result()

    # --- the session ------------------------------------------------------------------------------------------------

    async def _serve(self, admission: Admission, client: str) -> None:
        """One session, from the first channel to the end of the connection."""
        try:
            async with self._gateway.enter(admission, client_software=self._software()) as session:
                try:
                    await session.run(self._relay_unless_gone(session))
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
            log.info("ssh_session_cut", client=client, reason=fault.reason.value)
        finally:
            self.over = True
            self._live.cancel()
            self._failed.cancel()
            self._connection.abort()

    def _software(self) -> str:
        return str(self._connection.get_extra_info("client_version", ""))[:255]

    async def _relay_unless_gone(self, session: LiveSession) -> None:
        """Or as much of it as is done when the client hangs up; a session that has ended starts none of it."""
        await unless(self._gone, self._relay(session))

    async def _relay(self, session: LiveSession) -> None:
        """Serve channels as they are opened, until the upstream hangs up. Raises a Fault."""
        async with connected(session.resource, session.role, self._keys, Subject.of(session)) as upstream:
            pair(self._connection, upstream)
            live = Live(session, upstream, Cast(session.recorder))
            forwarding = Forwarding(live, self._connection, self._fail)
            await self._open_first(live)
            self._live.set_result((live, forwarding))
            running: set[asyncio.Task[None]] = set()
            try:
                async with asyncio.TaskGroup() as group:
                    beside = [
                        group.create_task(self._accept(live, group, running)),
                        group.create_task(_raised(self._failed)),
                    ]
                    await upstream.wait_closed()
                    for task in beside:
                        task.cancel()
                    # What had ended before the connection did only has to notice it.
                    if running and (await asyncio.wait(running, timeout=_LAST_WORDS_S))[1]:
                        raise UpstreamFault(f"{session.resource.name} closed the connection.")
            except* Fault as faults:
                raise _first(faults) from None
            finally:
                await forwarding.close()

    async def _open_first(self, live: Live) -> None:
        """Before the others, which wait for it: what the host grants is for the first one first."""
        if self._first is None or self._first not in self.channels:
            return
        try:
            self._first.goes_by(await session_channel.opened(live.upstream))
        except asyncssh.ChannelOpenError:
            pass  # It is asked for again, and refused in words, once the client has said what for.
        except (asyncssh.Error, OSError) as error:
            raise UpstreamFault(f"{live.host} broke off the connection.") from error

    async def _accept(self, live: Live, group: asyncio.TaskGroup, running: set[asyncio.Task[None]]) -> None:
        while True:
            channel = await self._started.get()
            task = group.create_task(channel.run(live))
            running.add(task)
            task.add_done_callback(running.discard)

    def _fail(self, fault: Fault) -> None:
        if not self._failed.done():
            self._failed.set_exception(fault)

    async def _hang_up(self, fault: Fault) -> None:
        """Tell every open channel why, close the connection, and leave the client a moment to read it."""
        self.over = True
        self._live.cancel()
        for channel in list(self.channels):
            channel.end(str(fault), CUT if isinstance(fault, SessionEnded) else UNAVAILABLE)
        if self.channels:
            await self._within_a_moment(self._emptied)
        self._connection.disconnect(DISC_BY_APPLICATION, f"gatepass: {fault}")
        await self._within_a_moment(self._gone)

    async def _within_a_moment(self, event: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._hang_up_s):
                await event.wait()


async def _raised(failed: asyncio.Future[None]) -> None:
    await failed


def _first(faults: BaseExceptionGroup[Fault]) -> Fault:
    """Several channels may fail together, and all for the first one's reason."""
    leaf: BaseException = faults
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    assert isinstance(leaf, Fault)
    return leaf

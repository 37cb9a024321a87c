"""Forwarded connections of one client: whether each may be, by the role's `forward` and its rules; and how they end.

-L, -D, -W and -J ask for a connection to an address or socket; -R asks that the host listen. Each is judged, put on
record with its destination, bytes and time, and cut with the session. Agents, displays and tunnels are never forwarded.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import asyncssh
from asyncssh.constants import OPEN_ADMINISTRATIVELY_PROHIBITED, OPEN_CONNECT_FAILED, OPEN_RESOURCE_SHORTAGE

from access.policy.labels import ShellLabel
from access.policy.values.forward import LABEL, Destination
from proxy.errors import Fault
from proxy.sessions.reviewed import Verdict
from proxy.ssh.flow import FORWARD_WINDOW_BYTES, PACKET_BYTES
from proxy.ssh.forwarding.expected import expected
from proxy.ssh.forwarding.listening import Listening
from proxy.ssh.forwarding.pipe import End, Pipe
from proxy.ssh.live import Live
from proxy.statements import StatementFacts
from proxy.tasks import settled, unless

#: Forwarded connections at once; editors and browsers open dozens.
MAX_OPEN: Final = 128
#: Addresses that the host listens on for one client.
MAX_LISTENING: Final = 16

#: Windows and packets of both channels of a connection, as asyncssh calls them.
_SIZES: Final[Any] = {"window": FORWARD_WINDOW_BYTES, "max_pktsize": PACKET_BYTES}


async def _unseen(_sentence: str) -> None:
    """A forwarded connection has nowhere to say that it waits for its review."""


def _bound(wanted: Destination, listener: asyncssh.SSHListener) -> Destination:
    """Where the host listens, which may have chosen the port."""
    return wanted if wanted.is_socket else replace(wanted, port=listener.get_port())


def no_room() -> asyncssh.ChannelOpenError:
    """What is raised for one connection too many."""
    return asyncssh.ChannelOpenError(
        OPEN_RESOURCE_SHORTAGE, f"gatepass: {MAX_OPEN} forwarded connections are open already."
    )


class Forwarding:
    """Of one connection, while its session lives. `fail` is told why the session must end."""

    def __init__(self, live: Live, client: asyncssh.SSHServerConnection, fail: Callable[[Fault], None]) -> None:
        self._live = live
        self._client = client
        self._fail = fail
        self._open: dict[Pipe, tuple[int, Destination]] = {}
        self._closed = asyncio.Event()
        self._numbers = 0
        self._opening = 0
        self._judging: set[asyncio.Future[Verdict | None]] = set()
        self._listening: set[Listening] = set()
        #: Places that the host is being asked to listen on.
        self._asking: list[Destination] = []

    async def connect(self, wanted: Destination, origin: tuple[str, int]) -> End:
        """The client's end of a connection from the host to `wanted`. Raises asyncssh.ChannelOpenError."""
        self._make_room()
        self._opening += 1
        try:
            await self._judge(wanted)
            pipe = Pipe(self._over)
            try:
                await self._reach(wanted, origin, lambda: pipe.host)
            except asyncssh.ChannelOpenError as error:
                raise asyncssh.ChannelOpenError(
                    error.code, f"{self._live.host}: {self._live.said(error.reason)}"
                ) from error
            except (asyncssh.Error, OSError) as error:
                raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, f"{self._live.host} is gone.") from error
        finally:
            self._opening -= 1
        self._began(pipe, wanted)
        return pipe.client

    async def _reach(self, wanted: Destination, origin: tuple[str, int], end: Callable[[], End]) -> None:
        upstream = self._live.upstream
        if wanted.is_socket:
            await upstream.create_unix_connection(end, wanted.host, **_SIZES)
        else:
            await upstream.create_connection(end, wanted.asked_host, wanted.port, *origin, **_SIZES)

    async def listen(self, wanted: Destination, asked: str) -> asyncssh.SSHListener | None:
        """Have the host listen; what connects there is passed to the client. None: it may not, or cannot.

        `asked`: the address in the client's spelling, by which it knows what connects.
        """
        places = [*self._asking, *(each.place for each in self._listening)]
        if len(places) >= MAX_LISTENING or (wanted in places and (wanted.is_socket or wanted.port)):
            return None
        self._asking.append(wanted)
        try:
            await self._judge(wanted)
            listener = await self._listen(wanted, asked)
        except (asyncssh.Error, asyncssh.ChannelListenError, OSError):
            return None
        finally:
            self._asking.remove(wanted)
        listening = Listening(_bound(wanted, listener), listener, self._listening.discard)
        self._listening.add(listening)
        return listening

    async def _listen(self, wanted: Destination, asked: str) -> asyncssh.SSHListener:
        upstream = self._live.upstream
        listening: asyncio.Future[asyncssh.SSHListener] = asyncio.get_running_loop().create_future()

        async def arrived(host: str = "", port: int = 0) -> End:
            # The client is told first that the host listens.
            return await self._arrived(_bound(wanted, await asyncio.shield(listening)), asked, (host, port))

        try:
            with expected(upstream, wanted, arrived):
                if wanted.is_socket:
                    listener = await upstream.create_unix_server(arrived, wanted.host, **_SIZES)
                else:
                    listener = await upstream.create_server(arrived, wanted.asked_host, wanted.port, **_SIZES)
        except BaseException:
            listening.set_exception(asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, "gatepass: nobody listens there."))
            # Most often nobody has come, so nobody else hears it.
            listening.exception()
            raise
        listening.set_result(listener)
        return listener

    async def _arrived(self, wanted: Destination, asked: str, origin: tuple[str, int]) -> End:
        """The host's end of a connection that came to where it listens. Raises asyncssh.ChannelOpenError."""
        self._make_room()
        self._opening += 1
        pipe = Pipe(self._over)
        try:
            if wanted.is_socket:
                await self._client.create_unix_connection(lambda: pipe.client, asked, **_SIZES)
            else:
                await self._client.create_connection(lambda: pipe.client, asked, wanted.port, *origin, **_SIZES)
        finally:
            self._opening -= 1
        self._began(pipe, wanted)
        return pipe.host

    def _make_room(self) -> None:
        if len(self._open) + self._opening >= MAX_OPEN:
            raise no_room()

    async def _judge(self, wanted: Destination) -> None:
        session = self._live.session
        facts = StatementFacts(
            text=session.masker.redact(wanted.name),
            kind=ShellLabel.FORWARD.value,
            labels=frozenset({ShellLabel.FORWARD.value, *(LABEL + name for name in wanted.names)}),
            parts=tuple(frozenset({ShellLabel.FORWARD.value, LABEL + name}) for name in wanted.names),
        )
        judging = asyncio.ensure_future(unless(self._closed, session.authorize([facts], _unseen)))
        self._judging.add(judging)
        judging.add_done_callback(self._judging.discard)
        try:
            verdict = await judging
        except Fault as fault:
            self._fail(fault)
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, f"gatepass: {fault}") from fault
        if verdict is None:
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, "gatepass: the session is over.")
        if not verdict.allowed:
            raise asyncssh.ChannelOpenError(OPEN_ADMINISTRATIVELY_PROHIBITED, f"gatepass: {verdict.message}")

    # --- on record --------------------------------------------------------------------------------------------------

    def _began(self, pipe: Pipe, wanted: Destination) -> None:
        number, self._numbers = self._numbers, self._numbers + 1
        self._open[pipe] = number, wanted
        self._record(number, event="open", destination=wanted.name)

    def _over(self, pipe: Pipe) -> None:
        number, wanted = self._open.pop(pipe, (None, None))
        if number is None or wanted is None:
            return
        self._live.session.counters.bytes_out += pipe.host.received
        self._record(
            number,
            event="close",
            destination=wanted.name,
            bytes_in=pipe.client.received,
            bytes_out=pipe.host.received,
            seconds=pipe.seconds,
        )

    def _record(self, number: int, **facts: str | float) -> None:
        try:
            self._live.cast.forwarded(number, **facts)
        except Fault as fault:
            self._fail(fault)

    async def close(self) -> None:
        """The session is over: so is every one of them, and whatever waits for its verdict is withdrawn first."""
        self._closed.set()
        for pipe in list(self._open):
            pipe.close()
        for judging in list(self._judging):
            await settled(judging)

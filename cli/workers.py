"""`gatepass serve --workers N`: proxy processes that share the ports, started, watched and stopped by one without any.

Each is a `gatepass serve --only proxy` with a link to this process: a socket by which it is told its place, says that
it is ready, and notices that nobody watches it any more. What they share otherwise is storage, as any two proxies do.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from cli.runtime import NotReady
from proxy.errors import CannotListen
from proxy.place import Place
from storage.model import Protocol

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: More than the cores of any machine that one Gatepass should serve from.
MOST_WORKERS = 64
#: A worker that was ready is started again after so long; each time that it fails at once, twice as long.
RESTART_S, LONGEST_RESTART_S = 1.0, 30.0
#: What its sessions take to end (proxy.server.DRAIN_S) and as much again.
STOP_S = 10.0
#: Without what is in front of PATH's Python: nothing of the folder it is started in.
_PROGRAM = (sys.executable, "-P", "-c", "from cli.main import main; main()")


@dataclass(frozen=True)
class Link:
    """A worker's end of the line to the process that watches it."""

    place: Place
    _socket: socket.socket

    @classmethod
    def open(cls, descriptor: int) -> "Link":
        """Read what place this process is given. Raises NotReady where nobody gives one."""
        try:
            line = socket.socket(fileno=descriptor)
            told = json.loads(line.recv(4096))
            place = Place(told["index"], told["count"], Path(told["folder"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotReady("--link is for Gatepass itself: use --workers.") from error
        line.setblocking(False)
        return cls(place, line)

    def ready(self) -> None:
        """Say that people are let in."""
        self._socket.send(b"ready")

    async def lost(self) -> None:
        """Return when nobody watches this process any more."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_recv(self._socket, 1)


@dataclass
class Workers:
    """`count` workers for these addresses; `listen` names the variable that tells each of them its address."""

    count: int
    listen: Mapping[Protocol, tuple[str, int]]
    #: Set once all of them let people in.
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[int, asyncio.subprocess.Process] = field(default_factory=dict[int, asyncio.subprocess.Process])
    _are_ready: set[int] = field(default_factory=set[int])
    #: They may have read the policy before it changed, and cannot be told yet.
    _to_be_told: set[int] = field(default_factory=set[int])

    async def run(self) -> None:
        """Keep them running until cancelled; then end them, and wait.

        Raises CannotListen, and NotReady when one cannot start at all.
        """
        with tempfile.TemporaryDirectory(prefix="gatepass-") as folder, _held(self.listen) as ports:
            addresses = {_variable(each): f"[{host}]:{ports[each]}" for each, (host, _) in self.listen.items()}
            try:
                async with asyncio.TaskGroup() as group:
                    for index in range(self.count):
                        group.create_task(self._keep(Place(index, self.count, Path(folder)), addresses))
            finally:
                await self._stop()

    def hang_up(self) -> None:
        """Have them read the policy again, as this process does."""
        for index in range(self.count):
            if index in self._are_ready:
                self._tell(index)
            else:
                # A process that is not ready dies of the signal.
                self._to_be_told.add(index)

    def _tell(self, index: int) -> None:
        self._to_be_told.discard(index)
        with contextlib.suppress(ProcessLookupError):
            self._running[index].send_signal(signal.SIGHUP)

    async def _keep(self, place: Place, addresses: Mapping[str, str]) -> None:
        pause, was_ready, index = RESTART_S, False, place.index
        while True:
            async with _started(place, addresses) as (process, line):
                self._running[index] = process
                if await _says_ready(line):
                    pause, was_ready = RESTART_S, True
                    self._let_in(index)
                status = await process.wait()
                self._are_ready.discard(index)
            if not was_ready:
                raise NotReady(f"A proxy worker could not start (status {status}). What it said stands above.")
            log.error("worker_ended", worker=index, status=status, again_in_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RESTART_S)

    def _let_in(self, index: int) -> None:
        self._are_ready.add(index)
        if index in self._to_be_told:
            self._tell(index)
        if len(self._are_ready) == self.count:
            self.ready.set()

    async def _stop(self) -> None:
        running = [each for each in self._running.values() if each.returncode is None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        ends = [asyncio.ensure_future(process.wait()) for process in running]
        if ends:
            await asyncio.wait(ends, timeout=STOP_S)
        for process in running:
            if process.returncode is None:
                log.error("worker_killed", pid=process.pid, why=f"it did not stop in {STOP_S:.0f} s")
                process.kill()
                await process.wait()


@contextlib.asynccontextmanager
async def _started(
    place: Place, addresses: Mapping[str, str]
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            told: dict[str, Any] = {"index": place.index, "count": place.count, "folder": str(place.folder)}
            ours.send(json.dumps(told).encode())
            process = await asyncio.create_subprocess_exec(
                *_PROGRAM,
                *("serve", "--only", "proxy", "--link", str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **addresses},
            )
        ours.setblocking(False)
        yield process, ours


async def _says_ready(line: socket.socket) -> bool:
    """Whether a worker lets people in; otherwise it has ended."""
    try:
        return bool(await asyncio.get_running_loop().sock_recv(line, 16))
    except OSError:
        return False


@contextlib.contextmanager
def _held(listen: Mapping[Protocol, tuple[str, int]]) -> Generator[dict[Protocol, int]]:
    """The ports, real ones where 0 was asked for, kept from everybody but our workers while the block lasts.

    A socket that is bound and does not listen is given no connection. Raises CannotListen for a port that somebody has:
    shared, it would give them some of our connections.
    """
    with contextlib.ExitStack() as stack:
        ports: dict[Protocol, int] = {}
        for protocol, address in listen.items():
            try:
                ports[protocol] = stack.enter_context(_bound(*address)).getsockname()[1]
            except OSError as error:
                raise CannotListen(protocol, address, error) from error
        yield ports


def _bound(host: str, port: int) -> socket.socket:
    family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.create_server(where[:2], family=family) as alone:
        port = alone.getsockname()[1]
    held = socket.socket(family)
    try:
        # Connections of a gateway without workers may be waiting for their time still.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((where[0], port))
    except OSError:
        held.close()
        raise
    return held


def _variable(protocol: Protocol) -> str:
    return f"GATEPASS_{protocol.upper()}_LISTEN"

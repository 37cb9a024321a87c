"""The whole product under test: the demo's stage in this process, and Gatepass beside it in processes of its own.

One stage and one pair of processes (bot, proxy) serve all journeys; a journey that kills or starves a process starts
its own. Every wait is for the thing itself and bounded.
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio
from sqlalchemy import String, cast, select
from sqlmodel import col

from cli.demo.clients import Clients
from cli.demo.people import People
from cli.demo.stage import Stage, stage
from cli.serving import ca_file
from cli.settings import Settings, host_and_port
from slack_simulator.client import SimulatorClient
from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from storage.model import Session
from support.garbage import nothing_is_left_open  # noqa: F401 - a fixture for every module here

#: A process that is not ready by then never will be.
START_S = 40.0
STOP_S = 20.0
#: Far longer than any session takes to end; a test that waits so long fails.
END_S = 30.0


@dataclass
class Program:
    """One `gatepass serve` process."""

    settings: Settings
    rooms: tuple[str, ...]
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it says that it serves."""
        only = [word for room in self.rooms for word in ("--only", room)]
        seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("gatepass")),
                "serve",
                *only,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
            )
        async with asyncio.timeout(START_S):
            while b"serving" not in self.log.read_bytes()[seen:]:
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    def _environment(self) -> dict[str, str]:
        settings = self.settings
        tokens = (settings.slack_bot_token, settings.slack_app_token)
        assert all(tokens)
        bot, app = (token.get_secret_value() for token in tokens if token)
        return {
            "PATH": os.defpath,
            "HOME": str(settings.home),
            "LC_ALL": "C.UTF-8",
            "GATEPASS_HOME": str(settings.home),
            "GATEPASS_CONFIG": str(settings.config),
            "SLACK_BOT_TOKEN": bot,
            "SLACK_APP_TOKEN": app,
            "SLACK_API_BASE_URL": settings.slack_api_base_url or "",
            "GATEPASS_PUBLIC_HOST": settings.public_host,
            "GATEPASS_SSH_LISTEN": settings.ssh_listen,
            "GATEPASS_POSTGRES_LISTEN": settings.postgres_listen,
            "GATEPASS_WEB_LISTEN": settings.web_listen,
            "GATEPASS_LOG_FORMAT": "json",
        }

    async def kill(self) -> None:
        """As the kernel's OOM killer would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        """In order; a process that does not stop is killed and fails the test."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self.process.wait()
        except TimeoutError:
            await self.kill()
            raise
        assert self.process.returncode == 0, self.log.read_text()[-4000:]

    def hang_up(self) -> None:
        """SIGHUP: read the policy again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)


@dataclass
class Product:
    """Everything a journey acts on."""

    around: Stage
    slack: SimulatorClient
    people: People
    clients: Clients
    database: Database
    dsn: str
    bot: Program
    proxy: Program
    #: Tokens that people were given; none of them may be kept anywhere.
    tokens: list[str] = field(default_factory=list[str])

    @property
    def settings(self) -> Settings:
        return self.around.settings

    async def granted(self, request: str, marker: str, *, who: str = "alice", by: str = "bob") -> tuple[str, str]:
        """A token and the grant's short id; `marker` tells the request from all others."""
        token, grant = await self.people.granted(who, request, by=by, marker=marker)
        self.tokens.append(token)
        return token, grant

    async def ended(self, grant: str) -> Session:
        """The newest session under the grant whose id starts so, once it has ended."""
        newest = select(Session).where(cast(col(Session.grant_id), String).startswith(grant))
        async with asyncio.timeout(END_S):
            while True:
                async with self.database.transaction() as transaction:
                    session = (await transaction.scalars(newest.order_by(col(Session.started_at).desc()))).first()
                if session is not None and session.ended_at is not None:
                    return session
                await asyncio.sleep(0.05)


StageT = TypeVar("StageT")


@contextlib.contextmanager
def beside(make: Callable[[], contextlib.AbstractAsyncContextManager[StageT]]) -> Iterator[StageT]:
    """Keep an async context open on a loop of its own, in a thread: between journeys their own loop stands still."""
    entered: concurrent.futures.Future[StageT] = concurrent.futures.Future()
    leave: concurrent.futures.Future[None] = concurrent.futures.Future()
    left: concurrent.futures.Future[None] = concurrent.futures.Future()

    async def stay() -> None:
        async with make() as opened:
            entered.set_result(opened)
            await asyncio.wrap_future(leave)

    def run() -> None:
        try:
            asyncio.run(stay())
            left.set_result(None)
        except BaseException as error:
            for waiting in (entered, left):
                if not waiting.done():
                    waiting.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        yield entered.result(START_S)
    finally:
        leave.set_result(None)
        left.result(STOP_S)


@contextlib.asynccontextmanager
async def product_in(folder: Path, *, hold: str = "10m") -> AsyncIterator[Product]:
    """A stage with a bot process and a proxy process of its own."""
    async with contextlib.AsyncExitStack() as stack:
        around = stack.enter_context(beside(lambda: stage(folder, known_ports=False, hold=hold)))
        settings = around.settings
        embedded = Embedded(settings.home / "postgres")
        dsn = await asyncio.to_thread(embedded.start)
        stack.push_async_callback(asyncio.to_thread, embedded.stop)
        await migrate(dsn)
        database = Database(dsn)
        stack.push_async_callback(database.close)
        slack = await stack.enter_async_context(SimulatorClient(around.simulator.url))
        clients = Clients(
            ssh_port=host_and_port(settings.ssh_listen)[1],
            postgres_port=host_and_port(settings.postgres_listen)[1],
            ca_file=ca_file(settings),
            folder=settings.home,
        )
        bot = Program(settings, ("bot",), folder / "bot.log")
        proxy = Program(settings, ("proxy",), folder / "proxy.log")
        for program in (bot, proxy):
            stack.push_async_callback(program.stop)
            await program.start()
        await slack.wait_for_app(2)
        yield Product(around, slack, People(slack), clients, database, dsn, bot, proxy)


@pytest.fixture
def own_product(tmp_path: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[Product]]:
    """For journeys that kill, starve or time out: `async with own_product(hold="2s") as product`."""
    return functools.partial(product_in, tmp_path)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def product(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with product_in(tmp_path_factory.mktemp("product")) as everything:
        yield everything

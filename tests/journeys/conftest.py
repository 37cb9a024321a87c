"""The whole product under test: the demo's stage in this process, and Gatepass beside it in processes of its own.

One stage and one pair of processes (bot, proxy) serve all journeys; a journey that kills or starves a process starts
its own. Every wait is for the thing itself and bounded.
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
import yaml

from cli.demo.clients import Clients
from cli.demo.people import People
from cli.demo.stage import stage
from cli.serving import ca_file
from cli.settings import host_and_port
from slack_simulator.client import SimulatorClient
from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from support.garbage import nothing_is_left_open  # noqa: F401 - a fixture for every module here
from support.journeys import START_S, STOP_S, OwnProduct, Product, Program, as_it_is

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
async def product_in(
    folder: Path, *, hold: str = "10m", workers: int = 1, amend: Callable[[dict[str, Any]], None] = as_it_is
) -> AsyncIterator[Product]:
    """A stage with a bot process and a proxy process of its own; `amend` changes the policy before they read it."""
    async with contextlib.AsyncExitStack() as stack:
        around = stack.enter_context(beside(lambda: stage(folder, known_ports=False, hold=hold)))
        settings = around.settings
        policy = yaml.safe_load(settings.config.read_text())
        amend(policy)
        settings.config.write_text(yaml.safe_dump(policy, sort_keys=False))
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
        bot = Program(settings, ("bot", "web"), folder / "bot.log")
        proxy = Program(settings, ("proxy",), folder / "proxy.log")
        proxy.words = ("--workers", str(workers)) if workers > 1 else ()
        for program in (bot, proxy):
            stack.push_async_callback(program.stop)
            await program.start()
        await slack.wait_for_app(2)
        yield Product(around, slack, People(slack), clients, database, dsn, bot, proxy)


@pytest.fixture
def own_product(tmp_path: Path) -> OwnProduct:
    """For journeys that kill, starve or time out: `async with own_product(hold="2s") as product`."""
    return functools.partial(product_in, tmp_path)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def product(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with product_in(tmp_path_factory.mktemp("product")) as everything:
        yield everything

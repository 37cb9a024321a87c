"""pgjdbc through the port that `gatepass proxy` opens: what DBeaver and DataGrip connect by, without a password."""

import asyncio
import ssl
import threading
from collections.abc import Iterator

import pytest

from client.proxy.relay import Port, Way
from support.clients import databases
from support.clients.libraries import assert_same, java, outcomes
from support.clients.missing import needs
from support.clients.served import Served
from support.clients.ways import ToDatabase
from support.postgres import Target

pytestmark = [needs("pgjdbc", "javac", "-version", at_least=(17,)), needs("pgjdbc", "mvn"), pytest.mark.timeout(700)]

PLACE = databases.PLACES[0]


@pytest.fixture(scope="module")
def port(served: Served) -> Iterator[int]:
    """The port, in a thread of its own: Java runs meanwhile."""
    door = f"owner@{PLACE}"
    connect = {"host": "127.0.0.1", "port": served.postgres_port, "user": door, "database": PLACE}
    tls = ssl.create_default_context(cafile=served.ca_file)
    opened: list[int] = []
    ready, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def way(*, cancels: bool) -> Way:
        return Way(connect, tls, None if cancels else served.tokens[door])

    async def serve() -> None:
        proxy = Port(way, print)
        opened.append(await proxy.listen(0))
        ready.set()
        await over.wait()
        await proxy.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield opened[0]
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


def test_every_case_is_the_same(target: Target, served: Served, port: int) -> None:
    direct = ToDatabase(target.port, databases.OWNER, databases.PASSWORD, PLACE, None)
    through = ToDatabase(port, "owner", "none is asked for", PLACE, None)
    seen, seen_through = (outcomes(java("Jdbc"), way.environment, "") for way in (direct, through))
    assert len(seen) == len(seen_through) >= 30
    for case in seen:
        assert_same(seen, seen_through, case)

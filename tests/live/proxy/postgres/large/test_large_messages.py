"""Memory that large messages took is given back when their sessions are over, and all of them hold a bounded amount."""

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest

from proxy.postgres.protocol import messages
from proxy.postgres.sql.texts.query import QueryAnalyser, QueryAnalysis
from support.children import PATIENCE_S, ended, line
from support.postgres import Door, Raw

MIB = 1024 * 1024
SIZE = 100 * MIB
#: Allowed above what stood there before: an eighth of what one round leaves where nothing is given back.
NOISE = SIZE // 8
ROUNDS = 3
#: Of the tests of the bound.
PINNED = MIB


def resident() -> int:
    """Bytes of this process, which serves, that are in memory (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def one_session(door: Door, what: str, size: int) -> None:
    """A client in a process of its own; until its session has ended."""
    held = await door.granted("owner")
    child = await door.children.start(
        *(
            sys.executable,
            "-m",
            "support.wire.heavy_client",
            str(door.port),
            str(door.ca_file),
            "owner@db",
            what,
            str(size),
        ),
        env={"PATH": os.defpath, "PGPASSWORD": held.token, "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    assert await line(child.stdout) == b"done\n"
    async with asyncio.timeout(PATIENCE_S):
        await ended(child)
        while door.gateway.live:
            await asyncio.sleep(0.02)


@pytest.mark.finding("pg-F18")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("what", ["unfinished", "parameter", "cell"])
async def test_memory_of_large_messages_is_given_back(door: Door, what: str) -> None:
    await one_session(door, what, 100)
    before = resident()
    for _ in range(ROUNDS):
        await one_session(door, what, SIZE)
    async with asyncio.timeout(PATIENCE_S):
        while resident() > before + NOISE:
            await asyncio.sleep(0.05)


def unfinished(size: int) -> bytes:
    """A Query of `size` bytes without its last 100."""
    return b"Q" + (size + 4).to_bytes(4, "big") + b"-- " + b"x" * (size - 103)


def code(answer: tuple[bytes, bytes]) -> str:
    assert answer[0] == b"E"
    return messages.read_fields(answer[1])["C"]


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("pinned_bytes", [PINNED])
async def test_unfinished_messages_hold_a_bounded_amount_together(door: Door) -> None:
    """Either of two is fine, and both are too much: one session ends with a word, the other goes on."""
    clients = [await door.raw("owner"), await door.raw("owner")]
    waiting: dict[asyncio.Task[tuple[bytes, bytes]], Raw] = {}
    for client in clients:
        client.send(unfinished(PINNED * 2 // 3))
        waiting[asyncio.create_task(client.message())] = client
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    [refused] = done
    assert code(refused.result()) == "53200"
    [going_on] = waiting.keys() - done
    waiting[going_on].send(b"x" * 99 + b"\0")
    assert (await going_on)[0] in {b"I", b"E"}
    await waiting[going_on].until(b"Z")
    third = await door.raw("owner")
    third.send(unfinished(PINNED * 2 // 3) + b"x" * 99 + b"\0")
    await third.until(b"Z")


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("pinned_bytes", [PINNED])
async def test_the_bound_is_for_both_directions(door: Door) -> None:
    client = await door.raw("owner")
    client.send(messages.query(f"select repeat('x', {PINNED * 2})"))
    assert code((await client.until(b"E"))[-1]) == "53200"


#: More than sockets take of a peer that does not read, twice over.
SLOW = 32 * MIB
LONG = SLOW * 7 // 8


async def two(door: Door, role: str, sql: str) -> list[Raw]:
    """Clients that have prepared it as "s"."""
    clients = [await door.raw(role), await door.raw(role)]
    for client in clients:
        client.send(messages.parse("s", sql), messages.SYNC)
        await client.until(b"Z")
    return clients


async def one_is_refused(clients: list[Raw]) -> list[Raw]:
    """The others, which are still waiting for an answer."""
    waiting = {asyncio.create_task(client.message()): client for client in clients}
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.wait(waiting)
    [refused] = done
    assert code(refused.result()) == "53200"
    return [waiting[task] for task in rest]


def parameter(size: int) -> bytes:
    """A Bind of "s" with a text of so many bytes."""
    return messages.message(b"B", b"\0s\0" + b"\0\0" + b"\0\1" + size.to_bytes(4, "big") + b"x" * size + b"\0\0")


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("pinned_bytes", [SLOW])
async def test_what_waits_for_a_busy_server_is_bounded(door: Door) -> None:
    clients = await two(door, "owner", "select length($1)")
    for client in clients:
        client.send(messages.query("select pg_sleep(60)"), parameter(LONG))
    await one_is_refused(clients)
    for client in clients:
        await client.close()
    third = await door.raw("owner")
    third.send(messages.parse("s", "select length($1)"), parameter(LONG), messages.execute(""), messages.SYNC)
    assert await third.tags() == "12DCZ"


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("pinned_bytes", [SLOW])
async def test_what_waits_for_a_client_that_does_not_read_is_bounded(door: Door) -> None:
    clients = [await door.raw("owner"), await door.raw("owner")]
    for client in clients:
        client.send(messages.query(f"select repeat('x', {LONG})"))
    async with asyncio.timeout(PATIENCE_S):
        while len(door.gateway.live) == len(clients):
            await asyncio.sleep(0.02)
    answers = sorted(
        [[await client.message(), await client.message()] for client in clients], key=lambda both: both[1][0]
    )
    assert [[tag for tag, _ in both] for both in answers] == [[b"T", b"D"], [b"T", b"E"]]
    assert code(answers[1][1]) == "53200"


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("pinned_bytes", [PINNED])
async def test_what_waits_for_its_execute_is_bounded(door: Door) -> None:
    """A Bind of what reviewers are asked about."""
    clients = await two(door, "checked", "delete from notes where $1::text = 'y'")
    for client in clients:
        client.send(parameter(PINNED * 2 // 3))
    await one_is_refused(clients)


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("pinned_bytes", [PINNED])
async def test_what_reviewers_may_have_to_be_shown_is_bounded(door: Door) -> None:
    """Texts of prepared statements; each counts twice while it is at hand: as it came, and as it is kept."""
    text = f"delete from notes -- {'x' * (PINNED * 2 // 5)}"  # noqa: S608 - constants
    kept, refused = [await door.raw("checked"), await door.raw("checked")]
    kept.send(messages.parse("s", text), messages.SYNC)
    assert await kept.tags() == "1Z"
    refused.send(messages.parse("s", text), messages.SYNC)
    assert code(await refused.message()) == "53200"
    kept.send(messages.close("S", "s"), messages.SYNC)
    assert await kept.tags() == "3Z"
    kept.send(messages.SYNC)
    await kept.until(b"Z")
    third = await door.raw("checked")
    third.send(messages.parse("s", text), messages.SYNC)
    assert await third.tags() == "1Z"


@pytest.mark.finding("pg-F18")
@pytest.mark.parametrize("pinned_bytes", [PINNED])
async def test_what_waits_for_its_analysis_is_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that a thread is still reading."""
    analyse, read = QueryAnalyser.analyse, threading.Event()

    def slowly(self: QueryAnalyser, sql: bytes) -> QueryAnalysis:
        assert len(sql) < PINNED // 2 or read.wait(PATIENCE_S)
        return analyse(self, sql)

    monkeypatch.setattr(QueryAnalyser, "analyse", slowly)
    clients = [await door.raw("owner"), await door.raw("owner")]
    for client in clients:
        client.send(messages.query(f"select 1 -- {'x' * (PINNED * 2 // 3)}"))
    try:
        going_on = await one_is_refused(clients)
    finally:
        read.set()
    assert [await client.tags() for client in going_on] == ["TDCZ"]

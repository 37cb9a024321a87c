"""Memory that large messages took is given back when their sessions are over, and all of them hold a bounded amount."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from proxy.postgres.protocol import messages
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

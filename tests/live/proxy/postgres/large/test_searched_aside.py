"""What is long is searched in a thread, and counts as memory that messages hold until it was."""

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from proxy.aside import aside
from proxy.postgres.large_objects.functions import FUNCTIONS, encoded
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.function_calls import function_call
from proxy.postgres.relay import relay
from proxy.postgres.relay.calls import object_reading
from support.children import PATIENCE_S
from support.postgres import Door, Raw, Target

#: Of what messages may hold together; one of these is fine, two are too much.
PINNED = 1024 * 1024
LONG = PINNED * 2 // 3


class Stalled:
    """The first search that a module has done aside waits until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

        async def stalled(work: Callable[[], Any], *, is_long: bool = False) -> Any:
            if not self.begun.is_set():
                self.begun.set()
                await self.go_on.wait()
            return await aside(work, is_long=is_long)

        monkeypatch.setattr(module, "aside", stalled)


async def one_of_two(clients: list[Raw], question: bytes, stalled: Stalled) -> bytes:
    """The first client's answer, while whose search goes on the second one's is too much."""
    first, second = clients
    first.send(question)
    async with asyncio.timeout(PATIENCE_S):
        await stalled.begun.wait()
    second.send(question)
    [*_, (_, payload)] = await second.until(b"E")
    assert messages.read_fields(payload)["C"] == "53200"
    stalled.go_on.set()
    return b"".join(payload for tag, payload in await first.until(b"Z") if tag in {b"D", b"V"})


@pytest.mark.parametrize("pinned_bytes", [PINNED])
async def test_rows(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = [await door.raw("owner") for _ in range(2)]
    question = messages.query(f"select repeat('x', {LONG})")
    answer = await one_of_two(clients, question, Stalled(monkeypatch, relay))
    assert answer.endswith(b"x" * LONG)
    clients[0].send(question)
    assert len(await clients[0].until(b"Z")) == 4


@pytest.mark.parametrize("pinned_bytes", [PINNED])
async def test_pieces_of_large_objects(door: Door, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await target.connect()
    await owner.execute("set role app_owner")
    oid = int(await owner.fetchval(f"select lo_from_bytea(0, convert_to(repeat('x', {LONG}), 'UTF8'))") or 0)
    clients = [await door.raw("owner") for _ in range(2)]
    by_name = {function.name: number for number, function in FUNCTIONS.items()}

    def call(name: str, *values: int) -> bytes:
        return function_call(by_name[name], encoded(by_name[name], *values))

    for client in clients:
        client.send(messages.query("begin"), call("lo_open", oid, 0x40000))
        await client.until(b"Z", 2)
    answer = await one_of_two(clients, call("loread", 0, LONG), Stalled(monkeypatch, object_reading))
    assert answer.endswith(b"x" * LONG)
    clients[0].send(call("lo_lseek", 0, 0, 0), call("loread", 0, LONG))
    assert [tag for tag, _ in await clients[0].until(b"Z", 2)] == [b"V", b"Z", b"V", b"Z"]
    await owner.execute("select lo_unlink(oid) from pg_largeobject_metadata")
    await owner.close()

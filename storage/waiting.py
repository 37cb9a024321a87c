"""Waiting that can be cancelled, whatever else happens in the same moment.

`asyncio.wait_for` of Python 3.11 returns instead of raising when what it waits for is done in the tick in which it is
cancelled (CPython issue 86296): a loop around it then runs on, and whoever cancelled it waits for ever. The linter
keeps it out of the product.
"""

import asyncio
import contextlib

import asyncpg

#: How often a silent connection is asked whether it still answers.
PULSE_S = 2.0


async def wait_set(event: asyncio.Event, timeout_s: float) -> bool:
    """Return once the event is set, or after `timeout_s`; whether it is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()


async def until_lost(connection: asyncpg.Connection, *, answer_within_s: float) -> None:
    """Return when the connection is closed or does not answer in time; it must be in nobody else's use."""
    lost = asyncio.Event()

    def note(_: object) -> None:
        lost.set()

    connection.add_termination_listener(note)
    while not connection.is_closed():
        if await wait_set(lost, PULSE_S):
            return
        try:
            await connection.fetchval("SELECT 1", timeout=answer_within_s)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            return

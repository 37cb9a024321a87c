"""A storage that hangs: its processes are stopped where they are, connections stand, and nobody answers."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import asyncpg
import psutil


async def server_of(dsn: str) -> int:
    """The process id of the PostgreSQL server behind a superuser's URL; the server runs on this machine."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        backend = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()"))
        postmaster = backend.parent()
    finally:
        await connection.close()
    assert postmaster is not None
    return postmaster.pid


@contextlib.asynccontextmanager
async def stopped(server: int) -> AsyncIterator[None]:
    """SIGSTOP for the server and all of its backends for as long as the block lasts."""
    postmaster = psutil.Process(server)
    postmaster.send_signal(signal.SIGSTOP)  # first, so that it starts no further backend
    await _until_stopped(postmaster)
    everybody = [postmaster, *postmaster.children(recursive=True)]
    try:
        for process in everybody[1:]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)
        yield
    finally:
        for process in reversed(everybody):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


async def _until_stopped(process: psutil.Process) -> None:
    async with asyncio.timeout(20):
        while process.status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(0.01)

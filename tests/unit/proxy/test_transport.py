"""A transport that is cut before it has a connection cuts the one that comes yet."""

import asyncio

import pytest

from proxy.transport import Transport


class _Connection(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


@pytest.mark.finding("pg-F3")
async def test_cut_before_its_connection() -> None:
    transport, connection = Transport(), _Connection()
    await transport.close()
    transport.connection_made(connection)
    assert connection.aborted


async def test_not_cut() -> None:
    transport, connection = Transport(), _Connection()
    transport.connection_made(connection)
    assert not connection.aborted
    transport.abort()
    assert connection.aborted

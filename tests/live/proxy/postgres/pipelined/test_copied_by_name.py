"""A COPY that Parse prepared, run by EXECUTE: its rows come as directly, masked, and the session goes on."""

import asyncio

import psycopg
import pytest
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from support.postgres import Door, Target

_NOTES = b"copy (select id, body from notes where id < 4 order by id) to stdout"
_CARDS = b"copy cards (id, holder, number, cvv) to stdout with (format csv)"


def _copied(connection: PGconn, *prepared: bytes) -> list[bytes]:
    """Prepare these under one name, one after another, and run it; the rows, or the server's words; then `select 1`."""
    for sql in prepared:
        connection.exec_(b"deallocate all")
        assert connection.prepare(b"q", sql).status == ExecStatus.COMMAND_OK
    answer = connection.exec_(b"execute q")
    rows: list[bytes] = []
    if answer.status == ExecStatus.COPY_OUT:
        count, data = connection.get_copy_data(0)
        while count > 0:
            rows.append(bytes(data))
            count, data = connection.get_copy_data(0)
        while (last := connection.get_result()) is not None:
            answer = last
    rows.append(answer.command_status or b"" if answer.status == ExecStatus.COMMAND_OK else answer.error_message)
    assert connection.exec_(b"select 1").get_value(0, 0) == b"1"
    return rows


async def test_as_directly(door: Door, target: Target) -> None:
    around = await psycopg.AsyncConnection.connect(
        host=target.host,
        port=target.port,
        user="postgres",
        password=target.cluster.password(),
        dbname="payments",
        autocommit=True,
    )
    through = await door.libpq("owner")
    expected = await asyncio.to_thread(_copied, around.pgconn, _NOTES)
    assert expected == [b"1\tnote 1\n", b"2\tnote 2\n", b"3\tnote 3\n", b"COPY 3"]
    assert await asyncio.to_thread(_copied, through.pgconn, _NOTES) == expected
    await around.close()
    await through.close()


@pytest.mark.parametrize(
    "before", [(), (_NOTES,), (b"copy cards (holder, id, cvv, number) to stdout with (format csv)",)]
)
async def test_its_rows_are_masked(door: Door, before: tuple[bytes, ...]) -> None:
    client = await door.libpq("owner")
    ada, _, done = await asyncio.to_thread(_copied, client.pgconn, *before, _CARDS)
    assert ada == b"1,Ada Lovelace,************1111,***\n"
    assert done == b"COPY 2"
    await client.close()

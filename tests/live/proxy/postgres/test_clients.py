"""What clients expect of a connection beside rows: their own process id, their encoding, the rule that refused them."""

import psycopg
import pytest

from proxy.postgres.protocol import messages
from support.children import PATIENCE_S
from support.postgres import Door, Target


@pytest.mark.finding("pg-F14")
async def test_the_process_id_is_the_servers(door: Door, target: Target) -> None:
    """A client knows its own notifications, and pg_cancel_backend meets what it is meant for."""
    connection, other = await door.libpq("owner"), await target.connect()
    await connection.execute("listen here")
    await connection.execute("notify here")
    [own] = [each async for each in connection.notifies(timeout=PATIENCE_S, stop_after=1)]
    await other.execute("notify here")
    [foreign] = [each async for each in connection.notifies(timeout=PATIENCE_S, stop_after=1)]
    assert own.pid == connection.info.backend_pid
    assert foreign.pid != own.pid
    found = await (await connection.execute("select pg_backend_pid()")).fetchone()
    assert found == (connection.info.backend_pid,)
    await connection.close()
    await other.close()


def _query(sql: str) -> bytes:
    return b"Q" + (len(sql) + 5).to_bytes(4, "big") + sql.encode() + b"\0"


@pytest.mark.finding("pg-F10")
@pytest.mark.parametrize(
    ("encoding", "text"),
    [("latin1", "café"), ("win1252", "5 € “café”"), ("win1251", "привет"), ("latin9", "Œuvre €"), ("koi8r", "мир")],
)
async def test_literals_in_the_clients_encoding(door: Door, encoding: str, text: str) -> None:
    connection = await door.libpq("checked", client_encoding=encoding)
    assert await (await connection.execute(f"select '{text}'".encode(connection.info.encoding))).fetchone() == (text,)
    assert await (await connection.execute("select %s::text", [text])).fetchone() == (text,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no-copy"):
        await connection.execute(f"copy (select '{text}') to program 'true'".encode(connection.info.encoding))
    await connection.execute("set client_encoding = utf8")
    assert await (await connection.execute(f"select '{text}'".encode())).fetchone() == (text,)
    await connection.close()


@pytest.mark.finding("pg-F10")
async def test_an_encoding_that_may_have_changed_is_asked_for(door: Door) -> None:
    """In a batch behind its SET, of which the server tells only at the batch's end."""
    client = await door.raw("checked")
    client.send(_query("set client_encoding = 'latin1'"))
    await client.until(b"Z")
    sql = "select 'cafй'".encode("cp1251")
    one = b"P" + (len(sql) + 8).to_bytes(4, "big") + b"\0" + sql + b"\0\0\0"
    rest = b"B\0\0\0\x0c\0\0\0\0\0\0\0\0" + b"E\0\0\0\x09\0\0\0\0\0"
    setting = b"set client_encoding = 'win1251'"
    first = b"P" + (len(setting) + 8).to_bytes(4, "big") + b"\0" + setting + b"\0\0\0"
    client.send(first, rest, one, rest, b"S\0\0\0\x04")
    seen = await client.until(b"Z")
    assert b"".join(tag for tag, _ in seen) == b"12C12DCSZ"
    assert messages.read_data_row(next(payload for tag, payload in seen if tag == b"D")) == [b"caf\xe9"]
    await client.close()


@pytest.mark.finding("pg-F17")
async def test_a_refusal_names_its_own_rule(door: Door) -> None:
    connection = await door.libpq("owner")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="masked-data"):
        await connection.execute("select reverse(cvv) from cards")
    await connection.close()
    client = await door.raw("owner")
    client.send(b"F\0\0\0\x0e" + (2026).to_bytes(4, "big") + bytes(6))
    seen = await client.until(b"Z")
    assert b"function-calls" in next(payload for tag, payload in seen if tag == b"E")
    await client.close()

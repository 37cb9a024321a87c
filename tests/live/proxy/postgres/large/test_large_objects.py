"""Large objects as libpq, psql, pg_dump and pg_restore call them: like direct, judged, searched for what is masked."""

import asyncio
import ctypes
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import psycopg_binary
import pytest

from access.context import Access
from proxy.postgres.large_objects import functions
from proxy.postgres.large_objects.functions import FUNCTIONS, encoded
from proxy.postgres.large_objects.window import AROUND_BYTES
from proxy.postgres.protocol import messages
from proxy.postgres.protocol.function_calls import function_call, read_function_result
from storage.embedded.programs import programs
from storage.model import HoldState, ReviewDecision
from support.children import PATIENCE_S
from support.postgres import Door, Raw, Target
from support.reviews import decide, statements

INV_READ, INV_WRITE = 0x40000, 0x20000
PAN = b"4111111111111111"
OIDS = {function.name: oid for oid, function in FUNCTIONS.items()}
#: What no detector finds anything in, and every byte there is.
BINARY = bytes(range(256)) * 300


@pytest.fixture
async def superuser(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """Around the gateway; takes all large objects away in the end."""
    made = await target.connect()
    await made.execute("set role app_owner")
    yield made
    await made.execute("select lo_unlink(oid) from pg_largeobject_metadata")
    await made.close()


def call(name: str, *values: int) -> bytes:
    return function_call(OIDS[name], encoded(OIDS[name], *values))


def number(value: int) -> bytes:
    return value.to_bytes(4, "big", signed=True)


async def stored(superuser: asyncpg.Connection, data: bytes) -> int:
    return int(await superuser.fetchval("select lo_from_bytea(0, $1)", data) or 0)


async def sent(client: Raw, *parts: bytes) -> list[tuple[bytes, bytes]]:
    """What a FunctionCall or a Query is answered with."""
    client.send(*parts)
    return await client.until(b"Z")


async def result(client: Raw, message: bytes) -> bytes | None:
    [(tag, payload), _] = await sent(client, message)
    assert tag == b"V", payload
    return read_function_result(payload)


async def opened(client: Raw, oid: int, mode: int = INV_READ) -> int:
    """The descriptor, in a transaction of its own."""
    await sent(client, messages.query("begin"))
    return int.from_bytes(await result(client, call("lo_open", oid, mode)) or b"", "big")


def sentence(seen: list[tuple[bytes, bytes]]) -> str:
    [payload] = [payload for tag, payload in seen if tag == b"E"]
    return messages.read_fields(payload)["M"]


# --- what is relayed ----------------------------------------------------------------------------------------------


@pytest.mark.finding("pg-F11")
async def test_the_table_is_the_servers(superuser: asyncpg.Connection) -> None:
    rows = await superuser.fetch(
        "select oid, proname::text, proargtypes::oid[]::int[] as arguments, prorettype::int, proisstrict from pg_proc"
        " where oid = any ($1) and pronamespace = 'pg_catalog'::regnamespace",
        [*FUNCTIONS],
    )
    found = {row["oid"]: (row["proname"], tuple(row["arguments"]), row["prorettype"]) for row in rows}
    assert found == {oid: tuple(function) for oid, function in FUNCTIONS.items()}
    assert all(row["proisstrict"] for row in rows)


class LibpqObjects:
    """libpq's lo_* functions on a connection of psycopg, whose libpq it is."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        [library] = (Path(psycopg_binary.__file__).parent.parent / "psycopg_binary.libs").glob("libpq-*")
        self._libpq = ctypes.CDLL(str(library))
        self._connection = ctypes.c_void_p(connection.pgconn.pgconn_ptr)  # pyright: ignore[reportAttributeAccessIssue]

    async def call(self, name: str, *arguments: object, kind: type = ctypes.c_int) -> int:
        """Waits for its answer in a thread, as a program in C would."""
        function = self._libpq[name]
        function.restype = kind
        return await asyncio.to_thread(function, self._connection, *arguments)


@pytest.mark.finding("pg-F11")
async def test_each_function_of_libpq(door: Door, superuser: asyncpg.Connection) -> None:
    connection = await door.libpq("owner")
    lo = LibpqObjects(connection)
    await connection.execute("begin")
    oid = await lo.call("lo_creat", INV_READ | INV_WRITE, kind=ctypes.c_uint)
    assert await lo.call("lo_create", ctypes.c_uint(77001), kind=ctypes.c_uint) == 77001
    descriptor = await lo.call("lo_open", ctypes.c_uint(oid), INV_READ | INV_WRITE)
    assert await lo.call("lo_write", descriptor, BINARY, ctypes.c_size_t(len(BINARY))) == len(BINARY)
    assert await lo.call("lo_tell", descriptor) == len(BINARY)
    assert await lo.call("lo_tell64", descriptor, kind=ctypes.c_int64) == len(BINARY)
    assert await lo.call("lo_lseek", descriptor, 10, 0) == 10
    assert await lo.call("lo_lseek64", descriptor, ctypes.c_int64(-5), 1, kind=ctypes.c_int64) == 5
    into = ctypes.create_string_buffer(60_000)
    assert await lo.call("lo_read", descriptor, into, ctypes.c_size_t(60_000)) == 60_000
    assert into.raw == BINARY[5:60_005]
    assert await lo.call("lo_tell", descriptor) == 60_005
    assert await lo.call("lo_truncate", descriptor, ctypes.c_size_t(100)) == 0
    assert await lo.call("lo_truncate64", descriptor, ctypes.c_int64(50)) == 0
    assert await lo.call("lo_close", descriptor) == 0
    await connection.execute("commit")
    assert await superuser.fetchval("select lo_get($1)", oid) == BINARY[:50]
    assert await lo.call("lo_unlink", ctypes.c_uint(77001)) == 1
    assert await superuser.fetchval("select count(*) from pg_largeobject_metadata") == 1
    await connection.close()


@pytest.mark.finding("pg-F11")
async def test_psql_takes_files_in_and_out(door: Door, superuser: asyncpg.Connection, tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(BINARY)
    status, out, err = await door.psql("owner", stdin=f"\\lo_import {there} 'a file'\n\\echo :LASTOID\n")
    assert (status, err) == (0, "")
    oid = int(out.split()[-1])
    assert await superuser.fetchval("select lo_get($1)", oid) == BINARY
    status, _, err = await door.psql("owner", stdin=f"\\lo_export {oid} {back}\n\\lo_unlink {oid}\n")
    assert (status, err) == (0, "")
    assert back.read_bytes() == BINARY
    assert await superuser.fetchval("select count(*) from pg_largeobject_metadata") == 0


async def run(door: Door, program: str, *arguments: str, through: bool, target: Target) -> tuple[int, bytes, str]:
    """A program of PostgreSQL 18, through the gateway or around it, on the libpq that speaks TLS."""
    [library] = (Path(psycopg_binary.__file__).parent.parent / "psycopg_binary.libs").glob("libpq-*")
    environment = {"PATH": os.defpath, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "LD_PRELOAD": str(library)}
    if through:
        environment |= {"PGPASSWORD": (await door.granted("owner")).token, "PGSSLMODE": "require"}
        place = ["-h", "127.0.0.1", "-p", str(door.port), "-U", "owner@db"]
    else:
        environment |= {"PGPASSWORD": "owner-secret-2", "PGSSLMODE": "disable"}
        place = ["-h", target.host, "-p", str(target.port), "-U", "app_owner"]
    child = await door.children.start(str(programs(None) / program), *place, *arguments, env=environment)
    async with asyncio.timeout(PATIENCE_S):
        out, err = await child.communicate()
    return child.returncode or 0, out, err.decode()


def without_keys(dump: bytes) -> list[bytes]:
    """Lines of a dump, but for those that hold another key in each run."""
    return [line for line in dump.splitlines() if not line.startswith((b"\\restrict", b"\\unrestrict"))]


@pytest.mark.finding("pg-F11")
async def test_dumps_with_large_objects_are_those_of_a_direct_connection(
    door: Door, target: Target, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    """In both formats; and what was dumped is restored through the gateway."""
    await superuser.execute("create table files (id int, object oid)")
    kept = {await stored(superuser, data): data for data in (BINARY, b"one line\n" * 5000)}
    await superuser.executemany("insert into files values (1, $1)", [(oid,) for oid in kept])
    custom = {through: tmp_path / f"{through}.dump" for through in (True, False)}
    what = ("--no-password", "-d", "payments", "-t", "files", "--large-objects")
    plain: list[list[bytes]] = []
    for through, file in custom.items():
        status, out, err = await run(door, "pg_dump", *what, through=through, target=target)
        assert (status, err) == (0, "")
        plain.append(without_keys(out))
        status, _, err = await run(door, "pg_dump", *what, "-Fc", "-f", str(file), through=through, target=target)
        assert (status, err) == (0, "")
    assert plain[0] == plain[1]
    assert any(b"lowrite" in line for line in plain[0])
    for file in custom.values():
        await superuser.execute("drop table files; select lo_unlink(oid) from pg_largeobject_metadata")
        how = ("--no-password", "-d", "payments", str(file))
        status, _, err = await run(door, "pg_restore", *how, through=True, target=target)
        assert (status, err) == (0, "")
        restored = await superuser.fetch("select object, lo_get(object) as data from files")
        assert {row["object"]: row["data"] for row in restored} == kept
    await superuser.execute("drop table files")


# --- what is judged -----------------------------------------------------------------------------------------------


@pytest.fixture
def more_roles() -> dict[str, Any]:
    """Roles whose rules are about large objects."""
    owner = {"username": "app_owner", "password": "env:OWNER_PASSWORD"}
    ask = {"name": "ask", "match": ["function:lo_unlink", "function:lowrite"], "verdict": "review"}
    return {
        "readers": {**owner, "statements": [{"name": "no-writes", "match": ["write"], "verdict": "deny"}]},
        "no-reads": {**owner, "statements": [{"name": "no-reads", "match": ["function:loread"], "verdict": "deny"}]},
        "asks": {**owner, "statements": [{**ask, "reviewers": ["reviewers"]}]},
    }


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize(
    "message",
    [
        call("lo_unlink", 1),
        call("lo_creat", -1),
        call("lo_create", 5),
        call("lo_open", 1, INV_READ | INV_WRITE),
        call("lo_truncate", 0, 1),
        call("lo_truncate64", 0, 1),
        function_call(OIDS["lowrite"], [number(0), b"data"]),
    ],
)
async def test_what_writes_is_denied_where_the_same_sql_is(door: Door, message: bytes) -> None:
    client = await door.raw("readers")
    denied = await sent(client, message)
    assert re.fullmatch(
        r"This statement is not allowed: it writes to pg_catalog\.lo\w+\. \(rule no-writes\)", sentence(denied)
    )
    assert denied[-1] == (b"Z", b"I")
    await client.close()


@pytest.mark.finding("pg-F11")
async def test_both_ways_are_judged_alike(door: Door, superuser: asyncpg.Connection) -> None:
    oid = await stored(superuser, b"hello")
    client = await door.raw("readers")
    descriptor = await opened(client, oid)
    assert await result(client, call("loread", descriptor, 10)) == b"hello"
    seen = await sent(client, messages.query(f"select lo_open({oid}, {INV_READ})"))
    assert b"".join(tag for tag, _ in seen) == b"TDCZ"
    assert "no-writes" in sentence(await sent(client, messages.query(f"select lo_open({oid}, {INV_WRITE})")))
    await client.close()
    client = await door.raw("no-reads")
    descriptor = await opened(client, oid)
    by_call = sentence(await sent(client, call("loread", descriptor, 10)))
    await sent(client, messages.query("rollback"))
    by_sql = sentence(await sent(client, messages.query("select loread(0, 10)")))
    assert by_call == by_sql == "This statement is not allowed: it calls loread. (rule no-reads)"
    await client.close()


@pytest.mark.finding("pg-F11")
async def test_a_reviewer_sees_what_is_called_and_approves_one_run(
    door: Door, access: Access, superuser: asyncpg.Connection
) -> None:
    oid, data = await stored(superuser, b"old"), b"x" * 100
    client = await door.raw("asks")
    descriptor = await opened(client, oid, INV_READ | INV_WRITE)
    client.send(function_call(OIDS["lowrite"], [number(descriptor), data]))
    asked = await decide(access, ReviewDecision.APPROVE)
    shown = f"‹100 bytes, SHA-256 {hashlib.sha256(data).hexdigest()}›"
    assert asked.text == f"select pg_catalog.lowrite({descriptor}, $1)\n$1 = {shown} (bytea)"
    assert [tag for tag, _ in await client.until(b"Z")] == [b"N", b"V", b"Z"]
    await sent(client, messages.query("commit"))
    for _ in range(2):
        client.send(call("lo_unlink", oid))
        asked = await decide(access, ReviewDecision.DENY, "Keep it.")
        assert asked.text == f"select pg_catalog.lo_unlink({oid})"
        assert "denied by bob: Keep it." in sentence(await client.until(b"Z"))
    assert await superuser.fetchval("select lo_get($1)", oid) == data
    found = [(each.state, each.spent_at is not None) for each in await statements(access)]
    assert found == [(HoldState.APPROVED, True), (HoldState.DENIED, False), (HoldState.DENIED, False)]
    await client.close()


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize(
    ("message", "word"),
    [
        (function_call(764, [b"/etc/passwd"]), "of large objects alone"),
        (function_call(2026, []), "of large objects alone"),
        (function_call(OIDS["lo_close"], [number(0), number(0)]), "lo_close does not take these arguments"),
        (function_call(OIDS["lo_close"], [b"0"]), "lo_close does not take these arguments"),
        (call("loread", 0, functions.MAX_READ_BYTES + 1), "in smaller parts"),
        (messages.message(b"F", b"\0\0\x03\xb9\0\0\0\1\0\0\0\0010\0\1"), "in binary"),
    ],
    ids=["lo_import", "pg_backend_pid", "too many", "of another size", "too much", "in text"],
)
async def test_what_is_no_such_call_is_refused_and_the_session_goes_on(
    door: Door, access: Access, message: bytes, word: str
) -> None:
    client = await door.raw("owner")
    assert word in sentence(await sent(client, message))
    [denied] = await statements(access)
    assert denied.rule == "function-calls"
    assert [tag for tag, _ in await sent(client, messages.query("select 1"))] == [b"T", b"D", b"C", b"Z"]
    await client.close()


@pytest.mark.finding("pg-F11")
async def test_what_runs_is_on_record_without_its_data(door: Door, superuser: asyncpg.Connection) -> None:
    oid, data = await stored(superuser, b""), b"secret " * 20
    client = await door.raw("owner")
    descriptor = await opened(client, oid, INV_READ | INV_WRITE)
    await result(client, function_call(OIDS["lowrite"], [number(descriptor), data]))
    await result(client, call("lo_lseek", descriptor, 0, 0))
    await result(client, call("loread", descriptor, 1000))
    await client.close()
    await door.ended()
    records = [json.loads(line) for line in door.recorded().splitlines()]
    told = [each.get("text", each.get("value")) for each in records if each.get("type") in {"statement", "returned"}]
    shown = functions.shown_data(data)
    assert told[1:] == [
        f"select pg_catalog.lo_open({oid}, {INV_READ | INV_WRITE})",
        str(descriptor),
        f"select pg_catalog.lowrite({descriptor}, $1)\n$1 = {shown} (bytea)",
        str(len(data)),
        f"select pg_catalog.lo_lseek({descriptor}, 0, 0)",
        "0",
        f"select pg_catalog.loread({descriptor}, 1000)",
        shown,
    ]


# --- the order of things ------------------------------------------------------------------------------------------


@pytest.mark.finding("pg-F11")
async def test_errors_and_transactions_are_those_of_a_query(door: Door, superuser: asyncpg.Connection) -> None:
    client = await door.raw("owner")
    assert [tag for tag, _ in await sent(client, call("lo_unlink", 999999))] == [b"E", b"Z"]
    assert (await sent(client, call("loread", 0, 1)))[-1] == (b"Z", b"I")
    oid = await stored(superuser, b"abc")
    descriptor = await opened(client, oid)
    assert (await sent(client, call("loread", descriptor + 1, 1)))[-1] == (b"Z", b"E")
    for message in (call("loread", descriptor, 1), call("lo_tell", descriptor)):
        assert "current transaction is aborted" in sentence(await sent(client, message))
    assert (await sent(client, messages.query("rollback")))[-1] == (b"Z", b"I")
    await client.close()


@pytest.mark.finding("pg-F11")
async def test_a_call_in_a_batch_that_failed_is_discarded_with_it(door: Door, superuser: asyncpg.Connection) -> None:
    """Up to the next Sync, as the server does it; one that was sent ahead is answered in its order."""
    client = await door.raw("owner")
    lost = [messages.parse("", "no sql"), call("lo_creat", -1), call("loread", 0, 1)]
    client.send(*lost, messages.SYNC, call("lo_creat", -1), messages.query("select 1"))
    assert await client.tags(times=3) == "EZVZTDCZ"
    oid = await stored(superuser, b"0123456789")
    await sent(client, messages.query("begin"))
    some = [call("lo_open", oid, INV_READ), call("loread", 0, 4), call("loread", 0, 4), call("lo_tell", 0)]
    client.send(*some, messages.query("select 1"))
    seen = await client.until(b"Z", 5)
    values = [read_function_result(payload) for tag, payload in seen if tag == b"V"]
    assert values == [number(0), b"0123", b"4567", number(8)]
    await client.close()


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize("body", [b"", b"\0\0\3\xba", b"\0\0\3\xba\0\2\0\1", b"\0\0\3\xba\0\0\0\1\xff\xff\xff\xf0\0\1"])
async def test_a_malformed_call_ends_the_session(door: Door, body: bytes) -> None:
    client = await door.raw("owner")
    client.send(messages.message(b"F", body))
    [(tag, payload)] = await client.until(b"E")
    assert (tag, messages.read_fields(payload)["C"]) == (b"E", "08P01")
    with pytest.raises(asyncio.IncompleteReadError):
        await client.message()
    await client.close()


# --- what an object holds -----------------------------------------------------------------------------------------


@pytest.mark.finding("pg-F11")
async def test_what_is_masked_does_not_come_out_whatever_the_pieces(
    door: Door, access: Access, superuser: asyncpg.Connection
) -> None:
    """Read from its beginning in pieces of each size, and from each place: no piece has a byte of the card number."""
    before, behind = b"paid with ", b" on Monday, and nothing else is here"
    oid = await stored(superuser, before + PAN + behind)
    client = await door.raw("owner")
    for size in (1, 7, 8, 15, 20, 100):
        descriptor = await opened(client, oid)
        got: list[bytes | None] = []
        while got[-1:] != [b""]:
            [(tag, payload), _] = await sent(client, call("loread", descriptor, size))
            got.append(read_function_result(payload) if tag == b"V" else None)
        clear = b"".join(piece or b"" for piece in got)
        assert PAN[:1] not in clear.replace(before, b"", 1), size
        assert None in got
        await sent(client, messages.query("rollback"))
    descriptor = await opened(client, oid)
    for at in range(len(before) - 1, len(before) + len(PAN) + 1):
        await result(client, call("lo_lseek", descriptor, at, 0))
        [(tag, payload), ready] = await sent(client, call("loread", descriptor, 1))
        inside = len(before) <= at < len(before) + len(PAN)
        assert (tag, ready) == (b"E" if inside else b"V", (b"Z", b"T"))
        assert await result(client, call("lo_tell", descriptor)) == number(at + 1)
    assert {each.rule for each in await statements(access)} == {"unmaskable"}
    await client.close()
    assert PAN.decode() not in door.recorded()


@pytest.mark.finding("pg-F11")
async def test_a_card_number_on_the_border_of_the_pieces_of_an_export(
    door: Door, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    """psql reads 8192 bytes a time: what it has written before it fails has nothing of the number."""
    file = tmp_path / "file"
    for cut in (1, 6, 15):
        oid = await stored(superuser, b"\n" * (8192 - cut) + PAN + b"\nmore\n" * 3000)
        _, _, err = await door.psql("owner", stdin=f"\\lo_export {oid} {file}\n")
        assert "holds what Gatepass masks (pan)" in err
        assert b"4" not in (file.read_bytes() if file.exists() else b"")


@pytest.mark.finding("pg-F11")
async def test_reads_leave_the_descriptor_where_they_would_directly(door: Door, superuser: asyncpg.Connection) -> None:
    """Words that go on behind the piece are looked at, and read again by the client."""
    text = b"word" * 5000
    oid = await stored(superuser, text)
    client = await door.raw("owner")
    descriptor = await opened(client, oid)
    got = b""
    for size in (1, 100, AROUND_BYTES, 5000, 10_000):
        got += await result(client, call("loread", descriptor, size)) or b""
        assert await result(client, call("lo_tell", descriptor)) == number(len(got))
    assert got == text
    await result(client, call("lo_lseek", descriptor, 30_000, 0))
    assert await result(client, call("loread", descriptor, 10)) == b""
    assert await result(client, call("lo_tell", descriptor)) == number(30_000)
    await client.close()


@pytest.mark.finding("pg-F11")
async def test_sql_gives_no_more_of_an_object(door: Door, superuser: asyncpg.Connection) -> None:
    oid = await stored(superuser, b"paid with " + PAN)
    connection = await door.connect("owner")
    async with connection.transaction():
        descriptor = await connection.fetchval(f"select lo_open({oid}, {INV_READ})")
        assert await connection.fetchval(f"select loread({descriptor}, 100)") is None
        assert await connection.fetchval(f"select lo_get({oid})") is None
    await connection.close()

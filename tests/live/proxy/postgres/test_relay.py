"""Real clients through the gateway to a real server: psql in text, asyncpg in binary."""

import asyncio
import io
import json
import struct
from typing import Any

import asyncpg
import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Target

PAN, CVV, EMAIL = "4111111111111111", "737", "ada@example.com"
CLEAR = (PAN, EMAIL, "737")


async def test_psql_reads_masked_rows(door: Door) -> None:
    status, out, err = await door.psql("read", "-c", "select holder, email, number, cvv from cards order by id")
    assert (status, err) == (0, "")
    assert "Ada Lovelace" in out
    assert "************1111" in out
    assert not [clear for clear in CLEAR if clear in out]
    assert not [clear for clear in (PAN, EMAIL, '"737"') if clear in door.recorded()]


async def test_asyncpg_reads_masked_rows_also_from_the_second_run(door: Door) -> None:
    connection = await door.connect()
    try:
        prepared = await connection.prepare("select * from cards order by id")
        for _ in range(3):
            [ada, grace] = await prepared.fetch()
            assert ada["holder"] == "Ada Lovelace"
            assert ada["number"] == "************1111"
            assert ada["cvv"] == "***"
            assert (ada["number8"], ada["amount"], ada["ratio"], ada["raw"], ada["cvv_code"]) == (None,) * 5
            assert ada["many"] == ["x", "************1111"]
            assert json.loads(ada["doc"])["n"] == 1.5
            assert PAN not in str(ada)
            assert (grace["number8"], str(grace["amount"]), grace["ratio"]) == (42, "1.5", 0.25)
            assert grace["cvv"] == "***"
    finally:
        await connection.close()


SHOWING = (
    "select cvv as x from cards",
    "select x from (select cvv as x from cards) s",
    "with c as (select * from cards) select cvv as x from c",
    "select code as x from codes",
    "select c.cvv as x, n.id from cards c join notes n on n.id = c.id",
    "select row(number, 'x') from cards",
    "select many from cards",
    "select format('%s', number) from cards",
    "select number8::text, amount::text, ratio::text from cards",
    "select doc, docb, raw from cards",
    "values ('4111-1111-1111-1111'), ('4111 1111 1111 1111')",
    "explain (costs off) select * from cards where number = '4111111111111111'",
    "select set_config('application_name', '4111111111111111', false)",
    "table cards",
)


async def test_no_way_of_selecting_shows_it(door: Door) -> None:
    connection = await door.connect()
    try:
        for sql in SHOWING:
            binary = await connection.fetch(sql)
            assert binary
            assert not [clear for clear in CLEAR if clear in str([tuple(row) for row in binary])], sql
    finally:
        await connection.close()
    status, out, err = await door.psql("read", *(word for sql in SHOWING for word in ("-c", sql)))
    assert status == 0, err
    assert not [clear for clear in CLEAR if clear in out + err]
    assert not [clear for clear in (PAN, EMAIL, '"737"') if clear in door.recorded()]


USING = (
    "select substr(cvv, 1, 1) from cards",
    "select cvv::int + 1 from cards",
    "select cards::text from cards",
    "select holder from cards where cvv = '737'",
    "copy (select cvv from cards) to stdout",
    "select query_to_xml('select * from cards', true, true, '')",
    "select most_common_vals from pg_stats",
)


async def test_pieces_of_masked_columns_are_refused(door: Door) -> None:
    status, out, err = await door.psql("read", *(word for sql in USING for word in ("-c", sql)))
    assert (status, out) == (1, "")
    assert err.count("masked data") == len(USING)
    connection = await door.connect()
    try:
        for sql in USING:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="masked data"):
                await connection.fetch(sql)
            assert await connection.fetchval("select 1") == 1
    finally:
        await connection.close()


async def test_a_table_made_in_the_session_is_masked_too(door: Door) -> None:
    connection = await door.connect("owner")
    try:
        await connection.execute("create table fresh (id int, cvv text)")
        await connection.execute("insert into fresh values (1, '737')")
        assert await connection.fetchval("select cvv from fresh") == "***"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="masked data"):
            await connection.fetch("select substr(x, 1, 1) from fresh as f(y, x)")
        await connection.execute("create view fresh_view as select id, cvv from fresh")
        assert await connection.fetchval("select cvv from fresh_view") == "***"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="masked data"):
            await connection.execute("create temp view renamed as select cvv as y from fresh")
        await connection.execute("update fresh set id = 2 where id = 1")
        both = await connection.fetchrow("update fresh set id = 3 where id = 2 returning old.cvv, new.cvv")
        assert both is not None
        assert tuple(both) == ("***", "***")
    finally:
        await connection.execute("drop table fresh cascade")
        await connection.close()


async def test_error_details_do_not_quote_masked_rows(door: Door) -> None:
    status, _, err = await door.psql("owner", "-c", "insert into cards (id, cvv) values (1, '737')")
    assert status == 1
    assert "duplicate key" in err
    assert "withheld by Gatepass" in err
    _, _, err = await door.psql("owner", "-c", "select ('4111' || '111111111111')::int8::int")
    assert "out of range" in err
    _, _, err = await door.psql("owner", "-c", "select ('x4111' || '111111111111')::int8")
    assert "invalid input syntax" in err
    _, _, err = await door.psql("owner", "-c", "select number::date from cards")
    assert "out of range: (withheld by Gatepass" in err
    assert PAN not in err
    assert PAN not in door.recorded()


async def test_notices_and_notifications_are_masked(door: Door) -> None:
    heard: list[str] = []
    told: list[str] = []

    def on_notice(_: Any, message: Any) -> None:
        told.append(message.message)

    def on_notify(*args: Any) -> None:
        heard.append(args[3])

    connection = await door.connect("owner")
    try:
        connection.add_log_listener(on_notice)
        await connection.add_listener("cards", on_notify)
        await connection.execute(f"do $$ begin raise notice 'card {PAN}'; end $$")
        await connection.execute(f"notify cards, '{PAN}'")
        await connection.fetchval("select 1")
    finally:
        await connection.close()
    assert told == ["card ************1111"]
    assert heard == ["************1111"]


async def test_copy_out_is_masked_in_text_and_csv(door: Door) -> None:
    for how in ("", "with (format csv, header)", "with (format csv, delimiter '|', force_quote *)"):
        status, out, err = await door.psql("read", "-c", f"copy cards (id, holder, email, number, cvv) to stdout {how}")
        assert status == 0, err
        assert "Ada Lovelace" in out
        assert "***" in out
        assert ("cvv" in out) == ("header" in how)
        assert not [clear for clear in CLEAR if clear in out]
    status, out, err = await door.psql("read", "-c", r"\copy cards to stdout")
    assert status == 0, err
    assert not [clear for clear in CLEAR if clear in out]
    assert not [clear for clear in (PAN, EMAIL, '"737"') if clear in door.recorded()]


async def test_binary_copy_is_refused(door: Door) -> None:
    _, _, err = await door.psql("read", "-c", "copy cards to stdout with (format binary)")
    assert "cannot be masked" in err


async def test_copy_in_works_simple_and_extended(door: Door) -> None:
    status, _, err = await door.psql(
        "owner",
        *("-c", "create temp table t (a int, b text)", "-c", r"\copy t from pstdin", "-c", "select sum(a) from t"),
        stdin="1\tx\n2\ty\n",
    )
    assert status == 0, err
    connection = await door.connect("owner")
    try:
        await connection.execute("create temp table t (a int, b text)")
        await connection.copy_records_to_table("t", records=[(n, "x" * 100) for n in range(5_000)])
        assert await connection.fetchval("select count(*) from t") == 5_000
        with pytest.raises(asyncpg.PostgresError):
            await connection.copy_to_table("t", source=io.BytesIO(b"not an int\tx\n" * 50_000))
        assert await connection.fetchval("select count(*) from t") == 5_000
    finally:
        await connection.close()


async def test_cursors_batches_and_arguments(door: Door) -> None:
    connection = await door.connect("owner")
    try:
        async with connection.transaction():
            ids = [row["id"] async for row in connection.cursor("select id from notes order by id", prefetch=7)]
            assert ids == list(range(1, 1001))
            await connection.execute("declare c binary cursor for select cvv as x from cards order by id")
            assert await connection.fetchval("fetch 1 from c") == "***"
        await connection.execute("create temp table t (a int, b text)")
        await connection.executemany("insert into t values ($1, $2)", [(n, str(n)) for n in range(30_000)])
        assert await connection.fetchval("select count(*) from t") == 30_000
        assert await connection.fetchval("select $1::text", PAN) == "************1111"
        assert await connection.fetchval("select length($1)", "x" * 3_000_000) == 3_000_000
    finally:
        await connection.close()
    assert '"parameters":2' in door.recorded()


async def test_many_rows_arrive_whole_and_in_order(door: Door) -> None:
    sql = "select n, case n % 10 when 0 then '4111111111111111' else 'row ' || n end from generate_series(1, 50000) n"
    status, out, err = await door.psql("read", "-c", sql)
    assert status == 0, err
    lines = out.splitlines()
    assert len(lines) == 50_000
    assert lines[9] == "10|************1111"
    assert lines[12] == "13|row 13"
    assert lines[-1] == "50000|************1111"


async def test_a_slow_reader_slows_the_upstream_down(door: Door) -> None:
    """More than all buffers hold, read only after a while; another client is not disturbed."""
    slow = await door.raw()
    slow.send(messages.query("select repeat('x', 10000) from generate_series(1, 3000)"))
    assert (await slow.message())[0] == b"T"
    quick = await door.connect()
    try:
        assert await quick.fetchval("select 1") == 1
    finally:
        await quick.close()
    seen = await slow.until(b"Z")
    assert [tag for tag, _ in seen].count(b"D") == 3000
    await slow.close()


async def test_sql_prepare_and_execute(door: Door) -> None:
    status, out, err = await door.psql(
        "read", "-c", "prepare p as select cvv as x from cards order by id", "-c", "execute p", "-c", "execute p"
    )
    assert status == 0, err
    assert out.split() == ["PREPARE", *["***"] * 4]
    _, _, err = await door.psql("read", "-c", "prepare p as select 1; deallocate p; execute q")
    assert "could not parse" in err


async def test_what_is_refused_fails_the_transaction_like_any_error(door: Door) -> None:
    status, out, err = await door.psql(
        "owner",
        *("-c", "begin", "-c", "create table gone (a int)", "-c", "select cvv || '' from cards", "-c", "commit"),
        *("-c", "select to_regclass('gone') is null"),
    )
    assert status == 0
    assert "masked data" in err
    assert out.split() == ["BEGIN", "CREATE", "TABLE", "ROLLBACK", "t"]


async def test_a_batch_of_statements_runs_or_is_refused_as_one(door: Door) -> None:
    status, out, err = await door.psql("owner", "-c", "select 1; select cvv || '' from cards; select 2")
    assert (status, out) == (1, "")
    assert "masked data" in err
    status, out, err = await door.psql("owner", "-c", "select 1; select 2;; select 3")
    assert out.split() == ["1", "2", "3"]


# --- messages in orders that drivers rarely use -------------------------------------------------------------------


def bind(portal: str = "", statement: str = "", formats: tuple[int, ...] = ()) -> bytes:
    names = portal.encode() + b"\0" + statement.encode() + b"\0"
    return messages.message(b"B", names + struct.pack(f">hhh{len(formats)}h", 0, 0, len(formats), *formats))


def describe(kind: str, name: str = "") -> bytes:
    return messages.message(b"D", kind.encode() + name.encode() + b"\0")


async def test_rows_without_a_description_are_masked(door: Door) -> None:
    client = await door.raw()
    client.send(messages.parse("s", "select cvv as x, number8 from cards order by id"), messages.SYNC)
    assert await client.tags() == "1Z"
    for formats in ((), (1,), (0, 1), (1, 0)):
        client.send(bind("", "s", formats), messages.execute(""), messages.SYNC)
        seen = await client.until(b"Z")
        assert b"".join(tag for tag, _ in seen) == b"2DDCZ"
        assert messages.read_data_row(seen[1][1]) == [b"***", None]
    await client.close()


async def test_a_pipeline_with_a_refusal_in_the_middle(door: Door) -> None:
    client = await door.raw()
    one = (messages.parse("", "select 1"), bind(), describe("P"), messages.execute(""))
    bad = (messages.parse("", "select cvv || '' from cards"), bind(), describe("P"), messages.execute(""))
    client.send(*one, *bad, *one, messages.SYNC, *one, messages.SYNC)
    seen = await client.until(b"Z", 2)
    assert b"".join(tag for tag, _ in seen) == b"12TDCEZ12TDCZ"
    error = next(payload for tag, payload in seen if tag == b"E")
    assert messages.read_fields(error)["C"] == "42501"
    await client.close()


async def test_an_upstream_error_comes_before_ours(door: Door) -> None:
    client = await door.raw()
    client.send(messages.parse("", "select nonsense"), messages.parse("", "select cvv || '' from cards"), messages.SYNC)
    seen = await client.until(b"Z")
    assert [tag for tag, _ in seen] == [b"E", b"Z"]
    assert "nonsense" in messages.read_fields(seen[0][1])["M"]
    await client.close()


async def test_simple_queries_can_be_sent_ahead(door: Door) -> None:
    client = await door.raw()
    client.send(messages.query("select 1"), messages.query("select cvv || '' from cards"), messages.query("select 2"))
    assert await client.tags(times=3) == "TDCZEZTDCZ"
    client.send(messages.query(""), messages.query(";"))
    assert await client.tags(times=2) == "IZIZ"
    await client.close()


async def test_a_name_that_is_taken_keeps_its_meaning(door: Door) -> None:
    """The second Parse fails, so the name still means the first: its rows are masked by its own columns."""
    client = await door.raw()
    client.send(messages.parse("s", "select cvv as x from cards order by id"), messages.SYNC)
    client.send(messages.parse("s", "select 'harmless' as y"), messages.SYNC)
    client.send(bind("", "s"), messages.execute(""), messages.SYNC)
    seen = await client.until(b"Z", 3)
    assert b"".join(tag for tag, _ in seen) == b"1ZEZ2DDCZ"
    assert messages.read_data_row(seen[5][1]) == [b"***"]
    await client.close()


async def test_suspended_portals_go_on(door: Door) -> None:
    client = await door.raw()
    some = messages.message(b"E", b"\0" + struct.pack(">i", 2))
    client.send(
        messages.parse("", "select cvv as x from cards, notes limit 5"), bind(), some, some, some, messages.SYNC
    )
    assert await client.tags() == "12DDsDDsDCZ"
    await client.close()


async def test_function_calls_are_refused(door: Door) -> None:
    client = await door.raw()
    client.send(messages.message(b"F", struct.pack(">ihhh", 1598, 0, 0, 0)))
    seen = await client.until(b"Z")
    assert "function-call" in messages.read_fields(seen[0][1])["M"]
    await client.close()


@pytest.mark.parametrize(
    "garbage",
    [b"\xff" * 64, messages.message(b"Y", b"x"), messages.message(b"Q", b"no end"), messages.message(b"B", b"x")],
)
async def test_garbage_ends_the_session_with_a_word(door: Door, garbage: bytes) -> None:
    client = await door.raw()
    client.send(garbage)
    seen = await client.until(b"E")
    assert messages.read_fields(seen[-1][1])["C"] == "08P01"
    with pytest.raises(asyncio.IncompleteReadError):
        await client.message()
    await client.close()


async def test_an_encoding_that_cannot_be_masked_ends_the_session(door: Door) -> None:
    status, _, err = await door.psql("read", "-c", "set client_encoding = 'SJIS'", "-c", "select 1")
    assert status == 2
    assert "Use client_encoding UTF8" in err


async def test_an_upstream_that_goes_away_says_so_itself(door: Door, target: Target) -> None:
    client = await door.raw()
    client.send(messages.query("select pg_backend_pid()"))
    rows = [payload for tag, payload in await client.until(b"Z") if tag == b"D"]
    [process] = messages.read_data_row(rows[0])
    superuser = await target.connect()
    await superuser.execute("select pg_terminate_backend($1)", int(process or 0))
    await superuser.close()
    seen = await client.until(b"E")
    assert "administrator command" in messages.read_fields(seen[-1][1])["M"]
    with pytest.raises(asyncio.IncompleteReadError):
        await client.message()
    await client.close()


async def test_a_recording_that_cannot_be_written_ends_the_session(door: Door) -> None:
    client = await door.raw()
    client.send(messages.query("select 1"))
    await client.until(b"Z")
    for path in door.recordings.rglob("*"):
        path.chmod(0o500)
    [session] = door.gateway.live
    session.recorder._close_current()
    (door.recordings / session.recorder._folder / "00001.jsonl").write_text("in the way")
    client.send(messages.query("select 2"))
    seen = await client.until(b"E")
    assert [tag for tag, _ in seen] == [b"E"]
    assert messages.read_fields(seen[-1][1])["C"] == "58030"
    await client.close()


async def test_the_search_path_cannot_hide_masked_columns(door: Door, target: Target) -> None:
    """An operator that is found first would make our own query of the catalogue find nothing."""
    owner = await target.connect()
    await owner.execute(
        "create schema evil authorization app_owner; set role app_owner;"
        "create function evil.no(int2, int4) returns bool language sql as 'select false';"
        "create operator evil.> (leftarg = int2, rightarg = int4, function = evil.no)"
    )
    connection = await door.connect("owner", server_settings={"search_path": "evil, pg_catalog, public"})
    try:
        assert await connection.fetchval("select 1::int2 > 0") is False
        assert await connection.fetchval("show search_path") == "evil, pg_catalog, public"
        assert await connection.fetchval("select cvv as x from cards limit 1") == "***"
    finally:
        await connection.close()
        await owner.execute("drop schema evil cascade")
        await owner.close()

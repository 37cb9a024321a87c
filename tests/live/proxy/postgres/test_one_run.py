"""An approval is for one run of exactly that: text, values, place. Prepared, pipelined, in text and binary."""

import asyncio
import struct
from collections.abc import AsyncIterator

import asyncpg
import pytest

from access.context import Access
from access.grants import grants
from proxy.postgres.protocol import messages
from proxy.postgres.relay.judging.deciding import FAILING
from storage.model import HoldState, ReviewDecision
from support.postgres import Door, Raw, Target
from support.reviews import WAIT_S, decide, held, statements

APPROVE, DENY = ReviewDecision.APPROVE, ReviewDecision.DENY


def parse(name: str, sql: str, *types: int) -> bytes:
    body = messages.c_string(name) + messages.c_string(sql) + struct.pack(f">H{len(types)}I", len(types), *types)
    return messages.message(b"P", body)


def bind(portal: str, statement: str, *values: bytes | None) -> bytes:
    """Values in text."""
    parts = [messages.c_string(portal), messages.c_string(statement), b"\0\0", struct.pack(">H", len(values))]
    parts += [struct.pack(">i", -1 if each is None else len(each)) + (each or b"") for each in values]
    return messages.message(b"B", b"".join([*parts, b"\0\0"]))


def sentence(seen: list[tuple[bytes, bytes]]) -> str:
    """Of the one ErrorResponse."""
    [payload] = [payload for tag, payload in seen if tag == b"E"]
    return messages.read_fields(payload)["M"]


def tags(seen: list[tuple[bytes, bytes]]) -> str:
    return b"".join(tag for tag, _ in seen).decode()


@pytest.fixture
async def scratch(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """Two tables of one name: one row in public, a thousand in prod; and the owner's connection, around the gateway."""
    owner = await target.connect()
    await owner.execute("set role app_owner")
    await owner.execute(
        "create schema prod; create table prod.scratch (id int); create table public.scratch (id int);"
        "insert into prod.scratch select generate_series(1, 1000); insert into public.scratch values (1);"
        "analyze prod.scratch; analyze public.scratch"
    )
    yield owner
    await owner.execute("drop schema if exists prod cascade; drop table if exists public.scratch")
    await owner.close()


async def rows(owner: asyncpg.Connection) -> tuple[int, int]:
    """Of public.scratch and prod.scratch."""
    [row] = await owner.fetch("select (select count(*) from public.scratch), (select count(*) from prod.scratch)")
    return row[0], row[1]


async def sent(client: Raw, *parts: bytes) -> list[tuple[bytes, bytes]]:
    client.send(*parts)
    return await client.until(b"Z")


@pytest.mark.finding("H5")
async def test_preparing_asks_nobody_and_every_run_does(door: Door, access: Access) -> None:
    connection = await door.connect("checked")
    prepared = await asyncio.wait_for(connection.prepare("delete from notes where $1"), WAIT_S)
    assert await statements(access) == []
    first = asyncio.create_task(prepared.fetch(False))
    asked = await decide(access, APPROVE)
    assert asked.text.endswith("\n$1 = false (boolean)")
    assert await asyncio.wait_for(first, WAIT_S) == []
    second = asyncio.create_task(prepared.fetch(True))
    asked = await decide(access, DENY, "No.")
    assert asked.text.endswith("\n$1 = true (boolean)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="denied by bob"):
        await asyncio.wait_for(second, WAIT_S)
    assert await connection.fetchval("select count(*) from notes") == 1000
    await connection.close()
    assert [(each.state, each.spent_at is not None) for each in await statements(access)] == [
        (HoldState.APPROVED, True),
        (HoldState.DENIED, False),
    ]


@pytest.mark.finding("H5")
async def test_what_was_prepared_runs_where_the_card_says(
    door: Door, access: Access, scratch: asyncpg.Connection
) -> None:
    """The search path is changed after the statement was prepared: reviewers see it, and how much is there."""
    client = await door.raw("checked")
    assert tags(await sent(client, parse("s", "delete from scratch"), messages.SYNC)) == "1Z"
    await sent(client, messages.query("set search_path = prod, public"))
    client.send(bind("", "s"), messages.execute(""), messages.SYNC)
    asked = await held(access)
    assert (asked.search_path, asked.database, asked.estimate) == ("prod, public", "payments", "about 1,000 rows")
    assert asked.why == "deletes every row of scratch: no WHERE"
    await decide(access, DENY, "Not there.")
    assert "denied by bob" in sentence(await client.until(b"Z"))
    assert await rows(scratch) == (1, 1000)
    await client.close()


@pytest.mark.finding("H5")
@pytest.mark.parametrize("before", ["set search_path = prod, public", "select 1", "alter table scratch add x int"])
async def test_what_was_bound_before_others_ran_is_refused(
    door: Door, access: Access, scratch: asyncpg.Connection, before: str
) -> None:
    """A portal keeps what its names meant at Bind, whatever the search path is when it runs."""
    client = await door.raw("owner-by-review")
    await sent(client, messages.query("begin"))
    assert tags(await sent(client, parse("s", "delete from scratch"), bind("p", "s"), messages.SYNC)) == "12Z"
    await sent(client, messages.query(before))
    refused = sentence(await sent(client, messages.execute("p"), messages.SYNC))
    assert "other statements ran since it was bound" in refused
    assert refused.endswith("(rule one-run)")
    await sent(client, messages.query("rollback"))
    assert [each.rule for each in await statements(access)] == ["one-run"]
    assert await rows(scratch) == (1, 1000)
    await client.close()


@pytest.mark.finding("H5")
async def test_a_bind_may_be_answered_before_its_run(door: Door, access: Access, scratch: asyncpg.Connection) -> None:
    client = await door.raw("checked")
    await sent(client, messages.query("begin"))
    bound = await sent(
        client, parse("s", "delete from scratch"), bind("p", "s"), messages.describe_portal("p"), messages.SYNC
    )
    assert tags(bound) == "12nZ"
    client.send(messages.execute("p"), messages.SYNC)
    assert (await decide(access, APPROVE)).estimate == "about 1 row"
    assert tags(await client.until(b"Z")) == "NCZ"
    # Done is done: PostgreSQL itself runs no portal twice.
    assert "cannot be run" in sentence(await sent(client, messages.execute("p"), messages.SYNC))
    await sent(client, messages.query("rollback"))
    assert len(await statements(access)) == 1
    await client.close()


@pytest.mark.finding("H5")
async def test_planning_runs_nobodys_code_before_it_is_approved(
    door: Door, access: Access, scratch: asyncpg.Connection
) -> None:
    """What is immutable runs when its statement is planned, at Bind: here it says so by a notice."""
    await scratch.execute(
        "create function loud() returns int language plpgsql immutable as"
        " $$ begin raise notice 'planned'; return 1; end $$"
    )
    client = await door.raw("checked")
    statement = parse("s", "delete from scratch where true or loud() = 1")
    assert tags(await sent(client, statement, messages.SYNC)) == "1Z"
    refused = await sent(client, bind("p", "s"), messages.SYNC)
    assert tags(refused) == "EZ"
    assert "planning it could run code" in sentence(refused)
    client.send(bind("p", "s"), messages.describe_portal("p"), messages.execute("p"), messages.SYNC)
    asked = await decide(access, DENY, "No.")
    assert asked.estimate == "unknown"
    seen = await client.until(b"Z")
    assert tags(seen) == "NEZ"
    assert "planned" not in str(seen)
    await scratch.execute("drop function loud()")
    await client.close()


@pytest.mark.finding("H3")
async def test_values_are_shown_by_the_types_that_the_server_says(door: Door, access: Access) -> None:
    client = await door.raw("checked")
    client.send(parse("", "delete from notes where $1 = 7::int and $2 = 'x'::text and $3 > 1", 0, 0, 20))
    client.send(bind("", "", b"7", b"4111111111111111", b"4111111111111111"), messages.execute(""), messages.SYNC)
    asked = await decide(access, DENY, "No.")
    assert asked.text.split("\n")[1:] == [
        "$1 = 7 (integer)",
        "$2 = ‹text ≤16› (text)",
        "$3 = ‹number, 16 digits› (bigint)",
    ]
    assert tags(await client.until(b"Z")) == "1NEZ"
    await client.close()
    assert "4111111111111111" not in door.recorded()


@pytest.mark.finding("H5")
async def test_a_pipeline_is_answered_in_its_order(door: Door, access: Access) -> None:
    client = await door.raw("checked")
    run = [parse("", "select 1"), bind("", ""), messages.execute("")]
    client.send(*run, parse("", "delete from notes where $1", 16), bind("", "", b"f"), messages.execute(""), *run)
    client.send(messages.SYNC)
    asked = await held(access)
    assert asked.text.endswith("$1 = false (boolean)")
    await decide(access, APPROVE)
    assert tags(await client.until(b"Z")) == "12TDC1N2C12TDCZ".replace("T", "")
    await client.close()


@pytest.mark.finding("H5")
async def test_what_an_error_discards_is_put_to_nobody(door: Door, access: Access) -> None:
    client = await door.raw("checked")
    client.send(parse("", "select 1/0"), bind("", ""), messages.execute(""))
    client.send(parse("", "delete from notes"), bind("", ""), messages.execute(""), messages.SYNC)
    seen = await client.until(b"Z")
    assert "division by zero" in sentence(seen)
    assert await statements(access) == []
    assert tags(await sent(client, messages.query("select 1"))) == "TDCZ"
    await client.close()


@pytest.mark.finding("H5")
async def test_what_was_sent_before_runs_before_anybody_is_asked(
    door: Door, access: Access, scratch: asyncpg.Connection
) -> None:
    client = await door.raw("checked")
    client.send(messages.query("select pg_sleep(0.2)"), messages.query("set search_path = prod"))
    client.send(messages.query("delete from scratch"))
    assert (await held(access)).search_path == "prod"
    await decide(access, APPROVE)
    await client.until(b"Z", 3)
    assert await rows(scratch) == (1, 0)
    await client.close()


@pytest.mark.finding("H5")
async def test_a_named_statement_is_shown_with_what_it_runs(door: Door, access: Access) -> None:
    client = await door.raw("owner-by-review")
    client.send(messages.query("prepare s (bool) as delete from notes where $1"))
    await decide(access, APPROVE)
    await client.until(b"Z")
    client.send(messages.query("execute s (false)"))
    asked = await decide(access, DENY, "No.")
    assert "runs: prepare s (bool) as delete from notes where $1" in asked.text
    await client.until(b"Z")
    await sent(client, messages.query("deallocate s; prepare s as select 1"))
    assert "Prepare it under a name of its own" in sentence(await sent(client, messages.query("execute s")))
    await client.close()


@pytest.mark.finding("H5")
async def test_approve_revoke_and_run_in_one_moment(door: Door, access: Access, scratch: asyncpg.Connection) -> None:
    client = await door.raw("checked")
    client.send(messages.query("delete from scratch"))
    await held(access)
    await asyncio.gather(
        decide(access, APPROVE),
        grants.revoke(access, (await door.granted("checked")).grant.id, None, "over"),
        return_exceptions=True,
    )
    await client.until(b"E")
    [row] = await statements(access)
    gone = (await rows(scratch))[0] == 0
    assert not gone or row.spent_at is not None
    await client.close()


@pytest.mark.finding("H5")
async def test_the_role_that_the_session_took_is_told(door: Door, access: Access, scratch: asyncpg.Connection) -> None:
    await scratch.execute("reset role; grant pg_monitor to app_owner")
    client = await door.raw("checked")
    assert tags(await sent(client, messages.query("set role pg_monitor"))) == "CZ"
    client.send(messages.query("delete from scratch"))
    asked = await decide(access, DENY, "No.")
    assert (asked.estimate, "as pg_monitor" in asked.why) == ("unknown", True)
    await client.close()


@pytest.mark.finding("H5")
async def test_what_a_transaction_has_made_is_not_estimated(
    door: Door, access: Access, scratch: asyncpg.Connection
) -> None:
    """Another connection would plan the table that had the name before."""
    client = await door.raw("owner-by-review")
    await sent(client, messages.query("begin; alter table scratch rename to gone; create table scratch (id int)"))
    client.send(messages.query("delete from scratch"))
    assert (await decide(access, DENY, "No.")).estimate == "unknown"
    await client.until(b"Z")
    await sent(client, messages.query("rollback"))
    client.send(messages.query("delete from scratch"))
    assert (await decide(access, DENY, "No.")).estimate == "about 1 row"
    await client.until(b"Z")
    await client.close()


@pytest.mark.finding("H5")
async def test_a_failed_transaction_takes_no_question(door: Door, access: Access, scratch: asyncpg.Connection) -> None:
    client = await door.raw("checked")
    await sent(client, messages.query("begin"))
    await sent(client, messages.query("select 1/0"))
    client.send(parse("", "delete from scratch"), messages.SYNC)
    assert tags(await client.until(b"Z")) == "EZ"
    client.send(messages.query("delete from scratch"))
    assert (await decide(access, APPROVE)).search_path == "unknown"
    assert "current transaction is aborted" in sentence(await client.until(b"Z"))
    assert tags(await sent(client, messages.query("rollback"))) == "CZ"
    await client.close()


@pytest.mark.finding("H5")
async def test_a_server_that_is_gone_is_asked_nothing(door: Door, access: Access) -> None:
    """The server goes away before it is asked what names mean: nobody is asked to review anything."""
    client = await door.raw("checked")
    client.send(messages.query("select pg_terminate_backend(pg_backend_pid())"), messages.query("delete from notes"))
    await client.until(b"E")
    assert await statements(access) == []
    await client.close()


@pytest.mark.finding("H5")
async def test_a_withdrawn_run_leaves_the_batch_in_order(door: Door, access: Access) -> None:
    client = await door.raw("checked")
    client.send(parse("", "delete from notes where $1", 16), bind("", "", b"t"), messages.execute(""), messages.SYNC)
    await held(access)
    await door.cancel(*client.key)
    seen = await client.until(b"Z")
    assert tags(seen) == "1NEZ"
    assert "it waited for review" in sentence(seen)
    assert tags(await sent(client, messages.query("select count(*) from notes"))) == "TDCZ"
    await client.close()
    [row] = await statements(access)
    assert row.state is HoldState.CANCELLED


@pytest.mark.finding("H5")
async def test_a_client_that_leaves_with_a_bound_run_leaves_nothing(door: Door, access: Access) -> None:
    client = await door.raw("checked")
    client.send(parse("", "delete from notes"), bind("", ""), messages.FLUSH)
    assert [tag for tag, _ in [await client.message(), await client.message()]] == [b"1", b"2"]
    client.send(parse("x", "delete from notes"), bind("y", "x"), messages.TERMINATE)
    await door.ended()
    assert await statements(access) == []
    await client.close()


@pytest.mark.finding("H5")
async def test_rows_in_parts_are_one_run(door: Door, access: Access) -> None:
    client = await door.raw("owner-by-review")
    await sent(client, messages.query("begin"))
    some = messages.message(b"E", b"p\0" + struct.pack(">i", 1))
    client.send(parse("", "delete from notes where id <= 3 returning id"), bind("p", ""), some, messages.SYNC)
    await decide(access, APPROVE)
    assert tags(await client.until(b"Z")) == "1N2DsZ"
    assert tags(await sent(client, some, messages.SYNC)) == "DsZ"
    assert tags(await sent(client, messages.execute("p"), messages.SYNC)) == "DCZ"
    await sent(client, messages.query("rollback"))
    assert len(await statements(access)) == 1
    await client.close()


@pytest.mark.finding("H5")
async def test_a_bind_that_waits_is_discarded_with_its_batch(door: Door, access: Access) -> None:
    """The error comes while the Bind waits here: the server would have discarded it, so it never goes there."""
    client = await door.raw("checked")
    client.send(parse("", "select 1/0 from pg_sleep(0.3)"), bind("", ""), messages.execute(""))
    client.send(parse("s", "delete from notes"), bind("", "s"))
    assert (await client.until(b"E"))[-1][0] == b"E"
    assert tags(await sent(client, messages.SYNC)) == "Z"
    client.send(messages.execute(""), messages.SYNC)
    assert "E" in tags(await client.until(b"Z"))
    assert tags(await sent(client, messages.query("select 1"))) == "TDCZ"
    assert all(each.state is not HoldState.PENDING for each in await statements(access))
    await client.close()


_FETCHES = {
    "query": [messages.query("fetch all from c")],
    "move": [messages.query("move all in c")],
    "execute": [parse("f", "fetch all from c"), bind("", "f"), messages.execute(""), messages.SYNC],
    "many": [messages.query("select 1; fetch all from c")],
}


@pytest.mark.parametrize("by", _FETCHES)
async def test_what_waits_bound_runs_by_no_other_statement(
    door: Door, access: Access, scratch: asyncpg.Connection, by: str
) -> None:
    """PostgreSQL's FETCH runs any portal that has a name, a DELETE … RETURNING as well."""
    client = await door.raw("checked")
    await sent(client, messages.query("begin"))
    bound = await sent(client, parse("s", "delete from scratch returning id"), bind("c", "s"), messages.SYNC)
    assert tags(bound) == "12Z"
    assert 'cursor "c" does not exist' in sentence(await sent(client, *_FETCHES[by]))
    await sent(client, messages.query("commit"))
    assert await statements(access) == []
    assert await rows(scratch) == (1, 1000)
    await client.close()


async def test_what_was_denied_runs_by_no_other_statement(
    door: Door, access: Access, scratch: asyncpg.Connection
) -> None:
    """A portal outlives ROLLBACK TO SAVEPOINT, where its run was denied."""
    client = await door.raw("checked")
    await sent(client, messages.query("begin"))
    await sent(client, parse("s", "delete from scratch returning id"), bind("c", "s"), messages.SYNC)
    client.send(messages.execute("c"), messages.SYNC)
    await decide(access, DENY, "No.")
    assert "denied by bob" in sentence(await client.until(b"Z"))
    await sent(client, messages.query("rollback"))
    await sent(client, messages.query("begin"))
    await sent(client, messages.query("savepoint a"))
    await sent(client, bind("c", "s"), messages.SYNC)
    client.send(messages.execute("c"), messages.SYNC)
    await decide(access, DENY, "No.")
    await client.until(b"Z")
    assert tags(await sent(client, messages.query("rollback to a"))) == "CZ"
    assert "does not exist" in sentence(await sent(client, messages.query("fetch all from c")))
    await sent(client, messages.query("rollback"))
    assert await rows(scratch) == (1, 1000)
    await client.close()


async def test_of_two_that_wait_bound_one_runs(door: Door, access: Access, scratch: asyncpg.Connection) -> None:
    client = await door.raw("checked")
    await sent(client, messages.query("begin"))
    await sent(client, parse("s", "delete from scratch returning id"), bind("c", "s"), bind("d", "s"), messages.SYNC)
    client.send(messages.execute("d"), messages.SYNC)
    await decide(access, APPROVE)
    assert tags(await client.until(b"Z")) == "NDCZ"
    refused = await sent(client, messages.execute("c"), messages.SYNC)
    assert "other statements ran since it was bound" in sentence(refused)
    await sent(client, messages.query("rollback"))
    await client.close()


@pytest.mark.parametrize("portal", [FAILING, "gatepass"])
async def test_what_stands_in_a_refused_place_runs_nothing(
    door: Door, access: Access, scratch: asyncpg.Connection, portal: str
) -> None:
    """Whatever names a client gives: what is sent instead of a refused message fails."""
    client = await door.raw("owner-by-review")
    parts = [parse("s", "delete from scratch"), bind(portal, "s"), messages.FLUSH, messages.execute("unknown")]
    refused = await sent(client, *parts, messages.SYNC)
    assert "does not know what this portal runs" in sentence(refused)
    assert [each.rule for each in await statements(access)] == ["unknown-portal"]
    assert await rows(scratch) == (1, 1000)
    await client.close()


@pytest.mark.parametrize("extended", [False, True])
async def test_rules_on_schemas_ask_for_the_search_path(
    door: Door, access: Access, scratch: asyncpg.Connection, extended: bool
) -> None:
    """A name without a schema stands in the search path that the session has when it runs, and in no other."""
    sql = "select count(*) from scratch"
    run = [bind("", "s"), messages.execute(""), messages.SYNC] if extended else [messages.query(sql)]
    client = await door.raw("by-schema")
    if extended:
        assert tags(await sent(client, parse("s", sql), messages.SYNC)) == "1Z"
    assert "D" in tags(await sent(client, *run))
    await sent(client, messages.query("set search_path = public, prod"))
    assert "Not prod" in sentence(await sent(client, *run))
    await sent(client, messages.query("set search_path = public"))
    assert "D" in tags(await sent(client, *run))
    refused = await sent(client, messages.query("set search_path = prod; select count(*) from scratch"))
    assert "Not prod" in sentence(refused)
    assert "Not prod" in sentence(await sent(client, messages.query("select count(*) from prod.scratch")))
    await sent(client, messages.query("set search_path = public, staging"))
    client.send(*run)
    await decide(access, APPROVE)
    assert "D" in tags(await client.until(b"Z"))
    await client.close()


async def test_a_portal_is_judged_by_the_search_path_of_its_bind(
    door: Door, access: Access, scratch: asyncpg.Connection
) -> None:
    client = await door.raw("by-schema")
    await sent(client, messages.query("begin; set local search_path = prod"))
    assert tags(await sent(client, parse("s", "select id from scratch"), bind("p", "s"), messages.SYNC)) == "12Z"
    await sent(client, messages.query("set local search_path = public"))
    refused = sentence(await sent(client, messages.execute("p"), messages.SYNC))
    assert "other statements ran since it was bound" in refused
    await client.close()


async def test_a_value_that_may_run_is_shown(door: Door, access: Access, scratch: asyncpg.Connection) -> None:
    client = await door.raw("owner-by-review")
    sql = "delete from scratch where id = length($1)"
    client.send(parse("s", sql), bind("", "s", b"drop table customers"), messages.execute(""), messages.SYNC)
    asked = await decide(access, DENY, "No.")
    assert asked.text == f"{sql}\n$1 = 'drop table customers' (text)"
    await client.until(b"Z")
    await client.close()

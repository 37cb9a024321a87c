"""Statements that wait for a review, sessions that are cut, and Ctrl-C in all its places."""

import asyncio
import signal

import pytest
from sqlalchemy import select

from access.context import Access
from access.grants import grants
from proxy.postgres.protocol import messages, startup
from storage.model import EndReason, HoldState, ReviewDecision, Statement
from support.children import line
from support.postgres import Door, Target
from support.reviews import WAIT_S, decide, held


async def running(target: Target, sql: str) -> int:
    connection = await target.connect()
    try:
        return await connection.fetchval(  # pyright: ignore[reportReturnType] - a count is never NULL
            "select count(*) from pg_stat_activity where query = $1 and state = 'active'", sql
        )
    finally:
        await connection.close()


async def until_running(target: Target, sql: str, count: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while await running(target, sql) != count:
            await asyncio.sleep(0.02)


async def test_a_held_statement_waits_and_runs_when_approved(door: Door, access: Access) -> None:
    child = await door.start_psql("checked", "-c", "create temp table t (a int)", "-c", "select 'went on'")
    assert b"waits for review by" in await line(child.stderr)
    statement = await decide(access, ReviewDecision.APPROVE)
    assert (statement.text, statement.kind) == ("create temp table t (a int)", "ddl")
    out, err = await asyncio.wait_for(child.communicate(), WAIT_S)
    assert out.decode().split("\n")[:2] == ["CREATE TABLE", "went on"], err


async def test_a_denied_statement_never_reaches_the_upstream(door: Door, access: Access, target: Target) -> None:
    child = await door.start_psql("checked", "-c", "drop table cards")
    await decide(access, ReviewDecision.DENY, "Not today.")
    _, err = await asyncio.wait_for(child.communicate(), WAIT_S)
    assert b"denied by bob: Not today." in err
    connection = await target.connect()
    assert await connection.fetchval("select count(*) from cards") == 2
    await connection.close()


async def test_what_was_sent_before_a_held_statement_is_answered(door: Door, access: Access) -> None:
    client = await door.raw("checked")
    client.send(messages.query("select 1"), messages.query("delete from notes"), messages.query("select 2"))
    assert await client.tags() == "TDCZ"
    await decide(access, ReviewDecision.DENY, "No.")
    seen = await client.until(b"Z", 2)
    assert b"".join(tag for tag, _ in seen) == b"NEZTDCZ"
    await client.close()


async def test_ctrl_c_withdraws_a_held_statement(door: Door, access: Access) -> None:
    child = await door.start_psql("checked", "-c", "delete from notes", "-c", "select 'went on'")
    await held(access)
    child.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(child.communicate(), WAIT_S)
    assert b"canceling statement due to user request" in err
    async with access.database.transaction() as transaction:
        assert (await transaction.scalars(select(Statement))).one().state is HoldState.CANCELLED


async def test_a_client_that_leaves_withdraws_what_it_held(door: Door, access: Access) -> None:
    client = await door.raw("checked")
    client.send(messages.query("delete from notes"))
    assert (await client.message())[0] == b"N"
    await client.close()
    assert (await door.ended()).end_reason is EndReason.CLOSED
    async with access.database.transaction() as transaction:
        assert (await transaction.scalars(select(Statement))).one().state is HoldState.CANCELLED


async def test_rules_deny_by_label(door: Door) -> None:
    _, _, err = await door.psql("checked", "-c", "copy notes to program 'cat'", "-c", "do $$ begin end $$")
    assert "Never here. (rule no-copy)" in err
    assert "could not parse" in err


async def test_ctrl_c_cancels_what_runs_upstream(door: Door, target: Target) -> None:
    child = await door.start_psql("read", "-c", "select pg_sleep(60)", "-c", "select 'went on'")
    await until_running(target, "select pg_sleep(60)", 1)
    child.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(child.communicate(), WAIT_S)
    assert b"canceling statement due to user request" in err
    await until_running(target, "select pg_sleep(60)", 0)


@pytest.mark.parametrize("version", [startup.PROTOCOL_3_0, startup.PROTOCOL_3_2])
async def test_cancelling_takes_the_right_key(door: Door, target: Target, version: int) -> None:
    client = await door.raw(version=version)
    assert len(client.key[1]) == (4 if version == startup.PROTOCOL_3_0 else 32)
    client.send(messages.query("select pg_sleep(61)"))
    await until_running(target, "select pg_sleep(61)", 1)
    process, secret = client.key
    for wrong in ((process, bytes(len(secret))), (process + 1, secret), (process, secret + b"x"), (-1, b"")):
        if wrong[1]:
            await door.cancel(*wrong)
    assert await running(target, "select pg_sleep(61)") == 1
    await door.cancel(process, secret)
    seen = await client.until(b"Z")
    assert messages.read_fields(seen[-2][1])["C"] == "57014"
    await client.close()


@pytest.mark.parametrize("busy", [False, True])
async def test_a_revoked_grant_cuts_the_session_and_what_runs(
    door: Door, target: Target, access: Access, busy: bool
) -> None:
    client = await door.raw("read")
    if busy:
        client.send(messages.query("select pg_sleep(62)"))
        await until_running(target, "select pg_sleep(62)", 1)
    await grants.revoke(access, (await door.granted("read")).grant.id, None, "over")
    seen = await client.until(b"E")
    assert messages.read_fields(seen[-1][1])["C"] == "57P01"
    with pytest.raises(asyncio.IncompleteReadError):
        await client.message()
    assert (await door.ended()).end_reason is EndReason.REVOKED
    await until_running(target, "select pg_sleep(62)", 0)
    await client.close()


async def test_the_deadline_cuts_the_session(door: Door, access: Access) -> None:
    await door.granted("read", duration_s=6)
    client = await door.raw("read")
    seen = await client.until(b"E")
    assert "ended at" in messages.read_fields(seen[-1][1])["M"]
    assert (await door.ended()).end_reason is EndReason.EXPIRED
    await client.close()


async def test_the_session_counts(door: Door, access: Access) -> None:
    status, _, err = await door.psql(
        "read", "-c", "select * from cards", "-c", "select cvv || '' from cards", "-c", "select 1"
    )
    assert status == 0, err
    row = await door.ended()
    assert row.end_reason is EndReason.CLOSED
    assert row.statements == {"select": 3}
    assert (row.rows, row.denied, row.held) == (3, 1, 0)
    assert row.masked["pan"] >= 2
    assert row.masked["cvv"] >= 2
    assert row.bytes_out > 0

"""A role for each session: named after person and session, with its template's rights, gone when the session is."""

import asyncio

import asyncpg
import pytest

from proxy.postgres.ephemeral.account import DROPPED, MADE
from storage.model import EndReason
from support.postgres import Door
from support.sql.ephemeral import CARD, Made, until


async def test_the_role_is_named_after_person_and_session_and_is_gone_afterwards(door: Door, made: Made) -> None:
    connection = await door.connect()
    assert await connection.fetchval("select holder from cards") == "Ada"
    [name] = await made.roles()
    await connection.close()
    row = await door.ended()
    assert name == f"gp_alice_{row.id.hex}"
    await made.gone()
    [event] = await made.audited(MADE)
    assert event["actor"] == "human:alice"
    assert event["session"] == str(row.id)
    assert event["detail"]["role"] == name
    assert event["detail"]["rights"] == "membership"
    [dropped] = await made.audited(DROPPED)
    assert dropped["detail"]["role"] == name


async def test_the_servers_log_names_person_and_session_and_no_password(door: Door, made: Made) -> None:
    connection = await door.connect(server_settings={"application_name": "somebody else"})
    await connection.fetchval("select 1 + 41")
    assert await connection.fetchval(
        "select usename || application_name from pg_stat_activity where pid = pg_backend_pid()"
    )
    await connection.close()
    row = await door.ended()
    log = made.log()
    assert f"[gp_alice_{row.id.hex}/gatepass:alice:{row.id}]LOG:  statement: select 1 + 41" in log or (
        f"[gp_alice_{row.id.hex}/gatepass:alice:{row.id}]" in log and "select 1 + 41" in log
    )
    assert f"[gatepass_roles/gatepass:alice:{row.id}]" in log
    assert "password 'SCRAM-SHA-256$4096:" in log


async def test_settings_of_the_template_are_kept(door: Door) -> None:
    connection = await door.connect()
    assert await connection.fetchval("show default_transaction_read_only") == "on"
    assert await connection.fetchval("show search_path") == '"$user", public, "Odd ""Schema"'
    assert await connection.fetchval('select "plain ""one" from "Odd "";Täble"') == "plain"


async def test_nobody_logs_in_by_it_a_second_time(door: Door, made: Made) -> None:
    """Not even with a password that the session itself has set."""
    connection = await door.connect("write")
    [name] = await made.roles()
    await connection.execute("alter role current_user password 'known-to-the-client'")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="not permitted to log in"):
        await asyncpg.connect(
            host="127.0.0.1",
            port=made.target.port,
            user=name,
            password="known-to-the-client",
            database="payments",
            timeout=20,
        )


@pytest.mark.parametrize(
    "statement",
    [
        "alter role current_user valid until 'infinity'",
        "alter role current_user login",
        "alter role current_user connection limit -1",
        "create role stays login",
        "grant app_write to current_user with admin option",
        "set role app_owner",
        "drop role app_read",
        "comment on role app_read is 'mine'",
        "do $$ begin execute format('comment on role %I is null', current_user); end $$",
    ],
)
async def test_a_session_cannot_make_more_of_its_role(door: Door, statement: str) -> None:
    connection = await door.connect("write")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


async def test_a_session_cannot_become_its_template(door: Door) -> None:
    connection = await door.connect("write")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("set role app_write")


async def test_two_sessions_at_once_have_two_roles(door: Door, made: Made) -> None:
    await door.granted("read")
    first, second = await asyncio.gather(door.connect(), door.connect())
    names = await made.roles()
    assert len(names) == 2
    await first.close()

    async def one_left() -> bool:
        return len(await made.roles()) == 1

    await until(one_left)
    assert await second.fetchval("select count(*) from cards") == 1
    await second.close()
    await made.gone()


async def test_what_a_session_made_belongs_to_the_template_afterwards(door: Door, made: Made) -> None:
    connection = await door.connect("write")
    await connection.execute("create table made_by_alice (id int)")
    await connection.execute("create temporary table passing (id int)")
    await connection.execute("alter default privileges grant select on tables to public")
    await connection.close()
    await made.gone()
    owner = await made.superuser.fetchval("select tableowner from pg_tables where tablename = 'made_by_alice'")
    assert owner == "app_write"
    assert not await made.superuser.fetchval(
        "select count(*) from pg_default_acl d join pg_roles r on r.oid = d.defaclrole where r.rolname like 'gp%'"
    )
    [event] = await made.audited(DROPPED)
    assert event["detail"]["reassigned"] == 1
    assert event["detail"]["heir"] == "app_write"
    await made.superuser.execute("drop table made_by_alice")


async def test_a_template_may_be_called_anything(door: Door, made: Made) -> None:
    connection = await door.connect("odd")
    assert await connection.fetchval("select holder from cards") == "Ada"
    await connection.close()
    await made.gone()


async def test_masked_values_are_masked_as_ever(door: Door) -> None:
    connection = await door.connect()
    assert await connection.fetchval("select number from cards") != CARD


async def test_the_role_of_a_session_that_is_cut_is_dropped(door: Door, made: Made) -> None:
    connection = await door.connect()
    running = asyncio.ensure_future(connection.execute("select pg_sleep(600)"))

    async def sleeping() -> bool:
        return bool(
            await made.superuser.fetchval(
                "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and usename like 'gp%'"
            )
        )

    await until(sleeping)
    door.gateway.end_all(EndReason.REVOKED, "It is over.")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await running
    await made.gone()

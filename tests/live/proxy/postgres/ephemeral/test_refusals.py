"""A session without its role is none: whatever is amiss, one sentence says it, and nothing is left on the server."""

import asyncio
from typing import Any

import asyncpg
import pytest

from proxy.postgres.ephemeral import account
from proxy.postgres.ephemeral.account import DROPPED, KEPT, MADE
from proxy.postgres.ephemeral.administrator import Administrator, NewRole
from storage.database import StorageUnavailable
from storage.model import EndReason
from support.postgres import Door
from support.sql.ephemeral import ADMIN, Made, until


@pytest.fixture
def roles() -> dict[str, dict[str, Any]]:
    templates = ["app_read", "app_write", "app_missing", "app_login", "app_maker", "app_others", "app_set"]
    return {name: {"credential": "ephemeral", "template": name} for name in templates}


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("app_missing", "its template app_missing does not exist"),
        ("app_login", "its template app_login can log in"),
        ("app_maker", "its template app_maker is or belongs to app_maker, which is superuser, or may make roles"),
        ("app_others", 'permission denied to grant role "app_others"'),
    ],
)
async def test_a_template_that_will_not_do(door: Door, made: Made, template: str, why: str) -> None:
    with pytest.raises(asyncpg.PostgresError, match=f"No role could be made for this session on db: {why}"):
        await door.connect(template)
    row = await door.ended()
    assert row.end_reason is EndReason.UPSTREAM_ERROR
    assert why in row.end_detail
    [event] = await made.audited(MADE)
    assert event["outcome"] == "failure"
    assert why in event["detail"]["why"]
    assert not await made.roles()
    assert not await made.audited(DROPPED)
    assert not await made.audited(KEPT)


@pytest.mark.parametrize("setting", ["role = 'app_read'", "log_statement = 'none'", "app.tenant = 'one'"])
async def test_a_setting_that_cannot_be_kept(door: Door, made: Made, setting: str) -> None:
    await made.superuser.execute("CREATE ROLE app_set NOLOGIN")
    await made.superuser.execute(f"GRANT app_set TO {ADMIN} WITH ADMIN OPTION; GRANT app_read TO app_set")
    await made.superuser.execute(f"ALTER ROLE app_set IN DATABASE payments SET {setting}")
    try:
        with pytest.raises(asyncpg.PostgresError, match="No role could be made for this session on db: "):
            await door.connect("app_set")
    finally:
        await made.superuser.execute("DROP ROLE app_set")
    assert not await made.roles()


@pytest.mark.parametrize("taken", ["NOCREATEROLE", "NOLOGIN"])
async def test_an_administrator_without_its_rights(door: Door, made: Made, taken: str) -> None:
    await made.superuser.execute(f"ALTER ROLE {ADMIN} {taken}")
    try:
        with pytest.raises(
            asyncpg.PostgresError,
            match="permission denied to create role" if taken == "NOCREATEROLE" else "refused us: role",
        ):
            await door.connect("app_read")
    finally:
        await made.superuser.execute(f"ALTER ROLE {ADMIN} {taken.removeprefix('NO')}")
    assert not await made.roles()


async def test_a_session_that_is_revoked_while_its_role_is_made(
    door: Door, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    make = Administrator.make

    async def slowly(self: Administrator, new: NewRole) -> None:
        await make(self, new)
        begun.set()
        await go_on.wait()

    monkeypatch.setattr(Administrator, "make", slowly)
    connecting = asyncio.ensure_future(door.connect("app_read"))
    await begun.wait()
    assert len(await made.roles()) == 1
    door.gateway.end_all(EndReason.REVOKED, "Bob has revoked your access.")
    with pytest.raises(asyncpg.PostgresError, match="Bob has revoked your access"):
        await connecting
    go_on.set()
    await made.gone()
    assert (await door.ended()).end_reason is EndReason.REVOKED


async def test_a_role_that_somebody_else_has_dropped(door: Door, made: Made) -> None:
    connection = await door.connect("app_read")
    [name] = await made.roles()
    await made.superuser.execute(f'DROP ROLE "{name}"')
    await connection.close()
    await door.ended()
    assert not await made.audited(KEPT)


async def test_what_others_gave_the_role_keeps_it_until_they_take_it_back(door: Door, made: Made) -> None:
    """Nobody logs in by it, and it is on record; the sweeper drops it once it can."""
    connection = await door.connect("app_read")
    [name] = await made.roles()
    await made.superuser.execute(f'GRANT SELECT ON notes TO "{name}"')
    await connection.close()
    await door.ended()
    [kept] = await made.audited(KEPT)
    assert kept["outcome"] == "failure"
    assert "notes" in kept["detail"]["why"]
    assert not await made.superuser.fetchval("select rolcanlogin from pg_roles where rolname = $1", name)
    assert await made.sweeper.sweep() == 0
    await made.superuser.execute(f'REVOKE ALL ON notes FROM "{name}"')
    assert await made.sweeper.sweep() == 1
    assert not await made.roles()


async def test_the_server_is_away_when_the_session_ends(door: Door, made: Made) -> None:
    connection = await door.connect("app_read")
    [name] = await made.roles()
    await made.superuser.execute(f"ALTER ROLE {ADMIN} NOLOGIN")
    try:
        await connection.close()
        await door.ended()
        assert await made.roles() == [name]
        [kept] = await made.audited(KEPT)
        assert kept["detail"]["role"] == name
        assert await made.sweeper.sweep() == 0
    finally:
        await made.superuser.execute(f"ALTER ROLE {ADMIN} LOGIN")
    assert await made.sweeper.sweep() == 1
    [dropped] = await made.audited(DROPPED)
    assert dropped["detail"]["by"] == "sweep"
    assert dropped["actor"] == "gatepass"


async def test_a_session_that_leaves_a_lock_behind(door: Door, made: Made) -> None:
    """Its connections are ended first, with what they hold."""
    connection = await door.connect("app_write")
    await connection.execute("begin; lock table notes in access exclusive mode; create table t (id int)")
    door.gateway.end_all(EndReason.REVOKED, "It is over.")

    async def none() -> bool:
        return not await made.roles()

    await until(none)
    assert await made.superuser.fetchval("select count(*) from notes") == 0


async def test_no_session_without_a_record_of_its_role(door: Door, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **named: object) -> None:
        if str(named["action"]).startswith("proxy:role:"):
            raise StorageUnavailable("away")

    await door.granted("app_read")
    with monkeypatch.context() as patched:
        patched.setattr(account.trail, "record", away)
        with pytest.raises(asyncpg.PostgresError, match="cannot reach its storage"):
            await door.connect("app_read")
        await made.gone()


async def test_the_deadline_ends_session_and_role(door: Door, made: Made) -> None:
    await door.granted("app_read", duration_s=3)
    connection = await door.connect("app_read")
    [(name, until_)] = await made.superuser.fetch(
        "select rolname, rolvaliduntil from pg_roles where rolname like 'gp%'"
    )
    assert until_ == door.tokens["app_read"].grant.expires_at.replace(microsecond=0)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.execute("select pg_sleep(60)")
    await made.gone()
    assert (await door.ended()).end_reason is EndReason.EXPIRED
    assert name.startswith("gp_alice_")


async def test_what_people_may_create_is_never_called_by_the_account_that_makes_roles(door: Door, made: Made) -> None:
    """An operator that fits better than PostgreSQL's own is found first, where the search path has its schema."""
    await made.superuser.execute(
        """
        create function public.caught(oid, regclass) returns bool language plpgsql as
            'begin raise exception ''called by %'', current_user; end';
        create operator public.= (leftarg = oid, rightarg = regclass, function = public.caught);
        create function public.current_database() returns name language plpgsql as
            'begin raise exception ''called by %'', current_user; end';
        """
    )
    try:
        connection = await door.connect("app_write")
        await connection.execute("create table t (id int)")
        await connection.close()
        await made.gone()
        assert not await made.audited(KEPT)
    finally:
        await made.superuser.execute(
            "drop operator public.= (oid, regclass); drop function public.caught, public.current_database;"
            "drop table if exists t"
        )

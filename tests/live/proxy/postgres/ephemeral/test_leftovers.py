"""Whatever a session leaves on the server, its role goes, and what it gave to others of its rights goes with it."""

from collections.abc import AsyncIterator

import pytest

from proxy.postgres.ephemeral.account import DROPPED, KEPT
from support.postgres import Door
from support.sql.ephemeral import Made

#: The template may create schemas, owns a table, and hands on rights that another template hands on too.
GIVEN = """
    grant create on database payments to app_write;
    grant select, insert on notes to app_write, app_read with grant option;
    create table own_notes (id int, body text);
    alter table own_notes owner to app_write;
    """
TAKEN = """
    drop table own_notes;
    drop schema if exists s cascade;
    drop function if exists public.f;
    revoke create on database payments from app_write;
    revoke all on notes from mallory;
    revoke grant option for select, insert on notes from app_write, app_read cascade;
    """


@pytest.fixture
async def given(made: Made) -> AsyncIterator[None]:
    await made.superuser.execute(GIVEN)
    yield
    await made.clear()
    await made.superuser.execute(TAKEN)


pytestmark = pytest.mark.usefixtures("given")


async def over(door: Door, made: Made, *statements: str) -> None:
    """A session that did this, and whose role is gone."""
    connection = await door.connect("write")
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
    await door.ended()
    kept = [event["detail"]["why"] for event in await made.audited(KEPT)]
    assert not kept
    assert not await made.roles()


FUNCTION = "create function public.f() returns int language sql as 'select 1'"
OWNER = "select r.rolname from pg_proc p join pg_roles r on r.oid = p.proowner where p.oid = 's.f'::regproc"


async def test_a_function_that_is_older_than_the_schema_it_was_moved_to(door: Door, made: Made) -> None:
    await over(door, made, FUNCTION, "create schema s", "alter function public.f() set schema s")
    assert await made.superuser.fetchval(OWNER) == "app_write"


async def test_a_schema_in_which_its_owner_may_create_nothing(door: Door, made: Made) -> None:
    """The heir has no more rights there afterwards than the session left itself."""
    revoke = "revoke all on schema s from current_user"
    await over(door, made, FUNCTION, "create schema s", "alter function public.f() set schema s", revoke)
    assert await made.superuser.fetchval(OWNER) == "app_write"
    assert not await made.superuser.fetchval("select has_schema_privilege('app_write', 's', 'CREATE')")


@pytest.mark.parametrize("right", ["select", "select (id)", "select (id), insert"])
async def test_a_right_that_the_session_gave_itself(door: Door, made: Made, right: str) -> None:
    """By the template, though the account that drops roles could have granted it by others."""
    await over(door, made, f"grant {right} on notes to current_user")


async def test_a_right_that_the_session_handed_on_from_itself(door: Door, made: Made) -> None:
    own = "grant select on notes to current_user with grant option"
    await over(door, made, own, "grant select on notes to mallory")
    assert not await made.superuser.fetchval("select has_table_privilege('mallory', 'notes', 'SELECT')")


async def test_a_prepared_transaction_is_rolled_back(door: Door, made: Made) -> None:
    """Nobody but its role could, and what it locked would stay locked."""
    await over(
        door,
        made,
        "begin",
        "lock table own_notes",
        "create table left_behind (id int)",
        """prepare transaction 'o''d \\ "one"'""",
    )
    assert not await made.superuser.fetchval("select count(*) from pg_prepared_xacts")
    [event] = await made.audited(DROPPED)
    assert event["detail"]["prepared"] == 1


async def test_a_prepared_transaction_that_changed_the_role_itself(door: Door, made: Made) -> None:
    """It holds the role's own row, so nothing of the role can be changed before it is rolled back."""
    change = "alter role current_user password 'x'"
    await over(door, made, "begin", "lock table own_notes", change, "prepare transaction 'stuck'")
    assert not await made.superuser.fetchval("select count(*) from pg_prepared_xacts")


async def test_a_table_of_the_templates_that_the_session_took(door: Door, made: Made) -> None:
    take, let = "alter table own_notes owner to current_user", "create policy p on own_notes to current_user"
    await over(door, made, take, let, "grant select on own_notes to current_user, mallory")
    owner = await made.superuser.fetchval("select tableowner from pg_tables where tablename = 'own_notes'")
    assert owner == "app_write"

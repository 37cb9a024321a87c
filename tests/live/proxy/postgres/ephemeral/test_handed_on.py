"""Rights that a session handed on by its template's own: the server names the template as who granted them."""

from collections.abc import AsyncIterator

import pytest

from support.postgres import Door
from support.sql.ephemeral import Made

GIVEN = """
    grant select, insert on notes to app_write with grant option;
    create table own_notes (id int, body text);
    alter table own_notes owner to app_write;
    """
TAKEN = """
    drop table own_notes;
    revoke all on notes from mallory;
    alter default privileges for role app_write revoke select on tables from mallory;
    revoke grant option for select, insert on notes from app_write cascade;
    """


@pytest.fixture
async def given(made: Made) -> AsyncIterator[None]:
    await made.superuser.execute(GIVEN)
    yield
    await made.clear()
    await made.superuser.execute(TAKEN)


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    "statement",
    [
        "grant select on notes to mallory",
        "grant select on own_notes to mallory",
        "grant all on own_notes to public",
        "alter default privileges for role app_write grant select on tables to mallory",
    ],
)
async def test_it_ends_with_the_session(door: Door, made: Made, statement: str) -> None:
    connection = await door.connect("write")
    await connection.execute(statement)
    await connection.close()
    await door.ended()
    await made.gone()
    can = [
        await made.superuser.fetchval(f"select has_table_privilege('mallory', '{table}', 'SELECT')")  # noqa: S608
        for table in ("notes", "own_notes")
    ]
    defaults = await made.superuser.fetchval("select count(*) from pg_default_acl where defaclacl::text ~ 'mallory'")
    assert (can, defaults) == ([False, False], 0)

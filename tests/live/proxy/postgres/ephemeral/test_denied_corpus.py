"""The corpus of masked columns where the database itself denies them: by the gateway, and past it as the same role."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from support.cards import SCHEMA
from support.postgres import Door, Target
from support.sql.corpus import ALONE, BINARY, CORPUS, TEXT, run, undone
from support.sql.ephemeral import ADMIN, Made
from support.sql.leaks import given_away

DATABASE = "denied_corpus"
_GRANTS = f"""
    GRANT USAGE ON SCHEMA public, hidden TO app_read;
    GRANT SELECT ON ALL TABLES IN SCHEMA public, hidden TO app_read;
    GRANT USAGE ON SCHEMA public, hidden TO {ADMIN} WITH GRANT OPTION;
    GRANT SELECT ON ALL TABLES IN SCHEMA public, hidden TO {ADMIN} WITH GRANT OPTION;
"""


@pytest.fixture
def masking() -> list[dict[str, Any]]:
    return [{"name": "codes", "columns": ["*cvv*"], "access": "deny"}]


@pytest.fixture
async def place(place: dict[str, Any], target: Target) -> AsyncIterator[dict[str, Any]]:
    """The corpus' database, of which the template may read everything."""
    superuser = await target.connect("postgres")
    await superuser.execute(f"CREATE DATABASE {DATABASE} OWNER app_owner")
    owner = await target.connect(DATABASE)
    await owner.execute("SET SESSION AUTHORIZATION app_owner")
    await owner.execute(SCHEMA + _GRANTS)
    await owner.close()
    yield {**place, "database": DATABASE}
    await superuser.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await superuser.close()


@pytest.mark.finding("pg-F1")
@pytest.mark.parametrize("form", [TEXT, BINARY], ids=["text", "binary"])
async def test_no_use_gives_a_denied_value_away(made: Made, door: Door, form: int) -> None:
    client = await door.raw("read", parameters={"database": DATABASE})
    leaks: dict[str, set[bytes]] = {}
    for sql in CORPUS["used"]:
        if not sql.startswith(ALONE):
            await run(client, "begin", TEXT)
        if found := given_away(await run(client, sql, form)):
            leaks[sql] = found
        await undone(client)
    await client.close()
    print(f"{len(CORPUS['used'])} uses by a role without the columns, {len(leaks)} leaks")
    assert not leaks
    await made.gone()


@pytest.mark.finding("pg-F1")
async def test_past_the_gateway_the_database_gives_none_away(made: Made, door: Door) -> None:
    connection = await door.connect("read", database=DATABASE)
    [name] = await made.roles()
    past = await made.past_the_gateway(name, DATABASE)
    answered, leaks = 0, list[str]()
    for sql in CORPUS["used"]:
        transaction = past.transaction()
        await transaction.start()
        try:
            rows = await past.fetch(sql)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            rows, told = [], repr(error)
        else:
            answered, told = answered + 1, ""
        if given_away([(b"E", (repr(rows) + told).encode())]):
            leaks.append(sql)
        await transaction.rollback()
    assert not leaks
    assert [row["holder"] for row in await past.fetch("select holder from cards order by id")] == [
        "Ada",
        "Grace",
        "Linus",
    ]
    print(f"past the gateway {answered} of {len(CORPUS['used'])} uses answered")
    await past.close()
    await connection.close()
    await made.gone()

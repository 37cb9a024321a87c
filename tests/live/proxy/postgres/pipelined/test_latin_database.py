"""A database in another encoding cuts names by other bytes, so one spelling may be judged and another run."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

DATABASE = "in_latin1"
#: 63 bytes in LATIN1, kept whole there; 64 in UTF-8, of which the server in UTF-8 and Gatepass keep 62.
LONG, CUT = "a" * 62 + "é", "a" * 62

SETTINGS = {"database": DATABASE, "client_encoding": "UTF8"}
PREPARE = 'prepare "{}" as delete from notes'


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return target.place(DATABASE)


@pytest.fixture(autouse=True)
async def table(target: Target) -> AsyncIterator[None]:
    latin = "ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
    schema = "create table notes (id int); insert into notes values (1)"
    async with target.database(DATABASE, schema, latin) as owner:
        yield
        assert await owner.fetchval("select count(*) from notes") == 1


async def said(client: Raw, *parts: bytes) -> str:
    """The error's sentence; empty if there is none."""
    client.send(*parts)
    seen = await client.until(b"Z")
    return next((messages.read_fields(payload)["M"] for tag, payload in seen if tag == b"E"), "")


@pytest.mark.parametrize("sql", [PREPARE, 'execute "{}"', 'declare "{}" cursor for select 1'])
async def test_a_name_that_may_be_cut_is_refused(door: Door, sql: str) -> None:
    client = await door.raw("owner-by-review", parameters=SETTINGS)
    assert "not in UTF8" in await said(client, messages.query(sql.format(LONG)))
    assert await said(client, messages.query("select 'é'")) == ""
    await client.close()


async def test_names_in_ascii_work(door: Door) -> None:
    client = await door.raw("owner-by-review", parameters=SETTINGS)
    assert await said(client, messages.query("prepare p as select 'é'")) == ""
    assert await said(client, messages.query("execute p")) == ""
    await client.close()


async def test_another_statement_does_not_run_by_a_name_that_was_cut(door: Door) -> None:
    client = await door.raw("owner-by-review", parameters=SETTINGS)
    await said(client, messages.query(PREPARE.format(LONG)))
    await said(client, messages.parse(CUT, "select 1"), messages.SYNC)
    assert await said(client, messages.query(f'execute "{LONG}"')) != ""
    await client.close()

"""A portal of FETCH or EXECUTE runs what its name stands for: at once after its Bind, or not at all.

PostgreSQL 18 crashes besides where such a portal is described after the cursor that it was bound to has gone.
"""

import asyncpg
import pytest

from support.postgres import Door


@pytest.mark.parametrize("taken", [0, 1])
@pytest.mark.parametrize(
    ("bound", "closes"), [("fetch all from c", "close c"), ("execute q", "deallocate q"), ("execute q", "select 1")]
)
async def test_behind_another_statement(door: Door, bound: str, closes: str, taken: int) -> None:
    """By a driver of every day, which describes the statement once, and no portal."""
    client = await door.connect("owner")
    transaction = client.transaction()
    await transaction.start()
    await client.execute("declare c cursor for select id from notes order by id")
    await client.execute("prepare q as select id from notes order by id")
    cursor = await (await client.prepare(bound)).cursor()
    assert len(await cursor.fetch(taken) if taken else []) == taken
    await client.execute(closes)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="since this FETCH or EXECUTE"):
        await cursor.fetch(1)
    await transaction.rollback()
    assert await client.fetchval("select 1") == 1
    await client.close()


@pytest.mark.parametrize("bound", ["fetch all from c", "execute q"])
async def test_piece_by_piece(door: Door, bound: str) -> None:
    client = await door.connect("owner")
    async with client.transaction():
        await client.execute("declare c cursor for select id from notes order by id")
        await client.execute("prepare q as select id from notes order by id")
        cursor = await (await client.prepare(bound)).cursor()
        pieces = [await cursor.fetch(2) for _ in range(3)]
    assert [row["id"] for piece in pieces for row in piece] == [1, 2, 3, 4, 5, 6]
    await client.close()

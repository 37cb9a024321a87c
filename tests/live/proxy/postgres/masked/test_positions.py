"""A number in ORDER BY, GROUP BY and DISTINCT ON is a column: texts that differ in it are not the same statement."""

import contextlib

import asyncpg
import pytest

from support.postgres import Door


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("select id, cvv from cards order by 1", "select id, cvv from cards order by 2"),
        ("select distinct on (1) id, cvv from cards", "select distinct on (2) id, cvv from cards"),
        ("select id, cvv from cards group by 1, 1", "select id, cvv from cards group by 1, 2"),
        ("select 1, cvv from cards union select 1, 'x' from cards order by 1", "select id, cvv from cards order by 2"),
    ],
)
async def test_a_position_of_a_masked_column(door: Door, first: str, then: str) -> None:
    client = await door.connect("owner")
    with contextlib.suppress(asyncpg.PostgresError):
        await client.execute(first)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="masked"):
        await client.fetch(then)
    await client.close()

"""Conversations that gave a masked value away: words as variables, shadows, open transactions; some still do.

Each has what the database's owner made before, if anything, and steps; `other:` is one of another session, `direct:`
one past the gateway.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.postgres.protocol import messages
from support.cards import SCHEMA
from support.postgres import Door, Target
from support.sql.conversations import MORE, answers, conversed, ways

DATABASE = "ways_again"
WAYS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("ways_around_again.yml").read_text())


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return target.place(DATABASE)


@pytest.fixture
async def owner(target: Target) -> AsyncIterator[Any]:
    async with target.database(DATABASE) as owner:
        yield owner


@pytest.mark.parametrize("way", list(ways(WAYS["leaks"])))
async def test_no_conversation_gives_a_value_away(door: Door, owner: Any, way: dict[str, Any]) -> None:
    await owner.execute(way.get("database", SCHEMA + MORE) + way.get("setup", ""))
    assert not await conversed(door, owner, DATABASE, way["steps"])


async def test_no_view_of_settings_changes_the_order_of_rows(door: Door, owner: Any) -> None:
    """The guesses 100 and 101 stand around the value of 2."""
    await owner.execute(SCHEMA)
    client = await door.raw("owner", parameters={"database": DATABASE})
    for step in WAYS["order"][:-1]:
        await answers(client, step)
    seen = await answers(client, WAYS["order"][-1])
    rows = [messages.read_data_row(payload)[0] for tag, payload in seen if tag == b"D"]
    await client.close()
    assert rows[:3] != [b"100", b"2", b"101"]


@pytest.mark.parametrize("guess", ["Zq", "Zr"])
async def test_no_type_of_an_earlier_schema_compares_a_value(door: Door, owner: Any, guess: str) -> None:
    """Code of the owner's casts to a domain by its bare name; which guess is right must not be told."""
    await owner.execute(SCHEMA + MORE + WAYS["domain"])
    client = await door.raw("owner", parameters={"database": DATABASE})
    await answers(client, f"create domain pg_temp.code as text check (value like '{guess}%')")
    seen = await answers(client, "update lone set id = id")
    await client.close()
    assert not any(tag == b"E" for tag, _ in seen)

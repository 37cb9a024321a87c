"""Conversations that gave a masked value away: columns told by their places, while something gave them others.

Each has what the database's owner made before, if anything, and steps; `other:` is one of another session.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cards import SCHEMA
from support.postgres import Door, Target
from support.sql.conversations import MORE, answers, conversed, ways

DATABASE = "moved"
WAYS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("ways_around_moved.yml").read_text())


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


@pytest.mark.parametrize("way", WAYS["innocent"].values(), ids=WAYS["innocent"])
async def test_what_tells_nothing_is_not_refused(door: Door, owner: Any, way: dict[str, Any]) -> None:
    await owner.execute(way.get("database", SCHEMA + MORE) + way.get("setup", ""))
    client = await door.raw("owner", parameters={"database": DATABASE})
    for step in way["steps"]:
        assert not [payload for tag, payload in await answers(client, step) if tag == b"E"]
    await client.close()

"""Conversations that gave a masked value away: columns in other places, types, what is prepared and outdated.

Some still do. Each has what the database's owner made before, if anything, and steps; `other:` is one of another
session, `direct:` one past the gateway.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cards import SCHEMA
from support.postgres import Door, Target
from support.sql.conversations import MORE, answers, conversed, ways

DATABASE = "places"
WAYS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("ways_around_places.yml").read_text())


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


@pytest.mark.parametrize("way", WAYS["oracles"].values(), ids=WAYS["oracles"])
async def test_no_guess_is_told_from_another(door: Door, target: Target, way: dict[str, Any]) -> None:
    """One of them is right."""
    seen: list[list[bytes]] = []
    for steps in way["guesses"]:
        async with target.database(DATABASE, SCHEMA + MORE + way["setup"]):
            client = await door.raw("owner", parameters={"database": DATABASE})
            seen.append([tag for step in steps for tag, _ in await answers(client, step)])
            await client.close()
    assert seen[0] == seen[1]


async def test_no_statistics_change_the_order_of_rows(door: Door, owner: Any) -> None:
    """The guesses 100 and 101 stand around the value of 2."""
    await owner.execute(SCHEMA + MORE + WAYS["order"]["setup"])
    client = await door.raw("owner", parameters={"database": DATABASE})
    seen = [message for step in WAYS["order"]["steps"] for message in await answers(client, step)]
    await client.close()
    assert any(tag == b"D" and b"1,2,100" in payload for tag, payload in seen)
    assert not any(tag == b"D" and b"100,2,101" in payload for tag, payload in seen)


@pytest.mark.parametrize("way", WAYS["innocent"].values(), ids=WAYS["innocent"])
async def test_what_tells_nothing_is_not_refused(door: Door, owner: Any, way: dict[str, Any]) -> None:
    await owner.execute(way.get("database", SCHEMA + MORE) + way.get("setup", ""))
    client = await door.raw("owner", parameters={"database": DATABASE})
    for step in way["steps"]:
        assert not [payload for tag, payload in await answers(client, step) if tag == b"E"]
    await client.close()

"""Conversations that gave a masked value away: by code, by names that come later, by errors, by COPY, by portals."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.postgres.protocol import messages
from support.cards import SCHEMA
from support.postgres import Door, Raw, Target
from support.sql.conversations import MORE, answers
from support.sql.leaks import given_away

DATABASE = "ways"
WAYS: dict[str, dict[str, list[str]]] = yaml.safe_load(Path(__file__).with_name("ways_around.yml").read_text())


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return target.place(DATABASE)


@pytest.fixture
async def client(door: Door, target: Target) -> AsyncIterator[Raw]:
    async with target.database(DATABASE, SCHEMA + MORE):
        client = await door.raw("owner", parameters={"database": DATABASE})
        yield client
        await client.close()


async def conversed(client: Raw, steps: list[str]) -> list[list[tuple[bytes, bytes]]]:
    """The answers to each step, up to one that ends the session."""
    seen: list[list[tuple[bytes, bytes]]] = []
    for step in steps:
        seen.append(await answers(client, step))
        if seen[-1][-1][0] != b"Z":
            break
    return seen


@pytest.mark.parametrize("conversation", WAYS["leaks"].values(), ids=WAYS["leaks"])
async def test_no_conversation_gives_a_value_away(client: Raw, conversation: list[str]) -> None:
    seen = await conversed(client, conversation)
    assert not {found for each in seen for found in given_away(each)}


@pytest.mark.parametrize("conversation", WAYS["orders"].values(), ids=WAYS["orders"])
async def test_no_order_of_rows_tells_what_lies_between_two_guesses(client: Raw, conversation: list[str]) -> None:
    """The guesses stand around the value: `low` < value < `high`; so few questions find each letter of it."""
    seen = await conversed(client, conversation)
    rows = [messages.read_data_row(payload)[0] for each in seen for tag, payload in each if tag == b"D"]
    around = ([b"low", b"x", b"high"], [b"100", b"2", b"101"])
    assert not any(rows[:3] == each for each in around)

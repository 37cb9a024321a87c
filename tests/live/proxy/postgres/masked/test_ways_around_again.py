"""Conversations that gave a masked value away: words as variables, shadows, open transactions; some still do.

Each has what the database's owner made before, if anything, and steps; `other:` is one of another session, `direct:`
one past the gateway.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.postgres.protocol import messages
from support.cards import SCHEMA
from support.postgres import Door, Raw, Target
from support.sql.conversations import MORE, answers
from support.sql.leaks import given_away

DATABASE = "ways_again"
_OTHER, _DIRECT = "other:", "direct:"
#: docs/postgres.md says so: what names mean to code that is there, and what other sessions do in the meantime.
_OPEN = "not held yet"
WAYS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("ways_around_again.yml").read_text())


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return {"host": target.host, "port": target.port, "database": DATABASE, "tls": "disable"}


@pytest.fixture
async def owner(target: Target) -> AsyncIterator[Any]:
    admin = await target.connect("postgres")
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE} OWNER app_owner")
    owner = await target.connect(DATABASE)
    await owner.execute("SET SESSION AUTHORIZATION app_owner")
    yield owner
    await owner.close()
    await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await admin.close()


async def _conversed(door: Door, owner: Any, steps: list[str]) -> set[bytes]:
    client = await door.raw("owner", parameters={"database": DATABASE})
    other: Raw | None = None
    found: set[bytes] = set()
    for step in steps:
        if step.startswith(_OTHER):
            other = other or await door.raw("owner", parameters={"database": DATABASE})
            await answers(other, step.removeprefix(_OTHER).strip())
            continue
        if step.startswith(_DIRECT):
            await owner.execute(step.removeprefix(_DIRECT))
            continue
        seen = await answers(client, step)
        found |= given_away(seen)
        if seen[-1][0] != b"Z":
            break
    await client.close()
    return found


def _ways() -> Iterator[Any]:
    for name, way in WAYS["leaks"].items():
        yield pytest.param(way, id=name, marks=[pytest.mark.xfail(reason=_OPEN, strict=True)] if "open" in way else [])


@pytest.mark.parametrize("way", list(_ways()))
async def test_no_conversation_gives_a_value_away(door: Door, owner: Any, way: dict[str, Any]) -> None:
    await owner.execute(way.get("database", SCHEMA + MORE) + way.get("setup", ""))
    assert not await _conversed(door, owner, way["steps"])


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

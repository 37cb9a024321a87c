"""Looks for what must not be anywhere: seeded card numbers and codes, tokens and passwords, in everything kept.

Codes of three digits occur by chance in ids and times, so they are looked for where a value would stand: as a whole
value, not as part of a longer number or word.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text

from cli.demo.postgres_target import CUSTOMERS
from slack_simulator.client import SimulatorClient
from storage.database import Database

#: Folders below the demo's own that are secret stores or the targets' data: raw values belong there.
_EXEMPT = {"payments", "postgres", "keys", "ca"}
_EXEMPT_FILES = {"read-password", "admin-password", "web-1-key", "askpass", "known_hosts"}


def needles(secrets: Iterable[str]) -> list[re.Pattern[str]]:
    """What to look for: every seeded card number and code, and these secrets."""
    numbers = [re.compile(r"[ -]?".join(number)) for _, _, number, _, _ in CUSTOMERS]
    codes = [re.compile(rf"""(?<=["'\s:=|]){cvv}(?=["'\s,|]|$)""", re.MULTILINE) for _, _, _, cvv, _ in CUSTOMERS]
    return [*numbers, *codes, *(re.compile(re.escape(secret)) for secret in secrets)]


async def leaks(database: Database, folder: Path, slack: SimulatorClient, secrets: Iterable[str]) -> list[str]:
    """Where any needle occurs: in the whole database, the folder's files, or any message anybody sees."""
    wanted = needles(secrets)
    places = [*await _database(database), *await asyncio.to_thread(_files, folder), *await _messages(slack)]
    return [f"{where}: {pattern.pattern[:12]}…" for where, kept in places for pattern in wanted if pattern.search(kept)]


async def _database(database: Database) -> list[tuple[str, str]]:
    """Every row of every table as text; bytes are shown as what they are, not as hex."""
    found: list[tuple[str, str]] = []
    async with database.transaction() as transaction:
        tables = await transaction.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        )
        for table in tables.all():
            quoted = '"' + str(table).replace('"', '""') + '"'
            rows = await transaction.execute(text(f"SELECT * FROM {quoted}"))  # noqa: S608 - a name of our catalogue
            found.extend((f"table {table}", "\n".join(map(_shown, row))) for row in rows.all())
    return found


def _shown(value: Any) -> str:
    """As text. A column of numbers holds counts of ours: a recording may have 737 bytes."""
    if isinstance(value, int):
        return ""
    return value.decode(errors="replace") if isinstance(value, bytes) else json.dumps(value, default=str)


def _files(folder: Path) -> list[tuple[str, str]]:
    return [(str(file), file.read_text(errors="replace")) for file in _kept(folder)]


def _kept(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _EXEMPT:
            yield from (file for file in path.rglob("*") if file.is_file())
        elif path.is_file() and path.name not in _EXEMPT_FILES:
            yield path


async def _messages(slack: SimulatorClient) -> list[tuple[str, str]]:
    """What everybody sees; the local Slack's own count of changes can be any number, a code's too."""
    people = [person["name"] for person in (await slack.workspace())["people"]]
    return [
        (f"message to {person}", json.dumps(message | {"revision": None}, ensure_ascii=False))
        for person in people
        for message in await slack.messages(user=person, limit=10_000)
    ]

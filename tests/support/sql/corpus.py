"""The corpus of masked columns, and how a statement of it is run by the protocol."""

import struct
from pathlib import Path
from typing import Any

import yaml

from proxy.postgres.protocol import messages
from support.postgres import Raw

_FOLDER = Path(__file__).parents[2] / "unit" / "proxy" / "postgres" / "sql" / "corpus"
CORPUS: dict[str, Any] = yaml.safe_load((_FOLDER / "masked_columns.yml").read_text())

TEXT, BINARY = 0, 1
#: What they cannot do within a transaction.
ALONE = ("vacuum", "begin", "create publication")


async def run(client: Raw, sql: str, form: int) -> list[tuple[bytes, bytes]]:
    """A statement's whole answer: by the simple protocol in text, by the extended one in binary."""
    if form == TEXT:
        client.send(messages.query(sql))
    else:
        bind = messages.message(b"B", b"\0\0" + struct.pack(">hhhh", 0, 0, 1, BINARY))
        client.send(*(messages.parse("", sql), bind, messages.describe_portal(""), messages.execute(""), messages.SYNC))
    seen: list[tuple[bytes, bytes]] = []
    while not seen or seen[-1][0] != b"Z":
        seen.append(await client.message())
        if seen[-1][0] == b"G":
            client.send(messages.message(b"f", b"no rows\0"), *([messages.SYNC] if form == BINARY else []))
    return seen


async def undone(client: Raw) -> None:
    """Out of whatever transaction a statement left."""
    client.send(messages.query("rollback"))
    await client.until(b"Z")

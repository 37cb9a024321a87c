"""`gatepass audit verify`, as an operator runs it: it looks, it lists, and it changes nothing."""

from pathlib import Path

import asyncpg
import pytest

from storage.audit import trail
from storage.audit.sequencer import sequence
from storage.database import Database
from support.commands import gatepass

DAMAGE = {
    "a leaf": "UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE leaf_index = 1",
    "the last checkpoint": "UPDATE audit_checkpoint SET root_hash = sha256('x')",
    "the last leaf": "DELETE FROM audit_leaf WHERE leaf_index = 2",
    "a table": "DROP TABLE audit_leaf CASCADE",
}


async def write(database: Database, count: int) -> None:
    async with database.transaction() as transaction:
        for _ in range(count):
            await trail.record(transaction, actor="gatepass", action="test:event:write")


async def counted(superuser: asyncpg.Connection) -> dict[str, int]:
    tables = ("audit_event", "audit_pending", "audit_leaf", "audit_checkpoint")
    there = [table for table in tables if await superuser.fetchval("SELECT to_regclass($1)", table)]
    return {table: int(await superuser.fetchval(f"SELECT count(*) FROM {table}") or 0) for table in there}  # noqa: S608


@pytest.mark.finding("L4")
@pytest.mark.finding("use-3")
@pytest.mark.parametrize("what", DAMAGE)
async def test_a_damaged_log_with_events_waiting_is_a_list_of_faults(
    database: Database, superuser: asyncpg.Connection, dsn: str, tmp_path: Path, what: str
) -> None:
    await write(database, 3)
    await sequence(database)
    await write(database, 2)
    await superuser.execute(DAMAGE[what])
    before = await counted(superuser)
    ran = await gatepass("audit", "verify", home=tmp_path, DATABASE_URL=dsn)
    assert ran.status == 1, ran.said
    assert "FAULT" in ran.said
    assert "The audit log was changed:" in ran.said
    assert "wait to become leaves: 2." in ran.said
    assert "Traceback" not in ran.said
    assert await counted(superuser) == before


@pytest.mark.finding("L4")
async def test_verifying_writes_nothing(
    database: Database, superuser: asyncpg.Connection, dsn: str, tmp_path: Path
) -> None:
    """Where nobody may write, it verifies as anywhere; and what waited before waits still."""
    await write(database, 3)
    await sequence(database)
    await write(database, 2)
    name = await superuser.fetchval("SELECT current_database()")
    await superuser.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    ran = await gatepass("audit", "verify", home=tmp_path, DATABASE_URL=dsn)
    assert (ran.status, ran.said[:32]) == (0, "The audit log is whole: 3 leaves"), ran.said
    assert ran.said.endswith("Events that wait to become leaves: 2.\n")
    assert (await counted(superuser))["audit_pending"] == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.finding("L4")
async def test_an_empty_log_is_said_to_be_empty(database: Database, dsn: str, tmp_path: Path) -> None:
    ran = await gatepass("audit", "verify", home=tmp_path, DATABASE_URL=dsn)
    assert (ran.status, ran.said) == (0, "The audit log is empty: no event has become a leaf yet.\n")


@pytest.mark.finding("use-17")
@pytest.mark.parametrize(
    "words", [("audit", "verify"), ("sessions", "list"), ("sessions", "replay", "47de9f88"), ("unlock", "203.0.113.9")]
)
async def test_looking_where_no_storage_is_makes_none(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = await gatepass(*words, home=tmp_path)
    assert ran.status == 1
    assert f"There is no Gatepass storage in {tmp_path}. Set GATEPASS_HOME" in ran.said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sessions", "show", "\udcff"), "No session's id starts with '\\udcff'"),
        (("sessions", "show", "%"), "No session's id starts with '%'"),
        (("sessions", "replay", "' OR 1"), "No session's id starts with"),
        (("unlock", "\udcff"), "gatepass: \\udcff is no address, and nobody in the policy has that name."),
    ],
)
async def test_words_that_nothing_is_called_are_told(
    database: Database, dsn: str, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    ran = await gatepass(*words, home=tmp_path, DATABASE_URL=dsn)
    assert ran.status == 1
    assert says in ran.said
    assert "Traceback" not in ran.said

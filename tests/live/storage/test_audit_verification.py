"""A superuser who changes or deletes any one row of the log is found out, and the leaf is named.

The log of these tests has nine leaves in batches of three: checkpoints 3, 6 and 9.
"""

import asyncio

import asyncpg
import pytest

from storage.audit import sequencer, trail
from storage.audit.sequencer import AuditDamaged, sequence
from storage.audit.verification import Verification, verify
from storage.audit.walk import Discrepancy
from storage.database import Database

# ruff: noqa: S608 - the statements of these tests are made of these tests' own words

LEAVES = 9
TABLES = ("audit_event", "audit_leaf", "audit_checkpoint")
#: First, middle and last leaf, and the borders of batches: what to tamper with, and the leaf that must be named.
BY_LEAF = {index: index for index in (0, 2, 3, 4, 5, 8)}
#: A checkpoint is named by the first leaf that it covers.
BY_CHECKPOINT = {3: 0, 6: 3, 9: 6}

EVENT = "(SELECT event_id FROM audit_leaf WHERE leaf_index = {place})"

EACH_ROW = {
    "event changed": (f"UPDATE audit_event SET body = body || ' ' WHERE id = {EVENT}", BY_LEAF),
    "event emptied": (f"UPDATE audit_event SET body = '' WHERE id = {EVENT}", BY_LEAF),
    "event deleted": (f"DELETE FROM audit_event WHERE id = {EVENT}", BY_LEAF),
    "event renamed": (f"UPDATE audit_event SET id = DEFAULT WHERE id = {EVENT}", BY_LEAF),
    "leaf hash": ("UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE leaf_index = {place}", BY_LEAF),
    "leaf of another event": ("UPDATE audit_leaf SET event_id = 1000000 WHERE leaf_index = {place}", BY_LEAF),
    "leaf moved": ("UPDATE audit_leaf SET leaf_index = 1000 WHERE leaf_index = {place}", BY_LEAF),
    "leaf deleted": ("DELETE FROM audit_leaf WHERE leaf_index = {place}", BY_LEAF),
    "leaf under no checkpoint": ("UPDATE audit_leaf SET checkpoint_size = 99 WHERE leaf_index = {place}", BY_LEAF),
    "leaf under another checkpoint": (
        "UPDATE audit_leaf SET checkpoint_size = checkpoint_size % 9 + 3 WHERE leaf_index = {place}",
        BY_LEAF,
    ),
    "checkpoint deleted": ("DELETE FROM audit_checkpoint WHERE tree_size = {place}", BY_CHECKPOINT),
    "checkpoint root": (
        "UPDATE audit_checkpoint SET root_hash = sha256('x') WHERE tree_size = {place}",
        BY_CHECKPOINT,
    ),
    "checkpoint frontier": (
        "UPDATE audit_checkpoint SET frontier[1] = sha256('x') WHERE tree_size = {place}",
        BY_CHECKPOINT,
    ),
    "checkpoint frontier longer": (
        "UPDATE audit_checkpoint SET frontier = frontier || sha256('x') WHERE tree_size = {place}",
        BY_CHECKPOINT,
    ),
    "checkpoint later": (
        "UPDATE audit_checkpoint SET tree_size = tree_size + 1 WHERE tree_size = {place}",
        BY_CHECKPOINT,
    ),
    "checkpoint earlier": (
        "UPDATE audit_checkpoint SET tree_size = tree_size - 1 WHERE tree_size = {place}",
        BY_CHECKPOINT,
    ),
    "checkpoint nowhere": (
        "UPDATE audit_checkpoint SET tree_size = -1 WHERE tree_size = {place}",
        dict.fromkeys(BY_CHECKPOINT, 0),
    ),
}
#: Of these the rest of the log is as good as before, and is not blamed.
ONE_FAULT = ("event changed", "leaf hash", "leaf under no checkpoint", "checkpoint deleted", "checkpoint root")


@pytest.fixture(autouse=True)
async def log(database: Database, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> Verification:
    """Nine leaves in three batches, verified."""
    monkeypatch.setattr(sequencer, "BATCH_LIMIT", 3)
    await write(database, LEAVES)
    assert await sequence(database) == LEAVES
    verification = await verify(database)
    assert verification.discrepancies == []
    for table in TABLES:
        await superuser.execute(f"CREATE TEMP TABLE saved_{table} AS TABLE {table}")
    return verification


async def write(database: Database, count: int) -> None:
    async with database.transaction() as transaction:
        for number in range(count):
            await trail.record(transaction, actor="gatepass", action="test:event:write", resource=str(number))


async def tamper(superuser: asyncpg.Connection, statement: str) -> None:
    changed = await superuser.execute(statement)
    assert changed.split()[-1] != "0", f"nothing was changed by {statement}"


async def discrepancies(database: Database) -> list[Discrepancy]:
    return (await verify(database)).discrepancies


async def restore(superuser: asyncpg.Connection) -> None:
    for table in TABLES:
        await superuser.execute(f"DELETE FROM {table}")
        await superuser.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE saved_{table}")


@pytest.mark.parametrize("name", EACH_ROW)
async def test_any_one_row_changed_or_deleted_is_found_and_its_leaf_named(
    database: Database, superuser: asyncpg.Connection, name: str
) -> None:
    statement, leaf_at = EACH_ROW[name]
    for place, leaf in leaf_at.items():
        await tamper(superuser, statement.format(place=place))
        found = await discrepancies(database)
        assert found, f"{name} at {place} went unseen"
        assert found[0].leaf_index == leaf
        assert found[0].message
        assert len(found) == 1 or name not in ONE_FAULT, found
        await restore(superuser)
    assert await discrepancies(database) == []


@pytest.mark.parametrize("index", [0, 4, 8])
async def test_a_leaf_rewritten_to_match_its_changed_event_breaks_its_root_only(
    database: Database, superuser: asyncpg.Connection, index: int
) -> None:
    event = EVENT.format(place=index)
    await tamper(superuser, f"UPDATE audit_event SET body = body || ' ' WHERE id = {event}")
    body = f"(SELECT body FROM audit_event WHERE id = {event})"
    leaf_hash = f"sha256('\\x00'::bytea || {body})"
    await tamper(superuser, f"UPDATE audit_leaf SET leaf_hash = {leaf_hash} WHERE leaf_index = {index}")
    found = await verify(database)
    first = index - index % 3
    assert [one.leaf_index for one in found.discrepancies] == [first]
    assert f"leaves {first} to {first + 2}" in found.discrepancies[0].message


async def test_swapped_events_are_both_named(database: Database, superuser: asyncpg.Connection) -> None:
    await superuser.execute("ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_event_id_key")
    await tamper(superuser, swap("event_id", 1, 7))
    assert [one.leaf_index for one in await discrepancies(database)] == [1, 7]


async def test_leaves_put_in_another_order_break_the_roots_that_cover_them(
    database: Database, superuser: asyncpg.Connection
) -> None:
    await superuser.execute("ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_event_id_key")
    await tamper(superuser, swap("event_id", 1, 7))
    await tamper(superuser, swap("leaf_hash", 1, 7))
    assert [one.leaf_index for one in await discrepancies(database)] == [0, 6]


def swap(column: str, one: int, other: int) -> str:
    return (
        f"UPDATE audit_leaf SET {column} = (SELECT other.{column} FROM audit_leaf AS other "
        f"WHERE other.leaf_index = {one} + {other} - audit_leaf.leaf_index) WHERE leaf_index IN ({one}, {other})"
    )


async def test_a_missing_run_of_leaves_is_named_whole(database: Database, superuser: asyncpg.Connection) -> None:
    await tamper(superuser, "DELETE FROM audit_leaf WHERE leaf_index BETWEEN 2 AND 5")
    missing = [one.message for one in await discrepancies(database) if "missing" in one.message]
    assert missing == ["leaf 2 is missing", "leaves 3 to 5 are missing"]


async def test_an_event_without_a_place_is_named_by_its_id(database: Database, superuser: asyncpg.Connection) -> None:
    await write(database, 1)
    event = await superuser.fetchval("DELETE FROM audit_pending RETURNING event_id")
    assert [(one.leaf_index, str(event) in one.message) for one in await discrepancies(database)] == [(None, True)]


async def test_an_event_slipped_in_is_named_by_its_id(database: Database, superuser: asyncpg.Connection) -> None:
    event = await superuser.fetchval("INSERT INTO audit_event (body) VALUES ('{}') RETURNING id")
    assert [(one.leaf_index, str(event) in one.message) for one in await discrepancies(database)] == [(None, True)]


async def test_a_pending_event_that_was_deleted_is_named(database: Database, superuser: asyncpg.Connection) -> None:
    await write(database, 1)
    await tamper(superuser, "DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_pending)")
    assert [one.leaf_index for one in await discrepancies(database)] == [None]


async def test_a_leaf_made_pending_again_is_named(database: Database, superuser: asyncpg.Connection) -> None:
    await tamper(superuser, f"INSERT INTO audit_pending VALUES ({EVENT.format(place=4)})")
    assert [one.leaf_index for one in await discrepancies(database)] == [4]
    with pytest.raises(AuditDamaged):
        await sequence(database)


async def test_pending_is_no_discrepancy(database: Database) -> None:
    await write(database, 2)
    found = await verify(database)
    assert (found.tree_size, found.discrepancies, found.pending) == (LEAVES, [], 2)


async def test_a_log_longer_than_a_page_is_verified_whole(
    database: Database, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.audit.verification.PAGE_ROWS", 4)
    monkeypatch.setattr("storage.audit.walk._AT_ONCE", 2)
    await write(database, 3)
    await sequence(database)
    found = await verify(database)
    assert (found.tree_size, found.discrepancies) == (LEAVES + 3, [])
    await tamper(superuser, "UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE leaf_index = 10")
    assert [one.leaf_index for one in await discrepancies(database)] == [10]


async def test_discrepancies_are_told_up_to_a_limit(
    database: Database, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("verification", "walk"):
        monkeypatch.setattr(f"storage.audit.{module}.DISCREPANCY_LIMIT", 5)
    await tamper(superuser, "UPDATE audit_leaf SET leaf_hash = sha256('x')")
    assert [one.leaf_index for one in await discrepancies(database)] == [0, 1, 2, 3, 4]


async def test_a_root_kept_elsewhere_shows_what_was_cut_off_at_the_end(
    database: Database, superuser: asyncpg.Connection, log: Verification
) -> None:
    await tamper(
        superuser, "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE leaf_index >= 6)"
    )
    await tamper(superuser, "DELETE FROM audit_leaf WHERE leaf_index >= 6")
    await tamper(superuser, "DELETE FROM audit_checkpoint WHERE tree_size = 9")
    found = await verify(database)
    assert found.discrepancies == []
    assert (found.tree_size, found.root) != (log.tree_size, log.root)


#: What an owner of the tables can do to rows and tables beyond changing what they say.
MUTILATED = {
    "hash taken away": "ALTER TABLE audit_leaf ALTER leaf_hash DROP NOT NULL; UPDATE audit_leaf SET leaf_hash = NULL",
    "hash and event taken away": (
        "ALTER TABLE audit_leaf ALTER leaf_hash DROP NOT NULL; UPDATE audit_leaf SET leaf_hash = NULL; "
        "DELETE FROM audit_event"
    ),
    "hash cut short": (
        "ALTER TABLE audit_leaf DROP CONSTRAINT leaf_hash_is_sha256; UPDATE audit_leaf SET leaf_hash = 'x'"
    ),
    "body taken away": "ALTER TABLE audit_event ALTER body DROP NOT NULL; UPDATE audit_event SET body = NULL",
    "frontier of nulls": "UPDATE audit_checkpoint SET frontier = ARRAY[NULL, NULL]::bytea[]",
    "frontier of two dimensions": "UPDATE audit_checkpoint SET frontier = ARRAY[[root_hash, NULL]]",
    "frontier taken away": (
        "ALTER TABLE audit_checkpoint ALTER frontier DROP NOT NULL; UPDATE audit_checkpoint SET frontier = NULL"
    ),
    "checkpoints named by nothing": (
        "ALTER TABLE audit_leaf ALTER checkpoint_size DROP NOT NULL; UPDATE audit_leaf SET checkpoint_size = NULL"
    ),
    "places taken away": (
        "ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_pkey; "
        "ALTER TABLE audit_leaf ALTER leaf_index DROP NOT NULL; "
        "UPDATE audit_leaf SET leaf_index = NULL WHERE leaf_index > 4"
    ),
    "places given twice": (
        "ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_pkey; "
        "UPDATE audit_leaf SET leaf_index = 4 WHERE leaf_index = 5"
    ),
    "places that are no numbers": (
        "ALTER TABLE audit_leaf ALTER leaf_index TYPE numeric; "
        "UPDATE audit_leaf SET leaf_index = 'NaN' WHERE leaf_index = 5"
    ),
    "places before the first": (
        "ALTER TABLE audit_leaf DROP CONSTRAINT IF EXISTS leaf_index_is_not_negative; "
        "UPDATE audit_leaf SET leaf_index = -5 WHERE leaf_index = 5"
    ),
    "places far away": "UPDATE audit_leaf SET leaf_index = 9223372036854775807 WHERE leaf_index = 5",
    "sizes far away": "UPDATE audit_checkpoint SET tree_size = 9223372036854775807 WHERE tree_size > 6",
    "bodies that are rows": ("ALTER TABLE audit_event ALTER body TYPE audit_pending USING ROW(1)::audit_pending"),
    "a view that divides by nothing": (
        "ALTER TABLE audit_leaf RENAME TO leaf; "
        "CREATE VIEW audit_leaf AS SELECT leaf_index / (leaf_index - leaf_index) AS leaf_index, event_id, leaf_hash, "
        "checkpoint_size FROM leaf; GRANT SELECT ON audit_leaf TO gatepass_program"
    ),
    "leaves of a strange type": "ALTER TABLE audit_leaf ALTER checkpoint_size TYPE text USING 'x'",
    "table gone": "DROP TABLE audit_pending",
    "column gone": "ALTER TABLE audit_event DROP COLUMN body",
    "leave gone": "REVOKE SELECT ON audit_checkpoint FROM gatepass_program",
}


@pytest.mark.finding("L4")
@pytest.mark.parametrize("name", MUTILATED)
async def test_whatever_was_done_to_the_tables_is_a_list_of_faults(
    database: Database, superuser: asyncpg.Connection, name: str
) -> None:
    await superuser.execute("ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_checkpoint_size_fkey")
    await superuser.execute(MUTILATED[name])
    found = await discrepancies(database)
    assert found
    assert all(one.message for one in found)


@pytest.mark.finding("L4")
async def test_a_log_is_verified_whole_while_it_is_written(database: Database) -> None:
    """One snapshot: batches that commit while it is read are either in it whole or not at all."""
    begun, enough = asyncio.Event(), asyncio.Event()

    async def keep_writing() -> None:
        while not enough.is_set():
            await write(database, 2)
            await sequence(database)
            begun.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(keep_writing())
        await begun.wait()
        seen = [await verify(database) for _ in range(10)]
        enough.set()
    assert [each.discrepancies for each in seen] == [[]] * len(seen)
    assert seen[-1].tree_size > seen[0].tree_size

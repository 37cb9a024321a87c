"""Events, their order and their roots; that the program cannot rewrite them."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlmodel import col
from structlog.testing import capture_logs

from storage.audit import merkle, sequencer, trail
from storage.audit.sequencer import AuditDamaged, Sequencer, head, sequence
from storage.audit.verification import verify
from storage.database import Database
from storage.model import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending
from storage.notices import Notices


async def write(database: Database, count: int, *, prefix: str = "event") -> list[int]:
    async with database.transaction() as transaction:
        return [
            await trail.record(transaction, actor="gatepass", action="test:event:write", resource=f"{prefix}-{number}")
            for number in range(count)
        ]


async def ordered(database: Database) -> list[int]:
    """Event ids in the order of their leaves."""
    async with database.transaction() as transaction:
        return list(
            (await transaction.scalars(select(col(AuditLeaf.event_id)).order_by(col(AuditLeaf.leaf_index)))).all()
        )


@pytest.mark.finding("use-14")
async def test_an_event_is_a_line_in_the_log_once_it_is_committed(database: Database) -> None:
    async def write_one(resource: str, *, failing: bool) -> None:
        async with database.transaction() as transaction:
            await trail.record(transaction, actor="human:alice", action="slack:request:submit", resource=resource)
            if failing:
                raise ValueError(resource)

    with capture_logs() as logged:
        await write_one("db/read", failing=False)
        with pytest.raises(ValueError, match="db/admin"):
            await write_one("db/admin", failing=True)
        await write_one("db/write", failing=False)
    assert [(line["event"], line["actor"], line["resource"]) for line in logged] == [
        ("slack:request:submit", "human:alice", "db/read"),
        ("slack:request:submit", "human:alice", "db/write"),
    ]


async def test_an_event_is_canonical_json_with_the_databases_time(database: Database) -> None:
    session, grant = uuid4(), uuid4()
    async with database.transaction() as transaction:
        before = await transaction.scalar(select(func.clock_timestamp()))
        await trail.record(
            transaction,
            actor="human:alice",
            action="slack:request:submit",
            resource="payments-db",
            outcome="denied",
            session=session,
            grant=grant,
            detail={"b": 1, "a": "Grüße\x00\ud800"},
        )
        body = await transaction.scalar(select(col(AuditEvent.body)))
    assert body is not None
    event = json.loads(body)
    assert body == trail.canonical(event)
    assert list(event) == sorted(event)
    time, identity = event.pop("time"), event.pop("id")
    assert before is not None
    assert before <= datetime.fromisoformat(time) <= before + timedelta(seconds=30)
    assert time.endswith("Z")
    assert len(time) == len("2026-11-22T20:28:14.185973Z")
    assert UUID(identity).version == 4
    assert event == {
        "v": 1,
        "actor": "human:alice",
        "action": "slack:request:submit",
        "resource": "payments-db",
        "outcome": "denied",
        "session": str(session),
        "grant": str(grant),
        "detail": {"a": "Grüße\x00\ud800", "b": 1},
    }


async def test_an_event_lives_and_dies_with_its_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as transaction:
            await trail.record(transaction, actor="gatepass", action="test:event:write")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await sequence(database) == 0
    verification = await verify(database)
    assert (verification.tree_size, verification.root, verification.discrepancies) == (0, merkle.EMPTY_ROOT, [])


async def test_events_become_dense_leaves_under_roots_that_the_rfc_defines(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencer, "BATCH_LIMIT", 3)
    written = await write(database, 7)
    assert await sequence(database) == 7
    written += await write(database, 2)
    assert await sequence(database) == 2
    assert await sequence(database) == 0
    async with database.transaction() as transaction:
        leaves = (await transaction.scalars(select(AuditLeaf).order_by(col(AuditLeaf.leaf_index)))).all()
        bodies = {event.id: event.body for event in (await transaction.scalars(select(AuditEvent))).all()}
        checkpoints = (
            await transaction.scalars(select(AuditCheckpoint).order_by(col(AuditCheckpoint.tree_size)))
        ).all()
        size, root = await head(transaction)
        assert await transaction.scalar(select(func.count()).select_from(AuditPending)) == 0
    assert [leaf.leaf_index for leaf in leaves] == list(range(9))
    assert [leaf.event_id for leaf in leaves] == written
    hashes = [merkle.leaf_hash(bodies[leaf.event_id]) for leaf in leaves]
    assert [leaf.leaf_hash for leaf in leaves] == hashes
    assert [leaf.checkpoint_size for leaf in leaves] == [3, 3, 3, 6, 6, 6, 7, 9, 9]
    assert {point.tree_size: point.root_hash for point in checkpoints} == {
        size: merkle.root(hashes[:size]) for size in (3, 6, 7, 9)
    }
    assert (size, root) == (9, merkle.root(hashes))
    verification = await verify(database)
    assert (verification.tree_size, verification.root, verification.discrepancies) == (9, root, [])


async def test_an_event_that_commits_late_is_not_passed_over(database: Database) -> None:
    async with database.transaction() as slow:
        late = await trail.record(slow, actor="gatepass", action="test:event:late")
        early = await write(database, 2)
        assert await sequence(database) == 2
        assert (await verify(database)).discrepancies == []
    assert late < min(early)
    assert await sequence(database) == 1
    assert await ordered(database) == [*early, late]
    assert (await verify(database)).discrepancies == []


async def test_many_writers_and_sequencers_lose_and_repeat_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencer, "BATCH_LIMIT", 5)

    async def writer(number: int) -> list[int]:
        return [(await write(database, 1, prefix=f"writer-{number}"))[0] for _ in range(10)]

    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(writer(number)) for number in range(6)]
        sequencers = [group.create_task(sequence(database)) for _ in range(3)]
    placed = sum(task.result() for task in sequencers) + await sequence(database)
    written = [event for task in writers for event in task.result()]
    assert placed == 60
    assert sorted(await ordered(database)) == sorted(written)
    verification = await verify(database)
    assert (verification.tree_size, verification.discrepancies, verification.pending) == (60, [], 0)


@pytest.mark.parametrize("with_notices", [True, False])
async def test_the_sequencer_runs_by_itself_and_outlives_a_lost_connection(
    database: Database, superuser: asyncpg.Connection, with_notices: bool
) -> None:
    notices = Notices(database) if with_notices else None

    async def placed(count: int) -> None:
        while len(await ordered(database)) < count:
            await asyncio.sleep(0.01)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        owned = [group.create_task(Sequencer(database, notices).run())]
        if notices is not None:
            owned.append(group.create_task(notices.run()))
        await write(database, 3)
        await placed(3)
        await superuser.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'gatepass' AND datname = current_database()"
        )
        await write(database, 2)
        await placed(5)
        for task in owned:
            task.cancel()
    assert (await verify(database)).discrepancies == []


async def test_nothing_is_added_to_a_damaged_log(database: Database, superuser: asyncpg.Connection) -> None:
    await write(database, 3)
    await sequence(database)
    await superuser.execute("DELETE FROM audit_checkpoint")
    await write(database, 1)
    with pytest.raises(AuditDamaged, match="gatepass audit verify"):
        await sequence(database)
    assert len(await ordered(database)) == 3
    assert (await verify(database)).pending == 1


@pytest.mark.parametrize("table", ["audit_event", "audit_leaf", "audit_checkpoint"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {} = {}", "TRUNCATE {}"])
async def test_the_programs_role_cannot_rewrite_the_log(database: Database, table: str, statement: str) -> None:
    column = {"audit_event": "body", "audit_leaf": "leaf_hash", "audit_checkpoint": "root_hash"}[table]
    connection = await database.connect()
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table, column, column))
    finally:
        await connection.close()


async def test_pending_is_not_for_the_program_to_rename(database: Database) -> None:
    connection = await database.connect()
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE audit_pending SET event_id = event_id + 1")
    finally:
        await connection.close()


async def test_verifying_sees_one_moment_while_the_log_grows(database: Database) -> None:
    stop = asyncio.Event()

    async def grow() -> None:
        while not stop.is_set():
            await write(database, 3)
            await sequence(database)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(grow())
        for _ in range(10):
            assert (await verify(database)).discrepancies == []
        stop.set()


async def test_head_of_an_empty_log(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await head(transaction) == (0, merkle.EMPTY_ROOT)
        assert await transaction.scalar(text("SELECT count(*) FROM audit_leaf")) == 0

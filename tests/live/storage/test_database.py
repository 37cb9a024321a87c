"""The engine: who it runs as, how it names a storage that is gone, and that it comes back."""

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from storage.database import Database, StorageUnavailable, clock
from storage.model import PolicyVersion


async def test_every_connection_runs_as_the_programs_role(database: Database) -> None:
    async with database.transaction() as transaction:
        assert await transaction.scalar(text("SELECT current_user")) == "gatepass_program"
    connection = await database.connect()
    try:
        assert await connection.fetchval("SELECT current_user") == "gatepass_program"
    finally:
        await connection.close()


async def test_commits_at_the_end_and_rolls_back_on_an_error(database: Database) -> None:
    async with database.transaction() as transaction:
        transaction.add(PolicyVersion(hash="a" * 64, document={}))

    async def fail_half_way() -> None:
        async with database.transaction() as transaction:
            transaction.add(PolicyVersion(hash="b" * 64, document={}))
            await transaction.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_half_way()
    async with database.transaction() as transaction:
        assert (await transaction.scalars(select(col(PolicyVersion.hash)))).all() == ["a" * 64]


async def test_the_clock_is_aware_utc(database: Database) -> None:
    async with database.transaction() as transaction:
        first, second = await clock(transaction), await clock(transaction)
    offset = first.utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
    assert first < second


async def test_our_own_faults_keep_their_names(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as transaction:
            await transaction.execute(
                text("INSERT INTO policy_version (hash, document) VALUES ('a', '{}'), ('a', '{}')")
            )
    with pytest.raises(TimeoutError):
        async with database.transaction():
            raise TimeoutError
    with pytest.raises(FileNotFoundError):
        async with database.transaction():
            raise FileNotFoundError


async def test_an_unmigrated_storage_is_unavailable_and_says_what_to_run(dsn: str) -> None:
    database = Database(dsn, program_role="no_such_role")
    with pytest.raises(StorageUnavailable, match="gatepass migrate"):
        await database.ready()
    await database.close()


async def test_a_connection_that_dies_in_a_transaction_is_unavailable_and_the_next_one_works(
    database: Database, dsn: str
) -> None:
    async def go_on_without_a_connection() -> None:
        async with database.transaction() as transaction:
            await _end_backend(dsn, await transaction.scalar(text("SELECT pg_backend_pid()")))
            await transaction.execute(text("SELECT 1"))

    with pytest.raises(StorageUnavailable):
        await go_on_without_a_connection()
    await database.ready()


async def test_a_connection_that_died_in_the_pool_is_not_noticed(database: Database, dsn: str) -> None:
    async with database.transaction() as transaction:
        pid = await transaction.scalar(text("SELECT pg_backend_pid()"))
    await _end_backend(dsn, pid)
    async with database.transaction() as transaction:
        assert await transaction.scalar(text("SELECT 1")) == 1


async def test_a_commit_that_cannot_be_made_is_unavailable(database: Database, dsn: str) -> None:
    async def commit_without_a_connection() -> None:
        async with database.transaction() as transaction:
            transaction.add(PolicyVersion(hash="a" * 64, document={}))
            await _end_backend(dsn, await transaction.scalar(text("SELECT pg_backend_pid()")))

    with pytest.raises(StorageUnavailable):
        await commit_without_a_connection()
    async with database.transaction() as transaction:
        assert (await transaction.scalars(select(col(PolicyVersion.hash)))).all() == []


async def test_a_statement_that_takes_too_long_is_unavailable(dsn: str) -> None:
    database = Database(dsn, statement_timeout_s=0.5)
    with pytest.raises(StorageUnavailable, match="statement timeout"):
        async with database.transaction() as transaction:
            await transaction.execute(text("SELECT pg_sleep(60)"))
    await database.ready()
    await database.close()


async def _end_backend(dsn: str, pid: int | None) -> None:
    """End the backend `pid` and wait until it is gone."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        assert await connection.fetchval("SELECT pg_terminate_backend($1, 10000)", pid)
    finally:
        await connection.close()


@pytest.mark.parametrize("state", ["40P01", "40001"])
async def test_who_loses_a_deadlock_or_a_race_is_told_to_ask_again(database: Database, state: str) -> None:
    with pytest.raises(StorageUnavailable, match="asked again"):
        async with database.transaction() as transaction:
            await transaction.execute(text(f"DO $$ BEGIN RAISE 'lost' USING ERRCODE = '{state}'; END $$"))
    await database.ready()

"""One Gatepass, three proxy processes on the same ports."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col

from storage.model import Session
from support.children import line
from support.journeys import Product

from .conftest import product_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORKERS = 3
#: Far longer than anything here may take; a test that waits so long fails.
PATIENCE_S = 40


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with product_in(tmp_path_factory.mktemp("crew"), workers=WORKERS) as everything:
        yield everything


def workers_of(product: Product) -> set[int]:
    assert product.proxy.process is not None
    parent = product.proxy.process.pid
    return {int(each) for each in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


async def sleeper(product: Product, token: str) -> asyncio.subprocess.Process:
    child = await product.clients.start_psql("read@payments-db", token, "-c", r"\echo up", "-c", "select pg_sleep(600)")
    assert b"up" in await line(child.stdout)
    return child


async def test_sessions_are_shared_and_each_is_cancelled_wherever_its_cancel_arrives(crew: Product) -> None:
    token, _ = await crew.granted("payments-db read 15m", "shared")
    children = [await sleeper(crew, token) for _ in range(12)]
    async with crew.database.transaction() as transaction:
        live = (await transaction.scalars(select(Session).where(col(Session.ended_at).is_(None)))).all()
    assert len(live) == 12
    assert len({session.instance_id for session in live}) > 1
    for child in children:
        child.send_signal(signal.SIGINT)
    for child in children:
        seen = await asyncio.wait_for(crew.clients.seen(child), PATIENCE_S)
        assert "canceling statement due to user request" in seen.err


async def test_one_revocation_ends_the_sessions_of_all(crew: Product) -> None:
    token, grant = await crew.granted("payments-db read 15m", "all of them")
    children = [await sleeper(crew, token) for _ in range(8)]
    await crew.people.revoke("alice", grant, "enough")
    for child in children:
        seen = await asyncio.wait_for(crew.clients.seen(child), PATIENCE_S)
        assert "revoked" in seen.err


async def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on(crew: Product) -> None:
    token, grant = await crew.granted("payments-db read 15m", "one of them")
    before = workers_of(crew)
    assert len(before) == WORKERS
    children = [await sleeper(crew, token) for _ in range(9)]
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        while len(after := workers_of(crew) - {victim}) < WORKERS:
            await asyncio.sleep(0.05)
    assert before - {victim} < after
    ended = [child for child in children if child.returncode is not None]
    assert len(ended) < len(children)
    # Whoever connects now is let in, by the new one as well.
    for _ in range(6):
        assert (await crew.clients.psql("read@payments-db", token, "select 1")).status == 0
    await crew.people.revoke("alice", grant, "done")
    for child in children:
        await asyncio.wait_for(crew.clients.seen(child), PATIENCE_S)


async def test_all_of_them_read_the_policy_again(crew: Product) -> None:
    crew.proxy.hang_up()
    async with asyncio.timeout(PATIENCE_S):
        while crew.proxy.log.read_text().count("policy_reloaded") < WORKERS + 1:
            await asyncio.sleep(0.05)


async def test_workers_end_with_whoever_watches_them(crew: Product) -> None:
    workers = workers_of(crew)
    await crew.proxy.kill()
    async with asyncio.timeout(PATIENCE_S):
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                while True:
                    os.kill(pid, 0)
                    await asyncio.sleep(0.05)

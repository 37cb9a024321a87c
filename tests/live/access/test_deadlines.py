"""Deadlines: met once, by whichever process comes first, and soon after they pass."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import col

from access.deadlines import BATCH, LONGEST_WAIT_S, Deadlines
from access.decisions import holds, requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.forgetting import forget_proofs
from access.grants import grants
from access.policy.shapes.statement_rules import StatementRule
from storage.database import clock
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    RequestState,
    ReviewDecision,
    SamlAnswer,
    SamlSeen,
    Statement,
    VerdictKind,
)
from storage.notices import Notices, Topic
from support.access import World, ask_anyway

RULE = StatementRule(name="ddl", match=["ddl"], verdict=VerdictKind.REVIEW, reviewers=["bob"])


def deadlines(world: World) -> Deadlines:
    return Deadlines(world.access, Notices(world.database))


async def test_nothing_due_waits_for_the_longest(world: World) -> None:
    assert await deadlines(world).meet() == LONGEST_WAIT_S


async def test_an_unanswered_request_expires_once(world: World) -> None:
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    fresh = await requests.submit(world.access, world["alice"], Ask("payments-db", "write", 900))
    await world.age("access_request", request.id, 1801)
    before = await world.posts(request.id)
    await asyncio.gather(*(deadlines(world).meet() for _ in range(3)))
    expired = await world.one(AccessRequest, request.id)
    assert (expired.state, expired.decided_by, expired.revision) == (RequestState.EXPIRED, None, 2)
    assert (await world.one(AccessRequest, fresh.id)).state is RequestState.PENDING
    assert (await world.actions()).count("gatepass clock:request:expire success") == 1
    after = await world.posts(request.id)
    assert all(new.wanted_revision > old.wanted_revision for new, old in zip(after, before, strict=True))


async def test_a_grants_end_is_noted_once_and_a_revoked_one_is_not(world: World) -> None:
    for reason in ("one", "two"):
        await ask_anyway(world.access, world["alice"], Ask("payments-db", "read", 900, reason))
    first, second = await world.all(Grant)
    for grant in (first, second):
        await world.age("access_grant", grant.id, 600)
    await grants.revoke(world.access, second.id, world["alice"])
    for grant in (first, second):
        await world.age("access_grant", grant.id, 600)
    await asyncio.gather(*(deadlines(world).meet() for _ in range(3)))
    assert (await world.actions()).count("gatepass clock:grant:expire success") == 1
    assert (await world.one(Grant, first.id)).expiry_noted_at is not None
    assert (await world.one(Grant, second.id)).expiry_noted_at is None


async def test_an_unanswered_hold_expires(world: World) -> None:
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    await review_request(world.access, request.id, world["bob"], ReviewDecision.APPROVE)
    (grant,) = await world.all(Grant)
    session = await world.session(grant)
    held = await holds.hold(world.access, session, grant, "DROP TABLE t", "ddl", RULE)
    await world.age("statement", held.id, 601)
    await deadlines(world).meet()
    assert (await world.one(Statement, held.id)).state is HoldState.EXPIRED
    assert (await world.actions()).count("gatepass clock:statement:expire success") == 1


async def test_the_wait_ends_at_the_next_deadline(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("access.deadlines.LONGEST_WAIT_S", 3600.0)
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    await world.age("access_request", request.id, 1000)
    assert 0 < await deadlines(world).meet() <= 800


async def test_running_it_meets_a_deadline_that_comes(world: World) -> None:
    notices = Notices(world.database)
    async with notices.subscribe(Topic.REQUEST) as heard, asyncio.timeout(60), asyncio.TaskGroup() as group:
        tasks = [group.create_task(notices.run()), group.create_task(Deadlines(world.access, notices).run())]
        request = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
        await world.age("access_request", request.id, 1799)
        while (await world.one(AccessRequest, request.id)).state is RequestState.PENDING:
            await anext(heard)
        for task in tasks:
            task.cancel()
    assert (await world.one(AccessRequest, request.id)).state is RequestState.EXPIRED


async def test_what_saml_left_is_forgotten_when_it_is_over(world: World) -> None:
    """An answer that no browser took says who somebody is, and nobody may read it for longer than it counts."""
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        for number, left in enumerate((-1, 60)):
            until = now + timedelta(seconds=left)
            said: dict[str, Any] = {
                "provider": "corp",
                "request_id": "_q",
                "relay_state": "x",
                "proven": {"subject": "u1"},
            }
            transaction.add(SamlAnswer(handle_hash=bytes([number]) * 32, expires_at=until, **said))
            transaction.add(SamlSeen(id_hash=bytes([number]) * 32, expires_at=until))
    await asyncio.gather(*(deadlines(world).meet() for _ in range(3)))
    assert [each.handle_hash[0] for each in await world.all(SamlAnswer)] == [1]
    assert [each.id_hash[0] for each in await world.all(SamlSeen)] == [1]


async def test_the_sweep_waits_for_no_logout(world: World) -> None:
    """Both may delete the same rows: PostgreSQL would end one of the two, and that must not be the logout."""
    until = datetime.now(UTC) - timedelta(minutes=1)
    async with world.database.transaction() as transaction:
        transaction.add_all(SamlSeen(id_hash=bytes([number]) * 32, expires_at=until) for number in range(3))
    async with world.database.transaction() as logout:
        await logout.execute(delete(SamlSeen).where(col(SamlSeen.id_hash) == bytes([2]) * 32))
        assert await forget_proofs(world.database, BATCH) == 0
        # The sweep has given up, so that the logout gets the others.
        await logout.execute(delete(SamlSeen).where(col(SamlSeen.id_hash) == bytes([0]) * 32))
    assert [each.id_hash[0] for each in await world.all(SamlSeen)] == [1]
    assert await forget_proofs(world.database, BATCH) == 1

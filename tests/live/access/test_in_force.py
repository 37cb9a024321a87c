"""One policy is in force for every process; one that has another decides nothing, and takes over what it can."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from access.context import Access
from access.decisions import holds, requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.decisions.statement_reviews import review_statement
from access.errors import STALE, PolicyStale
from access.grants import grants
from access.identity import people
from access.identity.adoption import PolicyOutdated, adopt
from access.identity.people import principal_of
from access.in_force import catch_up, follow_policy, policy_in_force
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from storage.database import Database
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    IdentityProvider,
    PolicyInForce,
    RequestState,
    ReviewDecision,
)
from storage.notices import Notices
from support.access import World

APPROVE = ReviewDecision.APPROVE


def without_bob(document: dict[str, Any]) -> dict[str, Any]:
    """bob stays, but reviews nothing any more."""
    changed = copy.deepcopy(document)
    changed["groups"]["dba"] = ["carol", "dave"]
    return changed


@pytest.fixture
def other(world: World, tmp_path: Path, document: dict[str, Any]) -> Access:
    """Another process, with a file of its own that says the same for now."""
    path = tmp_path / "other.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return Access(world.database, PolicyFile(path), lambda typed: typed, TokenKeys(tmp_path / "keys"))


def rewrite(access: Access, document: dict[str, Any]) -> None:
    access.policies.path.write_text(yaml.safe_dump(document, sort_keys=False))


async def ask(world: World, role: str = "admin") -> AccessRequest:
    return await requests.submit(world.access, world["alice"], Ask("payments-db", role, 900))


async def live_grant(world: World, role: str = "read") -> Grant:
    request = await ask(world, role)
    if role != "read":
        await review_request(world.access, request.id, world["carol"], APPROVE)
    return next(grant for grant in await world.all(Grant) if grant.request_id == request.id)


async def test_a_process_that_was_not_reloaded_lets_no_removed_reviewer_approve(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    request = await ask(world)
    await world.write(without_bob(document))
    outcome = await review_request(other, request.id, world["bob"], APPROVE)
    assert (outcome.state, outcome.counted, outcome.message) == (RequestState.PENDING, False, STALE)
    assert (await world.actions())[-1] == "human:bob slack:request:approve failure"
    assert (await review_request(world.access, request.id, world["carol"], APPROVE)).decided


async def test_a_process_whose_file_is_the_new_one_takes_it_over_and_decides(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    request = await ask(world)
    await world.write(without_bob(document))
    rewrite(other, without_bob(document))
    outcome = await review_request(other, request.id, world["bob"], APPROVE)
    assert "does not let you review" in outcome.message
    assert other.policies.current.hash == world.access.policies.current.hash
    assert (await review_request(other, request.id, world["carol"], APPROVE)).decided


async def test_a_file_that_nobody_adopted_is_not_taken_over(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    await world.write(without_bob(document))
    before = other.policies.current
    other.policies.path.write_text("version: 2\n")
    assert not await catch_up(other)
    rewrite(other, {**document, "policy": []})
    assert not await catch_up(other)
    assert other.policies.current is before


async def test_a_stale_process_takes_no_requests_and_audits_it(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    await world.write(without_bob(document))
    with pytest.raises(PolicyStale, match="reload it"):
        await requests.submit(other, world["alice"], Ask("payments-db", "read", 900))
    assert await world.all(Grant) == []
    assert (await world.actions())[-1] == "human:alice slack:request:refuse failure"


async def test_a_stale_process_lets_reviewers_revoke_nothing_but_holders_give_back(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    grant = await live_grant(world)
    await world.write(without_bob(document))
    with pytest.raises(PolicyStale):
        await grants.revoke(other, grant.id, world["bob"])
    assert (await world.actions())[-1] == "human:bob slack:grant:revoke failure"
    assert (await grants.revoke(other, grant.id, world["alice"])).revoked_at is not None


async def test_a_stale_process_holds_nothing_and_reviews_no_statement(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    grant = await live_grant(world, "admin")
    session = await world.session(grant)
    rule = world.access.policies.current.statement_rule("payments-db", "admin", "ddl")
    assert rule is not None
    held = await holds.hold(world.access, session, grant, "DROP TABLE cards", "drop", rule)
    assert held.state is HoldState.PENDING
    await world.write(without_bob(document))
    outcome = await review_statement(other, held.id, world["bob"], APPROVE)
    assert (outcome.state, outcome.counted, outcome.message) == (HoldState.PENDING, False, STALE)
    denied = await holds.hold(other, session, grant, "DROP TABLE cards", "drop", rule)
    assert (denied.state, denied.decision_reason) == (HoldState.DENIED, STALE)


async def test_a_stale_process_links_nobody(world: World, other: Access, document: dict[str, Any]) -> None:
    moved = copy.deepcopy(document)
    moved["people"]["alice"]["slack"] = "U0NEW"
    await world.write(moved)
    with pytest.raises(PolicyStale):
        await people.link_slack(other, "T0TEAM")
    async with world.database.transaction() as transaction:
        assert await principal_of(transaction, IdentityProvider.SLACK, "T0TEAM", "U0ALICE") is None


async def test_adopting_waits_for_those_who_decide(world: World, document: dict[str, Any]) -> None:
    async with world.database.transaction() as transaction:
        assert await policy_in_force(world.access, transaction) is world.access.policies.current
        adopting = asyncio.create_task(world.write(without_bob(document)))
        async with asyncio.timeout(30):
            while not await _waits_for_a_lock(world.database):
                await asyncio.sleep(0.01)
        assert not adopting.done()
    async with asyncio.timeout(30):
        await adopting


async def _waits_for_a_lock(database: Database) -> bool:
    connection = await database.connect()
    try:
        return await connection.fetchval(  # pyright: ignore[reportReturnType] - count(*) is never NULL
            "SELECT count(*) > 0 FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND datname = current_database()"
        )
    finally:
        await connection.close()


async def test_a_follower_takes_over_what_another_process_adopted(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    notices = Notices(world.database)
    tasks = [asyncio.create_task(notices.run()), asyncio.create_task(follow_policy(other, notices))]
    try:
        rewrite(other, without_bob(document))
        await world.write(without_bob(document))
        await _until(lambda: _same(world, other))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _same(world: World, other: Access) -> bool:
    return other.policies.current.hash == world.access.policies.current.hash


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():
            await asyncio.sleep(0.01)


async def test_a_starting_process_does_not_bring_back_what_was_replaced(
    world: World, other: Access, document: dict[str, Any]
) -> None:
    await world.write(without_bob(document))
    in_force = world.access.policies.current.hash
    with pytest.raises(PolicyOutdated, match=r"other\.yml .* replaced by .* --adopt-policy"):
        await adopt(other, starting=True)
    assert [row.hash for row in await world.all(PolicyInForce)] == [in_force]
    assert (await world.actions())[-1] == "gatepass policy:version:adopt failure"

    await adopt(other)
    assert [row.hash for row in await world.all(PolicyInForce)] == [other.policies.current.hash]
    await adopt(other, starting=True)


async def test_a_starting_process_brings_what_is_new(world: World, other: Access, document: dict[str, Any]) -> None:
    rewrite(other, without_bob(document))
    other.policies.reload()
    await adopt(other, starting=True)
    assert [row.hash for row in await world.all(PolicyInForce)] == [other.policies.current.hash]

"""Grants: what opens a door, who may close it early, and how people name one."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from access.decisions import requests
from access.decisions.requests import Ask
from access.errors import Refused
from access.grants import grants
from access.grants.grants import GrantProblem, GrantUnusable
from access.policy.policy import Policy
from storage.model import EndReason, Grant, Principal
from support.access import World, ask_anyway


async def granted(world: World, who: str = "alice") -> Grant:
    request = await ask_anyway(world.access, world[who], Ask("payments-db", "read", 900, uuid4().hex))
    return next(grant for grant in await world.all(Grant) if grant.request_id == request.id)


async def why_not(world: World, grant: Grant, **offset: float) -> GrantUnusable:
    async with world.database.transaction() as transaction:
        with pytest.raises(GrantUnusable) as unusable:
            await grants.usable(transaction, grant.id, grant.not_before + timedelta(**offset))
    return unusable.value


async def test_a_grant_is_usable_from_its_start_until_its_end(world: World) -> None:
    grant = await granted(world)
    async with world.database.transaction() as transaction:
        assert (await grants.usable(transaction, grant.id)).id == grant.id
        assert await grants.usable(transaction, grant.id, grant.not_before)
        assert await grants.usable(transaction, grant.id, grant.expires_at - timedelta(microseconds=1))
    expired = await why_not(world, grant, minutes=15)
    assert (expired.reason, expired.end_reason) == (GrantProblem.EXPIRED, EndReason.EXPIRED)
    early = await why_not(world, grant, seconds=-1)
    assert early.reason is GrantProblem.NOT_YET


async def test_an_unknown_grant_opens_nothing(world: World) -> None:
    async with world.database.transaction() as transaction:
        with pytest.raises(GrantUnusable) as unusable:
            await grants.usable(transaction, uuid4())
    assert unusable.value.reason is GrantProblem.UNKNOWN


async def test_a_disabled_holder_opens_nothing(world: World) -> None:
    grant = await granted(world)
    async with world.database.transaction() as transaction:
        principal = await transaction.get_one(Principal, world["alice"].id)
        principal.disabled_at = grant.not_before
    assert (await why_not(world, grant, seconds=1)).reason is GrantProblem.DISABLED


@pytest.mark.finding("H4")
async def test_what_many_grants_lack_is_asked_at_once(world: World) -> None:
    usable, revoked, expired = await granted(world), await granted(world), await granted(world)
    unknown = uuid4()
    await grants.revoke(world.access, revoked.id, world["bob"], "enough")
    await world.age("access_grant", expired.id, 1000)
    async with world.database.transaction() as transaction:
        found = await grants.problems(transaction, {usable.id, revoked.id, expired.id, unknown})
    assert {grant: problem.reason for grant, problem in found.items()} == {
        revoked.id: GrantProblem.REVOKED,
        expired.id: GrantProblem.EXPIRED,
        unknown: GrantProblem.UNKNOWN,
    }
    assert "revoked by bob at" in str(found[revoked.id])


@pytest.mark.parametrize("who", ["alice", "bob", "carol"])
async def test_holder_and_reviewers_revoke_once(world: World, who: str) -> None:
    grant = await granted(world)
    before = await world.posts(grant.request_id)
    revoked = await grants.revoke(world.access, grant.id, world[who], "done with 4111111111111111")
    assert (revoked.revoked_by, revoked.revoke_reason) == (world[who].id, "done with [pan]")
    after = await world.posts(grant.request_id)
    assert all(new.wanted_revision > old.wanted_revision for new, old in zip(after, before, strict=True))
    with pytest.raises(Refused, match=f"revoked by {who} at "):
        await grants.revoke(world.access, grant.id, world["alice"])
    unusable = await why_not(world, grant, seconds=1)
    assert (unusable.reason, unusable.end_reason) == (GrantProblem.REVOKED, EndReason.REVOKED)
    assert f"human:{who} slack:grant:revoke success" in await world.actions()


@pytest.mark.parametrize("who", ["erin", "mallory", "deployer"])
async def test_others_do_not_revoke(world: World, who: str) -> None:
    grant = await granted(world)
    with pytest.raises(Refused, match="Only alice and the reviewers"):
        await grants.revoke(world.access, grant.id, world[who])
    assert (await world.one(Grant, grant.id)).revoked_at is None
    assert (await world.actions())[-1].endswith(f":{who} slack:grant:revoke failure")


async def test_what_the_policy_denies_now_is_no_longer_allowed(world: World, document: dict[str, Any]) -> None:
    grant = await granted(world)
    assert grants.still_allowed(world.access.policies.current, grant, "alice") is None
    assert grants.still_allowed(world.access.policies.current, grant, "mallory") is not None

    def now(document: dict[str, Any]) -> str | None:
        return grants.still_allowed(Policy.model_validate(document), grant, "alice")

    denied = {"name": "not-alice", "who": ["alice"], "resources": ["*"], "roles": ["*"], "decision": "denied"}
    assert "The rule not-alice denies" in str(now({**document, "policy": [denied, *document["policy"]]}))
    assert "No rule lets alice" in str(now({**document, "policy": []}))
    assert "no longer in the policy" in str(now({**document, "resources": {}, "policy": []}))


async def test_a_grant_outlives_its_reviewers(world: World, document: dict[str, Any]) -> None:
    """Too few are left to review the next request; this one was reviewed."""
    grant = await granted(world)
    grant.role = "admin"
    document["groups"]["dba"] = ["alice"]
    del document["resources"]["payments-db"]["roles"]["admin"]["statements"]
    document["policy"] = [rule for rule in document["policy"] if rule["name"] == "admin-by-one"]
    assert grants.still_allowed(Policy.model_validate(document), grant, "alice") is None


async def test_an_ended_grant_is_not_revoked(world: World) -> None:
    grant = await granted(world)
    await world.age("access_grant", grant.id, 901)
    with pytest.raises(Refused, match="This access ended at"):
        await grants.revoke(world.access, grant.id, world["alice"])
    with pytest.raises(Refused, match="no such access"):
        await grants.revoke(world.access, uuid4(), world["alice"])


async def test_live_grants_are_listed_and_others_are_not(world: World) -> None:
    first, second, over, revoked = [await granted(world) for _ in range(4)]
    await granted(world, "erin")
    await world.age("access_grant", over.id, 901)
    await world.age("access_grant", second.id, 60)
    await grants.revoke(world.access, revoked.id, world["alice"])
    async with world.database.transaction() as transaction:
        live = await grants.of(transaction, world["alice"])
    assert [grant.id for grant in live] == [second.id, first.id]


async def find(world: World, who: str, typed: str) -> Grant:
    async with world.database.transaction() as transaction:
        return await grants.by_prefix(transaction, world.access.policies.current, world[who], typed)


async def test_a_short_id_finds_a_grant_for_those_who_may_revoke_it(world: World) -> None:
    grant = await granted(world)
    for typed in (grant.id.hex[:8], str(grant.id), f" {grant.id.hex[:8].upper()} "):
        assert (await find(world, "alice", typed)).id == grant.id
    assert (await find(world, "bob", grant.id.hex[:8])).id == grant.id
    with pytest.raises(Refused, match="No live access that you may revoke"):
        await find(world, "erin", grant.id.hex[:8])


@pytest.mark.parametrize("typed", ["", "3f", "zzzzzzzz", "'; DROP TABLE grant", "%%%%", "1" * 33])
async def test_what_is_no_id_is_told(world: World, typed: str) -> None:
    with pytest.raises(Refused, match="at least its first four characters"):
        await find(world, "alice", typed)


async def test_an_ambiguous_id_is_told(world: World) -> None:
    grant = await granted(world)
    async with world.database.transaction() as transaction:
        request = await requests.submit(world.access, world["erin"], Ask("payments-db", "admin", 60))
        twin = Grant(
            id=type(grant.id)(grant.id.hex[:31] + format(int(grant.id.hex[31], 16) ^ 1, "x")),
            request_id=request.id,
            principal_id=world["alice"].id,
            resource="payments-db",
            role="read",
            not_before=grant.not_before,
            expires_at=grant.expires_at,
        )
        transaction.add(twin)
    with pytest.raises(Refused, match="2 accesses begin like that"):
        await find(world, "alice", grant.id.hex[:8])
    assert (await find(world, "alice", grant.id.hex)).id == grant.id

"""Adopting a policy: who is a principal, how Slack knows them, and what those lose who leave."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from access.changes import actor
from access.decisions import requests
from access.decisions.requests import Ask
from access.identity import people
from access.identity.adoption import adopt
from access.identity.people import WrongWorkspace
from storage.model import (
    AccessRequest,
    Grant,
    Identity,
    IdentityProvider,
    PolicyVersion,
    Principal,
    PrincipalKind,
    RequestState,
)
from support.access import World


async def whois(world: World, member: str, team: str = "T0TEAM") -> str | None:
    async with world.database.transaction() as transaction:
        principal = await people.principal_of(transaction, IdentityProvider.SLACK, team, member)
        return principal.name if principal is not None else None


def leave(document: dict[str, Any], name: str) -> None:
    del document["people"][name]
    for members in document["groups"].values():
        if name in members:
            members.remove(name)


async def test_people_are_known_by_team_and_member_id(world: World) -> None:
    assert await whois(world, "U0ALICE") == "alice"
    assert await whois(world, "U0ALICE", "T0OTHER") is None
    assert await whois(world, "U0NOBODY") is None
    assert world["deployer"].kind is PrincipalKind.AGENT
    assert actor(world["deployer"]) == "agent:deployer"
    assert actor(None) == "gatepass"


async def test_adopting_again_changes_nothing_and_is_audited(world: World) -> None:
    before = sorted((row.id, row.principal_id) for row in await world.all(Identity))
    await asyncio.gather(*(adopt(world.access) for _ in range(3)))
    assert sorted((row.id, row.principal_id) for row in await world.all(Identity)) == before
    assert [row.hash for row in await world.all(PolicyVersion)] == [world.access.policies.current.hash]
    assert (await world.actions()).count("gatepass policy:version:adopt success") == 4


async def test_who_leaves_loses_everything_and_may_come_back(world: World, document: dict[str, Any]) -> None:
    await requests.submit(world.access, world["alice"], Ask("payments-db", "read", 900))
    pending = await requests.submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    await requests.submit(world.access, world["erin"], Ask("payments-db", "read", 900))
    changed = {**document, "people": dict(document["people"])}
    changed["groups"] = {name: list(members) for name, members in document["groups"].items()}
    leave(changed, "alice")
    await world.write(changed)

    assert await whois(world, "U0ALICE") is None
    assert (await world.one(Principal, world["alice"].id)).disabled_at is not None
    revoked = {grant.principal_id: grant.revoke_reason for grant in await world.all(Grant)}
    assert revoked == {world["alice"].id: "left the policy", world["erin"].id: None}
    cancelled = await world.one(AccessRequest, pending.id)
    assert (cancelled.state, cancelled.decision_reason) == (RequestState.CANCELLED, "left the policy")
    assert {"gatepass policy:grant:revoke success", "gatepass policy:request:cancel success"} <= set(
        await world.actions()
    )

    await world.write(document)
    assert await whois(world, "U0ALICE") == "alice"
    assert (await world.one(Principal, world["alice"].id)).disabled_at is None
    assert len([grant for grant in await world.all(Grant) if grant.revoked_at is not None]) == 1


async def test_a_member_id_moves_with_the_file(world: World, document: dict[str, Any]) -> None:
    document["people"]["alice"]["slack"] = "U0ALICE2"
    document["people"]["erin"]["slack"] = "U0ALICE"
    await world.write(document)
    assert [await whois(world, member) for member in ("U0ALICE2", "U0ALICE", "U0ERIN")] == ["alice", "erin", None]
    async with world.database.transaction() as transaction:
        retired = await transaction.scalars(select(Identity).where(col(Identity.retired_at).is_not(None)))
        assert [identity.subject for identity in retired] == ["U0ERIN"]


async def test_another_workspace_replaces_the_first(world: World, document: dict[str, Any]) -> None:
    document["slack"]["team"] = "T0OTHER"
    await world.write(document)
    assert await whois(world, "U0ALICE") is None
    assert await whois(world, "U0ALICE", "T0OTHER") == "alice"


async def test_the_bot_tells_its_team_where_the_file_does_not(world: World, document: dict[str, Any]) -> None:
    del document["slack"]
    document["people"]["frank"] = {"slack": "U0FRANK"}
    await world.write(document)
    assert await whois(world, "U0ALICE") == "alice"
    assert await whois(world, "U0FRANK") is None

    await people.link_slack(world.access, "T0BOT")
    assert await whois(world, "U0FRANK", "T0BOT") == await whois(world, "U0FRANK", "T0BOT") == "frank"
    assert await whois(world, "U0ALICE") is None

    document["people"]["grace"] = {"slack": "U0GRACE"}
    await world.write(document)
    assert await whois(world, "U0GRACE", "T0BOT") == "grace"


async def test_a_token_of_another_workspace_is_told(world: World) -> None:
    await people.link_slack(world.access, "T0TEAM")
    with pytest.raises(WrongWorkspace, match="T0TEAM, but SLACK_BOT_TOKEN belongs to T0OTHER"):
        await people.link_slack(world.access, "T0OTHER")
    assert await whois(world, "U0ALICE", "T0OTHER") is None

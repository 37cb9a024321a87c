"""Operators end for somebody what they lost: what they are signed in with, and their keys."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import text

from access.decisions.requests import Ask
from access.errors import Refused
from access.identity import acts
from access.identity.incidents import lost
from access.identity.security_keys import NoKey
from storage.model import (
    AccessRequest,
    BrowserEnd,
    BrowserSession,
    Grant,
    KeyEnd,
    PostSubject,
    RequestState,
    SecurityKey,
)
from support.access import World, ask_anyway
from support.commands import Ran, gatepass
from support.identity.touching import ISSUER, owner, signed_in

OPERATOR = "operator:root"


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": {"issuer": ISSUER, "client_id": "g"}}
    return document


async def has_both(world: World) -> None:
    """One access that is open, and one that is waited for."""
    await ask_anyway(world.access, world["alice"], Ask("payments-db", "read", 900, uuid4().hex))
    await ask_anyway(world.access, world["alice"], Ask("payments-db", "admin", 900, "because"))


async def test_a_lost_laptop_is_signed_out(world: World) -> None:
    await signed_in(world, "alice")
    await signed_in(world, "alice")
    await signed_in(world, "bob")
    await has_both(world)
    ended = await lost.sign_out(world.access, "alice", OPERATOR, with_grants=False)
    assert (ended.sign_ins, ended.grants) == (2, 0)
    reasons = {each.principal_id: each.end_reason for each in await world.all(BrowserSession)}
    assert reasons == {world["alice"].id: BrowserEnd.OPERATOR, world["bob"].id: None}
    assert [each.revoked_at for each in await world.all(Grant)] == [None]
    assert f"{OPERATOR} cli:person:sign_out success" in await world.actions()


async def test_and_with_it_goes_what_is_open(world: World) -> None:
    await has_both(world)
    ended = await lost.sign_out(world.access, "alice", OPERATOR, with_grants=True)
    assert (ended.sign_ins, ended.grants) == (0, 1)
    [grant] = await world.all(Grant)
    assert grant.revoke_reason == lost.WHY
    assert {each.state for each in await world.all(AccessRequest)} == {RequestState.APPROVED, RequestState.CANCELLED}


async def test_a_lost_key_ends_and_a_sign_in_registers_the_next(world: World) -> None:
    alice, bob = await owner(world, "alice"), await owner(world, "bob")
    assert await lost.end_keys(world.access, "alice", OPERATOR) == ["Blue key"]
    ends = {each.principal_id: each.end_reason for each in await world.all(SecurityKey)}
    assert ends == {world["alice"].id: KeyEnd.OPERATOR, world["bob"].id: None}
    assert alice.known is not None
    assert {post.subject for post in await world.posts(alice.known.id)} == {PostSubject.SECURITY_KEY}
    with pytest.raises(NoKey):
        await alice.touch(acts.take_token(uuid4()))
    assert await bob.touch(acts.take_token(uuid4()))
    assert f"{OPERATOR} cli:person:end_keys success" in await world.actions()
    await alice.add(type(alice.key)(-7), "Green key")
    assert await lost.end_keys(world.access, "alice", OPERATOR) == ["Green key"]
    assert await lost.end_keys(world.access, "alice", OPERATOR) == []


@pytest.mark.parametrize(
    ("name", "why"), [("nobody", "Nobody in the policy is called"), ("deploy-agent", "is an agent")]
)
async def test_of_nobody_and_of_an_agent_nothing_ends(world: World, name: str, why: str) -> None:
    if name not in world.people:
        async with world.database.transaction() as transaction:
            await transaction.execute(
                text("UPDATE principal SET kind = 'agent', name = 'deploy-agent' WHERE name = 'carol'")
            )
    for work in (
        lost.sign_out(world.access, name, OPERATOR, with_grants=True),
        lost.end_keys(world.access, name, OPERATOR),
    ):
        with pytest.raises(Refused, match=why):
            await work
    assert not any("cli:person" in each for each in await world.actions())


async def test_as_an_operator_does_it(world: World, dsn: str, tmp_path: Path) -> None:
    await owner(world, "alice")
    await has_both(world)
    config = tmp_path / "gatepass.yml"

    async def people(*arguments: str) -> Ran:
        return await gatepass("people", *arguments, home=tmp_path, DATABASE_URL=dsn, GATEPASS_CONFIG=str(config))

    listed = await people("list")
    assert listed.status == 0, listed.said
    [line] = [line.split() for line in listed.said.splitlines() if " alice " in line]
    assert line[:2] == ["alice", "alice@example.com"]
    assert line[-3:] == ["1", "1", "1"]
    assert any(yaml.safe_load(config.read_text())["people"]["alice"]["slack"] in word for word in line)
    out = await people("sign-out", "alice", "--grants")
    assert out.status == 0
    assert out.said.splitlines() == [
        "alice is signed out: 1 sign-in and 0 SSH keys ended.",
        "1 access was revoked; sessions under them are cut.",
    ]
    assert (await people("end-keys", "alice")).said.startswith('Ended for alice: "Blue key". They register another')
    assert (await people("end-keys", "alice")).said == "alice has no security key.\n"
    refused = await people("end-keys", "al ice")
    assert refused.status == 1
    assert "Nobody in the policy is called al ice. `gatepass people list` shows who is." in refused.said

"""What is asked by a sign-in that ended meanwhile gives nobody anything: the rules ask again where they do it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask, cancel, submit
from access.errors import Refused
from access.identity import acts, browser_sessions, linking, security_keys
from access.identity.browser_sessions import SignedOutMeanwhile
from access.identity.incidents import lost
from access.identity.ssh import keys
from storage.database import clock
from storage.model import AccessRequest, Grant, RequestState, ReviewDecision, SecurityKey, SshKey
from support.access import World
from support.identity.touching import SITE, owner, signed_in


async def test_what_was_read_before_the_sign_out_does_nothing_behind_it(world: World) -> None:
    """Whoever is between the reading and the doing."""
    me = await signed_in(world, "alice")
    text = await keys.text_for(world.access, me)
    await lost.sign_out(world.access, "alice", "human:operator", with_grants=True)
    ask = Ask("payments-db", "read", 900)
    with pytest.raises(SignedOutMeanwhile, match="Sign in, and do it again"):
        await submit(world.access, world["alice"], ask, by=me)
    with pytest.raises(SignedOutMeanwhile):
        await keys.text_for(world.access, me)
    with pytest.raises(SignedOutMeanwhile):
        await keys.add(world.access, me, text, "", "Mine", None)
    with pytest.raises(SignedOutMeanwhile):
        await security_keys.registration_question(world.access, me, SITE, None)
    async with world.database.transaction() as transaction:
        secret = await linking.offer(
            transaction, "T1", "U0NEW", enterprise=None, shown="new", now=await clock(transaction)
        )
    assert secret is not None
    with pytest.raises(Refused, match="signed out meanwhile"):
        await linking.link(world.access, secret, world["alice"], by=me)
    assert await world.all(AccessRequest) == await world.all(SshKey) == await world.all(SecurityKey) == []
    refused = [each for each in await world.events("web:ssh_key:add") if each["outcome"] == "failure"]
    assert "signed out meanwhile" in refused[-1]["detail"]["why"]


async def test_a_sign_out_waits_for_what_was_asked_before_it_and_sees_it(world: World) -> None:
    me = await signed_in(world, "alice")
    async with world.database.transaction() as transaction:
        await browser_sessions.check_live(transaction, me, await clock(transaction))
        ending: asyncio.Task[Any] = asyncio.create_task(
            lost.sign_out(world.access, "alice", "human:operator", with_grants=True)
        )
        done, _ = await asyncio.wait({ending}, timeout=0.3)
        assert not done
    assert (await ending).sign_ins == 1


@pytest.mark.parametrize("decision", list(ReviewDecision))
async def test_a_decision_that_waited_for_its_row_does_nothing_behind_a_sign_out(
    world: World, decision: ReviewDecision
) -> None:
    bob = await owner(world, "bob")
    request = await submit(world.access, world["alice"], Ask("payments-db", "write", 900, "why"))
    assert request.state is RequestState.PENDING
    touch = await bob.touch(acts.approve(request))
    async with world.database.transaction() as busy:
        await busy.execute(select(AccessRequest).where(col(AccessRequest.id) == request.id).with_for_update())
        deciding = asyncio.create_task(
            review_request(
                world.access,
                request.id,
                bob.me.principal,
                decision,
                "because",
                source=acts.PAGES,
                revision=request.revision,
                touch=touch,
                by=bob.me,
            )
        )
        await waiting(world)
        await lost.sign_out(world.access, "bob", "human:operator", with_grants=True)
    outcome = await deciding
    assert (outcome.counted, "signed out meanwhile" in outcome.message) == (False, True)
    [row] = await world.all(AccessRequest)
    assert (row.state, await world.all(Grant)) == (RequestState.PENDING, [])
    [event] = [each for each in await world.events(f"web:request:{decision}") if each["outcome"] == "failure"]
    assert "signed out meanwhile" in event["detail"]["why"]


async def test_nothing_is_taken_away_by_a_sign_in_that_ended(world: World) -> None:
    bob = await owner(world, "bob")
    me, key = bob.me, bob.known
    assert key is not None
    request = await submit(world.access, world["bob"], Ask("payments-db", "write", 900, "why"))
    act = acts.end_key(key.id)
    question, touch = await bob.question(act), await bob.touch(act)
    await lost.sign_out(world.access, "bob", "human:operator", with_grants=False)
    with pytest.raises(SignedOutMeanwhile):
        await bob.question(act)
    with pytest.raises(SignedOutMeanwhile):
        await bob.answer(act, bob.key.touched(question))
    with pytest.raises(SignedOutMeanwhile):
        await security_keys.end(world.access, me, key.id, touch)
    with pytest.raises(SignedOutMeanwhile):
        await keys.end(world.access, me, key.id)
    with pytest.raises(SignedOutMeanwhile):
        await cancel(world.access, request.id, world["bob"], me=me)
    with pytest.raises(SignedOutMeanwhile):
        await linking.unlink(world.access, world["bob"], by=me)
    assert (await world.one(SecurityKey, key.id)).ended_at is None
    assert (await world.one(AccessRequest, request.id)).state is RequestState.PENDING


async def waiting(world: World) -> None:
    """Until somebody waits for a row that another has."""
    async with world.database.transaction() as transaction, asyncio.timeout(10):
        while not await transaction.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            await asyncio.sleep(0.01)

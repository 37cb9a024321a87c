"""What is asked by a sign-in that ended meanwhile gives nobody anything: the rules ask again where they do it."""

import asyncio
from typing import Any

import pytest

from access.decisions.requests import Ask, submit
from access.errors import Refused
from access.identity import browser_sessions, linking, security_keys
from access.identity.browser_sessions import SignedOutMeanwhile
from access.identity.incidents import lost
from access.identity.ssh import keys
from storage.database import clock
from storage.model import AccessRequest, SecurityKey, SshKey
from support.access import World
from support.identity.touching import SITE, signed_in


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

"""A touch that a command line wants: given on a page, for one grant and that command line, and counted at the door."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml
from sqlalchemy import select, text

from access.context import Access
from access.errors import Refused
from access.identity import acts, browser_sessions
from access.identity.adoption import adopt
from access.identity.browser_sessions import SignedIn
from access.identity.command_lines import wanted
from access.identity.command_lines.wanted import MAX_WAITING, Stage
from access.identity.handing import hand_token
from access.identity.proof import Unproven
from access.identity.webauthn.problems import InvalidTouch
from proxy.errors import AccessRefused
from proxy.sessions.authenticator import Authenticator
from storage.database import clock
from storage.model import Grant, Principal, Protocol, WantedTouch
from support.access import World
from support.identity.touching import ISSUER, Owner, owner, signed_in
from support.proxy import Grants, WritePolicy

DOOR: dict[str, Any] = {"username": "read@db", "protocol": Protocol.POSTGRES, "client": "127.0.0.1:1"}


@dataclass
class Scene:
    """Alice with a key, her command line, and her access by a rule that asks for a touch."""

    world: World
    alice: Owner
    line: SignedIn
    grant: Grant

    async def wish(self, line: SignedIn | None = None) -> UUID:
        return (await wanted.ask(self.world.access, line or self.line, self.grant.id, client="127.0.0.1")).id

    async def touch(self, wish: UUID) -> UUID:
        """Verified for this wish, as its page has it done."""
        touch = await self.alice.touch(acts.hand_over(self.grant.id, wish))
        await wanted.give(self.world.access, self.alice.me, wish, touch)
        return touch

    async def handed(self, wish: UUID, *, by: UUID | None = None, line: SignedIn | None = None) -> str:
        """A token, as the API hands one to a command line that says which wish it had."""
        access, me = self.world.access, line or self.line
        touch = await wanted.touch_for(access, me, by or wish, self.grant.id)
        given = await hand_token(access, self.grant.id, me.principal, touch=touch, wanted=wish, sign_in=me.session)
        return given.token

    async def change(self, statement: str) -> None:
        async with self.world.database.transaction() as transaction:
            await transaction.execute(text("SET ROLE NONE"))
            await transaction.execute(text(statement))


async def command_line(world: World, by: SignedIn) -> SignedIn:
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        session, _ = await browser_sessions.begin_command_line(
            transaction, by.session, by.principal, "gatepass on laptop", now, client="127.0.0.1"
        )
    return SignedIn(session, by.principal)


@pytest.fixture
async def scene(access: Access, granted: Grants, write_policy: WritePolicy) -> Scene:
    grant = (await granted("db", "read")).grant
    policy = yaml.safe_load(access.policies.path.read_text())
    policy["providers"] = {"corp": {"issuer": ISSUER, "client_id": "g"}}
    policy["policy"][0]["requires"] = {"sign_in": "8h", "present": True}
    write_policy(policy)
    access.policies.reload()
    await adopt(access)
    async with access.database.transaction() as transaction:
        people = {each.name: each for each in (await transaction.scalars(select(Principal))).all()}
    world = World(access, people)
    alice = await owner(world, "alice")
    return Scene(world, alice, await command_line(world, alice.me), grant)


async def test_what_is_handed_for_it_opens_the_door(scene: Scene) -> None:
    access, wish = scene.world.access, await scene.wish()
    assert await wanted.stage(access, scene.line, wish) is Stage.WAITING
    await scene.touch(wish)
    assert await wanted.stage(access, scene.line, wish) is Stage.TOUCHED
    admitted = await Authenticator(access).admit(token=await scene.handed(wish), **DOOR)
    assert admitted.proof["touch"]["name"] == "Blue key"
    assert [each["detail"]["wanted"] for each in await scene.world.events("cli:touch:ask")] == [str(wish)]
    assert [each["detail"]["wanted"] for each in await scene.world.events("web:touch:give")] == [str(wish)]


async def test_it_is_for_one_thing_once(scene: Scene) -> None:
    wish = await scene.wish()
    await scene.touch(wish)
    await scene.handed(wish)
    with pytest.raises(Unproven, match="used already"):
        await scene.handed(wish)
    with pytest.raises(Refused, match="waits for this any more"):
        await scene.touch(wish)


async def test_without_it_nothing_is_handed(scene: Scene) -> None:
    wish = await scene.wish()
    with pytest.raises(Refused, match="No touch of your security key was given"):
        await scene.handed(wish)
    with pytest.raises(Unproven, match="takes a touch"):
        await wanted.give(scene.world.access, scene.alice.me, wish, None)
    with pytest.raises(Unproven, match="takes a touch"):
        await hand_token(scene.world.access, scene.grant.id, scene.world["alice"], wanted=wish)


async def test_another_command_line_has_nothing_of_it(scene: Scene) -> None:
    other, wish = await command_line(scene.world, scene.alice.me), await scene.wish()
    await scene.touch(wish)
    assert await wanted.stage(scene.world.access, other, wish) is None
    with pytest.raises(Refused, match="No touch"):
        await scene.handed(wish, line=other)
    mine = await scene.wish(other)
    with pytest.raises(Refused, match="No touch"):
        await scene.handed(mine, line=other)


async def test_a_touch_for_one_wish_is_none_for_another_or_for_the_connect_page(scene: Scene) -> None:
    access = scene.world.access
    first, second = await scene.wish(), await scene.wish()
    touch = await scene.touch(first)
    with pytest.raises(Unproven, match="for something else"):
        await scene.handed(second, by=first)
    with pytest.raises(Unproven, match="for something else"):
        await hand_token(access, scene.grant.id, scene.world["alice"], touch=touch)
    for act in (acts.take_token(scene.grant.id), acts.hand_over(scene.grant.id, first)):
        taken = await scene.alice.touch(act)
        with pytest.raises(Unproven, match="for something else"):
            await hand_token(access, scene.grant.id, scene.world["alice"], touch=taken, wanted=second)
    question = await scene.alice.question(acts.take_token(scene.grant.id))
    with pytest.raises(InvalidTouch):
        await scene.alice.answer(acts.hand_over(scene.grant.id, second), scene.alice.key.touched(question))


async def test_another_grant_is_another_one(scene: Scene, granted: Grants) -> None:
    wish = await scene.wish()
    await scene.touch(wish)
    with pytest.raises(Refused, match="No touch"):
        await wanted.touch_for(scene.world.access, scene.line, wish, uuid4())


async def test_somebody_else_sees_and_decides_nothing(scene: Scene) -> None:
    access, bob, wish = scene.world.access, await signed_in(scene.world, "bob"), await scene.wish()
    for act in (wanted.refuse(access, bob, wish), wanted.give(access, bob, wish, uuid4())):
        with pytest.raises(Refused, match="No command line of yours waits"):
            await act
    with pytest.raises(Refused, match="somebody else's"):
        await wanted.ask(access, await command_line(scene.world, bob), scene.grant.id, client="127.0.0.1")
    assert await wanted.stage(access, scene.line, wish) is Stage.WAITING


async def test_not_me_is_told_and_stays_so(scene: Scene) -> None:
    access, wish = scene.world.access, await scene.wish()
    await wanted.refuse(access, scene.alice.me, wish)
    assert await wanted.stage(access, scene.line, wish) is Stage.REFUSED
    with pytest.raises(Refused, match="waits for this any more"):
        await scene.touch(wish)
    [event] = await scene.world.events("web:touch:refuse")
    assert event["actor"] == "human:alice"


async def test_it_waits_for_five_minutes_and_no_longer_than_its_command_line(scene: Scene) -> None:
    access, late = scene.world.access, await scene.wish()
    await scene.change("UPDATE wanted_touch SET expires_at = now()")
    assert await wanted.stage(access, scene.line, late) is Stage.OVER
    with pytest.raises(Refused, match="too late"):
        await scene.touch(late)
    orphan = await scene.wish()
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        await browser_sessions.end_one(transaction, scene.world["alice"], scene.line.session.id, now)
    with pytest.raises(Refused, match="waits for this any more"):
        await scene.touch(orphan)


async def test_what_was_handed_ends_with_the_key_and_with_the_command_line(scene: Scene) -> None:
    access, wish = scene.world.access, await scene.wish()
    await scene.touch(wish)
    token = await scene.handed(wish)
    await scene.change("UPDATE security_key SET ended_at = now(), end_reason = 'operator'")
    with pytest.raises(AccessRefused, match="handed with a touch of your security key"):
        await Authenticator(access).admit(token=token, **DOOR)
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        await browser_sessions.end_one(transaction, scene.world["alice"], scene.line.session.id, now)
    with pytest.raises(AccessRefused, match="has been ended since"):
        await Authenticator(access).admit(token=token, **DOOR)


async def test_nobody_touches_for_what_a_sign_in_would_refuse(scene: Scene) -> None:
    await scene.change("UPDATE browser_session SET signed_in_at = now() - interval '9 hours'")
    with pytest.raises(Unproven, match="This takes a sign-in within the last 8h"):
        await scene.wish()
    assert await scene.world.all(WantedTouch) == []


async def test_few_wait_at_once(scene: Scene) -> None:
    for _ in range(MAX_WAITING):
        await scene.wish()
    with pytest.raises(Refused, match="waits for many touches already"):
        await scene.wish()
    await scene.wish(await command_line(scene.world, scene.alice.me))


async def test_few_wait_however_many_are_asked_for_at_once(scene: Scene) -> None:
    done = await asyncio.gather(*(scene.wish() for _ in range(4 * MAX_WAITING)), return_exceptions=True)
    assert sum(isinstance(each, UUID) for each in done) == MAX_WAITING
    assert {str(each) for each in done if not isinstance(each, UUID)} == {
        "This command line waits for many touches already. Give those, or wait five minutes."
    }
    assert len(await scene.world.all(WantedTouch)) == MAX_WAITING


async def test_a_command_line_that_was_signed_out_wants_nothing(scene: Scene) -> None:
    async with scene.world.database.transaction() as transaction:
        now = await clock(transaction)
        await browser_sessions.end_one(transaction, scene.world["alice"], scene.line.session.id, now)
    with pytest.raises(Refused, match="signed in no more"):
        await scene.wish()
    assert await scene.world.all(WantedTouch) == []


@pytest.mark.parametrize("requires", [None, {"sign_in": "8h"}])
async def test_nobody_touches_for_what_takes_none(
    scene: Scene, write_policy: WritePolicy, requires: dict[str, Any] | None
) -> None:
    access = scene.world.access
    policy = yaml.safe_load(access.policies.path.read_text())
    policy["policy"][0].pop("requires")
    if requires is not None:
        policy["policy"][0]["requires"] = requires
    write_policy(policy)
    access.policies.reload()
    await adopt(access)
    with pytest.raises(Refused, match=r"^It takes no touch\.$"):
        await scene.wish()
    assert await scene.world.all(WantedTouch) == []


async def test_a_browser_that_is_signed_out_meanwhile_gives_no_touch(scene: Scene) -> None:
    wish = await scene.wish()
    touch = await scene.alice.touch(acts.hand_over(scene.grant.id, wish))
    async with scene.world.database.transaction() as transaction:
        now = await clock(transaction)
        assert await browser_sessions.end_one(transaction, scene.alice.me.principal, scene.alice.me.session.id, now)
    with pytest.raises(Refused, match="signed out meanwhile"):
        await wanted.give(scene.world.access, scene.alice.me, wish, touch)
    assert await wanted.stage(scene.world.access, scene.line, wish) is Stage.WAITING


async def test_a_touch_of_a_browser_that_is_signed_out_since_is_worth_nothing(scene: Scene) -> None:
    """Its sign-in alone has ended: the command line was let in by another one."""
    other = await signed_in(scene.world, "alice")
    line = await command_line(scene.world, other)
    wish = await scene.wish(line)
    touch = await scene.alice.touch(acts.hand_over(scene.grant.id, wish))
    await wanted.give(scene.world.access, scene.alice.me, wish, touch)
    async with scene.world.database.transaction() as transaction:
        now = await clock(transaction)
        assert await browser_sessions.end_one(transaction, scene.alice.me.principal, scene.alice.me.session.id, now)
    with pytest.raises(Unproven):
        await scene.handed(wish, line=line)

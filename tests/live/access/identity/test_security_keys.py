"""Keys are added and ended by whoever owns them; a touch counts once, for what it was asked for, where it was asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from access.errors import Refused
from access.identity import acts, security_keys, touches
from access.identity.security_keys import NoKey, TooOld
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from storage.model import KeyEnd, SecurityKey, Touch
from support.access import World
from support.identity.authenticators import Changes, SoftKey
from support.identity.touching import ISSUER, SITE, Owner, owner, signed_in

ACT = acts.take_token(UUID(int=7))


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": {"issuer": ISSUER, "client_id": "g"}}
    return document


async def spent(world: World, name: str, touch: UUID, act: acts.Act = ACT) -> bool:
    async with world.database.transaction() as transaction:
        return await touches.spend(transaction, touch, world[name], act, datetime.now(UTC)) is not None


async def refused(work: Any) -> TouchProblem:
    with pytest.raises(InvalidTouch) as problem:
        await work
    return problem.value.reason


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
async def test_a_touch_counts_once(world: World, algorithm: int) -> None:
    alice = await owner(world, "alice", algorithm)
    touch = await alice.touch(ACT)
    assert await spent(world, "alice", touch)
    assert not await spent(world, "alice", touch)
    [key] = await world.all(SecurityKey)
    assert (key.name, key.sign_count, key.last_used_at is not None) == ("Blue key", 2, True)
    assert "human:alice web:security_key:add success" in await world.actions()


async def test_a_touch_counts_for_its_act_and_its_owner(world: World) -> None:
    alice, _ = await owner(world, "alice"), await owner(world, "bob")
    touch = await alice.touch(ACT)
    assert not await spent(world, "alice", touch, acts.take_token(UUID(int=8)))
    assert not await spent(world, "alice", touch, acts.add_key())
    assert not await spent(world, "bob", touch)
    assert not await spent(world, "alice", uuid4())
    assert await spent(world, "alice", touch)


async def test_an_answer_for_another_act_browser_or_person_is_none(world: World) -> None:
    alice, bob = await owner(world, "alice"), await owner(world, "bob")
    elsewhere = Owner(world, await signed_in(world, "alice"), alice.key)
    for whose, act in ((alice, acts.take_token(UUID(int=8))), (elsewhere, ACT), (bob, ACT)):
        given = alice.key.touched(await alice.question(ACT))
        assert await refused(whose.answer(act, given)) is TouchProblem.UNKNOWN_CHALLENGE
    events = await world.events("web:touch:verify")
    assert [event["detail"]["why"] for event in events] == ["unknown_challenge"] * 3


async def test_an_answer_that_comes_twice(world: World) -> None:
    alice = await owner(world, "alice")
    given = alice.key.touched(await alice.question(ACT))
    await alice.answer(ACT, given)
    assert await refused(alice.answer(ACT, given)) is TouchProblem.UNKNOWN_CHALLENGE


async def test_of_two_who_bring_the_same_answer_at_once_one_is_heard(world: World) -> None:
    alice = await owner(world, "alice")
    given = alice.key.touched(await alice.question(ACT))
    came = await asyncio.gather(*(alice.answer(ACT, given) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, UUID) for each in came) == 1
    assert sum(isinstance(each, InvalidTouch) for each in came) == 3
    [touch] = [each for each in came if isinstance(each, UUID)]
    counted = await asyncio.gather(*(spent(world, "alice", touch) for _ in range(4)))
    assert sorted(counted) == [False, False, False, True]


async def test_a_wrong_answer_uses_the_challenge_up(world: World) -> None:
    alice = await owner(world, "alice")
    question = await alice.question(ACT)
    wrong = alice.key.touched(question, Changes(origin="https://evil.example"))
    assert await refused(alice.answer(ACT, wrong)) is TouchProblem.OTHER_SITE
    assert await refused(alice.answer(ACT, alice.key.touched(question))) is TouchProblem.UNKNOWN_CHALLENGE


async def test_two_minutes_and_no_longer(world: World, superuser: Any) -> None:
    alice = await owner(world, "alice")
    given, touch = alice.key.touched(await alice.question(ACT)), await alice.touch(ACT)
    await superuser.execute("UPDATE touch SET expires_at = now() - interval '1 second'")
    assert await refused(alice.answer(ACT, given)) is TouchProblem.EXPIRED
    assert not await spent(world, "alice", touch)


async def test_a_copy_of_a_key_ends_it(world: World) -> None:
    alice = await owner(world, "alice")
    touch = await alice.touch(ACT)
    assert await refused(alice.touch(ACT, Changes(count=1))) is TouchProblem.CLONED
    [key] = await world.all(SecurityKey)
    assert key.end_reason is KeyEnd.CLONED
    assert not await spent(world, "alice", touch), "a touch of an ended key"
    [event] = await world.events("web:security_key:end")
    assert (event["actor"], event["detail"]["why"]) == ("gatepass", "cloned")
    with pytest.raises(NoKey):
        await alice.question(ACT)


async def test_somebody_elses_key_is_none_of_ones_own(world: World) -> None:
    alice, bob = await owner(world, "alice"), await owner(world, "bob")
    given = bob.key.touched(await alice.question(ACT))
    assert await refused(alice.answer(ACT, given)) is TouchProblem.OTHER_KEY


async def test_a_first_key_takes_a_sign_in_of_the_last_minutes(world: World) -> None:
    late = Owner(world, await signed_in(world, "alice", ago_s=601), SoftKey())
    with pytest.raises(TooOld):
        await late.add(late.key, "Mine")
    assert await world.all(SecurityKey) == []


async def test_another_key_takes_a_touch_of_one_that_there_is(world: World) -> None:
    alice, second = await owner(world, "alice"), SoftKey()
    for allowed_by in (None, uuid4(), await alice.touch(ACT)):
        with pytest.raises(Refused, match="with a touch of one that you have"):
            await alice.add(second, "Second", allowed_by)
    allowed_by = await alice.touch(acts.add_key())
    await alice.add(second, "Second", allowed_by)
    with pytest.raises(Refused, match="with a touch of one that you have"):
        await alice.add(SoftKey(), "Third", allowed_by)
    assert len(await world.all(SecurityKey)) == 2


async def test_a_challenge_for_a_first_key_makes_no_second(world: World) -> None:
    """Whoever asked for it before the owner had one does not bring theirs afterwards."""
    thief = Owner(world, await signed_in(world, "alice"), SoftKey())
    question = await security_keys.registration_question(world.access, thief.me, SITE, None)
    await owner(world, "alice")
    given = thief.key.created(question)
    add = security_keys.register(world.access, thief.me, SITE, given, "Theirs")
    assert await refused(add) is TouchProblem.UNKNOWN_CHALLENGE
    assert [key.name for key in await world.all(SecurityKey)] == ["Blue key"]


async def test_a_key_is_one_persons_for_ever(world: World) -> None:
    alice = await owner(world, "alice")
    bob = Owner(world, await signed_in(world, "bob"), alice.key)
    assert await refused(bob.add(alice.key, "Mine now")) is TouchProblem.TAKEN
    assert alice.known is not None
    await security_keys.end(world.access, alice.me, alice.known.id, await alice.touch(acts.end_key(alice.known.id)))
    assert await refused(bob.add(alice.key, "Mine now")) is TouchProblem.TAKEN


async def test_ending_takes_a_touch_for_that_key_and_a_fresh_sign_in(world: World) -> None:
    alice, bob = await owner(world, "alice"), await owner(world, "bob")
    assert alice.known is not None
    assert bob.known is not None
    with pytest.raises(Refused, match="ended with a touch"):
        await security_keys.end(world.access, alice.me, alice.known.id, await alice.touch(ACT))
    with pytest.raises(Refused, match="or it is not yours"):
        touch = await alice.touch(acts.end_key(bob.known.id))
        await security_keys.end(world.access, alice.me, bob.known.id, touch)
    old = Owner(world, await signed_in(world, "alice", ago_s=601), alice.key)
    with pytest.raises(TooOld):
        await old.touch(acts.end_key(alice.known.id))
    await security_keys.end(world.access, alice.me, alice.known.id, await alice.touch(acts.end_key(alice.known.id)))
    ended = {key.name: key.end_reason for key in await world.all(SecurityKey) if key.principal_id == world["alice"].id}
    assert ended == {"Blue key": KeyEnd.REMOVED}


async def test_whoever_leaves_the_policy_leaves_their_keys(world: World, document: dict[str, Any]) -> None:
    await owner(world, "erin")
    del document["people"]["erin"]
    document["groups"]["engineers"].remove("erin")
    await world.write(document)
    [key] = await world.all(SecurityKey)
    assert key.end_reason is KeyEnd.LEFT


async def test_a_browser_is_not_asked_without_end(world: World) -> None:
    alice = await owner(world, "alice")
    for _ in range(touches.MAX_WAITING):
        await alice.question(ACT)
    with pytest.raises(Refused, match="Wait two minutes"):
        await alice.question(ACT)


async def test_storage_holds_what_counted(world: World) -> None:
    """Whatever the program does: a key that ended stays so, a counter only grows, a touch counts once."""
    alice = await owner(world, "alice")
    await alice.touch(ACT)
    for statement in (
        "UPDATE security_key SET sign_count = 0",
        "UPDATE touch SET verified_at = now() WHERE verified_at IS NOT NULL",
        "UPDATE touch SET answered_at = NULL, verified_at = NULL, key_id = NULL",
        "UPDATE touch SET about = about",
        "UPDATE security_key SET public_key = public_key",
        "DELETE FROM touch",
    ):
        with pytest.raises(Exception, match=r"only grows|counted once|permission denied"):
            async with world.database.transaction() as transaction:
                await transaction.execute(text(statement))


async def test_what_storage_knows_signs_nothing(world: World) -> None:
    alice = await owner(world, "alice")
    question = await alice.question(ACT)
    rows = [str(each.model_dump()) for each in await world.all(Touch)]
    assert question["challenge"] not in "".join(rows)


async def test_the_name_is_what_was_typed_and_forges_nothing(world: World) -> None:
    alice = Owner(world, await signed_in(world, "alice"), SoftKey())
    with pytest.raises(Refused, match="Give the key a name"):
        await alice.add(alice.key, " \n ")
    kept = await alice.add(alice.key, "My\u202ekey\n" + "x" * 100)
    assert kept.name == ("My\\u202ekey\\n" + "x" * 100)[:64]


async def test_how_old_is_fresh(world: World) -> None:
    me, now = await signed_in(world, "alice", ago_s=0), datetime.now(UTC)
    assert security_keys.is_fresh(me, now)
    assert not security_keys.is_fresh(me, now + timedelta(minutes=10))

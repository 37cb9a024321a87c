"""`present: true`: whoever asks, approves and takes a token touches their key for it, and nothing counts without."""

import copy
from typing import Any
from uuid import UUID

import pytest

from access.decisions import drafts, holds, spending
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask, submit
from access.decisions.shown import NotShown, Shown, shown
from access.decisions.statement_reviews import review_statement
from access.errors import Refused
from access.grants import sessions
from access.identity import acts, security_keys
from access.identity.acts import Act
from access.identity.handing import hand_token
from access.identity.proof import Unproven
from access.identity.webauthn.problems import InvalidTouch
from storage.database import clock
from storage.model import (
    AccessRequest,
    AskDraft,
    Grant,
    HoldState,
    Protocol,
    ProxyInstance,
    RequestState,
    Review,
    ReviewDecision,
    Session,
    Statement,
)
from support.access import World
from support.identity.authenticators import Changes
from support.identity.touching import ISSUER, SITE, Owner, owner, signed_in

APPROVE, DENY = ReviewDecision.APPROVE, ReviewDecision.DENY
PRESENT = {"sign_in": "8h", "present": True}


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": {"issuer": ISSUER, "client_id": "g"}}
    for rule in document["policy"]:
        if rule["decision"] != "denied":
            rule["requires"] = dict(PRESENT)
    return document


@pytest.fixture
async def alice(world: World) -> Owner:
    return await owner(world, "alice")


@pytest.fixture
async def bob(world: World) -> Owner:
    return await owner(world, "bob")


def act_of(ask: Ask) -> Act:
    return drafts.act(ask.resource, ask.role, ask.duration_s, ask.reason, ask.ticket, ask.beside)


async def asked(alice: Owner, role: str = "read", reason: str = "why") -> AccessRequest:
    """With a touch."""
    ask = Ask("payments-db", role, 900, reason)
    return await submit(alice.world.access, alice.me.principal, ask, touch=await alice.touch(act_of(ask)))


async def approve(bob: Owner, request: AccessRequest) -> Any:
    """With a touch."""
    now: AccessRequest = await bob.world.one(AccessRequest, request.id)
    touch = await bob.touch(acts.approve(now))
    return await review_request(bob.world.access, request.id, bob.me.principal, APPROVE, touch=touch)


# --- asking -------------------------------------------------------------------------------------------------------


async def test_asking_without_a_touch_keeps_the_words_for_the_page(world: World, alice: Owner) -> None:
    with pytest.raises(Unproven, match="This takes a touch of your security key") as unproven:
        await submit(world.access, world["alice"], Ask("payments-db", "read", 900, "card 4111111111111111", "INC-1"))
    assert await world.all(AccessRequest) == []
    [draft] = await world.all(AskDraft)
    assert unproven.value.page == f"/present/ask/{draft.id}"
    assert (draft.reason, draft.ticket, draft.duration_s) == ("card [pan]", "INC-1", 900)
    assert "human:alice slack:request:refuse failure" in await world.actions()
    # As the page does.
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        assert await drafts.find(transaction, draft.id, world["bob"], now) is None
        found = await drafts.find(transaction, draft.id, world["alice"], now)
    assert found is not None
    touch = await alice.touch(drafts.act_of(found))
    ask = Ask(found.resource, found.role, found.duration_s, found.reason, found.ticket, source="web")
    request = await submit(world.access, world["alice"], ask, touch=touch)
    assert request.state is RequestState.APPROVED
    proven = request.context["proof"]
    assert (proven["provider"], proven["methods"], proven["touch"]["name"]) == ("corp", ["pwd", "mfa"], "Blue key")
    assert proven["touch"]["user_verified"] is True
    [event] = await world.events("web:request:submit")
    assert event["detail"]["proof"] == proven


@pytest.mark.parametrize(
    "other",
    [
        Ask("payments-db", "read", 901, "why"),
        Ask("payments-db", "read", 900, "another"),
        Ask("payments-db", "admin", 900, "why"),
        Ask("payments-db", "read", 900, "why", "INC-1"),
    ],
)
async def test_a_touch_for_other_words_asks_for_nothing(world: World, alice: Owner, other: Ask) -> None:
    touch = await alice.touch(act_of(Ask("payments-db", "read", 900, "why")))
    with pytest.raises(Unproven, match="was for something else"):
        await submit(world.access, world["alice"], other, touch=touch)
    assert await world.all(AccessRequest) == []


async def test_a_touch_of_an_old_sign_in_is_not_enough(world: World) -> None:
    late = Owner(world, await signed_in(world, "alice", ago_s=9 * 3600), (await owner(world, "bob")).key)
    with pytest.raises(Unproven, match="This takes a sign-in within the last 8h and a touch") as unproven:
        await submit(world.access, late.me.principal, Ask("payments-db", "read", 900))
    assert unproven.value.takes_sign_in
    assert unproven.value.page.startswith("/present/ask/")


async def test_agents_touch_nothing(world: World) -> None:
    with pytest.raises(Unproven, match="for people alone, and deployer is an agent") as unproven:
        await submit(world.access, world["deployer"], Ask("payments-db", "read", 900))
    assert (unproven.value.page, await world.all(AskDraft)) == ("", [])


# --- approving ----------------------------------------------------------------------------------------------------


async def test_an_approval_without_a_touch_counts_for_nothing(world: World, alice: Owner, bob: Owner) -> None:
    request = await asked(alice, "admin")
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE)
    assert (outcome.counted, outcome.page) == (False, f"/present/request/{request.id}")
    assert outcome.message == "This takes a touch of your security key. Do it on Gatepass's pages."
    assert await world.all(Review) == []
    assert "human:bob slack:request:approve failure" in await world.actions()
    outcome = await approve(bob, request)
    assert outcome.state is RequestState.APPROVED
    [review] = await world.all(Review)
    assert (review.proof["touch"]["name"], review.touch_id is not None) == ("Blue key", True)
    [refused, counted] = await world.events("slack:request:approve")
    assert (refused["outcome"], counted["detail"]["proof"]) == ("failure", review.proof)


async def test_a_denial_takes_no_touch(world: World, alice: Owner) -> None:
    request = await asked(alice, "admin")
    outcome = await review_request(world.access, request.id, world["bob"], DENY, "not today")
    assert outcome.state is RequestState.DENIED


async def test_a_touch_for_something_else_approves_nothing(world: World, alice: Owner, bob: Owner) -> None:
    request, other = await asked(alice, "admin"), await asked(alice, "write")
    carol = await owner(world, "carol")
    for act, by in (
        (acts.approve(other), bob),
        (Act(acts.approve(request).purpose, f"request:{request.id.hex}:{request.revision + 1}", ""), bob),
        (Act(acts.approve(request).purpose, f"statement:{request.id.hex}:{request.revision}", ""), bob),
        (acts.take_token(request.id), bob),
        (acts.approve(request), carol),
    ):
        outcome = await review_request(world.access, request.id, world["bob"], APPROVE, touch=await by.touch(act))
        assert (outcome.counted, "was for something else" in outcome.message) == (False, True), act
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE, touch=UUID(int=1))
    assert not outcome.counted
    assert await world.all(Review) == []


async def test_a_touch_for_the_revision_before_approves_nothing(world: World, alice: Owner, bob: Owner) -> None:
    request = await asked(alice, "write")
    touch = await bob.touch(acts.approve(request))
    assert (await approve(await owner(world, "carol"), request)).counted
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE, touch=touch)
    assert (outcome.counted, "was for something else" in outcome.message) == (False, True)
    assert (await approve(bob, request)).state is RequestState.APPROVED


async def test_a_touch_approves_once(world: World, alice: Owner, bob: Owner) -> None:
    first = await asked(alice, "admin")
    touch = await bob.touch(acts.approve(first))
    assert (await review_request(world.access, first.id, world["bob"], APPROVE, touch=touch)).counted
    outcome = await review_request(world.access, first.id, world["bob"], APPROVE, touch=touch)
    assert not outcome.counted


async def test_an_approval_counts_no_more_once_its_key_has_ended(world: World, alice: Owner, bob: Owner) -> None:
    """Bob's key was copied after he approved: his approval is nobody's proof that he was there."""
    request, carol = await asked(alice, "write"), await owner(world, "carol")
    assert (await approve(bob, request)).counted
    with pytest.raises(InvalidTouch, match="counted backwards"):
        await bob.touch(acts.add_key(), Changes(count=1))
    outcome = await approve(carol, request)
    assert outcome.message == "Your approval counts: 1 of 2: @bob's approval no longer counts."
    assert outcome.state is RequestState.PENDING


async def test_approvals_from_before_the_rule_asked_count_no_more(
    world: World, document: dict[str, Any], alice: Owner, bob: Owner
) -> None:
    easy = copy.deepcopy(document)
    for rule in easy["policy"]:
        rule.pop("requires", None)
    await world.write(easy)
    request = await submit(world.access, world["alice"], Ask("payments-db", "write", 900))
    assert (await review_request(world.access, request.id, world["carol"], APPROVE)).counted
    await world.write(document)
    outcome = await approve(bob, request)
    assert "@carol's approval no longer counts" in outcome.message


async def test_on_the_pages_a_sign_in_alone_approves_and_asks_nothing(
    world: World, document: dict[str, Any], bob: Owner
) -> None:
    """Whatever the rule asks: whoever has taken the provider, or a browser, is not the reviewer."""
    for rule in document["policy"]:
        rule.pop("requires", None)
    await world.write(document)
    request = await submit(world.access, world["alice"], Ask("payments-db", "admin", 900))
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE, source="web")
    assert (outcome.counted, "takes a touch" in outcome.message) == (False, True)
    with pytest.raises(Unproven, match="takes a touch"):
        await submit(world.access, world["alice"], Ask("payments-db", "write", 900, source="web"))
    touch = await bob.touch(acts.approve(request))
    outcome = await review_request(world.access, request.id, world["bob"], APPROVE, source="web", touch=touch)
    assert outcome.state is RequestState.APPROVED


# --- tokens and connections ---------------------------------------------------------------------------------------


async def test_a_token_is_handed_with_a_touch_for_it(world: World, alice: Owner) -> None:
    await asked(alice)
    [grant] = await world.all(Grant)
    with pytest.raises(Unproven, match="This takes a touch") as unproven:
        await hand_token(world.access, grant.id, world["alice"])
    assert unproven.value.page == f"/grants/{grant.id}"
    touch = await alice.touch(acts.take_token(grant.id))
    token = (await hand_token(world.access, grant.id, world["alice"], source="web", touch=touch)).token
    claims = world.access.keys.verify(token)
    [event] = await world.events("web:token:issue")
    assert (event["detail"]["token"], event["detail"]["proof"]["touch"]["name"]) == (claims.id, "Blue key")
    with pytest.raises(Unproven, match="used already"):
        await hand_token(world.access, grant.id, world["alice"], touch=touch)


async def test_a_session_says_what_was_proven(world: World, alice: Owner) -> None:
    await asked(alice)
    [grant] = await world.all(Grant)
    async with world.database.transaction() as transaction:
        instance = ProxyInstance(host="here", pid=1)
        transaction.add(instance)
        await transaction.flush()
        assert instance.id is not None
    opened, _ = await sessions.open_session(
        world.access,
        grant_id=grant.id,
        instance_id=instance.id,
        protocol=Protocol.POSTGRES,
        client="127.0.0.1:1",
        software="",
        proof={"provider": "corp"},
    )
    assert (await world.one(Session, opened.id)).proof == {"provider": "corp"}
    [event] = await world.events("proxy:session:open")
    assert event["detail"]["proof"] == {"provider": "corp"}


# --- held statements ----------------------------------------------------------------------------------------------


async def held(world: World, alice: Owner, bob: Owner) -> Statement:
    request = await asked(alice, "admin")
    grant = (await approve(bob, request)).grant
    async with world.database.transaction() as transaction:
        instance = ProxyInstance(host="here", pid=1)
        transaction.add(instance)
        await transaction.flush()
        session = Session(
            grant_id=grant.id, instance_id=instance.id or 0, protocol=Protocol.POSTGRES, client_address="here"
        )
        transaction.add(session)
        await transaction.flush()
    role = world.access.policies.current.resources["payments-db"].roles["admin"]
    rule = next(rule for rule in role.statements if rule.name == "ddl")
    return await holds.hold(world.access, session, grant, "DROP TABLE t", "ddl", rule)


async def test_a_held_statement_takes_a_touch_and_is_void_without_its_key(
    world: World, alice: Owner, bob: Owner
) -> None:
    statement = await held(world, alice, bob)
    outcome = await review_statement(world.access, statement.id, world["bob"], APPROVE)
    assert (outcome.counted, outcome.page) == (False, f"/present/statement/{statement.id}")
    touch = await bob.touch(acts.approve(statement))
    outcome = await review_statement(world.access, statement.id, world["bob"], APPROVE, touch=touch)
    assert outcome.state is HoldState.APPROVED
    assert bob.known is not None
    end = await bob.touch(acts.end_key(bob.known.id))
    await security_keys.end(world.access, bob.me, bob.known.id, end)
    why = await spending.spend(world.access, statement.id)
    assert why is not None
    assert "the key that they touched has ended" in why


async def test_a_statement_rule_asks_by_itself(
    world: World, document: dict[str, Any], alice: Owner, bob: Owner
) -> None:
    easy = copy.deepcopy(document)
    easy["policy"][1]["requires"] = {"sign_in": "8h"}
    easy["resources"]["payments-db"]["roles"]["admin"]["statements"][0]["requires"] = PRESENT
    await world.write(easy)
    statement = await held(world, alice, bob)
    outcome = await review_statement(world.access, statement.id, world["bob"], APPROVE)
    assert outcome.page == f"/present/statement/{statement.id}"


# --- what the page shows ------------------------------------------------------------------------------------------


async def test_what_is_shown_to_whom(world: World, alice: Owner, bob: Owner) -> None:
    request = await asked(alice, "write", "because")
    found = await shown(world.access, AccessRequest, request.id, world["bob"])
    assert isinstance(found, Shown)
    assert (found.requester, found.role, found.reason) == ("alice", "write", "because")
    assert (found.quorum, found.is_open) == (2, True)
    for name, why in (("alice", "your own request"), ("mallory", "does not let you review"), ("deployer", "an agent")):
        refused = await shown(world.access, AccessRequest, request.id, world[name])
        assert isinstance(refused, NotShown)
        assert why in refused.why
    missing = await shown(world.access, AccessRequest, UUID(int=5), world["bob"])
    assert missing == NotShown("There is nothing to review by this address.")
    assert (await approve(bob, request)).counted
    found = await shown(world.access, AccessRequest, request.id, world["carol"])
    assert isinstance(found, Shown)
    assert found.approvals == ("bob",)


async def test_a_held_statement_is_shown_whole(world: World, alice: Owner, bob: Owner) -> None:
    statement = await held(world, alice, bob)
    found = await shown(world.access, Statement, statement.id, world["bob"])
    assert isinstance(found, Shown)
    assert found.statement is not None
    assert (found.statement.text, found.requester, found.resource) == ("DROP TABLE t", "alice", "payments-db")
    await review_statement(world.access, statement.id, world["bob"], DENY, "no")
    found = await shown(world.access, Statement, statement.id, world["bob"])
    assert isinstance(found, Shown)
    assert not found.is_open


async def test_no_key_no_question(world: World) -> None:
    me = await signed_in(world, "carol")
    with pytest.raises(Refused, match="no security key here yet"):
        await security_keys.question(world.access, me, SITE, acts.add_key())

"""Groups that a provider fills: who comes in by one, for how long, and what ends when a sign-in says otherwise."""

import asyncio
import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask, submit
from access.grants import grants
from access.identity import linking
from access.identity.browser_sessions import current
from access.identity.proven import SignIn
from access.identity.sign_in import CannotSignIn, SignInProblem, sign_in
from access.in_force import policy_in_force
from access.policy.policy import Policy
from storage.model import Decision, GivenBy, Grant, Identity, IdentityProvider, Principal, RequestState, ReviewDecision
from support.access import World

ISSUER = "https://login.example.com"
READ = Ask("payments-db", "read", 900)
ADMIN = Ask("payments-db", "admin", 900)


def proven(subject: str, *groups: str, email: str | None = None, **more: Any) -> SignIn:
    now = datetime.now(UTC)
    said: dict[str, Any] = {"email_verified": True, "issuer": ISSUER} | more
    return SignIn(
        subject=subject,
        issued_at=now,
        signed_in_at=now,
        methods=("pwd",),
        level=None,
        provider_session=None,
        email=email,
        claims={"groups": list(groups), "preferred_username": "zed"},
        **said,
    )


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": {"issuer": ISSUER, "client_id": "gatepass", "title": "Example Corp"}}
    document["groups"]["oncall"] = {"provider": "corp", "value": "db-oncall"}
    document["groups"]["leads"] = {"provider": "corp", "value": "db-leads"}
    document["policy"][0]["who"] = ["engineers", "oncall"]
    document["policy"][1]["who"] = ["engineers", "oncall"]
    document["policy"][1]["reviewers"] = ["leads"]
    return document


async def who(world: World, account: SignIn) -> Principal:
    """Whoever is signed in by this account now."""
    secret = await sign_in(world.access, "corp", account)
    async with world.database.transaction() as transaction:
        found = await current(transaction, secret, datetime.now(UTC))
    assert found is not None
    return found.principal


async def in_force(world: World) -> Policy:
    async with world.database.transaction() as transaction:
        policy = await policy_in_force(world.access, transaction)
    assert policy is not None
    return policy


async def test_a_member_comes_in_though_no_file_names_them(world: World) -> None:
    zoe = await who(world, proven("u9", "lunch", "db-oncall", email="Zoe@example.com"))
    assert (zoe.name, zoe.email, zoe.brought_by) == ("zoe", "Zoe@example.com", ISSUER)
    assert (await submit(world.access, zoe, READ)).decision is Decision.AUTOMATIC
    [joined] = await world.events("web:person:join")
    assert (joined["actor"], joined["resource"], joined["detail"]["groups"]) == ("human:zoe", "zoe", ["oncall"])
    assert (await who(world, proven("u9", "db-oncall", email="other@example.com"))).id == zoe.id


async def test_who_is_in_none_is_a_stranger(world: World) -> None:
    with pytest.raises(CannotSignIn, match="does not name you") as refused:
        await who(world, proven("u9", "lunch", email="zoe@example.com"))
    assert refused.value.reason is SignInProblem.UNKNOWN


async def test_a_person_of_the_file_is_in_it_too_and_stays_who_they_are(world: World) -> None:
    alice = await who(world, proven("u1", "db-leads", email="alice@example.com"))
    assert (alice.id, alice.brought_by) == (world["alice"].id, None)
    assert (await in_force(world)).members(["leads"]) == {"alice"}


@pytest.mark.parametrize(
    ("email", "more", "name"),
    [
        ("alice@elsewhere.example", {}, "alice-2"),
        ("dba@example.com", {}, "dba-2"),
        ("eve@example.com", {"email_verified": False}, "zed"),
        (None, {}, "zed"),
    ],
)
async def test_nobody_is_brought_under_a_name_that_is_taken_or_not_proven(
    world: World, email: str | None, more: dict[str, Any], name: str
) -> None:
    assert (await who(world, proven("u9", "db-oncall", email=email, **more))).name == name


async def test_an_agents_address_brings_nobody(world: World, document: dict[str, Any]) -> None:
    document["people"]["deployer"]["email"] = "deployer@example.com"
    await world.write(document)
    with pytest.raises(CannotSignIn) as refused:
        await who(world, proven("u9", "db-oncall", email="deployer@example.com"))
    assert refused.value.reason is SignInProblem.AGENT


async def test_two_sign_ins_at_once_bring_one_person(world: World) -> None:
    found = await asyncio.gather(*(who(world, proven("u9", "db-oncall", email="zoe@example.com")) for _ in range(6)))
    assert len({each.id for each in found}) == 1


async def test_one_address_is_one_person_however_many_accounts_have_it(world: World, document: dict[str, Any]) -> None:
    document["providers"]["corp"]["identify"] = "subject"
    await world.write(document)
    accounts = [proven(f"u{number}", "db-oncall", email="Kim@a.example") for number in range(4)]
    found = await asyncio.gather(*(who(world, account) for account in accounts), return_exceptions=True)
    [kim] = [each for each in found if isinstance(each, Principal)]
    assert (kim.name, kim.email) == ("kim", "Kim@a.example")
    refused = [each.reason for each in found if isinstance(each, CannotSignIn)]
    assert refused == [SignInProblem.OTHER_ACCOUNT] * 3


async def test_nobody_approves_their_own_by_another_account_with_their_address(
    world: World, document: dict[str, Any]
) -> None:
    document["providers"]["corp"]["identify"] = "subject"
    document["people"]["alice"]["subjects"] = {"corp": "u1"}
    await world.write(document)
    alice = await who(world, proven("u1", email="alice@example.com"))
    await who(world, proven("u7", "db-leads", email="lena@example.com"))
    assert (await submit(world.access, alice, ADMIN)).state is RequestState.PENDING
    with pytest.raises(CannotSignIn) as refused:
        await who(world, proven("u9", "db-leads", email="ALICE@example.com"))
    assert refused.value.reason is SignInProblem.OTHER_ACCOUNT


async def test_an_address_of_who_left_is_another_persons_without_it(world: World, document: dict[str, Any]) -> None:
    document["providers"]["corp"]["identify"] = "subject"
    del document["people"]["alice"]
    document["groups"] = {
        name: [each for each in members if each != "alice"] if isinstance(members, list) else members
        for name, members in document["groups"].items()
    }
    await world.write(document)
    other = await who(world, proven("u9", "db-oncall", email="alice@example.com"))
    assert (other.name, other.email) == ("alice-2", None)


async def test_reviewers_are_those_in_the_group_when_it_is_asked_and_answered(world: World) -> None:
    alice = world["alice"]
    nobody_yet = await submit(world.access, alice, ADMIN)
    assert (nobody_yet.state, "there are only 0" in nobody_yet.decision_reason) == (RequestState.DENIED, True)
    lead = await who(world, proven("u7", "db-leads", email="lena@example.com"))
    request = await submit(world.access, alice, ADMIN)
    assert (request.state, request.reviewers) == (RequestState.PENDING, ["lena"])
    outcome = await review_request(world.access, request.id, lead, ReviewDecision.APPROVE)
    assert outcome.grant is not None


async def test_a_sign_in_that_tells_of_no_group_ends_what_the_group_gave(world: World) -> None:
    zoe = await who(world, proven("u9", "db-oncall", email="zoe@example.com"))
    await submit(world.access, zoe, READ)
    [grant] = await world.all(Grant)
    assert grants.still_allowed(await in_force(world), grant, "zoe") is None
    with pytest.raises(CannotSignIn, match="none of the groups") as refused:
        await who(world, proven("u9", "lunch"))
    assert refused.value.reason is SignInProblem.NO_GROUP
    assert "zoe is not in the policy" in str(grants.still_allowed(await in_force(world), grant, "zoe"))
    assert (await who(world, proven("u9", "db-oncall"))).id == zoe.id
    assert grants.still_allowed(await in_force(world), grant, "zoe") is None


async def test_what_was_told_counts_for_as_long_as_the_policy_says(world: World, document: dict[str, Any]) -> None:
    document["providers"]["corp"]["groups_for"] = "1h"
    await world.write(document)
    await who(world, proven("u9", "db-oncall", email="zoe@example.com"))
    assert (await in_force(world)).members(["oncall"]) == {"zoe"}
    [identity] = [each for each in await world.all(Identity) if each.subject == "u9"]
    left = identity.groups_until - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    known = world.access.policies.known
    assert known is not None
    assert known.until == identity.groups_until
    async with world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE identity SET groups_until = now() - interval '1 second'"))
        await transaction.execute(text("UPDATE directory_state SET revision = revision + 1"))
    assert (await in_force(world)).members(["oncall"]) == frozenset()
    await who(world, proven("u9", "db-oncall"))
    assert (await in_force(world)).members(["oncall"]) == {"zoe"}


async def test_it_lapses_though_nothing_is_written(world: World) -> None:
    """A process asks storage's clock, and not only whether something changed."""
    await who(world, proven("u9", "db-oncall", email="zoe@example.com"))
    assert (await in_force(world)).members(["oncall"]) == {"zoe"}
    async with world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE identity SET groups_until = now() + interval '0.2 seconds'"))
        await transaction.execute(text("UPDATE directory_state SET revision = revision + 1"))
    assert (await in_force(world)).members(["oncall"]) == {"zoe"}
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SELECT pg_sleep(0.25)"))
    assert (await in_force(world)).members(["oncall"]) == frozenset()


async def test_another_provider_fills_no_group_of_this_one(world: World, document: dict[str, Any]) -> None:
    document["providers"]["other"] = {"issuer": "https://other.example.com", "client_id": "gatepass"}
    await world.write(document)
    with pytest.raises(CannotSignIn):
        await sign_in(
            world.access, "other", proven("u9", "db-oncall", email="z@example.com", issuer="https://other.example.com")
        )
    assert (await in_force(world)).members(["oncall"]) == frozenset()


async def test_who_was_brought_leaves_with_the_group_and_comes_back_with_it(
    world: World, document: dict[str, Any]
) -> None:
    zoe = await who(world, proven("u9", "db-oncall", email="zoe@example.com"))
    await submit(world.access, zoe, READ)
    without = copy.deepcopy(document)
    without["groups"]["oncall"], without["groups"]["leads"] = ["alice"], ["bob"]
    await world.write(without)
    assert (await world.one(Principal, zoe.id)).disabled_at is not None
    [grant] = await world.all(Grant)
    assert grant.revoked_at is not None
    with pytest.raises(CannotSignIn):
        await who(world, proven("u9", "db-oncall", email="zoe@example.com"))
    await world.write(document)
    assert "zoe" not in (await in_force(world)).people
    assert (await who(world, proven("u9", "db-oncall", email="zoe@example.com"))).id == zoe.id
    assert (await in_force(world)).members(["oncall"]) == {"zoe"}, "told every process, though the groups are the same"


@pytest.mark.parametrize(
    ("address", "same"), [("Zoe@example.com", True), ("zoe@elsewhere.example", False), (None, False)]
)
async def test_a_person_of_the_file_with_that_name_is_them_only_by_their_address(
    world: World, document: dict[str, Any], address: str | None, same: bool
) -> None:
    zoe = await who(world, proven("u9", "db-oncall", email="zoe@example.com"))
    await submit(world.access, zoe, READ)
    document["people"]["zoe"] = {"email": address} if address else {}
    await world.write(document)
    [grant] = await world.all(Grant)
    assert (grant.revoked_at is None) is same
    assert (await world.one(Principal, zoe.id)).brought_by is None
    back = await who(world, proven("u9", "db-oncall", email="zoe@example.com"))
    assert (back.name == "zoe") is same


@pytest.mark.parametrize("identify", ["email", "subject"])
async def test_a_person_of_the_file_is_nobody_who_came_under_that_name_without_an_address(
    world: World, document: dict[str, Any], identify: str
) -> None:
    document["providers"]["corp"]["identify"] = identify
    await world.write(document)
    zed = await who(world, proven("u9", "db-oncall"))
    assert (zed.name, zed.email) == ("zed", None)
    async with world.database.transaction() as transaction:
        transaction.add(
            Identity(
                principal_id=zed.id,
                provider=IdentityProvider.SLACK,
                issuer="T0TEAM",
                subject="U0ZED",
                given_by=GivenBy.LINK,
            )
        )
    await submit(world.access, zed, READ)
    document["people"]["zed"] = {"subjects": {"corp": "u1"}} if identify == "subject" else {}
    await world.write(document)
    [grant] = await world.all(Grant)
    assert grant.revoked_at is not None
    assert [
        each.subject for each in await world.all(Identity) if each.subject in {"u9", "U0ZED"} if not each.retired_at
    ] == []
    assert (await who(world, proven("u9", "db-oncall"))).name == "zed-2"


async def test_whom_the_file_names_by_their_address_is_one_person_still(world: World, document: dict[str, Any]) -> None:
    document["slack"]["match_email"] = True
    zoe = await who(world, proven("u9", "db-oncall", email="Zoe@example.com"))
    await submit(world.access, zoe, READ)
    document["people"]["zora"] = {"email": "zoe@example.com"}
    await world.write(document)
    assert "zoe" not in (await in_force(world)).people
    [grant] = await world.all(Grant)
    assert grant.revoked_at is not None
    assert (await who(world, proven("u9", "db-oncall", email="zoe@example.com"))).name == "zora"
    matched = await linking.by_email(world.access, "T0TEAM", "U0ZOE", "zoe@example.com")
    assert matched is not None
    assert matched.name == "zora"

"""Slack accounts become somebody's by a link of theirs or by their address, one to one, and are taken back."""

import asyncio
import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from access.decisions.requests import Ask, submit
from access.errors import Refused
from access.identity import linking
from access.identity.people import principal_of
from access.in_force import policy_in_force
from storage.model import Grant, IdentityProvider, Post, PostSubject, Principal, SlackLink
from support.access import World

TEAM = "T0TEAM"


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "gatepass"}}
    for name in ("bob", "erin"):
        document["people"][name] = {"email": f"{name}@example.com"}
    return document


async def offered(world: World, member: str = "U0NEW", *, later: timedelta = timedelta()) -> bytes | None:
    async with world.database.transaction() as transaction:
        now = datetime.now(UTC) + later
        return await linking.offer(transaction, TEAM, member, enterprise=None, shown="Bob (@bob)", now=now)


async def link(world: World, name: str, member: str = "U0NEW") -> SlackLink:
    secret = await offered(world, member)
    assert secret is not None
    return await linking.link(world.access, secret, world[name])


async def owner(world: World, member: str = "U0NEW") -> str | None:
    async with world.database.transaction() as transaction:
        found = await principal_of(transaction, IdentityProvider.SLACK, TEAM, member)
    return found.name if found is not None else None


async def slack_of(world: World, name: str) -> str | None:
    """Where a person is told, by the policy in force."""
    async with world.database.transaction() as transaction:
        policy = await policy_in_force(world.access, transaction)
    assert policy is not None
    return policy.people[name].slack


async def test_an_account_is_whose_link_it_was_and_both_are_told(world: World) -> None:
    found = await link(world, "bob")
    assert (await owner(world), await slack_of(world, "bob")) == ("bob", "U0NEW")
    [event] = await world.events("web:slack:link")
    assert (event["actor"], event["outcome"]) == ("human:bob", "success")
    assert event["detail"] == {"team": TEAM, "member": "U0NEW", "shown": "Bob (@bob)"}
    [post] = [each for each in await world.all(Post) if each.subject is PostSubject.LINK]
    assert (post.subject_id, post.address) == (found.id, "U0NEW")


async def test_it_is_used_once_by_whoever_comes_first(world: World) -> None:
    secret = await offered(world)
    assert secret is not None
    done = await asyncio.gather(
        *(linking.link(world.access, secret, world[name]) for name in ("bob", "erin")), return_exceptions=True
    )
    [refused] = [each for each in done if isinstance(each, BaseException)]
    assert isinstance(refused, Refused)
    assert "was used" in str(refused)
    assert await owner(world) in {"bob", "erin"}


@pytest.mark.parametrize("was_somebodys", [False, True])
async def test_two_links_of_one_account_make_it_one_persons(world: World, was_somebodys: bool) -> None:
    if was_somebodys:
        await link(world, "bob")
        await linking.unlink(world.access, world["bob"])
    secrets = [await offered(world) for _ in range(2)]
    done = await asyncio.gather(
        *(
            linking.link(world.access, secret or b"", world[name])
            for secret, name in zip(secrets, ("bob", "erin"), strict=True)
        ),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["Refused", "SlackLink"]
    assert await owner(world) in {"bob", "erin"}


async def test_it_is_good_for_ten_minutes(world: World) -> None:
    for secret in (await offered(world, later=-linking.LIFETIME), b"?" * linking.SECRET_BYTES):
        assert secret is not None
        with pytest.raises(Refused, match="is over"):
            await linking.link(world.access, secret, world["bob"])
    assert await owner(world) is None


async def test_an_account_has_five_links_at_a_time(world: World) -> None:
    secrets = [await offered(world) for _ in range(linking.MAX_OPEN + 1)]
    assert [secret is None for secret in secrets] == [*[False] * linking.MAX_OPEN, True]
    assert await offered(world, "U0OTHER") is not None


@pytest.mark.parametrize(
    ("name", "member", "says"),
    [
        ("alice", "U0NEW", "Another Slack account is yours already"),
        ("bob", "U0ALICE", "somebody else's already"),
        ("deployer", "U0NEW", "no longer in the policy"),
    ],
)
async def test_one_account_is_one_persons(world: World, name: str, member: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        await link(world, name, member)
    [event] = await world.events("web:slack:link")
    assert event["outcome"] == "denied"
    assert await owner(world, "U0ALICE") == "alice"


async def test_a_second_account_is_nobodys(world: World) -> None:
    await link(world, "bob")
    with pytest.raises(Refused, match="Unlink it on My access"):
        await link(world, "bob", "U0SECOND")
    assert (await owner(world), await owner(world, "U0SECOND")) == ("bob", None)


async def test_who_left_the_policy_links_nothing(world: World, document: dict[str, Any]) -> None:
    without = copy.deepcopy(document)
    for names in (without["people"], without["groups"]["engineers"], without["groups"]["dba"]):
        if "bob" in names:
            names.pop("bob") if isinstance(names, dict) else names.remove("bob")
    await world.write(without)
    with pytest.raises(Refused, match="no longer in the policy"):
        await link(world, "bob")


async def test_it_stays_when_the_policy_changes_and_goes_with_the_person(
    world: World, document: dict[str, Any]
) -> None:
    await link(world, "erin")
    await submit(world.access, world["erin"], Ask("payments-db", "read", 900))
    document["resources"]["payments-db"]["description"] = "Changed"
    await world.write(document)
    [grant] = await world.all(Grant)
    assert (await owner(world), grant.revoked_at) == ("erin", None)
    del document["people"]["erin"]
    document["groups"]["engineers"].remove("erin")
    await world.write(document)
    assert await owner(world) is None


@pytest.mark.parametrize("change", ["her own", "somebody else's", "her address"])
async def test_the_file_has_the_last_word(world: World, document: dict[str, Any], change: str) -> None:
    await link(world, "erin")
    await submit(world.access, world["erin"], Ask("payments-db", "read", 900))
    match change:
        case "her own":
            document["people"]["erin"]["slack"] = "U0ERIN"
        case "somebody else's":
            document["people"]["dave"]["slack"] = "U0NEW"
        case _:
            document["people"]["erin"]["email"] = "another@example.com"
    await world.write(document)
    assert await owner(world) == ("dave" if change == "somebody else's" else None)
    [grant] = await world.all(Grant)
    assert grant.revoke_reason == "another account is theirs now, or none"
    assert (await world.one(Principal, world["erin"].id)).identity_lost_at is not None


async def test_unlinked_it_is_nobodys_and_what_was_asked_by_it_ends(world: World) -> None:
    await link(world, "erin")
    await submit(world.access, world["erin"], Ask("payments-db", "read", 900))
    await linking.unlink(world.access, world["erin"])
    [grant] = await world.all(Grant)
    assert (await owner(world), await slack_of(world, "erin"), grant.revoked_at is not None) == (None, None, True)
    [event] = await world.events("web:slack:unlink")
    assert event["detail"]["member"] == "U0NEW"
    with pytest.raises(Refused, match="You linked no Slack account"):
        await linking.unlink(world.access, world["erin"])
    await link(world, "bob")
    assert await owner(world) == "bob"


async def test_what_the_file_gives_is_not_unlinked(world: World) -> None:
    with pytest.raises(Refused, match="your operator can change there"):
        await linking.unlink(world.access, world["alice"])
    assert await owner(world, "U0ALICE") == "alice"


@pytest.mark.parametrize(
    ("wanted", "member", "email", "whose"),
    [
        (True, "U0NEW", "Bob@Example.com", "bob"),
        (False, "U0NEW", "bob@example.com", None),
        (True, "U0NEW", "stranger@example.com", None),
        (True, "U0NEW", "alice@example.com", None),
        (True, "U0ALICE", "bob@example.com", "alice"),
    ],
)
async def test_an_address_is_proof_where_the_policy_says_so(
    world: World, document: dict[str, Any], wanted: bool, member: str, email: str, whose: str | None
) -> None:
    document["slack"]["match_email"] = wanted
    await world.write(document)
    found = await linking.by_email(world.access, TEAM, member, email)
    assert await owner(world, member) == whose
    assert (found.name if found is not None else None) == (whose if whose != "alice" else None)


async def test_an_address_with_other_letters_is_anothers(world: World, document: dict[str, Any]) -> None:
    document["slack"]["match_email"] = True
    document["people"]["bob"]["email"] = "bob@strasse.example"
    await world.write(document)
    assert await linking.by_email(world.access, TEAM, "U0NEW", "bob@stra\u00dfe.example") is None
    assert await linking.by_email(world.access, TEAM, "U0NEW", "BOB@Strasse.example") is not None


async def test_who_unlinked_an_account_is_matched_to_it_by_no_address(world: World, document: dict[str, Any]) -> None:
    document["slack"]["match_email"] = True
    await world.write(document)
    assert await linking.by_email(world.access, TEAM, "U0NEW", "bob@example.com") is not None
    await linking.unlink(world.access, world["bob"])
    assert await linking.by_email(world.access, TEAM, "U0NEW", "bob@example.com") is None
    assert await owner(world) is None
    await link(world, "bob")
    assert await owner(world) == "bob"


async def test_who_left_and_came_back_is_matched_again(world: World, document: dict[str, Any]) -> None:
    document["slack"]["match_email"] = True
    await world.write(document)
    assert await linking.by_email(world.access, TEAM, "U0NEW", "bob@example.com") is not None
    without = copy.deepcopy(document)
    without["people"]["bob"]["email"] = "other@example.com"
    await world.write(without)
    assert await owner(world) is None
    await world.write(document)
    assert await linking.by_email(world.access, TEAM, "U0NEW", "bob@example.com") is not None


async def test_a_link_tells_every_process(world: World) -> None:
    other = replace(world.access, policies=type(world.access.policies)(world.access.policies.path))
    await link(world, "bob")
    async with world.database.transaction() as transaction:
        policy = await policy_in_force(other, transaction)
        revision = await transaction.scalar(text("SELECT revision FROM directory_state"))
    assert policy is not None
    assert (policy.people["bob"].slack, revision) == ("U0NEW", 2)

"""Reviewers are told directly where the rule wants it: of requests and held statements, ten of them at most."""

from typing import Any

import pytest

from access.decisions import holds, requests
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from access.policy.document import MAX_TOLD
from storage.model import Grant, PostPurpose, ReviewDecision
from support.access import World

pytestmark = pytest.mark.finding("use-26")

ADMIN = Ask("payments-db", "admin", 900)


async def cards(world: World, subject: Any) -> set[str]:
    return {post.address for post in await world.posts(subject.id) if post.purpose is PostPurpose.CARD}


async def test_a_rule_may_have_its_reviewers_told(world: World, document: dict[str, Any]) -> None:
    document["policy"][1]["tell_reviewers"] = True
    await world.write(document)
    request = await requests.submit(world.access, world["alice"], ADMIN)
    assert await cards(world, request) == {"C0ACCESS", "U0BOB", "U0CAROL", "U0DAVE"}


async def test_nobody_is_told_directly_unless_the_rule_says_so(world: World) -> None:
    assert await cards(world, await requests.submit(world.access, world["alice"], ADMIN)) == {"C0ACCESS"}


async def test_nobody_is_told_of_what_needs_no_decision(world: World, document: dict[str, Any]) -> None:
    document["policy"][0]["tell_reviewers"] = True
    await world.write(document)
    request = await requests.submit(world.access, world["alice"], Ask("payments-db", "read", 900))
    assert await cards(world, request) == {"C0ACCESS"}


async def test_the_asker_is_no_reviewer_to_be_told(world: World, document: dict[str, Any]) -> None:
    document["policy"][1]["tell_reviewers"] = True
    await world.write(document)
    request = await requests.submit(world.access, world["bob"], ADMIN)
    assert await cards(world, request) == {"C0ACCESS", "U0CAROL", "U0DAVE"}


async def test_a_held_statement_is_told_of_too(world: World, document: dict[str, Any]) -> None:
    document["policy"][1]["tell_reviewers"] = True
    await world.write(document)
    request = await requests.submit(world.access, world["alice"], ADMIN)
    await review_request(world.access, request.id, world["bob"], ReviewDecision.APPROVE)
    (grant,) = await world.all(Grant)
    ddl, by_others, *_ = document["resources"]["payments-db"]["roles"]["admin"]["statements"]
    rules = world.access.policies.current.resources["payments-db"].roles["admin"].statements
    session = await world.session(grant)
    held = await holds.hold(world.access, session, grant, "DROP TABLE t", "ddl", rules[0])
    assert (ddl["name"], await cards(world, held)) == ("ddl", {"C0ACCESS", "U0BOB", "U0CAROL", "U0DAVE"})
    other = await holds.hold(world.access, session, grant, "GRANT ALL ON t TO x", "grant", rules[1])
    assert await cards(world, other) == {by_others["channel"], "U0BOB", "U0CAROL", "U0DAVE"}


async def test_a_department_is_not_told_one_by_one(world: World, document: dict[str, Any]) -> None:
    many = [f"reviewer-{number:02}" for number in range(MAX_TOLD + 5)]
    document["people"] |= {name: {"slack": f"U0R{number:02}"} for number, name in enumerate(many)}
    document["people"]["aaron"] = {}
    document["groups"]["dba"] = ["aaron", *many]
    document["policy"][1]["tell_reviewers"] = True
    await world.write(document)
    request = await requests.submit(world.access, world["alice"], ADMIN)
    told = await cards(world, request) - {"C0ACCESS"}
    assert told == {f"U0R{number:02}" for number in range(MAX_TOLD)}, "who has no Slack member id takes nobody's place"

"""A rule may ask for a fresh sign-in, and a strong one: of whoever asks, takes the token, connects and approves."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask, submit
from access.errors import Refused
from access.identity import browser_sessions, proof
from access.identity.acts import take_token
from access.identity.handing import hand_token
from access.identity.proven import SignIn
from access.policy.shapes.proof import Requires
from storage.model import Grant, RequestState, ReviewDecision
from support.access import World

ISSUER = "https://login.example.com"
APPROVE, DENY = ReviewDecision.APPROVE, ReviewDecision.DENY


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": {"issuer": ISSUER, "client_id": "g", "mfa_levels": ["phr"]}}
    for rule in document["policy"]:
        if rule["decision"] != "denied":
            rule["requires"] = {"sign_in": "8h", "mfa": True}
    return document


async def sign_in(
    world: World,
    name: str = "alice",
    *,
    ago_s: float = 60,
    level: str | None = None,
    methods: tuple[str, ...] = ("pwd", "mfa"),
) -> bytes:
    now = datetime.now(UTC)
    at = now - timedelta(seconds=ago_s)
    proven = SignIn(ISSUER, f"u-{name}", now, at, methods, level, None, None, False, {})
    async with world.database.transaction() as transaction:
        return await browser_sessions.begin(transaction, world[name], "corp", proven, now)


async def asked(world: World, role: str = "read") -> str:
    """What becomes of alice's request: its state, or why there is none."""
    try:
        return (await submit(world.access, world["alice"], Ask("payments-db", role, 900))).state.value
    except Refused as refused:
        return str(refused)


async def test_who_has_not_signed_in_is_told_where(world: World) -> None:
    said = await asked(world)
    assert said.startswith("This takes a sign-in with a second factor within the last 8h. Sign in on Gatepass's pages")
    assert "human:alice slack:request:refuse failure" in await world.actions()
    await sign_in(world)
    assert await asked(world) == "approved"


@pytest.mark.parametrize(
    ("how", "counts"),
    [
        ({"ago_s": 8 * 3600 + 60}, False),
        ({"ago_s": 8 * 3600 - 60}, True),
        ({"methods": ("pwd",)}, False),
        ({"methods": ("pwd",), "level": "phr"}, True),
        ({"methods": ("pwd",), "level": "other"}, False),
        ({"methods": (), "level": None}, False),
    ],
)
async def test_what_counts_as_proof(world: World, how: dict[str, Any], counts: bool) -> None:
    await sign_in(world, **how)
    assert (await asked(world) == "approved") is counts


async def test_somebody_elses_proof_is_not_theirs(world: World) -> None:
    await sign_in(world, "bob")
    assert (await asked(world)).startswith("This takes")


async def test_signing_out_takes_the_proof_away(world: World) -> None:
    secret = await sign_in(world)
    async with world.database.transaction() as transaction:
        await browser_sessions.sign_out(transaction, secret, datetime.now(UTC))
    assert (await asked(world)).startswith("This takes")


async def test_a_provider_that_left_the_policy_proves_nothing(world: World, document: dict[str, Any]) -> None:
    await sign_in(world)
    changed = copy.deepcopy(document)
    changed["providers"]["corp"]["issuer"] = "https://other.example.com"
    await world.write(changed)
    assert (await asked(world)).startswith("This takes")


async def test_whoever_approves_proves_it_too_and_denies_without(world: World) -> None:
    await sign_in(world)
    requests = [await submit(world.access, world["alice"], Ask("payments-db", "admin", s)) for s in (900,)]
    outcome = await review_request(world.access, requests[0].id, world["bob"], APPROVE)
    assert (outcome.counted, outcome.message.startswith("This takes a sign-in")) == (False, True)
    assert "human:bob slack:request:approve failure" in await world.actions()
    await sign_in(world, "bob")
    outcome = await review_request(world.access, requests[0].id, world["bob"], APPROVE)
    assert outcome.state is RequestState.APPROVED
    other = await submit(world.access, world["alice"], Ask("payments-db", "write", 900))
    outcome = await review_request(world.access, other.id, world["carol"], DENY, "not today")
    assert outcome.state is RequestState.DENIED


async def test_the_token_takes_it_as_well(world: World) -> None:
    secret = await sign_in(world)
    assert await asked(world) == "approved"
    [grant] = await world.all(Grant)
    assert (await hand_token(world.access, grant.id, world["alice"]))[0].id == grant.id
    async with world.database.transaction() as transaction:
        await browser_sessions.sign_out(transaction, secret, datetime.now(UTC))
    with pytest.raises(Refused, match="This takes a sign-in"):
        await hand_token(world.access, grant.id, world["alice"])
    assert "human:alice slack:token:issue denied" in await world.actions()


async def test_agents_do_not_sign_in(world: World) -> None:
    async with world.database.transaction() as transaction:
        policy, now = world.access.policies.current, datetime.now(UTC)
        act = take_token(uuid4())
        said = (await proof.weigh(world.access, transaction, policy, Requires(), world["deployer"], now, act)).lacking
    assert said is not None
    assert "for people alone, and deployer is an agent" in said

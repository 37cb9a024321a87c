"""A browser is signed in by a secret of its own, for a while, and until somebody ends it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.decisions.requests import Ask
from access.identity import browser_sessions
from access.identity.browser_sessions import IDLE, LIFETIME, SEEN_EVERY
from access.identity.proven import LEEWAY, Logout, SignIn
from storage.model import BrowserEnd, BrowserSession, Grant, Identity, IdentityProvider
from support.access import World, ask_anyway

ISSUER = "https://login.example.com"
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def proven(subject: str = "u1", session: str | None = "s1") -> SignIn:
    at = NOW - timedelta(minutes=5)
    return SignIn(ISSUER, subject, NOW, at, ("pwd", "hwk"), "high", session, "alice@example.com", True, {})


async def signed_in(world: World, name: str = "alice", *, replaces: bytes | None = None, **more: Any) -> bytes:
    async with world.database.transaction() as transaction:
        how = {"replaces": replaces}
        return await browser_sessions.begin(transaction, world[name], "corp", proven(**more), NOW, **how)


async def whose(world: World, secret: bytes, at: datetime = NOW) -> str | None:
    async with world.database.transaction() as transaction:
        found = await browser_sessions.current(transaction, secret, at)
        return found.principal.name if found is not None else None


async def test_a_browser_is_somebodys_by_its_secret(world: World) -> None:
    secret = await signed_in(world)
    assert await whose(world, secret) == "alice"
    assert await whose(world, secret[:-1] + b"x") is None
    [row] = await world.all(BrowserSession)
    assert secret not in row.secret_hash
    assert (row.provider, row.methods, row.level) == ("corp", ["pwd", "hwk"], "high")
    assert row.signed_in_at == NOW - timedelta(minutes=5)
    [event] = await world.events("web:browser:sign_in")
    assert event["actor"] == "human:alice"
    assert event["detail"] == {"browser": str(row.id), "provider": "corp", "methods": ["pwd", "hwk"], "level": "high"}


async def test_a_new_sign_in_ends_the_one_before_it(world: World) -> None:
    before = await signed_in(world)
    other = await signed_in(world)
    after = await signed_in(world, replaces=before)
    assert [await whose(world, each) for each in (before, other, after)] == [None, "alice", "alice"]
    [event] = await world.events("web:browser:sign_out")
    assert (event["actor"], event["detail"]["why"]) == ("human:alice", "replaced")


@pytest.mark.parametrize("seen", [True, False])
async def test_it_ends_without_requests_and_at_the_end_of_the_day(world: World, seen: bool) -> None:
    secret = await signed_in(world)
    at = NOW
    while at < NOW + LIFETIME - IDLE:
        at += IDLE - SEEN_EVERY
        if seen:
            assert await whose(world, secret, at) == "alice"
    assert await whose(world, secret, NOW + LIFETIME - timedelta(minutes=30)) == ("alice" if seen else None)
    assert await whose(world, secret, NOW + LIFETIME) is None


async def test_not_every_request_is_written_down(world: World) -> None:
    secret = await signed_in(world)
    await whose(world, secret, NOW + SEEN_EVERY / 2)
    assert (await world.all(BrowserSession))[0].idle_until == NOW + IDLE
    await whose(world, secret, NOW + SEEN_EVERY)
    assert (await world.all(BrowserSession))[0].idle_until == NOW + SEEN_EVERY + IDLE


async def test_signing_out_here_and_everywhere(world: World) -> None:
    first, second, third = [await signed_in(world) for _ in range(3)]
    bobs = await signed_in(world, "bob", subject="u2")
    async with world.database.transaction() as transaction:
        await browser_sessions.sign_out(transaction, first, NOW)
        await browser_sessions.sign_out(transaction, b"nobody's", NOW)
    assert [await whose(world, each) for each in (first, second)] == [None, "alice"]
    async with world.database.transaction() as transaction:
        assert await browser_sessions.sign_out_everywhere(transaction, world["alice"], NOW) == 2
    assert [await whose(world, each) for each in (second, third, bobs)] == [None, None, "bob"]


async def test_who_leaves_the_policy_is_signed_out(world: World, document: dict[str, Any]) -> None:
    secret = await signed_in(world, "bob")
    document["people"].pop("bob")
    document["groups"] = {name: [each for each in who if each != "bob"] for name, who in document["groups"].items()}
    await world.write(document)
    assert await whose(world, secret) is None
    assert (await world.all(BrowserSession))[0].end_reason is BrowserEnd.LEFT


async def test_an_agent_is_signed_in_nowhere(world: World, document: dict[str, Any]) -> None:
    secret = await signed_in(world, "erin", subject="u3")
    document["people"]["erin"] = {"kind": "agent"}
    await world.write(document)
    assert await whose(world, secret) is None


@pytest.mark.parametrize(
    ("subject", "session", "ends"),
    [("u1", None, [True, True, False]), (None, "s1", [True, False, False]), ("u1", "s2", [False, True, False])],
)
async def test_the_providers_logout_ends_what_it_names(
    world: World, subject: str | None, session: str | None, ends: list[bool]
) -> None:
    hers = [await signed_in(world), await signed_in(world, session="s2")]
    secrets = [*hers, await signed_in(world, "bob", subject="u2", session="s3")]
    logout = Logout(ISSUER, "1", subject, session, NOW + timedelta(minutes=2))
    async with world.database.transaction() as transaction:
        people = await browser_sessions.provider_logged_out(transaction, logout, NOW)
    assert [each.name for each in people] == ["alice"]
    assert [await whose(world, each) is None for each in secrets] == ends
    assert {event["actor"] for event in await world.events("web:browser:sign_out")} == {"gatepass"}


@pytest.mark.parametrize(("subject", "ends"), [("u1", True), (None, False), ("u2", False)])
async def test_a_sign_in_that_the_provider_gave_no_name_ends_with_any_of_its_account(
    world: World, subject: str | None, ends: bool
) -> None:
    secret = await signed_in(world, session=None)
    async with world.database.transaction() as transaction:
        await browser_sessions.provider_logged_out(transaction, Logout(ISSUER, "1", subject, "s7", NOW), NOW)
    assert (await whose(world, secret) is None) is ends


async def test_who_signed_in_again_is_not_signed_out_by_what_was_said_before(world: World) -> None:
    logout = Logout(ISSUER, "1", "u1", None, NOW - LEEWAY - timedelta(seconds=1))
    secret = await signed_in(world)
    async with world.database.transaction() as transaction:
        assert await browser_sessions.provider_logged_out(transaction, logout, NOW) == []
    assert await whose(world, secret) == "alice"


@pytest.mark.parametrize(("session", "ends"), [(None, True), ("s1", False)])
async def test_an_account_that_is_over_takes_grants_without_any_browser(
    world: World, session: str | None, ends: bool
) -> None:
    await ask_anyway(world.access, world["alice"], Ask("payments-db", "read", 900, "a migration"))
    async with world.database.transaction() as transaction:
        hers = world["alice"].id
        transaction.add(Identity(principal_id=hers, provider=IdentityProvider.OIDC, issuer=ISSUER, subject="u1"))
    async with world.database.transaction() as transaction:
        now = datetime.now(UTC)
        await browser_sessions.provider_logged_out(transaction, Logout(ISSUER, "1", "u1", session, now), now)
    assert [grant.revoked_at is not None for grant in await world.all(Grant)] == [ends]


async def test_another_issuer_ends_nothing(world: World) -> None:
    secret = await signed_in(world)
    logout = Logout("https://other.example.com", "1", "u1", "s1", NOW)
    async with world.database.transaction() as transaction:
        assert await browser_sessions.provider_logged_out(transaction, logout, NOW) == []
    assert await whose(world, secret) == "alice"


async def test_the_providers_logout_takes_what_was_granted(world: World) -> None:
    request = await ask_anyway(world.access, world["alice"], Ask("payments-db", "read", 900, "a migration"))
    [grant] = [each for each in await world.all(Grant) if each.request_id == request.id]
    await signed_in(world)
    async with world.database.transaction() as transaction:
        now = grant.not_before + timedelta(seconds=1)
        await browser_sessions.provider_logged_out(transaction, Logout(ISSUER, "1", "u1", None, now), now)
    revoked = await world.one(Grant, grant.id)
    assert (revoked.revoked_at, revoked.revoke_reason) == (now, "signed out at the provider")

"""A provider proves an account; whether it is somebody here, and who, is the policy's."""

import asyncio
import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from access.decisions.requests import Ask, submit
from access.errors import PolicyStale
from access.identity.browser_sessions import current
from access.identity.proven import SignIn
from access.identity.sign_in import CannotSignIn, SignInProblem, sign_in
from storage.model import BrowserEnd, BrowserSession, Grant, Identity, IdentityProvider, Principal
from support.access import World

ISSUER = "https://login.example.com"
CORP = {"issuer": ISSUER, "client_id": "gatepass", "title": "Example Corp"}


def proven(subject: str = "u1", email: str | None = "Alice@Example.com", **more: Any) -> SignIn:
    now = datetime.now(UTC)
    said: dict[str, Any] = {"issuer": ISSUER, "email_verified": True, "claims": {}} | more
    return SignIn(
        subject=subject,
        issued_at=now,
        signed_in_at=now - timedelta(seconds=5),
        methods=("pwd",),
        level=None,
        provider_session=None,
        email=email,
        **said,
    )


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["providers"] = {"corp": CORP}
    document["people"]["deployer"]["email"] = "deployer@example.com"
    document["people"]["bob"]["email"] = "bob@example.com"
    return document


def numbered(document: dict[str, Any], **subjects: str) -> dict[str, Any]:
    """The same policy with people found by what the provider calls them."""
    changed = copy.deepcopy(document)
    changed["providers"]["corp"]["identify"] = "subject"
    for name, subject in subjects.items():
        changed["people"][name]["subjects"] = {"corp": subject}
    return changed


async def signed_in(world: World, account: SignIn) -> str | SignInProblem:
    """Who comes in, or why nobody does."""
    try:
        secret = await sign_in(world.access, "corp", account)
    except CannotSignIn as refused:
        return refused.reason
    async with world.database.transaction() as transaction:
        found = await current(transaction, secret, datetime.now(UTC))
    assert found is not None
    return found.principal.name


async def accounts(world: World) -> list[tuple[str, str, bool]]:
    """Whose accounts of providers there are: name, subject, and whether it still is theirs."""
    async with world.database.transaction() as transaction:
        rows = await transaction.execute(
            select(Principal, Identity)
            .join(Identity, col(Principal.id) == col(Identity.principal_id))
            .where(col(Identity.provider) == IdentityProvider.OIDC)
        )
        return sorted((row[0].name, row[1].subject, row[1].retired_at is None) for row in rows.all())


async def test_an_address_finds_somebody_once_and_the_account_is_theirs_from_then_on(world: World) -> None:
    assert await signed_in(world, proven()) == "alice"
    assert await accounts(world) == [("alice", "u1", True)]
    [linked] = await world.events("web:identity:link")
    assert (linked["actor"], linked["detail"]["subject"]) == ("human:alice", "u1")
    # She has another address there by now, or none.
    assert await signed_in(world, proven(email="married@example.com")) == "alice"
    assert await signed_in(world, proven(email=None)) == "alice"
    # And somebody else was given hers.
    assert await signed_in(world, proven("u2")) is SignInProblem.OTHER_ACCOUNT
    assert len(await world.events("web:identity:link")) == 1


@pytest.mark.parametrize(
    ("account", "why", "says"),
    [
        (proven("u9", None), SignInProblem.NO_EMAIL, "did not tell your e-mail address"),
        (proven("u9", email_verified=False), SignInProblem.UNVERIFIED_EMAIL, "Verify it there"),
        (proven("u9", "eve@example.com"), SignInProblem.UNKNOWN, "Example Corp knows you"),
        (proven("u9", ""), SignInProblem.NO_EMAIL, "did not tell your e-mail address"),
        (proven("u9", "deployer@example.com"), SignInProblem.AGENT, "Agents do not sign in here"),
        (proven("u9", issuer="https://evil.example.com"), SignInProblem.NO_PROVIDER, "no longer names Example Corp"),
    ],
)
async def test_who_is_nobody_is_told_why_and_the_refusal_is_on_record(
    world: World, account: SignIn, why: SignInProblem, says: str
) -> None:
    with pytest.raises(CannotSignIn, match=says) as refused:
        await sign_in(world.access, "corp", account)
    assert refused.value.reason is why
    [event] = await world.events("web:browser:sign_in")
    assert (event["actor"], event["outcome"], event["resource"]) == ("unknown", "failure", "corp")
    assert event["detail"] == {"why": why.value, "subject": "u9", "email": account.email}
    assert (await accounts(world), await world.all(BrowserSession)) == ([], [])


async def test_a_provider_that_manages_addresses_need_not_verify_them(world: World, document: dict[str, Any]) -> None:
    document["providers"]["corp"]["email"] = "managed"
    await world.write(document)
    assert await signed_in(world, proven(email_verified=False)) == "alice"


async def test_people_may_be_found_by_their_account_alone(world: World, document: dict[str, Any]) -> None:
    await world.write(numbered(document, alice="00u1", bob="00u2"))
    assert await signed_in(world, proven("00u1", "bob@example.com")) == "alice"
    assert await signed_in(world, proven("00u2", None)) == "bob"
    assert await signed_in(world, proven("00u3", "alice@example.com")) is SignInProblem.UNKNOWN
    # The policy gives the account to somebody else.
    await world.write(numbered(document, carol="00u1"))
    assert await accounts(world) == [("bob", "00u2", False), ("carol", "00u1", True)]
    assert await signed_in(world, proven("00u1")) == "carol"
    assert await signed_in(world, proven("00u2")) is SignInProblem.UNKNOWN


async def test_whoever_loses_an_account_is_signed_out_and_loses_what_they_hold(
    world: World, document: dict[str, Any]
) -> None:
    assert await signed_in(world, proven()) == "alice"
    await submit(world.access, world["alice"], Ask("payments-db", "read", 900))
    changed = copy.deepcopy(document)
    changed["people"]["alice"]["email"] = "alice.new@example.com"
    await world.write(changed)
    assert await accounts(world) == [("alice", "u1", False)]
    [browser] = await world.all(BrowserSession)
    assert browser.end_reason is BrowserEnd.LEFT
    assert [grant.revoke_reason for grant in await world.all(Grant)] == ["another account is theirs now, or none"]
    # The old account is a stranger's now, and the new address finds her by a new one, or by the old one.
    assert await signed_in(world, proven()) is SignInProblem.UNKNOWN
    assert await signed_in(world, proven(email="alice.new@example.com")) == "alice"
    assert await accounts(world) == [("alice", "u1", True)]


async def test_an_address_in_another_case_is_no_other_address(world: World, document: dict[str, Any]) -> None:
    assert await signed_in(world, proven()) == "alice"
    document["people"]["alice"]["email"] = "ALICE@example.com"
    await world.write(document)
    assert await accounts(world) == [("alice", "u1", True)]


@pytest.mark.parametrize("gone", ["person", "provider"])
async def test_whoever_leaves_does_not_come_in_by_what_is_left(
    world: World, document: dict[str, Any], gone: str
) -> None:
    assert await signed_in(world, proven()) == "alice"
    changed = copy.deepcopy(document)
    if gone == "person":
        del changed["people"]["alice"]
        changed["groups"]["engineers"].remove("alice")
    else:
        del changed["providers"]
    await world.write(changed)
    assert await accounts(world) == [("alice", "u1", False)]
    assert await signed_in(world, proven()) in {SignInProblem.UNKNOWN, SignInProblem.NO_PROVIDER}
    await world.write(document)
    assert await signed_in(world, proven()) == "alice"


async def test_two_accounts_of_one_address_at_once(world: World) -> None:
    came = await asyncio.gather(*(signed_in(world, proven(subject)) for subject in ("u1", "u2", "u1", "u2")))
    assert sorted(map(str, came)) == ["alice", "alice", "other_account", "other_account"]
    assert len(await accounts(world)) == 1


async def test_a_process_with_another_policy_signs_nobody_in(world: World, document: dict[str, Any]) -> None:
    stale = world.access.policies.current
    document["people"]["alice"]["email"] = "alice.new@example.com"
    await world.write(document)
    world.access.policies.path.write_text("version: 1\n")
    world.access.policies.current = stale
    with pytest.raises(PolicyStale):
        await sign_in(world.access, "corp", proven())


@pytest.mark.parametrize(
    ("named", "signs_in"),
    [
        ("bob@strasse.example", "bob@stra\u00dfe.example"),
        ("bobsmith@example.com", "bob\u017fmith@example.com"),
        ("kim@example.com", "\u212aim@example.com"),
    ],
)
async def test_an_address_with_other_letters_is_anothers(
    world: World, document: dict[str, Any], named: str, signs_in: str
) -> None:
    document["people"]["bob"]["email"] = named
    await world.write(document)
    assert await signed_in(world, proven("u9", signs_in)) is SignInProblem.UNKNOWN
    assert await signed_in(world, proven("u2", named.upper())) == "bob"

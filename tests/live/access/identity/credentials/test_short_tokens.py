"""Short tokens: handed as the policy says, known by a hash, refused with a sentence, forgotten."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy import text, update
from sqlmodel import col

from access.deadlines import Deadlines
from access.decisions.requests import Ask
from access.forgetting import CREDENTIALS_KEPT
from access.grants import grants
from access.identity import acts, presented
from access.identity.credentials import issued, short_token
from access.identity.handing import Handed, hand_token
from access.tokens import AUDIENCE, ISSUER, Claims, InvalidToken, TokenProblem
from storage.database import StorageUnavailable
from storage.model import Grant, IssuedCredential
from storage.notices import Notices
from support.access import World, ask_anyway

PAGE = Path(__file__).parents[5] / "docs" / "tokens.md"


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"tokens": {"form": "short", "lifetime": "5m"}}


async def grant_of(world: World, role: str = "read") -> Grant:
    request = await ask_anyway(world.access, world["alice"], Ask("payments-db", role, 900))
    return next(each for each in await world.all(Grant) if each.request_id == request.id)


async def handed(world: World, **more: Any) -> Handed:
    return await hand_token(world.access, (await grant_of(world)).id, world["alice"], **more)


async def read(world: World, token: str) -> Claims:
    return await presented.token(token).read(world.access)


async def change(world: World, **values: Any) -> None:
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        await transaction.execute(update(IssuedCredential).values(**values))


async def test_what_storage_keeps_is_a_hash_and_whose_it_is(world: World) -> None:
    given = await handed(world, client="203.0.113.9")
    [row] = await world.all(IssuedCredential)
    assert row.secret_hash == short_token.hashed(given.token)
    assert given.token not in str(row.model_dump())
    assert (row.principal_id, row.grant_id, row.issued_to) == (world["alice"].id, given.grant.id, "203.0.113.9")
    assert (row.fingerprint, row.revoked_at) == (None, None)
    assert given.until == row.expires_at == row.issued_at + timedelta(minutes=5)
    [event] = await world.events("slack:token:issue")
    assert (event["detail"]["token"], event["detail"]["until"]) == (row.id, given.until.isoformat())
    assert given.token not in str(event)


async def test_it_says_what_a_signed_one_says(world: World) -> None:
    given = await handed(world)
    claims = await read(world, given.token)
    [row] = await world.all(IssuedCredential)
    assert (claims.principal_id, claims.grant_id, claims.id) == (world["alice"].id, given.grant.id, row.id)
    assert (claims.resource, claims.role, claims.expires_at) == ("payments-db", "read", given.until)


async def test_it_never_outlives_the_access(world: World) -> None:
    grant = await grant_of(world)
    await world.age("access_grant", grant.id, 700)
    given = await hand_token(world.access, grant.id, world["alice"])
    assert given.until == (await world.one(Grant, grant.id)).expires_at


async def test_a_signed_one_has_the_lifetime_too(world: World, document: dict[str, Any]) -> None:
    await world.write(document | {"tokens": {"lifetime": "5m"}})
    given = await handed(world)
    claims = world.access.keys.verify(given.token)
    assert claims.expires_at == given.until.replace(microsecond=0) < given.grant.expires_at
    assert await world.all(IssuedCredential) == []
    with pytest.raises(InvalidToken, match="has expired"):
        world.access.keys.verify(given.token, given.until + timedelta(seconds=6))


async def test_nobody_else_is_handed_one_and_nothing_is_kept(world: World) -> None:
    grant = await grant_of(world)
    with pytest.raises(Exception, match="somebody else's"):
        await hand_token(world.access, grant.id, world["bob"])
    assert await world.all(IssuedCredential) == []


@pytest.mark.parametrize(
    ("values", "reason", "sentence"),
    [
        (
            {"issued_at": text("now() - interval '9 minutes'"), "expires_at": text("now() - interval '4 minutes'")},
            TokenProblem.EXPIRED,
            "This token has expired. Get a new one from Gatepass, or ask for access again if that is over, too.",
        ),
        (
            {"revoked_at": text("now()")},
            TokenProblem.REVOKED,
            "This token was revoked by Gatepass's operators. Get a new one from Gatepass.",
        ),
    ],
)
async def test_what_is_over_is_told_to_whoever_had_it(
    world: World, values: dict[str, Any], reason: TokenProblem, sentence: str
) -> None:
    given = await handed(world)
    await change(world, **values)
    with pytest.raises(InvalidToken) as refused:
        await read(world, given.token)
    assert (refused.value.reason, str(refused.value)) == (reason, sentence)
    assert refused.value.claims is not None, "it counts against its holder"
    assert refused.value.claims.principal_id == world["alice"].id


async def test_one_that_nobody_was_given_is_unknown_and_nobodys(world: World) -> None:
    await handed(world)
    with pytest.raises(InvalidToken) as refused:
        await read(world, short_token.new())
    assert (refused.value.reason, refused.value.claims) == (TokenProblem.UNKNOWN, None)
    assert str(refused.value).startswith("Gatepass knows no such token")


async def test_leaked_ones_are_revoked_all_at_once(world: World) -> None:
    before = [await handed(world) for _ in range(3)]
    async with world.database.transaction() as transaction:
        assert await issued.revoke_all(transaction) == 3
        assert await issued.revoke_all(transaction) == 0
    after = await handed(world)
    for each in before:
        with pytest.raises(InvalidToken, match="was revoked"):
            await read(world, each.token)
    assert (await read(world, after.token)).grant_id == after.grant.id


async def test_they_are_forgotten_a_day_after_they_expired(world: World) -> None:
    given = await handed(world)
    later = await handed(world)
    over = CREDENTIALS_KEPT + timedelta(minutes=1)
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        await transaction.execute(
            update(IssuedCredential)
            .where(col(IssuedCredential.secret_hash) == short_token.hashed(given.token))
            .values(issued_at=given.until - over, expires_at=given.until - over + timedelta(seconds=1))
        )
    deadlines = Deadlines(world.access, Notices(world.database))
    await deadlines.meet()
    assert len(await world.all(IssuedCredential)) == 2, "not quite a day"
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        await transaction.execute(text("UPDATE issued_credential SET issued_at = issued_at - interval '1 hour'"))
        await transaction.execute(
            text("UPDATE issued_credential SET expires_at = expires_at - interval '1 hour' WHERE expires_at < now()")
        )
    await deadlines.meet()
    [row] = await world.all(IssuedCredential)
    assert row.secret_hash == short_token.hashed(later.token)
    with pytest.raises(InvalidToken, match="knows no such token"):
        await read(world, given.token)


# --- what is no token of the gateway: docs/tokens.md has the table ------------------------------------------------


def _signed(world: World, **claims: Any) -> str:
    """By the very key, over what no handing says."""
    kid, key = world.access.keys._keys.active()  # pyright: ignore[reportPrivateUsage]
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(world["alice"].id), "iat": 0, "exp": 2**33, **claims}
    return jwt.encode(said, key, algorithm="EdDSA", headers={"kid": kid})


#: What comes -> how it is made of a short token and of its holder's world, and as what it is refused.
FORMS: dict[str, tuple[Callable[[World, str], str], TokenProblem]] = {
    "a short token of another Gatepass": (lambda _, __: short_token.new(), TokenProblem.UNKNOWN),
    "a short token with a letter changed": (
        lambda _, token: token[:9] + ("x" if token[9] != "x" else "y") + token[10:],
        TokenProblem.MALFORMED,
    ),
    "a short token in capitals": (lambda _, token: token.upper(), TokenProblem.MALFORMED),
    "a short token without its last letter": (lambda _, token: token[:-1], TokenProblem.MALFORMED),
    "a short token with a space behind it": (lambda _, token: f"{token} ", TokenProblem.MALFORMED),
    "a short token twice": (lambda _, token: token * 2, TokenProblem.MALFORMED),
    "a short token without its prefix": (lambda _, token: token[4:], TokenProblem.MALFORMED),
    "a short token of a later form (gp2_)": (lambda _, token: f"gp2_{token[4:]}", TokenProblem.MALFORMED),
    "a short token's hash": (lambda _, token: short_token.hashed(token).hex(), TokenProblem.MALFORMED),
    "a short token's id": (lambda world, _: world.people["id"].name, TokenProblem.MALFORMED),
    "a short token's prefix alone": (lambda _, __: "gp1_", TokenProblem.MALFORMED),
    "a short token without end": (lambda _, __: "gp1_" + "a" * 100_000, TokenProblem.MALFORMED),
    "a short token with other digits": (lambda _, token: f"{token[:-1]}\u0661", TokenProblem.MALFORMED),
    "a short token with a null byte": (lambda _, token: f"{token}\0", TokenProblem.MALFORMED),
    "a short token as a signed one's three parts": (
        lambda _, token: ".".join([token] * 3),
        TokenProblem.MALFORMED,
    ),
    "a signed token behind the short prefix": (
        lambda world, _: "gp1_" + _signed(world),
        TokenProblem.MALFORMED,
    ),
    "a signed token that has a short one for its id": (
        lambda world, token: _signed(world, jti=token),
        TokenProblem.MALFORMED,
    ),
    "a signed token of the short one's id, without the rest": (
        lambda world, _: _signed(world, jti=world.people["id"].name),
        TokenProblem.MALFORMED,
    ),
}


@pytest.mark.parametrize("what", FORMS)
async def test_what_is_no_token(world: World, what: str) -> None:
    given = await handed(world)
    [row] = await world.all(IssuedCredential)
    world.people["id"] = world["alice"].model_copy(update={"name": row.id})
    make, reason = FORMS[what]
    with pytest.raises(InvalidToken) as refused:
        await read(world, make(world, given.token))
    assert refused.value.reason is reason
    assert refused.value.claims is None, "it is nobody's fault"


@pytest.mark.parametrize("what", [name for name, (_, reason) in FORMS.items() if reason is TokenProblem.MALFORMED])
async def test_what_is_malformed_costs_no_look_into_storage(
    world: World, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = await handed(world)
    [row] = await world.all(IssuedCredential)
    world.people["id"] = world["alice"].model_copy(update={"name": row.id})
    bad = FORMS[what][0](world, given.token)

    def none() -> None:
        raise StorageUnavailable("nobody asks")

    monkeypatch.setattr(type(world.database), "transaction", lambda _: none())
    with pytest.raises(InvalidToken):
        await read(world, bad)


def test_every_case_is_listed() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("<!-- short tokens -->")[2]
    rows = table.partition("<!-- end of short tokens -->")[0].strip().splitlines()[2:]
    listed = dict(line.strip("| ").split(" | ") for line in rows)
    assert {name: word.strip("`") for name, word in listed.items()} == {
        name: reason.value for name, (_, reason) in FORMS.items()
    }


async def test_a_touch_is_found_by_the_short_tokens_id(world: World) -> None:
    """What `requires: present` asks of a connection it asks by the id, whatever the token's form."""
    given = await handed(world)
    claims = await read(world, given.token)
    assert len(claims.id) == 16
    assert acts.take_token(claims.grant_id) == acts.take_token(given.grant.id)


async def test_a_revoked_access_takes_it_along(world: World) -> None:
    given = await handed(world)
    await grants.revoke(world.access, given.grant.id, world["alice"])
    claims = await read(world, given.token)
    async with world.database.transaction() as transaction:
        with pytest.raises(grants.GrantUnusable, match="was revoked"):
            await grants.usable(transaction, claims.grant_id)

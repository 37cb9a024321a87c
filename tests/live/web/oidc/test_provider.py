"""Codes are exchanged, keys are kept and found again, and a provider that does wrong is told from one that is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from access.identity.oidc.id_token import IdTokenProblem, InvalidIdToken
from access.identity.oidc.logout_token import EVENT
from access.identity.proven import SignIn
from access.policy.shapes.providers import OidcProvider
from support.identity.issuers import CLIENT, NONCE, Issuer, rsa_key
from support.identity.provider import SECRET, StandIn, provider
from web.oidc import fetching
from web.oidc.fetching import MAX_BYTES, ProviderRefused, ProviderSilent
from web.oidc.provider import AGAIN_S, KEYS_AGE_S, METADATA_AGE_S, Provider

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
REDIRECT = "https://gate.example.com/sign-in/corp"
DESCRIPTION = "/.well-known/openid-configuration"


def registered(issuer: str, **more: Any) -> OidcProvider:
    return OidcProvider.model_validate({"name": "corp", "issuer": issuer, "client_id": CLIENT, **more})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with provider() as made:
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
def corp(stand_in: StandIn, session: aiohttp.ClientSession, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setenv("GATEPASS_TEST_OIDC_SECRET", SECRET)
    registration = registered(stand_in.signer.issuer, client_secret="env:GATEPASS_TEST_OIDC_SECRET")
    return Provider(registration, session, clock)


async def signed_in(corp: Provider, stand_in: StandIn, **claims: Any) -> SignIn:
    tokens = await corp.exchange(stand_in.code(VERIFIER, **claims), VERIFIER, REDIRECT)
    return await corp.signed_in(tokens, NONCE, datetime.now(UTC))


async def test_a_code_is_proof_of_a_sign_in(corp: Provider, stand_in: StandIn) -> None:
    assert (await signed_in(corp, stand_in, groups=["a"])).claims["groups"] == ["a"]
    await signed_in(corp, stand_in)
    assert stand_in.asked == {DESCRIPTION: 1, "/keys": 1, "/token": 2}


async def test_a_public_client_has_no_secret(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    stand_in.public = True
    public = Provider(registered(stand_in.signer.issuer), session)
    assert (await signed_in(public, stand_in)).subject == "u1"


async def test_a_code_counts_once_and_with_its_verifier(corp: Provider, stand_in: StandIn) -> None:
    code = stand_in.code(VERIFIER)
    await corp.exchange(code, VERIFIER, REDIRECT)
    for again in (code, stand_in.code("another")):
        with pytest.raises(ProviderRefused, match="invalid_grant"):
            await corp.exchange(again, VERIFIER, REDIRECT)


async def test_another_nonce_is_another_sign_in(corp: Provider, stand_in: StandIn) -> None:
    with pytest.raises(InvalidIdToken) as refused:
        await signed_in(corp, stand_in, nonce="another")
    assert refused.value.reason is IdTokenProblem.WRONG_NONCE


async def test_a_logout_is_told_and_by_whom(corp: Provider, stand_in: StandIn) -> None:
    now = datetime.now(UTC)
    times = {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 60}
    claims = {"iss": stand_in.signer.issuer, "aud": CLIENT, "jti": "1", "sub": "u1", "events": {EVENT: {}}, **times}
    assert (await corp.signed_out(stand_in.signer.sign(claims, typ="logout+jwt"), now)).subject == "u1"
    forged = Issuer(stand_in.signer.issuer, key=rsa_key("k2")).sign(claims)
    with pytest.raises(InvalidIdToken):
        await corp.signed_out(forged, now)


# --- keys -------------------------------------------------------------------------------------------------------------


def rotate(stand_in: StandIn, kid: str) -> None:
    stand_in.signer.kid, stand_in.signer.key = kid, rsa_key(kid)


async def test_a_new_key_is_found_at_once_and_an_unknown_one_asks_no_more(
    corp: Provider, stand_in: StandIn, clock: Clock
) -> None:
    await signed_in(corp, stand_in)
    rotate(stand_in, "k2")
    assert (await signed_in(corp, stand_in)).subject == "u1"
    assert stand_in.asked["/keys"] == 2
    rotate(stand_in, "k3")
    tokens = await corp.exchange(stand_in.code(VERIFIER), VERIFIER, REDIRECT)
    for _ in range(5):
        with pytest.raises(InvalidIdToken) as refused:
            await corp.signed_in(tokens, NONCE, datetime.now(UTC))
        assert refused.value.reason is IdTokenProblem.UNKNOWN_KEY
    assert stand_in.asked["/keys"] == 2
    clock.now += AGAIN_S
    assert (await corp.signed_in(tokens, NONCE, datetime.now(UTC))).subject == "u1"
    assert stand_in.asked["/keys"] == 3


async def test_what_is_old_is_fetched_again_once_for_all(corp: Provider, stand_in: StandIn, clock: Clock) -> None:
    await signed_in(corp, stand_in)
    clock.now += max(METADATA_AGE_S, KEYS_AGE_S)
    tokens = [await corp.exchange(stand_in.code(VERIFIER), VERIFIER, REDIRECT) for _ in range(4)]
    await asyncio.gather(*(corp.signed_in(each, NONCE, datetime.now(UTC)) for each in tokens))
    assert (stand_in.asked[DESCRIPTION], stand_in.asked["/keys"]) == (2, 2)


@pytest.mark.parametrize("path", [DESCRIPTION, "/keys"])
async def test_what_is_known_serves_while_the_provider_is_silent(
    corp: Provider, stand_in: StandIn, clock: Clock, path: str
) -> None:
    tokens = await corp.exchange(stand_in.code(VERIFIER), VERIFIER, REDIRECT)
    await corp.signed_in(tokens, NONCE, datetime.now(UTC))
    clock.now += METADATA_AGE_S
    for _ in range(3):
        stand_in.instead[path] = web.Response(status=503)
        assert (await corp.signed_in(tokens, NONCE, datetime.now(UTC))).subject == "u1"
    assert stand_in.asked[path] == 2
    stand_in.instead.clear()
    clock.now += AGAIN_S
    await corp.signed_in(tokens, NONCE, datetime.now(UTC))
    assert stand_in.asked[path] == 3


# --- providers that do wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        (DESCRIPTION, lambda: web.Response(status=500), "status 500"),
        (DESCRIPTION, lambda: web.Response(status=302, headers={"Location": "/keys"}), "status 302"),
        (DESCRIPTION, lambda: web.Response(text="<html>"), "no JSON"),
        (DESCRIPTION, lambda: web.Response(text="[" * 100_000), "no JSON"),
        (DESCRIPTION, lambda: web.json_response({"issuer": "https://evil.example.com"}), "its issuer is"),
        (DESCRIPTION, lambda: web.json_response([]), "something else"),
        (DESCRIPTION, lambda: web.Response(body=b" " * (MAX_BYTES + 1)), "more than 256 KiB"),
        ("/keys", lambda: web.json_response({"keys": 7}), "no list of keys"),
        ("/token", lambda: web.json_response({"access_token": "x"}), "no ID token"),
        ("/token", lambda: web.json_response({"error": "\x1b[2J"}, status=400), "status 400"),
        ("/token", lambda: web.Response(status=307, headers={"Location": "/keys"}), "status 307"),
    ],
)
async def test_a_provider_that_does_wrong(
    corp: Provider, stand_in: StandIn, path: str, answer: Callable[[], web.Response], why: str
) -> None:
    stand_in.instead[path] = answer()
    with pytest.raises(ProviderSilent, match=why):
        await signed_in(corp, stand_in)


async def test_a_provider_that_hangs(corp: Provider, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.05)
    stand_in.hangs = True
    with pytest.raises(ProviderSilent, match="did not answer within"):
        await corp.metadata()


async def test_a_provider_that_is_not_there(session: aiohttp.ClientSession) -> None:
    nobody = Provider(registered("http://127.0.0.1:1"), session)
    with pytest.raises(ProviderSilent, match="cannot be reached"):
        await nobody.metadata()

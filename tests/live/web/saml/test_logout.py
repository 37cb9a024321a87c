"""The provider signs somebody out: browsers, grants and live sessions end, by a request that it signed, and once."""

import asyncio
import base64
import re
import time
import zlib
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import parse_qs, urlsplit

import pytest

from access.decisions.requests import Ask
from access.identity.saml.protocol import redirect
from access.identity.saml.protocol.problems import SamlProblem
from storage.database import StorageUnavailable
from storage.model import BrowserEnd, BrowserSession, Grant
from support.access import ask_anyway
from support.identity.saml import DS, MORE, USUAL, Signing, at, keys
from support.web.saml_logout import index, posted, request
from support.web.saml_stage import SamlStage, SamlVisitor, saml_visitor
from web.door.rates import BURST, REFILL_S
from web.oidc.fetching import ProviderSilent

P = SamlProblem


async def a_grant(saml: SamlStage) -> Grant:
    request = await ask_anyway(saml.world.access, saml.world["alice"], Ask("payments-db", "read", 900))
    [grant] = [each for each in await saml.world.all(Grant) if each.request_id == request.id]
    return grant


async def sent(guest: SamlVisitor, subject: str = "u-alice") -> str:
    """A request of the provider's, as the address that a browser is sent to."""
    return await guest.saml.idp.logout_address(subject, guest.saml.ours.entity_id)


async def live(saml: SamlStage) -> int:
    return sum(1 for each in await saml.world.all(BrowserSession) if each.ended_at is None)


async def test_a_logout_ends_what_was_signed_in_by_it_and_is_answered(guest: SamlVisitor, saml: SamlStage) -> None:
    grant = await a_grant(saml)
    await guest.signed_in()
    async with saml_visitor(saml) as other:
        await other.signed_in("u-bob")
        status, _, to = await other.ask(await sent(guest))
        assert (status, to.partition("?")[0]) == (303, f"{saml.idp.url}/slo")
        assert parse_qs(urlsplit(to).query)["RelayState"] == ["back"]
        async with other.session.get(to) as answer:
            assert "signed out everywhere" in await answer.text()
        assert saml.idp.logout_answers == [True]
        # Whose browser brought it does not matter: bob is signed in still.
        assert (await other.ask("/"))[0] == 200
    assert (await guest.ask("/"))[2] == "/sign-in"
    ends = [each.end_reason for each in await saml.world.all(BrowserSession)]
    assert sorted(map(str, ends)) == sorted(map(str, [BrowserEnd.PROVIDER, None]))
    assert (await saml.world.one(Grant, grant.id)).revoked_at is not None


async def test_a_logout_of_another_session_ends_nothing(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    saml.idp.sessions["u-alice"] = "another"
    assert (await guest.ask(await sent(guest)))[0] == 303
    assert await live(saml) == 1


async def test_a_logout_of_no_session_ends_all_of_an_account(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    async with saml_visitor(saml) as other:
        await other.signed_in()
        saml.idp.sessions.clear()
        assert (await guest.ask(await sent(guest)))[0] == 303
    assert await live(saml) == 0


async def test_a_logout_by_a_form(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    index = f"<samlp:SessionIndex>{saml.idp.sessions['u-alice']}</samlp:SessionIndex>"
    form = posted(saml, sessions="<samlp:SessionIndex>x</samlp:SessionIndex>" + index)
    status, text, to = await guest.ask("/sign-out/corp/saml", "POST", data=form)
    assert (status, to.partition("?")[0], await live(saml)) == (303, f"{saml.idp.url}/slo", 0), text


@pytest.mark.parametrize(("length", "back"), [(80, ["x" * 80]), (81, None), (200_000, None)])
async def test_a_state_without_bounds_does_not_come_back(
    guest: SamlVisitor, saml: SamlStage, length: int, back: list[str] | None
) -> None:
    """The logout is done: whoever is signed out loses nothing by what stands beside it."""
    await guest.signed_in()
    form = posted(saml) | {"RelayState": "x" * length}
    status, _, to = await guest.ask("/sign-out/corp/saml", "POST", data=form)
    assert (status, await live(saml)) == (303, 0)
    assert parse_qs(urlsplit(to).query).get("RelayState") == back


async def test_more_sessions_than_anybody_has_end_all_of_an_account(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    assert (await guest.ask("/sign-out/corp/saml", "POST", data=posted(saml, sessions=index(*map(str, range(60))))))[
        0
    ] == 303
    assert await live(saml) == 0


async def test_a_logout_of_nobody_says_so(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    for subject, is_known in (("u-nobody", False), ("u-alice", True)):
        status, _, to = await guest.ask(await sent(guest, subject))
        assert status == 303
        said = inflate(parse_qs(urlsplit(to).query)["SAMLResponse"][0])
        assert ("status:UnknownPrincipal" in said, "status:Success" in said) == (not is_known, is_known)
        assert await live(saml) == (0 if is_known else 1)
    # Whose sessions are all over is known still.
    status, _, to = await guest.ask(await sent(guest))
    assert "status:Success" in inflate(parse_qs(urlsplit(to).query)["SAMLResponse"][0])


def inflate(text: str) -> str:
    return zlib.decompress(base64.b64decode(text), -15).decode()


async def test_logouts_that_are_none_at_once_do_not_fill_the_log(guest: SamlVisitor, saml: SamlStage) -> None:
    form, began = posted(saml, USUAL, keys("somebody")), time.monotonic()
    answers = [guest.ask("/sign-out/corp/saml", "POST", data=form) for _ in range(3 * BURST)]
    statuses = [status for status, _, _ in await asyncio.gather(*answers)]
    assert set(statuses) == {403, 429}
    assert BURST <= statuses.count(403) <= BURST + 1 + (time.monotonic() - began) / REFILL_S
    assert len(await saml.world.events("web:provider:sign_out")) == statuses.count(403)


@pytest.mark.parametrize("by_form", [True, False])
async def test_all_that_a_provider_ends_at_once_ends(guest: SamlVisitor, saml: SamlStage, by_form: bool) -> None:
    """From one address, the provider's people's."""
    await guest.signed_in()
    count = 3 * BURST
    if by_form:
        forms = [posted(saml, id=f"_{number}") for number in range(count)]
        asked = [guest.ask("/sign-out/corp/saml", "POST", data=form) for form in forms]
    else:
        asked = [guest.ask(each) for each in [await sent(guest) for _ in range(count)]]
    assert [status for status, _, _ in await asyncio.gather(*asked)] == [303] * count
    assert await live(saml) == 0


async def test_logouts_that_are_none_keep_nobody_signed_in(guest: SamlVisitor, saml: SamlStage) -> None:
    """Not even from the same address, at once or once many came."""
    await guest.signed_in()
    rubbish, began = posted(saml, USUAL, keys("somebody")), time.monotonic()
    asked = [guest.ask("/sign-out/corp/saml", "POST", data=rubbish) for _ in range(2 * BURST)]
    *_, (status, text, _) = await asyncio.gather(*asked, guest.ask("/sign-out/corp/saml", "POST", data=posted(saml)))
    assert (status, await live(saml)) == (303, 0), text
    await guest.signed_in()
    while (await guest.ask("/sign-out/corp/saml?SAMLRequest=x"))[0] != 429:
        pass
    assert ((await guest.ask(await sent(guest)))[0], await live(saml)) == (303, 0)
    refusals = await saml.world.events("web:provider:sign_out")
    assert len(refusals) <= BURST + 1 + (time.monotonic() - began) / REFILL_S


async def test_what_is_no_logout_by_nobodys_fault_costs_nothing(
    guest: SamlVisitor, saml: SamlStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(BURST):
        assert (await guest.ask("/sign-out/corp/saml", "PUT"))[0] == 405
        assert (await guest.ask("/sign-out/corp/saml", "POST", data=b"x"))[0] == 415
    for error, status in ((ProviderSilent("no"), 502), (StorageUnavailable("no"), 503)):
        with monkeypatch.context() as broken:
            broken.setattr("web.saml.provider.SamlIdp.sent_logout", AsyncMock(side_effect=error))
            for _ in range(BURST):
                assert (await guest.ask("/sign-out/corp/saml"))[0] == status
    assert (await guest.ask("/sign-out/corp/saml?SAMLRequest=x"))[0] == 403


async def test_an_issuer_that_is_another_costs_no_verification(
    guest: SamlVisitor, saml: SamlStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.saml.xmlsec.XmlSec.verify", None)
    form = posted(saml, USUAL, keys("somebody"), issuer="https://evil.example/metadata")
    await refused(guest, P.WRONG_ISSUER, *await guest.ask("/sign-out/corp/saml", "POST", data=form))


async def test_whoever_signed_in_since_is_not_signed_out(guest: SamlVisitor, saml: SamlStage) -> None:
    form = posted(saml, issued=at(-60))
    await guest.signed_in()
    assert (await guest.ask("/sign-out/corp/saml", "POST", data=form))[0] == 303
    assert await live(saml) == 1


async def test_a_logout_counts_once(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    address = await sent(guest)
    assert (await guest.ask(address))[0] == 303
    await refused(guest, P.REPLAYED, *await guest.ask(address))


async def refused(guest: SamlVisitor, problem: SamlProblem, status: int, text: str, _: str) -> None:
    assert (status, "Nobody was signed out by it" in text) == (403, True), text
    events = await guest.saml.world.events("web:provider:sign_out")
    assert [(each["detail"]["why"], each["outcome"]) for each in events] == [(problem.value, "failure")]


SAID: dict[str, tuple[dict[str, str], SamlProblem]] = {
    "of another provider": ({"issuer": "https://evil.example/metadata"}, P.WRONG_ISSUER),
    "for another address": ({"destination": "https://evil.example/slo"}, P.WRONG_DESTINATION),
    "stale": ({"issued": at(-400)}, P.EXPIRED),
    "over by its own word": ({"more": f' NotOnOrAfter="{at(-40)}"'}, P.EXPIRED),
    "of the future": ({"issued": at(3600)}, P.NOT_YET_VALID),
    "of another version": ({"version": "1.1"}, P.WRONG_KIND),
    "an encrypted name": ({"name": "<saml:EncryptedID/>"}, P.ENCRYPTED_NAME),
    "no name": ({"name": ""}, P.MALFORMED),
    "a session without end": ({"sessions": f"<samlp:SessionIndex>{'x' * 600}</samlp:SessionIndex>"}, P.MALFORMED),
}


@pytest.mark.parametrize("name", SAID)
async def test_what_a_logout_must_not_say(guest: SamlVisitor, saml: SamlStage, name: str) -> None:
    await guest.signed_in()
    changes, problem = SAID[name]
    await refused(
        guest, problem, *await guest.ask("/sign-out/corp/saml", "POST", data=posted(saml, USUAL, None, **changes))
    )
    assert await live(saml) == 1


@pytest.mark.parametrize(
    ("signing", "by", "problem"),
    [
        (Signing(), "somebody", P.BAD_SIGNATURE),
        (Signing(method=f"{DS}rsa-sha1"), "idp", P.ALGORITHM),
        (Signing(uri=""), "idp", P.WRAPPED),
    ],
)
async def test_how_a_logout_must_not_be_signed(
    guest: SamlVisitor, saml: SamlStage, signing: Signing, by: str, problem: SamlProblem
) -> None:
    await guest.signed_in()
    form = posted(saml, signing, keys(by))
    await refused(guest, problem, *await guest.ask("/sign-out/corp/saml", "POST", data=form))
    assert await live(saml) == 1


async def test_a_logout_that_is_not_signed(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    query = redirect.query("SAMLRequest", request(saml).encode(), None, None)
    await refused(guest, P.UNSIGNED, *await guest.ask(f"/sign-out/corp/saml?{query}"))
    assert await live(saml) == 1


async def test_a_form_that_is_not_signed(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    form = {"SAMLRequest": base64.b64encode(request(saml).encode()).decode()}
    await refused(guest, P.UNSIGNED, *await guest.ask("/sign-out/corp/saml", "POST", data=form))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda address: address.replace("SAMLRequest=", "SAMLResponse="), P.UNSOLICITED),
        (lambda address: address.replace("RelayState=back", "RelayState=else"), P.BAD_SIGNATURE),
        (lambda address: f"{address}&RelayState=twice", P.MALFORMED),
        (lambda address: f"{address}&more=x", P.MALFORMED),
        (lambda address: re.sub("&Signature=[^&]*", "", address), P.UNSIGNED),
        (lambda address: re.sub("&SigAlg=[^&]*", "", address), P.UNSIGNED),
        (lambda address: re.sub("rsa-sha256", "rsa-sha1", address), P.ALGORITHM),
        (lambda address: re.sub("rsa-sha256", "hmac-sha256", address), P.ALGORITHM),
        (lambda address: address.partition("?")[0] + "?SAMLRequest=AAAA", P.MALFORMED),
        (lambda address: address.partition("?")[0], P.MALFORMED),
    ],
)
async def test_an_address_that_was_changed(guest: SamlVisitor, change: Any, problem: SamlProblem) -> None:
    await guest.signed_in()
    await refused(guest, problem, *await guest.ask(change(await sent(guest))))
    assert await live(guest.saml) == 1


async def test_an_assertion_is_no_logout(guest: SamlVisitor, saml: SamlStage) -> None:
    form = await guest.given(await guest.asked())
    answer = {"SAMLRequest": form["SAMLResponse"]}
    await refused(guest, P.WRONG_KIND, *await guest.ask("/sign-out/corp/saml", "POST", data=answer))


async def test_a_logout_is_no_answer(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.asked()
    form = {"SAMLResponse": posted(saml)["SAMLRequest"], "RelayState": guest.relay_state}
    assert (await guest.bring(form))[0] == 403
    [event] = await saml.world.events("web:browser:sign_in")
    assert event["detail"]["why"] == "wrong_kind"


async def test_logouts_that_are_none_do_not_fill_the_log(guest: SamlVisitor) -> None:
    statuses = [(await guest.ask("/sign-out/corp/saml?SAMLRequest=x"))[0] for _ in range(BURST + 5)]
    assert statuses == [403] * BURST + [429] * 5
    assert len(await guest.saml.world.events("web:provider:sign_out")) == BURST
    assert (await guest.ask("/sign-out/corp/saml", "PUT"))[0] == 405


def test_the_algorithms_of_both_bindings_are_the_same() -> None:
    assert f"{MORE}rsa-sha256" == redirect.RSA_SHA256

"""People sign in at a SAML provider: pysaml2's, which takes our questions and answers them."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from access.policy.shapes.providers import SamlProvider
from storage.model import BrowserSession, Identity, IdentityProvider
from support.identity.saml import IDP, PASSWORD, at, keys
from support.identity.saml import metadata as said_of_itself
from support.web.saml_stage import SamlStage, SamlVisitor
from web.door.cookies import SESSION, SIGNING_IN
from web.saml import metadata

MFA = "https://refeds.org/profile/mfa"


async def the_session(saml: SamlStage) -> BrowserSession:
    [found] = await saml.world.all(BrowserSession)
    return found


async def test_an_address_finds_the_person_and_the_account_is_theirs_from_then_on(
    guest: SamlVisitor, saml: SamlStage
) -> None:
    status, text, to = await guest.signed_in()
    assert (status, to) == (303, "/"), text
    assert "alice" in (await guest.ask("/"))[1]
    assert SIGNING_IN not in guest.cookies
    session = await the_session(saml)
    assert (session.issuer, session.subject, session.level) == (saml.idp.entity_id, "u-alice", PASSWORD)
    assert session.provider_session == saml.idp.sessions["u-alice"] != ""
    assert datetime.now(UTC) - session.signed_in_at < timedelta(minutes=1)
    [account] = [each for each in await saml.world.all(Identity) if each.provider is IdentityProvider.SAML]
    assert (account.issuer, account.subject) == (saml.idp.entity_id, "u-alice")
    [linked] = await saml.world.events("web:identity:link")
    assert linked["detail"]["email"] == "Alice@example.com"


async def test_the_policy_names_the_account(guest: SamlVisitor, saml: SamlStage) -> None:
    def by_subject(said: dict[str, Any]) -> None:
        said["providers"]["corp"] |= {"identify": "subject"}
        said["people"]["bob"]["subjects"] = {"corp": "u-alice"}

    await saml.amend(by_subject)
    await guest.signed_in()
    assert "bob" in (await guest.ask("/"))[1]
    policy = guest.question.find("{*}NameIDPolicy")
    assert policy.get("Format").endswith(":persistent")


async def test_a_group_brings_somebody_whom_no_file_names(guest: SamlVisitor, saml: SamlStage) -> None:
    def group(said: dict[str, Any]) -> None:
        said["groups"]["operators"] = {"provider": "corp", "claim": "memberOf", "value": "sre"}

    await saml.amend(group)
    status, text, to = await guest.signed_in("u-gina")
    assert (status, to) == (303, "/"), text
    [joined] = await saml.world.events("web:person:join")
    assert (joined["resource"], joined["detail"]["groups"]) == ("gina", ["operators"])
    status, text, _ = await guest.signed_in("u-eve")
    assert (status, "the policy here does not name you" in text) == (403, True)


async def test_the_provider_says_how_strong_a_sign_in_was(guest: SamlVisitor, saml: SamlStage) -> None:
    saml.idp.level = MFA
    await guest.signed_in()
    assert (await the_session(saml)).level == MFA


async def test_a_fresh_sign_in_is_asked_for_and_an_older_one_refused(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.asked()
    assert guest.question.get("ForceAuthn") is None

    def fresh(said: dict[str, Any]) -> None:
        said["policy"][0]["requires"] = {"sign_in": "2h"}
        said["policy"][1]["requires"] = {"sign_in": "30m"}

    await saml.amend(fresh)
    await guest.asked()
    assert guest.question.get("ForceAuthn") == "true"
    assert (await guest.signed_in())[0] == 303
    saml.idp.authn_instant = int(time.time()) - 1900
    status, text, _ = await guest.signed_in()
    assert (status, "is of a sign-in that is too long ago" in text) == (403, True)
    [event] = [each for each in await saml.world.events("web:browser:sign_in") if each["outcome"] == "failure"]
    assert event["detail"]["why"] == "signed_in_too_long_ago"


async def test_questions_are_signed_where_the_provider_wants_it(guest: SamlVisitor, saml: SamlStage) -> None:
    assert "Signature=" in await guest.asked()
    assert guest.question.get("AssertionConsumerServiceURL") == saml.ours.acs


async def test_questions_are_not_signed_where_nobody_asks_for_it(guest: SamlVisitor, saml: SamlStage) -> None:
    saml.idp.wants_signed_requests = False
    assert "Signature=" not in await guest.asked()
    assert (await guest.signed_in())[0] == 303


async def test_a_new_key_is_found_at_once(guest: SamlVisitor, saml: SamlStage) -> None:
    assert (await guest.signed_in())[0] == 303
    saml.idp.by = keys("another")
    assert (await guest.signed_in())[0] == 303


async def test_what_is_known_serves_while_the_address_is_down(
    guest: SamlVisitor, saml: SamlStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await guest.signed_in())[0] == 303
    saml.idp.is_down = True
    monkeypatch.setattr(metadata, "AGE_S", 0.0)
    assert (await guest.signed_in())[0] == 303


async def test_a_provider_that_never_told_anything(guest: SamlVisitor, saml: SamlStage) -> None:
    saml.idp.is_down = True
    status, text, _ = await guest.ask("/sign-in/corp")
    assert (status, "cannot ask Example Corp at the moment" in text) == (502, True)


async def test_back_to_the_page_that_was_wanted(guest: SamlVisitor) -> None:
    assert (await guest.signed_in(then="?then=/grants/x%3Fa=b"))[2] == "/grants/x?a=b"


async def test_the_session_ends_when_the_provider_says(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.asked()
    ends = datetime.now(UTC) + timedelta(hours=1)
    forge = guest.forge(said={"statement_more": f' SessionNotOnOrAfter="{ends.strftime("%Y-%m-%dT%H:%M:%SZ")}"'})
    _, _, to = await guest.bring_forged(forge)
    assert (await guest.ask(to))[0] == 303
    assert (await the_session(saml)).expires_at == ends.replace(microsecond=0)


async def test_we_describe_ourselves(guest: SamlVisitor, saml: SamlStage) -> None:
    status, text, _ = await guest.ask("/sign-in/corp/metadata")
    assert (status, guest.headers["Content-Type"]) == (200, "application/samlmetadata+xml")
    for each in (saml.ours.entity_id, saml.ours.acs, saml.ours.sign_out, 'WantAssertionsSigned="true"'):
        assert each in text


async def test_an_openid_provider_has_no_doors_of_saml(guest: SamlVisitor, saml: SamlStage) -> None:
    def openid(said: dict[str, Any]) -> None:
        said["providers"]["other"] = {"issuer": "https://login.example.com", "client_id": "x"}

    await saml.amend(openid)
    for path in ("/sign-in/other/metadata", "/sign-in/other/finish", "/sign-in/corp/callback", "/sign-in/no/metadata"):
        assert (await guest.ask(path))[0] == 404, path
    for path in ("/sign-in/other/acs", "/sign-out/other/saml", "/sign-out/corp/back-channel"):
        assert (await guest.ask(path, "POST", data={"logout_token": "x"}))[0] == 404, path
    assert SESSION not in guest.cookies


@pytest.mark.parametrize(("mode", "status"), [(0o644, 303), (0o666, 502), (0o664, 502)])
async def test_metadata_in_a_file_are_their_owners(
    guest: SamlVisitor, saml: SamlStage, tmp_path: Path, mode: int, status: int
) -> None:
    path = tmp_path / "idp.xml"
    path.write_text(said_of_itself(entity_id=saml.idp.entity_id))
    path.chmod(mode)

    def from_a_file(said: dict[str, Any]) -> None:
        said["providers"]["corp"]["saml"]["metadata"] = f"file:{path}"

    await saml.amend(from_a_file)
    assert (await guest.ask("/sign-in/corp"))[0] == status


async def test_metadata_that_are_over_are_asked_for_again(saml: SamlStage) -> None:
    told = [said_of_itself(more=f' validUntil="{at(60)}"'), said_of_itself()]
    path = saml.idp.folder / "over.xml"
    provider = SamlProvider.model_validate(
        {"name": "x", "email": "managed", "saml": {"entity_id": IDP, "metadata": f"file:{path}"}}
    )
    async with aiohttp.ClientSession() as session:
        kept = metadata.KeptMetadata(provider, session)
        path.write_text(told[0])
        now = datetime.now(UTC)
        assert (await kept.current(now)).valid_until is not None
        path.write_text(told[1])
        assert (await kept.current(now + timedelta(seconds=30))).valid_until is not None
        assert (await kept.current(now + timedelta(seconds=90))).valid_until is None

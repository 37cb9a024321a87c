"""The answer to a logout where the provider takes it by a form alone: our page has one, which goes on by itself."""

import base64
import re
from html import unescape
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, expect
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT

from access.identity.saml.protocol.documents import read
from access.identity.saml.protocol.signatures import signed
from storage.model import BrowserSession
from support.identity.saml import our_key
from support.web.saml_logout import posted
from support.web.saml_stage import SamlStage, SamlVisitor
from web.door.headers import form_origin
from web.saml.xmlsec import Purpose, XmlSec


@pytest.fixture(autouse=True)
async def by_form_alone(saml: SamlStage) -> None:
    saml.idp.told_by = (BINDING_HTTP_POST,)


async def test_it_is_answered_by_a_form_that_we_signed(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    state = '"><script>alert(1)</script>'
    form = posted(saml) | {"RelayState": state}
    status, text, _ = await guest.ask("/sign-out/corp/saml", "POST", data=form)
    assert (status, "What you had open has ended" in text) == (200, True), text
    assert f'action="{saml.idp.url}/slo"' in text
    assert "<script>alert" not in text
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', text)}
    assert fields["RelayState"] == state
    answer = read(base64.b64decode(fields["SAMLResponse"]))
    assert answer.get("Destination") == f"{saml.idp.url}/slo"
    await XmlSec().verify(signed(answer), [our_key()[our_key().index(b"-----BEGIN CERTIFICATE") :]], Purpose.SIGN_IN)
    policy = guest.headers["Content-Security-Policy"]
    # Chromium holds redirects behind it to the same list, and a logout may lead on to any site.
    assert f"form-action {saml.idp.url} https:;" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert (await guest.ask("/sign-in"))[0] == 200
    assert "form-action 'self';" in guest.headers["Content-Security-Policy"]
    [session] = await saml.world.all(BrowserSession)
    assert session.ended_at is not None


@pytest.mark.parametrize("script", [True, False])
async def test_a_browser_brings_it(guest: SamlVisitor, saml: SamlStage, browser: Browser, script: bool) -> None:
    await guest.signed_in()
    page = await (await browser.new_context(java_script_enabled=script)).new_page()
    await page.goto(f"{saml.idp.url}/logout?{urlencode({'as': 'u-alice', 'application': saml.ours.entity_id})}")
    if not script:
        await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        await page.get_by_role("button", name="Go on to Example Corp").click()
    await expect(page.get_by_text("You are signed out everywhere: back.")).to_be_visible()
    assert saml.idp.logout_answers == [True]


async def test_by_an_address_where_the_provider_has_both(guest: SamlVisitor, saml: SamlStage) -> None:
    saml.idp.told_by = (BINDING_HTTP_POST, BINDING_HTTP_REDIRECT)
    status, _, to = await guest.ask("/sign-out/corp/saml", "POST", data=posted(saml))
    assert (status, to.partition("?")[0]) == (303, f"{saml.idp.url}/slo")


async def test_what_cannot_be_answered_is_done_all_the_same(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.signed_in()
    form = posted(saml)
    saml.idp.told_by = ()
    assert "signed you out of Gatepass too" in (await guest.ask("/sign-out/corp/saml", "POST", data=form))[1]
    [session] = await saml.world.all(BrowserSession)
    assert session.ended_at is not None


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://idp.example.com/slo?x=1", "https://idp.example.com"),
        ("http://127.0.0.1:8080/slo", "http://127.0.0.1:8080"),
        ("https://a;b/slo", None),
        ("https://[::1]/slo", None),
    ],
)
def test_what_a_policy_can_name(address: str, origin: str | None) -> None:
    assert form_origin(address) == origin

"""What is no proof of a sign-in: each is refused with a sentence, signs nobody in, and is on record by its word."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it has no types

from access.identity.saml.protocol.problems import SamlProblem
from storage.model import BrowserSession, SamlAnswer
from support.identity.saml import DS, ENVELOPED, EXCLUSIVE, MORE, SAML_NS, Forge, Signing, at, keys
from support.web.saml_stage import SamlStage, SamlVisitor, saml_visitor
from web.door.cookies import SESSION
from web.door.rates import BURST

TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
P = SamlProblem


def said(**values: str) -> dict[str, Any]:
    return {"said": values}


def evil(assertion: str) -> str:
    """The same of another account, without a signature, under another name."""
    bare = re.sub(r"<ds:Signature.*</ds:Signature>", "", assertion, flags=re.DOTALL)
    return (
        bare.replace("u-alice", "u-bob").replace("alice@example.com", "bob@example.com").replace("_assertion", "_evil")
    )


def assertion_in(response: str) -> str:
    return re.findall(r"<saml:Assertion.*</saml:Assertion>", response, flags=re.DOTALL)[0]


def signature_in(response: str) -> str:
    return re.findall(r"<ds:Signature.*</ds:Signature>", response, flags=re.DOTALL)[0]


def with_another(place: Callable[[str, str], str]) -> Callable[[str], str]:
    """The classical wrappings (Somorovsky and others, 2012): the signed one is kept somewhere, another one is read."""

    def change(response: str) -> str:
        good = assertion_in(response)
        return response.replace(good, place(good, evil(good)))

    return change


def moved(response: str, place: str) -> str:
    """The signature stands before `place`."""
    signature = signature_in(response)
    return response.replace(signature, "").replace(place, f"{signature}{place}")


def _within(outer: str, inner: str) -> str:
    """`inner` as the last thing in `outer`."""
    head, _, _ = outer.rpartition("</saml:Assertion>")
    return f"{head}{inner}</saml:Assertion>"


def _signature_around(good: str, bad: str) -> str:
    """The other one has the signature, in which the signed one stands as an Object."""
    signature = signature_in(good)
    bare = good.replace(signature, "")
    around = signature.replace("</ds:Signature>", f"<ds:Object>{bare}</ds:Object></ds:Signature>")
    return bad.replace("</saml:Issuer>", f"</saml:Issuer>{around}", 1)


def _moved_signature(good: str, bad: str) -> str:
    """The other one has the signature, and the signed one stands behind it without."""
    signature = signature_in(good)
    return bad.replace("</saml:Issuer>", f"</saml:Issuer>{signature}", 1) + good.replace(signature, "")


def _extensions(good: str, bad: str) -> str:
    return f"{bad}<samlp:Extensions>{good}</samlp:Extensions>"


def _same_name(good: str, bad: str) -> str:
    """Two elements have the name that is referred to; the one with the signature is not the signed one."""
    signature = signature_in(good)
    twin = bad.replace("_evil", "_assertion").replace("</saml:Issuer>", f"</saml:Issuer>{signature}", 1)
    return _within(twin, f"<saml:Advice>{good.replace(signature, '')}</saml:Advice>")


def wrapped_response(response: str) -> str:
    """A signed response stands in another one, which is read."""
    root = etree.fromstring(response.encode())
    inner = etree.tostring(root).decode()
    outer = re.sub(r"<ds:Signature.*?</ds:Signature>", "", response, count=1, flags=re.DOTALL)
    outer = outer.replace('ID="_response"', 'ID="_outer"').replace(assertion_in(outer), evil(assertion_in(outer)))
    return outer.replace("</samlp:Response>", f"<samlp:Extensions>{inner}</samlp:Extensions></samlp:Response>")


WRAPPED: dict[str, tuple[dict[str, Any], SamlProblem]] = {
    "XSW 1: another response around the signed one": (
        {"signs_response": True, "signs_assertion": False, "after": wrapped_response},
        P.SEVERAL_ASSERTIONS,
    ),
    "XSW 2: another response before the signed one": (
        {
            "signs_response": True,
            "signs_assertion": False,
            "after": lambda r: r.replace(
                "<samlp:Status>", f"<samlp:Extensions>{r}</samlp:Extensions><samlp:Status>", 1
            ),
        },
        P.SEVERAL_ASSERTIONS,
    ),
    "XSW 3: another assertion ahead": ({"after": with_another(lambda good, bad: bad + good)}, P.SEVERAL_ASSERTIONS),
    "XSW 4: the signed assertion within another": ({"after": with_another(_within)}, P.SEVERAL_ASSERTIONS),
    "XSW 4 the other way: another within the signed": (
        {"after": with_another(lambda good, bad: _within(bad, good))},
        P.SEVERAL_ASSERTIONS,
    ),
    "XSW 5: the signature moved to another": ({"after": with_another(_moved_signature)}, P.SEVERAL_ASSERTIONS),
    "XSW 6: the signed one within the moved signature": (
        {"after": with_another(_signature_around)},
        P.SEVERAL_ASSERTIONS,
    ),
    "XSW 7: the signed one among extensions": ({"after": with_another(_extensions)}, P.SEVERAL_ASSERTIONS),
    "XSW 8: the signed one in an Object of a signature": (
        {"after": with_another(lambda g, b: _signature_around(g, b).replace("_evil", "_assertion"))},
        P.SEVERAL_ASSERTIONS,
    ),
    "two of one name": ({"after": with_another(_same_name)}, P.SEVERAL_ASSERTIONS),
    "an element with the assertion's name": (
        {"after": lambda r: r.replace("<saml:Subject>", '<saml:Subject id="_assertion">')},
        P.WRAPPED,
    ),
    "an xml:id with the assertion's name": (
        {"after": lambda r: r.replace("<saml:Subject>", '<saml:Subject xml:id="_assertion">')},
        P.WRAPPED,
    ),
    "the only assertion stands elsewhere": (
        {"after": lambda r: r.replace(assertion_in(r), f"<samlp:Extensions>{assertion_in(r)}</samlp:Extensions>")},
        P.WRAPPED,
    ),
    "an Object in the signature": ({"signing": Signing(more="<ds:Object/>")}, P.WRAPPED),
    "a reference to the whole document": ({"signing": Signing(uri="")}, P.WRAPPED),
    "a reference by XPointer": (
        {"after": lambda r: r.replace('URI="#_assertion"', "URI=\"#xpointer(id('_assertion'))\"")},
        P.WRAPPED,
    ),
    "a reference to another name": ({"after": lambda r: r.replace('URI="#_assertion"', 'URI="#_x"')}, P.WRAPPED),
    "two references": (
        {"after": lambda r: re.sub(r"(<ds:Reference.*</ds:Reference>)", r"\1\1", r, flags=re.DOTALL)},
        P.WRAPPED,
    ),
    "the signature deeper in the assertion": (
        {
            "after": lambda r: r.replace(signature_in(r), "").replace(
                "</saml:Subject>", f"{signature_in(r)}</saml:Subject>"
            )
        },
        P.WRAPPED,
    ),
}
SIGNATURES: dict[str, tuple[dict[str, Any], SamlProblem]] = {
    "not signed": ({"signs_assertion": False}, P.UNSIGNED),
    "the response alone is signed": ({"signs_assertion": False, "signs_response": True}, P.UNSIGNED_ASSERTION),
    "a key that the provider does not have": ({"by": keys("somebody")}, P.BAD_SIGNATURE),
    "changed after it was signed": ({"after": lambda r: r.replace("alice@", "bob@")}, P.BAD_SIGNATURE),
    "another name after it was signed": ({"after": lambda r: r.replace("u-alice", "u-bob")}, P.BAD_SIGNATURE),
    "SHA-1": ({"signing": Signing(method=f"{DS}rsa-sha1", digest=f"{DS}sha1")}, P.ALGORITHM),
    "a digest of SHA-1": ({"signing": Signing(digest=f"{DS}sha1")}, P.ALGORITHM),
    "MD5": ({"after": lambda r: r.replace(f"{MORE}rsa-sha256", f"{MORE}rsa-md5")}, P.ALGORITHM),
    "HMAC with the certificate": ({"signing": Signing(method=f"{MORE}hmac-sha256", hmac=True)}, P.ALGORITHM),
    "inclusive canonicalization": (
        {"signing": Signing(canonical="http://www.w3.org/TR/2001/REC-xml-c14n-20010315")},
        P.ALGORITHM,
    ),
    "canonicalization with comments": ({"signing": Signing(canonical=f"{EXCLUSIVE}WithComments")}, P.ALGORITHM),
    "a transform by XPath": (
        {"after": lambda r: r.replace(ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116")},
        P.TRANSFORM,
    ),
    "a transform by XSLT": (
        {
            "after": lambda r: r.replace(
                f'<ds:Transform Algorithm="{EXCLUSIVE}"/>',
                '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
            )
        },
        P.TRANSFORM,
    ),
    "no transform": ({"signing": Signing(transforms=(EXCLUSIVE,))}, P.TRANSFORM),
    "a third transform": ({"signing": Signing(transforms=(ENVELOPED, EXCLUSIVE, EXCLUSIVE))}, P.TRANSFORM),
    "a key within the signature": (
        {
            "by": keys("somebody"),
            "signing": Signing(),
            "after": lambda r: r.replace(
                "<ds:X509Data>", f"<ds:X509Data><ds:X509Certificate>{keys('somebody').text}</ds:X509Certificate>"
            ),
        },
        P.BAD_SIGNATURE,
    ),
    "a signature without its value": (
        {"after": lambda r: re.sub(r"<ds:SignatureValue>.*</ds:SignatureValue>", "", r, flags=re.DOTALL)},
        P.MALFORMED,
    ),
}
BILLION = '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;">]>'
FORMS: dict[str, tuple[dict[str, Any], SamlProblem]] = {
    "a document type": ({"after": lambda r: f"<!DOCTYPE x>{r}"}, P.DOCTYPE),
    "an entity of a file": (
        {"after": lambda r: f'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>{r.replace("u-alice", "&f;")}'},
        P.DOCTYPE,
    ),
    "an entity of another site": (
        {"after": lambda r: f'<!DOCTYPE x [<!ENTITY % f SYSTEM "http://127.0.0.1:1/">%f;]>{r}'},
        P.DOCTYPE,
    ),
    "entities by the billion": ({"after": lambda r: BILLION + r.replace("u-alice", "&m;")}, P.DOCTYPE),
    "a processing instruction": ({"after": lambda r: f"<?xml-stylesheet href='x'?>{r}"}, P.DOCTYPE),
    "an entity that is not declared": ({"after": lambda r: r.replace("u-alice", "&x;")}, P.MALFORMED),
    "another encoding": ({"after": lambda r: f"<?xml version='1.0' encoding='latin1'?>{r}"}, P.MALFORMED),
    "nested without end": ({"after": lambda r: "<a>" * 200 + "</a>" * 200}, P.MALFORMED),
    "elements without end": ({"after": lambda _: f"<a>{'<b/>' * 30_000}</a>"}, P.MALFORMED),
    "oversized": ({"after": lambda r: r + " " * 270_000}, P.OVERSIZED),
    "no XML": ({"after": lambda _: "<a"}, P.MALFORMED),
    "another version": (said(version="1.1"), P.WRONG_KIND),
    "an assertion of another version": (said(assertion_version="1.1"), P.WRONG_KIND),
    "a message of another kind": (
        {"after": lambda r: r.replace("samlp:Response", "samlp:ArtifactResponse")},
        P.WRONG_KIND,
    ),
    "no assertion": ({"after": lambda r: r.replace(assertion_in(r), "")}, P.NO_ASSERTION),
    "two assertions": ({"after": lambda r: r.replace(assertion_in(r), assertion_in(r) * 2)}, P.SEVERAL_ASSERTIONS),
    "a name that is none": (said(id="1x"), P.MALFORMED),
}
SAID: dict[str, tuple[dict[str, Any], SamlProblem]] = {
    "the provider refused": (
        said(
            status='<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode '
            'Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode>'
        ),
        P.REFUSED,
    ),
    "another destination": (said(destination="https://evil.example/acs"), P.WRONG_DESTINATION),
    "no destination": ({"after": lambda r: re.sub(' Destination="[^"]*"', "", r)}, P.WRONG_DESTINATION),
    "another recipient": (said(recipient="https://evil.example/acs"), P.WRONG_RECIPIENT),
    "another audience": (
        {"before": lambda a: re.sub("<saml:Audience>.*</saml:Audience>", "<saml:Audience>x</saml:Audience>", a)},
        P.WRONG_AUDIENCE,
    ),
    "an audience that begins alike": (
        {"before": lambda a: a.replace("</saml:Audience>", "/more</saml:Audience>")},
        P.WRONG_AUDIENCE,
    ),
    "no audience": (said(audience=""), P.WRONG_AUDIENCE),
    "a second audience restriction": (
        said(conditions_more="<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>"),
        P.WRONG_AUDIENCE,
    ),
    "another issuer": (said(issuer="https://evil.example/metadata"), P.WRONG_ISSUER),
    "a response of another issuer": (said(response_issuer="https://evil.example/metadata"), P.WRONG_ISSUER),
    "no question": (said(response_to=""), P.UNSOLICITED),
    "no question in the assertion": (said(confirmed=""), P.UNSOLICITED),
    "another question in the assertion": (said(confirmed=" InResponseTo=#_other#"), P.OTHER_SIGN_IN),
    "a question without end": (said(response_to=f" InResponseTo=#_{'x' * 100}#"), P.UNSOLICITED),
    "expired": (said(until=at(-31)), P.EXPIRED),
    "not yet": (said(not_before=at(3600)), P.NOT_YET_VALID),
    "issued in the future": (said(issued=at(3600)), P.NOT_YET_VALID),
    "confirmed for too short": (said(confirmed_until=at(-31)), P.EXPIRED),
    "confirmed for later": (said(confirmation_more=f' NotBefore="{at(-60)}"'), P.NO_BEARER),
    "signed in in the future": (said(authn_instant=at(3600)), P.NOT_YET_VALID),
    "a session that has ended": (said(statement_more=f' SessionNotOnOrAfter="{at(-31)}"'), P.EXPIRED),
    "holder of key": (said(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), P.NO_BEARER),
    "no confirmation": (said(confirmation=""), P.NO_BEARER),
    "a condition that is not known": (
        said(conditions_more='<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>'),
        P.CONDITION,
    ),
    "no sign-in": (said(statement=""), P.NO_AUTHENTICATION),
    "a time that is none": (said(authn_instant="yesterday"), P.MALFORMED),
    "a time of another zone": (said(authn_instant="2026-01-01T00:00:00+01:00"), P.MALFORMED),
    "a name that does not last": (said(format=TRANSIENT), P.TRANSIENT_NAME),
    "a name of another application": (said(name_more=' SPNameQualifier="https://other.example"'), P.OTHER_QUALIFIER),
    "a name of another provider": (said(name_more=' NameQualifier="https://other.example"'), P.OTHER_QUALIFIER),
    "an empty name": (said(subject=""), P.MALFORMED),
    "a name without end": (said(subject="x" * 300), P.MALFORMED),
    "an encrypted name": (said(name_id="<saml:EncryptedID/>"), P.ENCRYPTED_NAME),
    "several addresses": ({"attributes": {"mail": ["alice@example.com", "bob@example.com"]}}, P.SEVERAL_ADDRESSES),
    "encrypted by nobody's rules": (
        {"after": lambda r: r.replace(assertion_in(r), "<saml:EncryptedAssertion/>")},
        P.MALFORMED,
    ),
}
CASES = WRAPPED | SIGNATURES | FORMS | SAID


async def nobody_is_signed_in(guest: SamlVisitor) -> None:
    assert SESSION not in guest.cookies
    assert await guest.saml.world.all(BrowserSession) == []
    assert await guest.saml.world.all(SamlAnswer) == []


async def why(saml: SamlStage) -> list[str]:
    return [event["detail"]["why"] for event in await saml.world.events("web:browser:sign_in")]


@pytest.mark.parametrize("name", CASES)
async def test_what_is_no_proof(guest: SamlVisitor, saml: SamlStage, name: str) -> None:
    changes, problem = CASES[name]
    await guest.asked()
    status, text, _ = await guest.bring_forged(guest.forge(**changes))
    assert (status, "You are not signed in" in text) == (403, True), text
    assert await why(saml) == [problem.value], text
    await nobody_is_signed_in(guest)


async def test_the_same_without_the_change_is_proof(guest: SamlVisitor) -> None:
    await guest.asked()
    status, _, to = await guest.bring_forged(guest.forge())
    assert (status, (await guest.ask(to))[0]) == (303, 303)
    assert SESSION in guest.cookies


async def test_a_hint_says_that_assertions_are_to_be_signed(guest: SamlVisitor) -> None:
    await guest.asked()
    _, text, _ = await guest.bring_forged(guest.forge(signs_assertion=False, signs_response=True))
    assert "it must sign assertions" in text


@pytest.mark.parametrize("cut", ["alice@example.com<!---->.corp", "alice@example.com<!-- x -->.corp<![CDATA[]]>"])
async def test_a_comment_cuts_nothing_off(guest: SamlVisitor, saml: SamlStage, cut: str) -> None:
    """The signature leaves comments out, so whoever has alice@example.com.corp could put one in."""
    await guest.asked()
    forge = guest.forge(attributes={"mail": ["alice@example.com.corp"]})
    forge.after = lambda r: r.replace("alice@example.com.corp", cut)
    _, _, to = await guest.bring_forged(forge)
    status, text, _ = await guest.ask(to)
    assert (status, "the policy here does not name you" in text) == (403, True)
    [event] = await saml.world.events("web:browser:sign_in")
    assert event["detail"]["email"] == "alice@example.com.corp"


# --- whose it is, and how often ---------------------------------------------------------------------------------------


async def test_an_answer_counts_once(guest: SamlVisitor, saml: SamlStage) -> None:
    form = await guest.given(await guest.asked())
    status, _, to = await guest.bring(form)
    assert status == 303
    status, text, _ = await guest.bring(form)
    assert (status, "came before, and counts once" in text) == (403, True)
    kept = dict(guest.cookies)
    assert (await guest.ask(to))[0] == 303
    guest.cookies = kept
    status, text, _ = await guest.ask(to)
    assert (status, "belongs to another sign-in" in text) == (403, True)
    assert len(await saml.world.all(BrowserSession)) == 1


async def test_an_answer_of_another_browser_signs_nobody_in(guest: SamlVisitor, saml: SamlStage) -> None:
    """Login CSRF: somebody is brought to what another browser asked for, and has perhaps begun a sign-in themselves."""
    _, _, to = await guest.bring(await guest.given(await guest.asked()))
    async with saml_visitor(saml) as other:
        for begun in (False, True):
            if begun:
                await other.asked()
            status, text, _ = await other.ask(to)
            assert (status, "belongs to another sign-in, or to another browser" in text) == (403, True)
            assert SESSION not in other.cookies
    # What was refused cost the one who asked nothing.
    assert (await guest.ask(to))[0] == 303


async def test_a_stolen_answer_is_of_no_use(guest: SamlVisitor, saml: SamlStage) -> None:
    """Whoever has seen an answer posts it into a sign-in of their own."""
    form = await guest.given(await guest.asked())
    async with saml_visitor(saml) as thief:
        await thief.asked()
        _, _, to = await thief.bring(form | {"RelayState": thief.relay_state})
        assert (await thief.ask(to))[0] == 403
        assert SESSION not in thief.cookies


@pytest.mark.parametrize("state", ["", "x", "A" * 44, "https://evil.example/", "\x00" * 43, None])
async def test_a_state_that_is_none_of_ours(guest: SamlVisitor, saml: SamlStage, state: str | None) -> None:
    form = await guest.given(await guest.asked())
    del form["RelayState"]
    status, _, _ = await guest.bring(form if state is None else form | {"RelayState": state})
    assert (status, await why(saml)) == (403, ["unsolicited"])


@pytest.mark.parametrize("handle", ["", "x", "A" * 43, "é" * 43, "%00" * 43])
async def test_a_handle_that_is_none(guest: SamlVisitor, handle: str) -> None:
    await guest.asked()
    assert (await guest.ask(f"/sign-in/corp/finish?answer={handle}"))[0] == 403
    await nobody_is_signed_in(guest)


async def test_a_handle_at_another_provider(guest: SamlVisitor, saml: SamlStage) -> None:
    def other(policy: dict[str, Any]) -> None:
        policy["providers"]["other"] = policy["providers"]["corp"] | {
            "saml": {"entity_id": "https://other.example.com", "metadata": "file:/nowhere"}
        }

    await saml.amend(other)
    _, _, to = await guest.bring(await guest.given(await guest.asked()))
    assert (await guest.ask(to.replace("/corp/", "/other/")))[0] == 403


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("text/plain", 415), ("multipart/form-data; boundary=x", 415), ("application/json", 415), ("", 415)],
)
async def test_another_content_type(guest: SamlVisitor, content_type: str, status: int) -> None:
    await guest.asked()
    got, _, _ = await guest.ask("/sign-in/corp/acs", "POST", data=b"x=y", headers={"Content-Type": content_type})
    assert got == status


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (b"SAMLResponse=%s&SAMLResponse=%s&RelayState=%s", P.MALFORMED),
        (b"&".join(b"a%d=1" % number for number in range(20)), P.MALFORMED),
        (b"SAMLResponse=\xff", P.MALFORMED),
        (b"SAMLResponse=" + b"A" * 600_000, P.OVERSIZED),
        (b"SAMLResponse=!!!&RelayState=" + b"A" * 43, P.MALFORMED),
        (b"RelayState=" + b"A" * 43, P.MALFORMED),
    ],
)
async def test_forms_that_are_none(guest: SamlVisitor, saml: SamlStage, form: bytes, problem: SamlProblem) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, _ = await guest.ask("/sign-in/corp/acs", "POST", data=form, headers=headers)
    assert (status, await why(saml)) == (403, [problem.value])


async def test_nobody_tries_by_the_hundred(guest: SamlVisitor) -> None:
    statuses = [(await guest.bring({"SAMLResponse": "x"}))[0] for _ in range(BURST + 5)]
    assert statuses == [403] * BURST + [429] * 5


async def test_metadata_of_another_entity_count_for_nothing(guest: SamlVisitor, saml: SamlStage) -> None:
    def other(policy: dict[str, Any]) -> None:
        policy["providers"]["corp"]["saml"]["entity_id"] = "https://other.example.com"

    await saml.amend(other)
    assert (await guest.ask("/sign-in/corp"))[0] == 502


def test_the_forge_signs_as_xmlsec_does() -> None:
    made = Forge("https://gate/acs", "https://gate", "_q").signed_assertion()
    assert SAML_NS in made
    assert len(base64.b64decode(re.findall("<ds:DigestValue>(.*)</ds:DigestValue>", made)[0])) == 32

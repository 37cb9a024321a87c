"""Which element a signature is of, and what it may be made with; whether it is right, xmlsec1 says."""

import pytest

from access.identity.saml.protocol.documents import ds, read, saml
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.signatures import signed
from support.identity.saml import DS, ENVELOPED, EXCLUSIVE, MORE, SAML_NS, Signing, template

P = SamlProblem
LAST, METHOD = f'"{EXCLUSIVE}"/>', f'{MORE}rsa-sha256"'


def document(signature: str, *, inner: str = "", name: str = "_a") -> str:
    return f'<saml:Assertion {SAML_NS} ID="{name}"><saml:Issuer>x</saml:Issuer>{signature}{inner}</saml:Assertion>'


def reason(text: str) -> SamlProblem:
    with pytest.raises(InvalidSaml) as refused:
        signed(read(text.encode()))
    return refused.value.reason


def test_what_is_signed_is_a_document_of_its_own_without_keys() -> None:
    around = read(f"<samlp:Response {SAML_NS}>{document(template('_a'))}</samlp:Response>".encode())
    found = signed(around[0])
    assert (found.name, found.root.tag) == ("_a", saml("Assertion"))
    assert found.root.getparent() is None
    assert found.root.find(f".//{ds('KeyInfo')}") is None
    assert b"KeyInfo" not in found.document


@pytest.mark.parametrize(
    ("signing", "problem"),
    [
        (Signing(method=f"{DS}rsa-sha1"), P.ALGORITHM),
        (Signing(method=f"{DS}hmac-sha1"), P.ALGORITHM),
        (Signing(method=f"{MORE}hmac-sha256"), P.ALGORITHM),
        (Signing(method=f"{MORE}rsa-md5"), P.ALGORITHM),
        (Signing(method=f"{DS}dsa-sha1"), P.ALGORITHM),
        (Signing(method=""), P.ALGORITHM),
        (Signing(digest=f"{DS}sha1"), P.ALGORITHM),
        (Signing(canonical=f"{EXCLUSIVE}WithComments"), P.ALGORITHM),
        (Signing(transforms=()), P.TRANSFORM),
        (Signing(transforms=(ENVELOPED,)), P.TRANSFORM),
        (Signing(transforms=(EXCLUSIVE, ENVELOPED)), P.TRANSFORM),
        (Signing(transforms=(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116")), P.TRANSFORM),
        (Signing(transforms=(ENVELOPED, EXCLUSIVE, EXCLUSIVE)), P.TRANSFORM),
        (Signing(uri=""), P.WRAPPED),
        (Signing(uri="#_b"), P.WRAPPED),
        (Signing(uri="#xpointer(/)"), P.WRAPPED),
        (Signing(uri="http://127.0.0.1/"), P.WRAPPED),
        (Signing(more="<ds:Object/>"), P.WRAPPED),
        (Signing(more="<ds:KeyInfo/>"), P.WRAPPED),
        (Signing(more="<ds:SignatureValue/>"), P.MALFORMED),
    ],
)
def test_how_it_must_not_be_made(signing: Signing, problem: SamlProblem) -> None:
    assert reason(document(template("_a", signing))) is problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (document(""), P.UNSIGNED),
        (document(template("_a") * 2), P.WRAPPED),
        (document("", inner=f"<saml:Advice>{template('_a')}</saml:Advice>"), P.WRAPPED),
        (document(template("_a"), inner=f"<saml:Advice>{template('_b')}</saml:Advice>"), P.WRAPPED),
        (document(template("_a"), inner='<saml:Advice ID="_a"/>'), P.WRAPPED),
        (document(template("_a"), inner='<saml:Advice id="_a"/>'), P.WRAPPED),
        (document(template("_a"), inner='<saml:Advice xml:id="_a"/>'), P.WRAPPED),
        (document(template("_a"), inner='<saml:Advice Id="_b"/><saml:Advice ID="_b"/>'), P.WRAPPED),
        (document(template(""), name=""), P.MALFORMED),
        (document(template("a'b"), name="a'b"), P.MALFORMED),
        (document(template("_a").replace("<ds:Reference", "<ds:Reference/><ds:Reference", 1)), P.WRAPPED),
        (document(template("_a").replace("<ds:DigestValue/>", "<ds:DigestMethod Algorithm='x'/>")), P.MALFORMED),
        (document(template("_a").replace(f'"{ENVELOPED}"/>', f'"{ENVELOPED}"><x/></ds:Transform>')), P.TRANSFORM),
        (
            document(template("_a").replace(f'"{EXCLUSIVE}"/></ds:T', f'"{EXCLUSIVE}"><x/></ds:Transform></ds:T')),
            P.TRANSFORM,
        ),
        (
            document(template("_a").replace(f'{MORE}rsa-sha256"/>', f'{MORE}rsa-sha256"><x/></ds:SignatureMethod>')),
            P.ALGORITHM,
        ),
    ],
)
def test_of_what_it_must_not_be(text: str, problem: SamlProblem) -> None:
    assert reason(text) is problem


def test_prefixes_that_are_kept_are_let_by() -> None:
    kept = (
        f'"{EXCLUSIVE}"><e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="xs"/></ds:Transform></ds:Transforms>'
    )
    assert (
        signed(read(document(template("_a").replace(f'"{EXCLUSIVE}"/></ds:Transforms>', kept)).encode())).name == "_a"
    )


INCLUSIVE = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{{}}"/>'


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("</ds:Reference>", f"<ds:{'é' * 700}/></ds:Reference>", P.WRAPPED),
        ("<ds:DigestValue/>", "<ds:DigestValue/><ds:DigestValue/>", P.WRAPPED),
        ("<ds:DigestValue/>", "<ds:DigestValue><ds:x/></ds:DigestValue>", P.WRAPPED),
        ("<ds:SignatureValue/>", "<ds:SignatureValue><ds:x/></ds:SignatureValue>", P.WRAPPED),
        (f"<ds:Transform Algorithm={LAST}", f'<ds:Transform Algorithm="{EXCLUSIVE}">{{}}</ds:Transform>', P.TRANSFORM),
    ],
)
def test_a_reference_has_nothing_else_in_it(old: str, new: str, problem: SamlProblem) -> None:
    """xmlsec1 quotes what it does not know, and looks for each prefix at each element."""
    made = document(template("_a"))
    assert old in made
    assert reason(made.replace(old, new.format(INCLUSIVE.format(" ".join(f"p{n}" for n in range(1_000)))))) is problem

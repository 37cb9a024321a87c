"""Messages in addresses: signed as the text that is sent, and read once each."""

import base64
import zlib
from urllib.parse import quote_plus

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from access.identity.saml.protocol.documents import MAX_BYTES
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.redirect import query, read_query, returned, verify
from support.identity.issuers import curve_key, rsa_key
from support.identity.saml import MORE

P = SamlProblem
KEY = rsa_key("saml")
SIGNED = query("SAMLRequest", b"<a/>", "state &=", KEY)


def reason(sent: str, *, by: object = None) -> SamlProblem:
    with pytest.raises(InvalidSaml) as refused:
        verify(read_query(sent), [by or KEY.public_key()])  # pyright: ignore[reportArgumentType]
    return refused.value.reason


def deflated(data: bytes) -> str:
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    return quote_plus(base64.b64encode(packed.compress(data) + packed.flush()).decode())


def test_there_and_back() -> None:
    sent = read_query(SIGNED)
    assert (sent.kind, sent.message, sent.relay_state) == ("SAMLRequest", b"<a/>", "state &=")
    verify(sent, [rsa_key("another").public_key(), KEY.public_key()])
    assert reason(SIGNED, by=rsa_key("another").public_key()) is P.BAD_SIGNATURE
    assert reason(query("SAMLResponse", b"<a/>", None, None)) is P.UNSIGNED


def test_others_escape_otherwise() -> None:
    """Some write %2f for what we write %2F, and sign that."""
    text = SIGNED.partition("&Signature=")[0].replace("%2F", "%2f").replace("%3A", "%3a")
    key = curve_key("saml")
    text = text.replace("rsa-sha256", "ecdsa-sha256")
    made = base64.b64encode(key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))).decode()
    verify(read_query(f"{text}&Signature={quote_plus(made)}"), [KEY.public_key(), key.public_key()])


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (SIGNED.replace("state", "stat"), P.BAD_SIGNATURE),
        (SIGNED.replace("rsa-sha256", "rsa-sha512"), P.BAD_SIGNATURE),
        (SIGNED.replace("rsa-sha256", "ecdsa-sha256"), P.BAD_SIGNATURE),
        (SIGNED.replace("rsa-sha256", "rsa-sha1"), P.ALGORITHM),
        (SIGNED.replace("rsa-sha256", "hmac-sha256"), P.ALGORITHM),
        (SIGNED.replace(quote_plus(MORE), quote_plus("http://www.w3.org/2000/09/xmldsig#")), P.ALGORITHM),
        (f"{SIGNED}&SAMLRequest=x", P.MALFORMED),
        (f"{SIGNED}&SAMLResponse=x", P.MALFORMED),
        (f"{SIGNED}&x=y", P.MALFORMED),
        (f"{SIGNED}&%53igAlg=y", P.MALFORMED),
        ("", P.MALFORMED),
        ("SAMLRequest=!", P.MALFORMED),
        ("SAMLRequest=é", P.MALFORMED),
        ("SAMLRequest=AAAA", P.MALFORMED),
        ("SAMLRequest=" + "A" * 70_000, P.MALFORMED),
        (f"SAMLRequest={deflated(b'<a/>')}&RelayState={'x' * 2_000}", P.MALFORMED),
        (f"SAMLRequest={deflated(bytes(MAX_BYTES + 1))}", P.OVERSIZED),
        (f"SAMLRequest={deflated(bytes(50_000_000))}", P.OVERSIZED),
    ],
)
def test_what_is_none(sent: str, problem: SamlProblem) -> None:
    assert reason(sent) is problem


@pytest.mark.parametrize(
    ("state", "back"),
    [("back", "back"), ("x" * 80, "x" * 80), ("x" * 81, None), ("é" * 40, "é" * 40), ("é" * 41, None), ("", None)],
)
def test_a_state_goes_back_within_80_bytes(state: str, back: str | None) -> None:
    assert returned(state) == back
    assert returned(None) is None

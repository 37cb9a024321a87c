"""What counts of a provider's metadata: what is said of the entity that the policy names."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from access.identity.saml.protocol.metadata import REDIRECT, IdpMetadata, NotAnIdp
from support.identity.saml import IDP, keys, metadata

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MD = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'

_V3, _V8 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"
#: RFC 5280, 4.1.2.1: a certificate says of which version it is, and there are three.
OF_ANOTHER_VERSION = base64.b64encode(base64.b64decode(keys("idp").text).replace(_V3, _V8, 1)).decode()


def read(text: str) -> IdpMetadata:
    return IdpMetadata.read(text.encode(), IDP, NOW)


def test_what_is_read() -> None:
    said = read(metadata(keys("idp"), keys("next"), keys("curve", curve=True), wants_signed=True))
    assert (said.sign_in, said.sign_out[REDIRECT].location) == (
        "https://idp.example.com/sso",
        "https://idp.example.com/slo",
    )
    assert (len(said.certificates), len(said.keys), said.wants_signed_requests) == (3, 3, True)
    assert read(metadata(slo="")).sign_out == {}


def test_one_among_many() -> None:
    others = metadata(entity_id="https://other.example.com", sso="https://other.example.com/sso")
    said = read(f"<md:EntitiesDescriptor {MD}>{others}{metadata()}</md:EntitiesDescriptor>")
    assert said.sign_in == "https://idp.example.com/sso"


def test_a_certificate_that_is_over_is_a_key_still() -> None:
    assert len(read(metadata(keys("over", expired=True))).keys) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<a", "no metadata"),
        ("<!DOCTYPE a><a/>", "no metadata"),
        (metadata(entity_id="https://evil.example"), "says nothing of"),
        (f"<md:EntitiesDescriptor {MD}>{metadata() * 2}</md:EntitiesDescriptor>", "twice"),
        (metadata(more=' validUntil="2026-05-01T00:00:00Z"'), "no longer valid"),
        (metadata().replace("SAML:2.0:protocol", "SAML:1.1:protocol"), "no identity provider of SAML 2.0"),
        (metadata(sso="http://idp.example.com/sso"), "no sign-in by HTTP-Redirect"),
        (metadata(sso="javascript:alert(1)"), "no sign-in by HTTP-Redirect"),
        (metadata(slo="http://idp.example.com/slo"), "address for logouts"),
        (metadata(keys("short", bits=1024)), "no key to verify with"),
        (metadata().replace('use="signing"', 'use="encryption"'), "no key to verify with"),
        (metadata().replace("MII", "MIX", 1), "cannot be read"),
        (metadata().replace(keys("idp").text, OF_ANOTHER_VERSION), "cannot be read"),
        (metadata(*[keys("idp")] * 11), "11 keys"),
    ],
)
def test_what_is_none(text: str, why: str) -> None:
    with pytest.raises(NotAnIdp, match=why):
        read(text)


def test_how_long_it_counts() -> None:
    assert read(metadata(more=' validUntil="2026-07-01T00:00:00Z"')).valid_until == datetime(2026, 7, 1, tzinfo=UTC)


def within(text: str, *around: str) -> str:
    """In groups of entities, the innermost first, each with its attributes."""
    for each in around:
        text = f"<md:EntitiesDescriptor {MD}{each}>{text}</md:EntitiesDescriptor>"
    return text


OVER, LATER, LATEST = (f' validUntil="{each}T00:00:00Z"' for each in ("2026-05-01", "2026-07-01", "2026-08-01"))


@pytest.mark.parametrize("around", [(OVER,), ("", OVER), (OVER, LATER), (LATER, OVER, LATER)])
def test_whatever_it_stands_in_may_be_over(around: tuple[str, ...]) -> None:
    with pytest.raises(NotAnIdp, match="no longer valid"):
        read(within(metadata(more=LATEST), *around))


@pytest.mark.parametrize("around", [(LATER,), (LATEST, LATER, LATEST), (LATER, "")])
def test_whatever_it_stands_in_says_how_long_it_counts(around: tuple[str, ...]) -> None:
    assert read(within(metadata(more=LATEST), *around)).valid_until == datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT5M", 300),
        ("PT1H30M", 5_400),
        ("P1D", 86_400),
        ("P1DT1.5S", 86_401.5),
        ("P1Y2M", 425 * 86_400),
        ("PT604800S", 604_800),
        ("PT0S", 0),
    ],
)
def test_how_long_it_is_kept(text: str, seconds: float) -> None:
    cached = f' cacheDuration="{text}"'
    assert read(metadata(more=cached)).kept_for == timedelta(seconds=seconds)
    assert read(within(metadata(more=' cacheDuration="P9Y"'), "", cached, "")).kept_for == timedelta(seconds=seconds)
    assert read(metadata()).kept_for is None


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "5M", "-PT5M", "PT5X", "P1M1Y", "PT-5S", "P1S", f"P{'9' * 30}Y"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(NotAnIdp, match="no duration"):
        read(within(metadata(), f' cacheDuration="{text}"'))


def test_a_key_of_an_unknown_kind_is_left_out() -> None:
    curve = load_pem_x509_certificate(keys("curve", curve=True).certificate).public_bytes(Encoding.DER)
    unknown = base64.b64encode(curve.replace(bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d027f")))
    said = metadata(keys("idp"), keys("curve", curve=True))
    assert len(read(said.replace(base64.b64encode(curve).decode(), unknown.decode())).keys) == 1

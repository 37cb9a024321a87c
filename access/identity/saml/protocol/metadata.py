"""What a SAML provider says of itself (saml-metadata-2.0), as far as a sign-in needs it. Pure.

Only what is said of the entity that the policy names counts, whatever else stands in the document. Its keys are those
in it, several while it changes them; how long their certificates say that they last is nobody's question (saml-metadata
iop): the document is what is trusted.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from access.identity.saml.protocol.documents import PROTOCOL, Element, ds, elements, moment, read
from access.identity.saml.protocol.problems import InvalidSaml
from access.policy.values.web_address import is_safe_address

METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#: One provider's has some kilobytes; some put many into one document.
MAX_BYTES: Final = 1024 * 1024
MAX_KEYS: Final = 10
_SMALLEST_RSA_BITS: Final = 2048
_N: Final = "([0-9]{1,6})"
_DURATION: Final = re.compile(
    rf"P(?:{_N}Y)?(?:{_N}M)?(?:{_N}D)?(?:T(?:{_N}H)?(?:{_N}M)?(?:([0-9]{{1,12}}(?:\.[0-9]{{1,9}})?)S)?)?"
)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class NotAnIdp(Exception):
    """What is there describes no provider that people can sign in with; the message is the end of a sentence."""


@dataclass(frozen=True)
class Endpoint:
    """Where messages go, and where answers to them do."""

    location: str
    response_location: str


@dataclass(frozen=True)
class IdpMetadata:
    """One provider: its addresses and keys."""

    entity_id: str
    sign_in: str
    #: Binding -> where it is told of logouts.
    sign_out: dict[str, Endpoint]
    #: PEM, in order.
    certificates: tuple[bytes, ...]
    keys: tuple[PublicKey, ...]
    wants_signed_requests: bool
    #: When it stops to count; None: it does not say.
    valid_until: datetime | None = None
    #: For how long it may be kept before it is asked for again; None: it does not say.
    kept_for: timedelta | None = None

    @classmethod
    def read(cls, data: bytes, entity_id: str, now: datetime) -> "IdpMetadata":
        """What a document says of `entity_id`. Raises NotAnIdp."""
        try:
            return cls._read(read(data, most=MAX_BYTES), entity_id, now)
        except InvalidSaml as error:
            raise NotAnIdp("it is no metadata of SAML's") from error

    @classmethod
    def _read(cls, root: Element, entity_id: str, now: datetime) -> "IdpMetadata":
        entities = [each for each in elements(root) if each.tag == _md("EntityDescriptor")]
        named = [each for each in entities if each.get("entityID") == entity_id]
        if len(named) != 1:
            raise NotAnIdp(f'it says nothing of "{entity_id}"' if not named else f'it describes "{entity_id}" twice')
        roles = [
            each
            for each in named[0].findall(_md("IDPSSODescriptor"))
            if PROTOCOL in (each.get("protocolSupportEnumeration") or "").split()
        ]
        if len(roles) != 1:
            raise NotAnIdp("it describes no identity provider of SAML 2.0")
        # Whatever it stands in says for how long it counts, too (saml-metadata-2.0 2.3.1).
        around = [*named[0].iterancestors(), named[0], roles[0]]
        until = [moment(each.get("validUntil")) for each in around if each.get("validUntil") is not None]
        if until and min(until) <= now:
            raise NotAnIdp("what it says is no longer valid (validUntil)")
        kept = [_duration(each.get("cacheDuration")) for each in around if each.get("cacheDuration") is not None]
        sign_in = [each.get("Location") or "" for each in _services(roles[0], "SingleSignOnService", REDIRECT)]
        if not sign_in or not is_safe_address(sign_in[0]):
            raise NotAnIdp("it offers no sign-in by HTTP-Redirect at an https address")
        certificates = _certificates(roles[0])
        return cls(
            entity_id=entity_id,
            sign_in=sign_in[0],
            sign_out={binding: found for binding in (REDIRECT, POST) if (found := _sign_out(roles[0], binding))},
            certificates=tuple(each.public_bytes(Encoding.PEM) for each in certificates),
            keys=tuple(key for each in certificates if (key := _key(each)) is not None),
            wants_signed_requests=roles[0].get("WantAuthnRequestsSigned") in {"true", "1"},
            valid_until=min(until, default=None),
            kept_for=min(kept, default=None),
        )


def _md(name: str) -> str:
    return f"{{{METADATA}}}{name}"


def _duration(text: str) -> timedelta:
    """An xs:duration that is not negative; months and years are about as long. Raises NotAnIdp."""
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        raise NotAnIdp("it says for how long it is kept (cacheDuration), and that is no duration")
    years, months, days, hours, minutes, seconds = (float(each or 0) for each in found.groups())
    return timedelta(days=365 * years + 30 * months + days, hours=hours, minutes=minutes, seconds=seconds)


def _services(role: Element, name: str, binding: str) -> list[Element]:
    return [each for each in role.findall(_md(name)) if each.get("Binding") == binding]


def _sign_out(role: Element, binding: str) -> Endpoint | None:
    for each in _services(role, "SingleLogoutService", binding):
        location = each.get("Location") or ""
        response = each.get("ResponseLocation") or location
        if not is_safe_address(location) or not is_safe_address(response):
            raise NotAnIdp("its address for logouts is no https address")
        return Endpoint(location, response)
    return None


def _certificates(role: Element) -> list[x509.Certificate]:
    """Those that it signs with. Raises NotAnIdp where none of them can be used."""
    texts = [
        "".join((each.text or "").split())
        for descriptor in role.findall(_md("KeyDescriptor"))
        if descriptor.get("use") in {None, "signing"}
        for each in descriptor.iter(ds("X509Certificate"))
    ]
    if len(texts) > MAX_KEYS:
        raise NotAnIdp(f"it has {len(texts)} keys, and {MAX_KEYS} are the most that are read")
    found: list[x509.Certificate] = []
    for text in dict.fromkeys(texts):
        try:
            certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
            is_fit = _key(certificate) is not None
        except (ValueError, x509.InvalidVersion) as error:
            raise NotAnIdp("one of its certificates cannot be read") from error
        if is_fit:
            found.append(certificate)
    if not found:
        raise NotAnIdp("it gives no key to verify with: RSA of 2048 bits at least, or ECDSA")
    return found


def _key(certificate: x509.Certificate) -> PublicKey | None:
    """None for one that is not fit to verify with, or of a kind that is not known here."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return None
    if isinstance(key, rsa.RSAPublicKey):
        return key if key.key_size >= _SMALLEST_RSA_BITS else None
    return key if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256 else None

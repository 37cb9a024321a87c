"""A SAML provider that signs whatever it is told to: messages by hand, with everything in them that may be wrong."""

import base64
import datetime
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from web.saml.keys import _made

IDP = "https://idp.example.com/metadata"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
SAML_NS = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'


@dataclass(frozen=True)
class Keys:
    """A key and its certificate, in PEM."""

    key: bytes
    certificate: bytes

    @property
    def text(self) -> str:
        """The certificate as metadata have it."""
        return "".join(self.certificate.decode().splitlines()[1:-1])


@cache
def keys(name: str, *, bits: int = 2048, curve: bool = False, expired: bool = False) -> Keys:
    """The same for a name, in one process."""
    key: Any = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, bits)
    now, subject = datetime.datetime.now(datetime.UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = now + datetime.timedelta(days=-1 if expired else 300)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=10))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Keys(private, certificate.public_bytes(Encoding.PEM))


@cache
def our_key() -> bytes:
    """What stands in the file of our own key: making one takes long."""
    return _made()


def at(seconds: float = 0) -> str:
    """A moment so many seconds from now."""
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Signing:
    """How a signature is made, where it is not made as usual."""

    method: str = f"{MORE}rsa-sha256"
    digest: str = "http://www.w3.org/2001/04/xmlenc#sha256"
    canonical: str = EXCLUSIVE
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE)
    #: What it refers to; None: the element itself.
    uri: str | None = None
    #: Put into the signature, behind its value.
    more: str = ""
    hmac: bool = False


USUAL = Signing()


def template(name: str, signing: Signing = USUAL) -> str:
    """A signature to be filled in."""
    uri = f"#{name}" if signing.uri is None else signing.uri
    steps = "".join(f'<ds:Transform Algorithm="{each}"/>' for each in signing.transforms)
    key = "<ds:KeyName>x</ds:KeyName>" if signing.hmac else "<ds:X509Data/>"
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{signing.canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{signing.method}"/><ds:Reference URI="{uri}"><ds:Transforms>{steps}'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{signing.digest}"/><ds:DigestValue/></ds:Reference>'
        f"</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo>{key}</ds:KeyInfo>{signing.more}</ds:Signature>"
    )


def sign(document: str, by: Keys, kind: str = "assertion:Assertion", *, hmac: bool = False) -> str:
    """The document, with the first signature in it filled in by xmlsec1."""
    with TemporaryDirectory() as folder:
        there = Path(folder)
        (there / "key.pem").write_bytes(by.key)
        (there / "cert.pem").write_bytes(by.certificate)
        (there / "in.xml").write_text(document)
        with_key = ["--privkey-pem", f"{there}/key.pem,{there}/cert.pem"]
        if hmac:
            with_key = ["--hmackey:x", f"{there}/cert.pem"]
        ids = [
            part for each in (kind, "protocol:Response", "assertion:Assertion") for part in ("--id-attr:ID", _id(each))
        ]
        subprocess.run(
            ["xmlsec1", "--sign", *with_key, *ids, "--output", f"{there}/out.xml", f"{there}/in.xml"],
            check=True,
            capture_output=True,
        )
        return (there / "out.xml").read_text().partition("?>\n")[2]


def _id(kind: str) -> str:
    room, _, name = kind.partition(":")
    return f"urn:oasis:names:tc:SAML:2.0:{room}:{name}"


@dataclass
class Forge:
    """Everything that an answer says; a test changes some of it. `ours` is the address of our pages at the provider."""

    acs: str
    audience: str
    in_response_to: str
    idp: str = IDP
    by: Keys = field(default_factory=lambda: keys("idp"))
    said: dict[str, str] = field(default_factory=dict[str, str])
    attributes: Mapping[str, list[str]] = field(default_factory=lambda: {"mail": ["alice@example.com"]})
    signing: Signing = USUAL
    signs_assertion: bool = True
    signs_response: bool = False
    #: Done to the assertion before, and to the answer after everything was signed.
    before: Callable[[str], str] | None = None
    after: Callable[[str], str] | None = None

    def value(self, name: str, usual: str) -> str:
        return self.said.get(name, usual)

    def assertion(self) -> str:
        """One, unsigned, with a place for its signature."""
        value, name = self.value, self.value("id", "_assertion")
        here = template(name, self.signing) if self.signs_assertion else ""
        attributes = "".join(
            f'<saml:Attribute Name="{each}">'
            + "".join(f"<saml:AttributeValue>{text}</saml:AttributeValue>" for text in values)
            + "</saml:Attribute>"
            for each, values in self.attributes.items()
        )
        confirmation = value(
            "confirmation",
            f'<saml:SubjectConfirmation Method="{value("method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")}">'
            f'<saml:SubjectConfirmationData Recipient="{value("recipient", self.acs)}"'
            f' NotOnOrAfter="{value("confirmed_until", at(300))}"{value("confirmation_more", "")}'
            f"{value('confirmed', f' InResponseTo=#{self.in_response_to}#').replace('#', chr(34))}/>"
            "</saml:SubjectConfirmation>",
        )
        audience = (
            f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
        )
        window = f'NotBefore="{value("not_before", at(-60))}" NotOnOrAfter="{value("until", at(300))}"'
        statement = value(
            "statement",
            f'<saml:AuthnStatement AuthnInstant="{value("authn_instant", at(-1))}" SessionIndex="s1"'
            f"{value('statement_more', '')}><saml:AuthnContext><saml:AuthnContextClassRef>{value('level', PASSWORD)}"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
        )
        made = (
            f'<saml:Assertion {SAML_NS} ID="{name}" Version="{value("assertion_version", "2.0")}"'
            f' IssueInstant="{value("issued", at())}"><saml:Issuer>{value("issuer", self.idp)}</saml:Issuer>{here}'
            "<saml:Subject>"
            + value(
                "name_id",
                f'<saml:NameID Format="{value("format", PERSISTENT)}"{value("name_more", "")}>'
                f"{value('subject', 'u-alice')}</saml:NameID>",
            )
            + f"{confirmation}</saml:Subject><saml:Conditions {window}>{value('audience', audience)}"
            f"{value('conditions_more', '')}</saml:Conditions>{statement}"
            f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
        )
        return made if self.before is None else self.before(made)

    def signed_assertion(self) -> str:
        made = self.assertion()
        return sign(f"<?xml version='1.0'?>\n{made}", self.by, hmac=self.signing.hmac) if self.signs_assertion else made

    def around(self, assertion: str) -> str:
        """The response with `assertion` in it."""
        value = self.value
        status = value("status", '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>')
        here = template("_response") if self.signs_response else ""
        return (
            f'<samlp:Response {SAML_NS} ID="_response" Version="{value("version", "2.0")}" IssueInstant="{at()}"'
            f' Destination="{value("destination", self.acs)}"'
            f"{value('response_to', f' InResponseTo=#{self.in_response_to}#').replace('#', chr(34))}>"
            f"<saml:Issuer>{value('response_issuer', self.idp)}</saml:Issuer>{here}"
            f"<samlp:Status>{status}</samlp:Status>{value('ahead', '')}{assertion}{value('behind', '')}"
            "</samlp:Response>"
        )

    def response(self) -> str:
        made = self.around(self.signed_assertion())
        if self.signs_response:
            made = sign(f"<?xml version='1.0'?>\n{made}", self.by, "protocol:Response")
        return made if self.after is None else self.after(made)

    def posted(self) -> str:
        """As a form has it."""
        return base64.b64encode(self.response().encode()).decode()


def metadata(
    *certificates: Keys,
    entity_id: str = IDP,
    sso: str = "https://idp.example.com/sso",
    slo: str = "https://idp.example.com/slo",
    more: str = "",
    wants_signed: bool = False,
) -> str:
    """What the provider says of itself."""
    descriptors = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>{each.text}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for each in certificates or (keys("idp"),)
    )
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"{more}>'
        f'<md:IDPSSODescriptor WantAuthnRequestsSigned="{str(wants_signed).lower()}"'
        f' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{descriptors}'
        + (f'<md:SingleLogoutService Binding="{binding}" Location="{slo}"/>' if slo else "")
        + f'<md:SingleSignOnService Binding="{binding}" Location="{sso}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )

"""What we say ourselves: questions, answers to logouts, who we are (saml-core 3.4, 3.7; saml-metadata-2.0). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from access.identity.oidc.authorization import Attempt
from access.identity.saml.protocol.documents import ASSERTION, PROTOCOL, SIGNATURE, ds, etree, saml, samlp
from access.identity.saml.protocol.encrypted import ENCRYPTION, ENCRYPTION_11, OAEP_MGF1P
from access.identity.saml.protocol.metadata import METADATA, POST, REDIRECT
from access.identity.saml.protocol.names import EMAIL, PERSISTENT
from access.policy.shapes.providers import Identify, SamlProvider

_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_REQUESTER: Final = "urn:oasis:names:tc:SAML:2.0:status:Requester"
_UNKNOWN_PRINCIPAL: Final = "urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal"
_ALIASES: Final = {"samlp": PROTOCOL, "saml": ASSERTION}


@dataclass(frozen=True)
class Ourselves:
    """One provider's picture of us: our addresses, each with its name in the policy."""

    base: str
    provider: str

    @property
    def entity_id(self) -> str:
        """What it calls us, where our metadata is."""
        return f"{self.base}/sign-in/{self.provider}/metadata"

    @property
    def acs(self) -> str:
        return f"{self.base}/sign-in/{self.provider}/acs"

    @property
    def sign_out(self) -> str:
        return f"{self.base}/sign-out/{self.provider}/saml"

    def metadata(self, certificate: str) -> bytes:
        """Who we are; `certificate` is base64 of DER."""
        root = etree.Element(
            f"{{{METADATA}}}EntityDescriptor",
            {"entityID": self.entity_id},
            nsmap={"md": METADATA, "ds": SIGNATURE, "xenc": ENCRYPTION},
        )
        role = _within(
            root,
            f"{{{METADATA}}}SPSSODescriptor",
            protocolSupportEnumeration=PROTOCOL,
            AuthnRequestsSigned="true",
            WantAssertionsSigned="true",
        )
        for use in ("signing", "encryption"):
            descriptor = _within(role, f"{{{METADATA}}}KeyDescriptor", use=use)
            data = _within(_within(descriptor, ds("KeyInfo")), ds("X509Data"))
            _within(data, ds("X509Certificate")).text = certificate
            if use == "encryption":
                for each in (f"{ENCRYPTION_11}aes256-gcm", f"{ENCRYPTION_11}aes128-gcm", OAEP_MGF1P):
                    _within(descriptor, f"{{{METADATA}}}EncryptionMethod", Algorithm=each)
        for binding in (REDIRECT, POST):
            _within(role, f"{{{METADATA}}}SingleLogoutService", Binding=binding, Location=self.sign_out)
        for form in (PERSISTENT, EMAIL):
            _within(role, f"{{{METADATA}}}NameIDFormat").text = form
        consumer = {"index": "0", "isDefault": "true"}
        _within(role, f"{{{METADATA}}}AssertionConsumerService", Binding=POST, Location=self.acs, **consumer)
        return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def request_id(attempt: Attempt) -> str:
    """The name of the question that a browser has begun: nobody else's answer has it."""
    return f"_{attempt.derived('saml request')}"


def relay_state(attempt: Attempt) -> str:
    return attempt.derived("saml relay state")


def may_be_relay_state(text: str) -> bool:
    """Whether it looks like one of ours; whose it is, only a browser's attempt says."""
    return len(text) == 43 and text.isascii() and all(each.isalnum() or each in "-_" for each in text)


def question(
    attempt: Attempt, ours: Ourselves, provider: SamlProvider, destination: str, now: datetime, *, force: bool
) -> bytes:
    """An AuthnRequest. `force` has the person prove themselves now, whatever the provider remembers."""
    said = {
        "ID": request_id(attempt),
        "Version": "2.0",
        "IssueInstant": _written(now),
        "Destination": destination,
        "AssertionConsumerServiceURL": ours.acs,
        "ProtocolBinding": POST,
        **({"ForceAuthn": "true"} if force else {}),
    }
    root = etree.Element(samlp("AuthnRequest"), said, nsmap=_ALIASES)
    _within(root, saml("Issuer")).text = ours.entity_id
    wanted = {"Format": PERSISTENT} if provider.identify is Identify.SUBJECT else {}
    _within(root, samlp("NameIDPolicy"), AllowCreate="true", **wanted)
    return etree.tostring(root, encoding="utf-8")


def logout_answer(
    name: str, in_response_to: str, ours: Ourselves, destination: str, now: datetime, *, is_known: bool
) -> bytes:
    """A LogoutResponse: it was done, or nobody is known here by that name (saml-core 3.2.2.2)."""
    said = {
        "ID": name,
        "Version": "2.0",
        "IssueInstant": _written(now),
        "Destination": destination,
        "InResponseTo": in_response_to,
    }
    root = etree.Element(samlp("LogoutResponse"), said, nsmap=_ALIASES)
    _within(root, saml("Issuer")).text = ours.entity_id
    code = _within(_within(root, samlp("Status")), samlp("StatusCode"), Value=_SUCCESS if is_known else _REQUESTER)
    if not is_known:
        _within(code, samlp("StatusCode"), Value=_UNKNOWN_PRINCIPAL)
    return etree.tostring(root, encoding="utf-8")


def _within(parent: Any, tag: str, **said: str) -> Any:
    attributes: Mapping[str, str] = said
    return etree.SubElement(parent, tag, attributes)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

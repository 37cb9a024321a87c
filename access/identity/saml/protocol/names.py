"""NameID: what a provider calls an account, and whether that is a name that lasts (saml-core 2.2.3, 8.3). Pure."""

from dataclasses import dataclass
from typing import Final

from access.identity.saml.protocol.documents import Element, only, saml, text_of
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.policy.shapes.providers import MAX_SUBJECT_CHARS, Identify, SamlProvider
from access.policy.values.mailbox import is_address

PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

_MAX_FORMAT_CHARS: Final = 200


@dataclass(frozen=True)
class Name:
    """One account's name, and of which format it is."""

    value: str
    format: str

    @property
    def account(self) -> str:
        """What the account is known by here. Whoever asks chooses the format, so the same text in two is two names.

        A user name that somebody chose may be what another's address is. A format has no blank, so what stands before
        the first one says which it is.
        """
        is_plain = self.format == PERSISTENT and " " not in self.value
        return self.value if is_plain else f"{self.format} {self.value}"

    def address(self, provider: SamlProvider) -> str | None:
        """The e-mail address that it is, where the policy names no attribute for that."""
        is_one = self.format == EMAIL and provider.saml.email_attribute is None
        return self.value if is_one and is_address(self.value) else None


def name_id(holder: Element, provider: SamlProvider, audience: str) -> Name:
    """The name in a subject or a request. Raises InvalidSaml for one that does not last, or is not for us."""
    if holder.find(saml("EncryptedID")) is not None:
        raise InvalidSaml(SamlProblem.ENCRYPTED_NAME)
    element = only(holder, saml("NameID"))
    value, form = text_of(element), element.get("Format") or UNSPECIFIED
    is_bounded = 0 < len(value) <= MAX_SUBJECT_CHARS and len(form) <= _MAX_FORMAT_CHARS
    # One with a blank before it is another name. A format is a URI.
    if not is_bounded or not form.isprintable() or " " in form or element.text != value:
        raise InvalidSaml(SamlProblem.MALFORMED)
    if form == TRANSIENT:
        raise InvalidSaml(SamlProblem.TRANSIENT_NAME)
    if provider.identify is Identify.SUBJECT and form != PERSISTENT:
        raise InvalidSaml(SamlProblem.NOT_PERSISTENT)
    qualified = (element.get("NameQualifier"), provider.issuer), (element.get("SPNameQualifier"), audience)
    if any(said not in {None, "", expected} for said, expected in qualified):
        raise InvalidSaml(SamlProblem.OTHER_QUALIFIER)
    return Name(value, form)

"""The answer to a question of ours (saml-profiles-2.0 4.1.4): for whom it is, and the one assertion in it. Pure.

Nothing of the answer itself is believed: it says which signed assertion there is to look at.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from access.identity.saml.protocol.documents import Element, at_most_one, ds, elements, only, read, saml, samlp, text_of
from access.identity.saml.protocol.encrypted import decrypted
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.signatures import Signed, signed

_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_STATUS: Final = "urn:oasis:names:tc:SAML:2.0:status:"
VERSION: Final = "2.0"
#: Our questions have shorter names.
MAX_REQUEST_CHARS: Final = 64


@dataclass(frozen=True)
class Answer:
    """A response, and the signed assertion in it, which is not verified yet."""

    in_response_to: str
    assertion: Signed


def read_response(data: bytes, *, issuer: str, acs: str, key: rsa.RSAPrivateKey) -> Answer:
    """What was posted to `acs`. `key` is ours, for assertions that are encrypted. Raises InvalidSaml."""
    root = read(data)
    if root.tag != samlp("Response") or root.get("Version") != VERSION:
        raise InvalidSaml(SamlProblem.WRONG_KIND)
    if root.get("Destination") != acs:
        raise InvalidSaml(SamlProblem.WRONG_DESTINATION)
    check_issuer(at_most_one(root, saml("Issuer")), issuer, may_lack=True)
    _check_status(only(root, samlp("Status")))
    asked = root.get("InResponseTo")
    if not asked or len(asked) > MAX_REQUEST_CHARS:
        raise InvalidSaml(SamlProblem.UNSOLICITED)
    return Answer(asked, _assertion(root, key))


def check_issuer(element: Element | None, issuer: str, *, may_lack: bool = False) -> None:
    """That it is the provider's own name for itself. Raises InvalidSaml."""
    if element is None and may_lack:
        return
    if element is None or text_of(element) != issuer:
        raise InvalidSaml(SamlProblem.WRONG_ISSUER)


def _check_status(status: Element) -> None:
    code = only(status, samlp("StatusCode"))
    if code.get("Value") == _SUCCESS:
        return
    inner = code.find(samlp("StatusCode"))
    word = ((inner if inner is not None else code).get("Value") or "").removeprefix(_STATUS)
    raise InvalidSaml(SamlProblem.REFUSED, word if len(word) <= 64 and word.isascii() and word.isalpha() else None)


def _assertion(root: Element, key: rsa.RSAPrivateKey) -> Signed:
    """The only one anywhere in it, which stands where it belongs. Raises InvalidSaml."""
    anywhere = [each for each in elements(root) if each.tag in {saml("Assertion"), saml("EncryptedAssertion")}]
    here = [each for each in root if each.tag in {saml("Assertion"), saml("EncryptedAssertion")}]
    if len(anywhere) > 1:
        raise InvalidSaml(SamlProblem.SEVERAL_ASSERTIONS)
    if not anywhere:
        raise InvalidSaml(SamlProblem.NO_ASSERTION)
    if not here:
        raise InvalidSaml(SamlProblem.WRAPPED)
    found = here[0] if here[0].tag == saml("Assertion") else decrypted(here[0], key)
    if sum(1 for each in elements(found) if each.tag in {saml("Assertion"), saml("EncryptedAssertion")}) != 1:
        raise InvalidSaml(SamlProblem.SEVERAL_ASSERTIONS)
    try:
        return signed(found)
    except InvalidSaml as error:
        if error.reason is SamlProblem.UNSIGNED and any(each.tag == ds("Signature") for each in elements(root)):
            raise InvalidSaml(SamlProblem.UNSIGNED_ASSERTION) from error
        raise

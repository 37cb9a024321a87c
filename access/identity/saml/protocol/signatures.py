"""The signature of an element (saml-core 5.4): whether it is of that element, and made in a way that counts. Pure.

What is verified, and read afterwards, is a document of its own whose root is the element, so that there is nothing else
in it that could have been signed or read instead. Whether the numbers are right is for `web.saml.xmlsec` to say.
"""

from dataclasses import dataclass
from typing import Final

from access.identity.saml.protocol.documents import Element, ds, elements, name_of_message, only, read, written
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#: RFC 9231. No SHA-1, no MD5, and nothing that is made with a shared secret.
SIGNED_WITH: Final = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-sha{bits}" for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)
)
DIGESTED_WITH: Final = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
_PARTS: Final = (ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo"))
_TRANSFORMS: Final = (ENVELOPED, EXCLUSIVE)
_REFERENCE: Final = (ds("Transforms"), ds("DigestMethod"), ds("DigestValue"))
#: Each is looked for at each element.
_MAX_PREFIXES: Final = 64


@dataclass(frozen=True)
class Signed:
    """An element with a signature that fits it, to be verified and, if it holds, read: as it stands here."""

    name: str
    document: bytes
    root: Element


def signed(element: Element) -> Signed:
    """The element as a document of its own. Raises InvalidSaml, with UNSIGNED where it has no signature.

    Keys that come along are left out: those of the provider's metadata count.
    """
    root = read(written(element))
    name = name_of_message(root)
    everywhere = [each for each in elements(root) if each.tag == ds("Signature")]
    mine = root.findall(ds("Signature"))
    if not everywhere:
        raise InvalidSaml(SamlProblem.UNSIGNED)
    if len(everywhere) != 1 or len(mine) != 1:
        raise InvalidSaml(SamlProblem.WRAPPED)
    _check_names(root)
    signature = mine[0]
    _check(signature, name)
    for keys in signature.findall(ds("KeyInfo")):
        signature.remove(keys)
    document = written(root)
    return Signed(name, document, read(document))


def _check_names(root: Element) -> None:
    """Nothing else in it has a name that a reference could mean, whatever the attribute is called."""
    names = [
        value
        for each in elements(root)
        for attribute, value in each.attrib.items()
        if attribute.rpartition("}")[2].lower() == "id"
    ]
    if len(set(names)) != len(names):
        raise InvalidSaml(SamlProblem.WRAPPED)


def _check(signature: Element, name: str) -> None:
    if any(each.tag not in _PARTS for each in signature) or len(signature.findall(ds("KeyInfo"))) > 1:
        raise InvalidSaml(SamlProblem.WRAPPED)
    value = only(signature, ds("SignatureValue"))
    info = only(signature, ds("SignedInfo"))
    method, canonical = only(info, ds("SignatureMethod")), only(info, ds("CanonicalizationMethod"))
    references = info.findall(ds("Reference"))
    if len(references) != 1 or len(info) != 3:
        raise InvalidSaml(SamlProblem.WRAPPED)
    reference = references[0]
    if reference.get("URI") != f"#{name}":
        raise InvalidSaml(SamlProblem.WRAPPED)
    if method.get("Algorithm") not in SIGNED_WITH or len(method) or canonical.get("Algorithm") != EXCLUSIVE:
        raise InvalidSaml(SamlProblem.ALGORITHM)
    if only(reference, ds("DigestMethod")).get("Algorithm") not in DIGESTED_WITH:
        raise InvalidSaml(SamlProblem.ALGORITHM)
    transforms = only(reference, ds("Transforms"))
    if tuple(each.get("Algorithm") for each in transforms) != _TRANSFORMS:
        raise InvalidSaml(SamlProblem.TRANSFORM)
    inclusive = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
    inner = [each for parent in (canonical, transforms[1]) for each in parent]
    if len(transforms[0]) or any(each.tag != inclusive for each in inner):
        raise InvalidSaml(SamlProblem.TRANSFORM)
    if sum(len((each.get("PrefixList") or "").split()) for each in inner) > _MAX_PREFIXES:
        raise InvalidSaml(SamlProblem.TRANSFORM)
    # xmlsec1 quotes in its errors what it does not know.
    is_whole = tuple(each.tag for each in reference) == _REFERENCE
    if not is_whole or any(len(each) for each in (value, reference[1], reference[2])):
        raise InvalidSaml(SamlProblem.WRAPPED)

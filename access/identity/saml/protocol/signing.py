"""Messages of ours with a signature in them (saml-core 5.4), as forms need it: enveloped, RSA with SHA-256. Pure."""

import base64
import hashlib
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from access.identity.saml.protocol.documents import SIGNATURE, Element, ds, etree, name_of_message, read, written
from access.identity.saml.protocol.redirect import RSA_SHA256
from access.identity.saml.protocol.signatures import ENVELOPED, EXCLUSIVE

_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"


def with_signature(document: bytes, key: rsa.RSAPrivateKey, certificate: str) -> bytes:
    """A message of ours, signed behind its issuer, which comes first; `certificate` is base64 of DER."""
    root = read(document)
    digest = hashlib.sha256(_canonical(root)).digest()
    signature = etree.Element(ds("Signature"), nsmap={"ds": SIGNATURE})
    info = _within(signature, "SignedInfo")
    _within(info, "CanonicalizationMethod", Algorithm=EXCLUSIVE)
    _within(info, "SignatureMethod", Algorithm=RSA_SHA256)
    reference = _within(info, "Reference", URI=f"#{name_of_message(root)}")
    transforms = _within(reference, "Transforms")
    for each in (ENVELOPED, EXCLUSIVE):
        _within(transforms, "Transform", Algorithm=each)
    _within(reference, "DigestMethod", Algorithm=_SHA256)
    _within(reference, "DigestValue").text = base64.b64encode(digest).decode()
    root.insert(1, signature)
    made = key.sign(_canonical(info), padding.PKCS1v15(), hashes.SHA256())
    _within(signature, "SignatureValue").text = base64.b64encode(made).decode()
    _within(_within(_within(signature, "KeyInfo"), "X509Data"), "X509Certificate").text = certificate
    return written(root)


def _canonical(element: Element) -> bytes:
    """Exclusive canonicalisation 1.0, without comments."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _within(parent: Element, name: str, **said: str) -> Element:
    return etree.SubElement(parent, ds(name), said)

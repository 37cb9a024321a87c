"""Encrypted assertions (xmlenc-core1): with AES-GCM and RSA-OAEP, or not at all. Pure.

What is decrypted is not signed yet, so whatever a decryption tells of a wrong text is told to everybody. AES-CBC and
RSA of PKCS #1 1.5 tell enough to read what others were sent; GCM says that it was changed, and nothing else.
"""

import base64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from access.identity.saml.protocol.documents import Element, ds, elements, etree, only, read, saml
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem

ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"
ENCRYPTION_11: Final = "http://www.w3.org/2009/xmlenc11#"
OAEP_MGF1P: Final = f"{ENCRYPTION}rsa-oaep-mgf1p"
OAEP: Final = f"{ENCRYPTION_11}rsa-oaep"
#: Algorithm -> bytes of its key.
GCM: Final = {f"{ENCRYPTION_11}aes128-gcm": 16, f"{ENCRYPTION_11}aes192-gcm": 24, f"{ENCRYPTION_11}aes256-gcm": 32}
_DIGESTS: Final = {
    None: hashes.SHA1,
    f"{ds('')[1:-1]}sha1": hashes.SHA1,
    f"{ENCRYPTION}sha256": hashes.SHA256,
    f"{ENCRYPTION}sha512": hashes.SHA512,
}
_MASKS: Final = {
    None: hashes.SHA1,
    f"{ENCRYPTION_11}mgf1sha1": hashes.SHA1,
    f"{ENCRYPTION_11}mgf1sha256": hashes.SHA256,
    f"{ENCRYPTION_11}mgf1sha512": hashes.SHA512,
}
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_MAX_PREFIXES: Final = 50


def xenc(name: str) -> str:
    return f"{{{ENCRYPTION}}}{name}"


def decrypted(element: Element, key: rsa.RSAPrivateKey) -> Element:
    """The assertion in an EncryptedAssertion. Raises InvalidSaml."""
    data = only(element, xenc("EncryptedData"))
    keys = [each for each in elements(element) if each.tag == xenc("EncryptedKey")]
    size = GCM.get(_algorithm(data))
    if size is None or len(keys) != 1 or any(each.tag == xenc("CipherReference") for each in elements(element)):
        raise InvalidSaml(SamlProblem.ENCRYPTION)
    secret = _secret(keys[0], key)
    text = _cipher(data)
    if len(secret) != size or len(text) < _NONCE_BYTES + _TAG_BYTES:
        raise InvalidSaml(SamlProblem.UNDECIPHERABLE)
    try:
        plain = AESGCM(secret).decrypt(text[:_NONCE_BYTES], text[_NONCE_BYTES:], None)
    except InvalidTag as error:
        raise InvalidSaml(SamlProblem.UNDECIPHERABLE) from error
    return _placed(plain, element)


def _placed(plain: bytes, element: Element) -> Element:
    """The element that was encrypted, with the namespaces that stood above it (xmlenc-core1 4.5)."""
    if len(element.nsmap) > _MAX_PREFIXES:
        raise InvalidSaml(SamlProblem.MALFORMED)
    around = etree.tostring(etree.Element("around", nsmap={k: v for k, v in element.nsmap.items() if k is not None}))
    root = read(around.removesuffix(b"/>") + b">" + plain + b"</around>")
    if len(root) != 1 or root[0].tag != saml("Assertion"):
        raise InvalidSaml(SamlProblem.NO_ASSERTION)
    return root[0]


def _algorithm(element: Element) -> str:
    return only(element, xenc("EncryptionMethod")).get("Algorithm") or ""


def _secret(encrypted: Element, key: rsa.RSAPrivateKey) -> bytes:
    method = only(encrypted, xenc("EncryptionMethod"))
    digest, mask = method.find(ds("DigestMethod")), method.find(f"{{{ENCRYPTION_11}}}MGF")
    hashed = _DIGESTS.get(None if digest is None else digest.get("Algorithm"))
    masked = _MASKS.get(None if mask is None else mask.get("Algorithm"))
    is_known = method.get("Algorithm") == OAEP or (method.get("Algorithm") == OAEP_MGF1P and mask is None)
    if not is_known or hashed is None or masked is None or method.find(xenc("OAEPparams")) is not None:
        raise InvalidSaml(SamlProblem.ENCRYPTION)
    try:
        return key.decrypt(_cipher(encrypted), padding.OAEP(padding.MGF1(masked()), hashed(), None))
    except ValueError as error:
        raise InvalidSaml(SamlProblem.UNDECIPHERABLE) from error


def _cipher(element: Element) -> bytes:
    value = only(only(element, xenc("CipherData")), xenc("CipherValue"))
    try:
        return base64.b64decode("".join((value.text or "").split()), validate=True)
    except ValueError as error:
        raise InvalidSaml(SamlProblem.MALFORMED) from error

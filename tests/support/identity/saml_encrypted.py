"""Assertions encrypted for us, with whatever a test asks for (xmlenc-core1)."""

import base64
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support.identity.saml import DS, SAML_NS

XENC, XENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"


def encrypted(
    assertion: str,
    key: Any,
    *,
    method: str = f"{XENC11}aes256-gcm",
    transport: str = f"{XENC}rsa-oaep-mgf1p",
    inside: str = "",
    secret: bytes | None = None,
) -> str:
    """`key` is our public one. `inside` is put into the method of the transport."""
    secret, nonce = secret or os.urandom(32), os.urandom(12)
    text = base64.b64encode(nonce + AESGCM(secret).encrypt(nonce, assertion.encode(), None)).decode()
    sha1 = hashes.SHA1()  # noqa: S303 - what rsa-oaep-mgf1p is made with
    pad = padding.OAEP(padding.MGF1(sha1), sha1, None)
    wrapped = base64.b64encode(key.encrypt(secret, pad)).decode()

    def cipher(value: str) -> str:
        return f"<xenc:CipherData><xenc:CipherValue>{value}</xenc:CipherValue></xenc:CipherData>"

    return (
        f'<saml:EncryptedAssertion {SAML_NS}><xenc:EncryptedData xmlns:xenc="{XENC}" xmlns:ds="{DS}">'
        f'<xenc:EncryptionMethod Algorithm="{method}"/><ds:KeyInfo><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{transport}">{inside}</xenc:EncryptionMethod>{cipher(wrapped)}'
        f"</xenc:EncryptedKey></ds:KeyInfo>{cipher(text)}</xenc:EncryptedData></saml:EncryptedAssertion>"
    )

"""Fingerprints of authorities."""

import base64
import hashlib
import ssl
from pathlib import Path

import pytest

from client.errors import Failed
from client.login.trust import fingerprint
from proxy.authority import Authority


def test_it_is_that_of_the_certificate(tmp_path: Path) -> None:
    pem = Authority(tmp_path).certificate()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    assert fingerprint(pem) == "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def test_one_certificate_has_one(tmp_path: Path) -> None:
    pem = Authority(tmp_path).certificate()
    for text in ("", "x", pem + pem, pem.replace("CERTIFICATE", "THING"), pem[:-40]):
        with pytest.raises(Failed):
            fingerprint(text)

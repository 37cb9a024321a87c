"""tls-server-end-point: the hash that RFC 5929 asks for, by the algorithm of the certificate's signature."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from proxy.postgres.protocol.channel_binding import server_end_point


class Tls:
    """An ssl.SSLObject as far as its peer's certificate goes: a real one takes a handshake to have one."""

    def __init__(self, der: bytes | None) -> None:
        self.der = der

    def getpeercert(self, *, binary_form: bool) -> bytes | None:
        assert binary_form
        return self.der


def bound(der: bytes | None) -> bytes | None:
    return server_end_point(cast("ssl.SSLObject", Tls(der)))


def certificate(key: Any, algorithm: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "db.internal")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=1))
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("algorithm", "digest"), [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384"), (hashes.SHA512(), "sha512")]
)
def test_the_hash_is_the_signatures(algorithm: hashes.HashAlgorithm, digest: str) -> None:
    der = certificate(ec.generate_private_key(ec.SECP256R1()), algorithm)
    assert bound(der) == hashlib.new(digest, der).digest()


def test_a_signature_without_a_hash_binds_nothing() -> None:
    assert bound(certificate(ed25519.Ed25519PrivateKey.generate(), None)) is None


@pytest.mark.parametrize("der", [None, b"no certificate"])
def test_without_a_certificate_nothing_is_bound(der: bytes | None) -> None:
    assert bound(der) is None


def test_without_tls_nothing_is_bound() -> None:
    assert server_end_point(None) is None

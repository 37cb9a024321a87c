"""Requests and certificates from outside. The forged ones are tried at the door: tests/live/proxy/postgres."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from access.certificates import reading
from access.certificates.authority import ClientAuthority
from access.certificates.reading import MAX_BYTES, CertificateProblem, NoRequest, NotOurs
from access.certificates.subject import Subject
from support.identity.certificates import Draft, Key, name, new_key

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SUBJECT = Subject("alice", "read", "payments-db", UUID(int=5), "0123456789abcdef")
LOCAL = Draft(SUBJECT, name("Gatepass client CA"), new_key())


def requested(key: Key, algorithm: hashes.HashAlgorithm | None) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(name("anybody"))
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()  # pyright: ignore[reportArgumentType]


def test_what_the_authority_signed_is_read(tmp_path: Path) -> None:
    authority = ClientAuthority(tmp_path)
    der = authority.sign(new_key().public_key(), SUBJECT, NOW, NOW + timedelta(minutes=5))
    assert reading.claims_authority(der, authority.certificate)
    said = reading.read(der, authority.certificate)
    assert (said.subject, said.ends_at) == (SUBJECT, NOW + timedelta(minutes=5))
    assert said.fingerprint == reading.fingerprint(der)
    assert len(der) < MAX_BYTES / 4


def test_by_its_name_alone_it_says_whose_it_is(tmp_path: Path) -> None:
    authority = ClientAuthority(tmp_path)
    der = LOCAL.made().public_bytes(serialization.Encoding.DER)
    assert reading.claims_authority(der, authority.certificate)
    with pytest.raises(NotOurs) as refused:
        reading.read(der, authority.certificate)
    assert refused.value.reason is CertificateProblem.BAD_SIGNATURE


@given(st.binary(max_size=300), st.integers(0, 600))
def test_bytes_that_are_none(data: bytes, place: int) -> None:
    authority = LOCAL.made()
    good = authority.public_bytes(serialization.Encoding.DER)
    for der in (data, good[:place] + data + good[place:], good[:place]):
        reading.claims_authority(der, authority)
        with pytest.raises(NotOurs):
            reading.read(der, authority)


def test_a_version_that_there_is_none_of(tmp_path: Path) -> None:
    """The library has an exception of its own for it."""
    authority = ClientAuthority(tmp_path).certificate
    der = LOCAL.made().public_bytes(serialization.Encoding.DER)
    other = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020120"), 1)
    assert other != der
    assert not reading.claims_authority(other, authority)
    with pytest.raises(NotOurs, match="cannot be read"):
        reading.read(other, authority)


def test_a_name_written_as_bits(tmp_path: Path) -> None:
    """ASN.1 has it, and no name but one has: the library says so when it is asked for the issuer."""
    authority = ClientAuthority(tmp_path).certificate
    der = LOCAL.made().public_bytes(serialization.Encoding.DER)
    text = b"Gatepass client CA"
    other = der.replace(bytes((0x0C, len(text))) + text, bytes((0x03, len(text))) + b"\0" + text[1:], 1)
    assert other != der
    assert not reading.claims_authority(other, authority)
    with pytest.raises(NotOurs):
        reading.read(other, authority)


def test_a_request_gives_its_key() -> None:
    key = new_key()
    assert reading.key_of_request(requested(key, hashes.SHA256())) == key.public_key()


@pytest.mark.parametrize(
    ("pem", "says"),
    [
        ("", "no request for a certificate"),
        ("\u0661", "no request for a certificate"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "no request"),
        ("x" * (MAX_BYTES + 1), "too large"),
        (requested(rsa.generate_private_key(65537, 2048), hashes.SHA256()), "P-256"),
        (requested(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256()), "P-256"),
        (requested(ed25519.Ed25519PrivateKey.generate(), None), "P-256"),
        (requested(new_key(), hashes.SHA512()), "SHA-256"),
    ],
)
def test_what_is_no_request(pem: str, says: str) -> None:
    with pytest.raises(NoRequest, match=says):
        reading.key_of_request(pem)


def test_a_request_over_somebody_elses_key_is_none() -> None:
    """The key of one and the signature of another."""
    mine, theirs = (x509.load_pem_x509_csr(requested(new_key(), hashes.SHA256()).encode()) for _ in range(2))
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = mine.public_bytes(serialization.Encoding.DER)
    swapped = der.replace(mine.public_key().public_bytes(*form), theirs.public_key().public_bytes(*form))
    pem = x509.load_der_x509_csr(swapped).public_bytes(serialization.Encoding.PEM).decode()
    with pytest.raises(NoRequest, match="not signed"):
        reading.key_of_request(pem)

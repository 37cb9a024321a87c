"""Reading what comes from outside: requests for certificates, and certificates. Pure; nothing here asks storage.

A certificate that does not say that our authority signed it is somebody else's affair. One that says so is ours in
every part, or refused with a sentence.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import SignatureAlgorithmOID

from access.certificates.subject import Subject, is_a_clients

#: Ours have some 700 bytes; what is larger is not parsed.
MAX_BYTES: Final = 4 * 1024


#: What the library raises for what it cannot read, as `make fuzz` met it.
_UNREADABLE: Final = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    # A name that is written as bits.
    TypeError,
)


class CertificateProblem(StrEnum):
    """Why a certificate that says it is ours is refused."""

    MALFORMED = "malformed"
    BAD_SIGNATURE = "bad_signature"
    NO_CLIENT = "no_client"
    OTHER_CONTENT = "other_content"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"


AGAIN: Final = "Run `gatepass psql` (or exec, or proxy) again, which gets a new one."
SENTENCES: Final = {
    CertificateProblem.MALFORMED: f"This client certificate cannot be read. {AGAIN}",
    CertificateProblem.BAD_SIGNATURE: f"This client certificate was not signed by this Gatepass. {AGAIN}",
    CertificateProblem.NO_CLIENT: f"This certificate is not for proving a client. {AGAIN}",
    CertificateProblem.OTHER_CONTENT: f"This client certificate says something else than Gatepass wrote. {AGAIN}",
    CertificateProblem.UNKNOWN: f"Gatepass knows no such client certificate: it is long over, or none of ours. {AGAIN}",
    CertificateProblem.REVOKED: f"This client certificate was revoked by Gatepass's operators. {AGAIN}",
    CertificateProblem.EXPIRED: f"This client certificate has expired: they last for minutes. {AGAIN}",
    CertificateProblem.NOT_YET_VALID: (
        "This client certificate is from the future: tell Gatepass's operators that their clocks differ."
    ),
}


class NotOurs(Exception):
    """The message is for whoever presented it."""

    def __init__(self, reason: CertificateProblem) -> None:
        super().__init__(SENTENCES[reason])
        self.reason = reason


class NoRequest(Exception):
    """The request for a certificate is none; the message says what is wrong with it."""


@dataclass(frozen=True)
class Signed:
    """A certificate that our authority signed, and what it says; whether it still counts is storage's to say."""

    subject: Subject
    begins_at: datetime
    ends_at: datetime
    fingerprint: str


def fingerprint(der: bytes) -> str:
    """Of a certificate, for records."""
    return f"SHA256:{hashlib.sha256(der).hexdigest()}"


def claims_authority(der: bytes, authority: x509.Certificate) -> bool:
    """Whether the certificate says that it is signed by `authority`: its issuer's name is that one's, byte for byte.

    What cannot be parsed says nothing of the kind, whoever made it.
    """
    try:
        return x509.load_der_x509_certificate(der).issuer == authority.subject
    except _UNREADABLE:
        return False


def read(der: bytes, authority: x509.Certificate) -> Signed:
    """Raises NotOurs."""
    if len(der) > MAX_BYTES:
        raise NotOurs(CertificateProblem.MALFORMED)
    try:
        certificate = x509.load_der_x509_certificate(der)
        if certificate.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
            raise NotOurs(CertificateProblem.BAD_SIGNATURE)
        certificate.verify_directly_issued_by(authority)
        if not is_a_clients(certificate):
            raise NotOurs(CertificateProblem.NO_CLIENT)
        subject = Subject.read(certificate)
    except (InvalidSignature, TypeError) as error:
        raise NotOurs(CertificateProblem.BAD_SIGNATURE) from error
    except x509.ExtensionNotFound as error:
        raise NotOurs(CertificateProblem.NO_CLIENT) from error
    except _UNREADABLE as error:
        raise NotOurs(CertificateProblem.MALFORMED) from error
    if subject is None:
        raise NotOurs(CertificateProblem.OTHER_CONTENT)
    return Signed(subject, certificate.not_valid_before_utc, certificate.not_valid_after_utc, fingerprint(der))


def key_of_request(pem: str) -> ec.EllipticCurvePublicKey:
    """The key that a certificate is asked for, whose holder asks: PKCS #10 in PEM. All else in it counts for nothing.

    Raises NoRequest.
    """
    if len(pem) > MAX_BYTES:
        raise NoRequest("A request for a certificate has a few hundred bytes; this one is too large.")
    try:
        request = x509.load_pem_x509_csr(pem.encode("ascii"))
        key = request.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise NoRequest("The key of a request must be one of the curve P-256.")
        if not isinstance(request.signature_hash_algorithm, hashes.SHA256) or not request.is_signature_valid:
            raise NoRequest("The request is not signed, with SHA-256, by the key that it is for.")
    except (*_UNREADABLE, InvalidSignature) as error:
        raise NoRequest("This is no request for a certificate: send PKCS #10 in PEM.") from error
    return key

"""The authority that signs clients' certificates, made at the first start: `ca.pem` and, for nobody else, `ca-key.pem`.

It is another than the one by which clients know the gateway: nobody but the gateway trusts it, so that what it signs is
no server anywhere, and what the other one signs is no client.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from access.certificates.subject import Subject, extended
from access.key_folders.folder import Folder, made, opened
from access.key_folders.unusable import KeyUnusable

_LIFETIME: Final = timedelta(days=3650)
#: Clocks of the pages' and the gateway's machines may differ by this much.
SKEW: Final = timedelta(minutes=1)
_CERTIFICATE: Final = "ca.pem"
_KEY: Final = "ca-key.pem"
_MEND: Final = "Put it back from your backup, or remove its folder: a new authority is made then."


class ClientAuthority:
    """In `folder`; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Make the folder (mode 0700) and the authority if there is none. Raises KeyUnusable."""
        self._folder = folder
        self.certificate_file = folder / _CERTIFICATE
        with made(folder) as keys:
            if not keys.has(_CERTIFICATE):
                _make(keys)
            self.certificate = _certificate(keys)

    def sign(self, key: ec.EllipticCurvePublicKey, subject: Subject, now: datetime, until: datetime) -> bytes:
        """A certificate over the key, DER, until `until` at the latest. Raises KeyUnusable."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.person)]))
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(subject.serial)
            .not_valid_before(now.astimezone(UTC) - SKEW)
            .not_valid_after(until.astimezone(UTC).replace(microsecond=0))
        )
        with opened(self._folder) as keys:
            authority = _key(keys)
        return (
            extended(builder, subject, authority.public_key())
            .sign(authority, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )


def _make(folder: Folder) -> None:
    """Key first, certificate last: whoever sees the certificate has the key that made it."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.put_first(_KEY, pem)
    key = _key(folder)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gatepass client CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.put_first(_CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))


def _certificate(folder: Folder) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(folder.read(_CERTIFICATE))
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"{folder.path / _CERTIFICATE} is no certificate. {_MEND}") from error


def _key(folder: Folder) -> ec.EllipticCurvePrivateKey:
    """Also refuses a key that others may read: who has it can be anybody."""
    path = folder.path / _KEY
    try:
        key = serialization.load_pem_private_key(folder.private(_KEY), password=None)
    except FileNotFoundError as error:
        raise KeyUnusable(f"{path} is missing. {_MEND}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{path} is no private key. {_MEND}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyUnusable(f"{path} holds no elliptic-curve key. {_MEND}")
    return key

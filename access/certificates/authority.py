"""The authority that signs clients' certificates, made at the first start: `ca.pem` and, for nobody else, `ca-key.pem`.

It is another than the one by which clients know the gateway: nobody but the gateway trusts it, so that what it signs is
no server anywhere, and what the other one signs is no client.
"""

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from access import key_files
from access.certificates.subject import Subject, extended
from access.key_files import KeyUnusable, refuse_shared

_LIFETIME: Final = timedelta(days=3650)
#: Clocks of the pages' and the gateway's machines may differ by this much.
SKEW: Final = timedelta(minutes=1)
_MEND: Final = "Put it back from your backup, or remove its folder: a new authority is made then."


class ClientAuthority:
    """In `folder`; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Make the folder (mode 0700) and the authority if there is none. Raises KeyUnusable."""
        self._folder = folder
        self.certificate_file = folder / "ca.pem"
        self._key_file = folder / "ca-key.pem"
        key_files.made(folder)
        if not self.certificate_file.exists():
            self._make()
        self.certificate = self._certificate()

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
        authority = self._key()
        return (
            extended(builder, subject, authority.public_key())
            .sign(authority, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )

    def _make(self) -> None:
        """Key first, certificate last: whoever sees the certificate has the key that made it."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with key_files.whole_file(self._folder, pem) as draft, contextlib.suppress(FileExistsError):
            os.link(draft, self._key_file)
        key = self._key()
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
        whole = certificate.public_bytes(serialization.Encoding.PEM)
        with key_files.whole_file(self._folder, whole) as draft, contextlib.suppress(FileExistsError):
            os.link(draft, self.certificate_file)

    def _certificate(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        except (OSError, ValueError) as error:
            raise KeyUnusable(f"{self.certificate_file} is no certificate. {_MEND}") from error

    def _key(self) -> ec.EllipticCurvePrivateKey:
        """Also refuses a key that others may read: who has it can be anybody."""
        try:
            refuse_shared(self._key_file)
            key = serialization.load_pem_private_key(self._key_file.read_bytes(), password=None)
        except FileNotFoundError as error:
            raise KeyUnusable(f"{self._key_file} is missing. {_MEND}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyUnusable(f"{self._key_file} is no private key. {_MEND}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyUnusable(f"{self._key_file} holds no elliptic-curve key. {_MEND}")
        return key

"""The gateway's own certificate authority: made on first start, so that clients can verify its ports.

The CA's key never leaves its folder (mode 0600); the server's certificate is short-lived and made anew at each start.
"""

import contextlib
import ipaddress
import os
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from access.key_files import KeyUnusable, give, made, refuse_shared

CA_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=90)

_MEND = "Put it back from your backup, or remove its folder: a new CA is made then, which clients must be given."
_CLOCK_SKEW = timedelta(minutes=5)


class Authority:
    """A CA in `folder`: `ca.pem` for clients, `ca-key.pem` for nobody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate_file = folder / "ca.pem"
        self._key_file = folder / "ca-key.pem"
        made(folder)
        if not self.certificate_file.exists():
            self._make_authority()

    def certificate(self) -> str:
        """The CA certificate, PEM: what `gatepass ca` prints and `sslrootcert` wants."""
        self._certificate()
        return self.certificate_file.read_text("ascii")

    def server_context(self, hosts: Sequence[str], application: str = "postgresql") -> ssl.SSLContext:
        """TLS under these host names or addresses, 1.2 at least; `application` is what ALPN agrees on (RFC 7301)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols([application])
        self.renew(context, hosts)
        return context

    def renew(self, context: ssl.SSLContext, hosts: Sequence[str]) -> None:
        """Give the context a new server certificate; connections that are open keep theirs."""
        pem = self._folder / f"server.{os.getpid()}.pem"
        _write_private(pem, self._issue(hosts))
        try:
            context.load_cert_chain(pem)
        finally:
            pem.unlink()

    def _make_authority(self) -> None:
        """Key first, certificate last and by rename: whoever sees the certificate has the key that made it."""
        partial = self._key_file.with_suffix(f".{os.getpid()}.tmp")
        _write_private(partial, _pem(ec.generate_private_key(ec.SECP256R1())))
        with contextlib.suppress(FileExistsError):
            os.link(partial, self._key_file)
        partial.unlink()
        key = self._key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gatepass CA")])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(name, name, key.public_key(), CA_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        partial = self.certificate_file.with_suffix(f".{os.getpid()}.tmp")
        with partial.open("wb") as file:
            give(file.fileno(), partial.parent)
            file.write(certificate.public_bytes(serialization.Encoding.PEM))
        partial.rename(self.certificate_file)

    def _certificate(self) -> x509.Certificate:
        """Raises KeyUnusable."""
        try:
            return x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        except ValueError as error:
            raise KeyUnusable(f"{self.certificate_file} is no certificate. {_MEND}") from error

    def _key(self) -> ec.EllipticCurvePrivateKey:
        """Raises KeyUnusable, also for a key that others may read: who has it can be this gateway."""
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

    def _issue(self, hosts: Sequence[str]) -> bytes:
        """A server certificate with its key, PEM, signed by the CA."""
        authority = self._certificate()
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
        issuer_key = self._key()
        certificate = (
            _builder(subject, authority.subject, key.public_key(), SERVER_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(issuer_key, hashes.SHA256())
        )
        return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        give(file.fileno(), path.parent)
        file.write(data)

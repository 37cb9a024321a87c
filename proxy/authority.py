"""The gateway's own certificate authority: made on first start, so that clients can verify its ports.

The CA's key never leaves its folder (mode 0600); the server's certificate is short-lived and made anew at each start.
"""

import ipaddress
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from access.key_folders.folder import Folder, made, opened
from access.key_folders.unusable import KeyUnusable

CA_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=90)

_CERTIFICATE = "ca.pem"
_KEY = "ca-key.pem"
_MEND = "Put it back from your backup, or remove its folder: a new CA is made then, which clients must be given."
_CLOCK_SKEW = timedelta(minutes=5)


class Authority:
    """A CA in `folder`: `ca.pem` for clients, `ca-key.pem` for nobody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate_file = folder / _CERTIFICATE
        with made(folder) as keys:
            if not keys.has(_CERTIFICATE):
                _make_authority(keys)

    def certificate(self) -> str:
        """The CA certificate, PEM: what `gatepass ca` prints and `sslrootcert` wants."""
        with opened(self._folder) as keys:
            content = keys.read(_CERTIFICATE)
        _loaded(content, self.certificate_file)
        return content.decode("ascii")

    def server_context(self, hosts: Sequence[str], application: str = "postgresql") -> ssl.SSLContext:
        """TLS under these host names or addresses, 1.2 at least; `application` is what ALPN agrees on (RFC 7301)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols([application])
        self.renew(context, hosts)
        return context

    def issue(self, hosts: Sequence[str]) -> bytes:
        """A server certificate with its key, PEM, signed by the CA. Raises KeyUnusable."""
        with opened(self._folder) as keys:
            return _issue(keys, hosts)

    def renew(self, context: ssl.SSLContext, hosts: Sequence[str]) -> None:
        """Give the context a new server certificate; connections that are open keep theirs."""
        with opened(self._folder) as keys, keys.draft(_issue(keys, hosts)) as draft:
            # OpenSSL's binding reads a file by its path alone; the folder is its owner's to lead astray.
            context.load_cert_chain(self._folder / draft)


def _make_authority(folder: Folder) -> None:
    """Key first, certificate last: whoever sees the certificate has the key that made it."""
    folder.put_first(_KEY, _pem(ec.generate_private_key(ec.SECP256R1())))
    key = _key(folder)
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
    folder.put_first(_CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _certificate(folder: Folder) -> x509.Certificate:
    return _loaded(folder.read(_CERTIFICATE), folder.path / _CERTIFICATE)


def _loaded(content: bytes, path: Path) -> x509.Certificate:
    """Raises KeyUnusable."""
    try:
        return x509.load_pem_x509_certificate(content)
    except ValueError as error:
        raise KeyUnusable(f"{path} is no certificate. {_MEND}") from error


def _key(folder: Folder) -> ec.EllipticCurvePrivateKey:
    """Raises KeyUnusable, also for a key that others may read: who has it can be this gateway."""
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


def _issue(folder: Folder, hosts: Sequence[str]) -> bytes:
    authority, issuer_key = _certificate(folder), _key(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
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

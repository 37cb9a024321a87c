"""Our own key for SAML, with its certificate: one file in the home folder, made when the first provider needs it."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from access.key_folders.folder import Folder, made
from access.key_folders.unusable import KeyUnusable

_BITS: Final = 3072
#: Providers are told the certificate by hand, and nobody renews it then.
_LIFETIME: Final = timedelta(days=3_650)
_FILE: Final = "key.pem"


@dataclass(frozen=True)
class OwnKey:
    """The key that signs what we say, and decrypts what only we may read."""

    private: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @cached_property
    def certificate_text(self) -> str:
        """Base64 of DER, as metadata have it."""
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()


class OwnKeys:
    """`folder` is of the home folder; what others may read in it is refused."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / _FILE
        self._known: OwnKey | None = None
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def within(cls, home: Path | None) -> "OwnKeys":
        """Those of a home folder."""
        return cls(None if home is None else home / "saml")

    async def get(self) -> OwnKey:
        """The key, made if there is none. Raises KeyUnusable."""
        if self._path is None:
            raise KeyUnusable("There is no folder for the key of SAML.")
        if self._known is None:
            async with self._one_at_a_time:
                if self._known is None:
                    self._known = await asyncio.to_thread(load_or_make, self._path)
        return self._known


def load_or_make(path: Path) -> OwnKey:
    """Raises KeyUnusable. Of two processes that make one at once, both take the first."""
    try:
        with made(path.parent) as folder:
            if not folder.has(path.name):
                folder.put_first(path.name, _made())
            return _load(folder, path.name)
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be made: {error.strerror}.") from error


def _load(folder: Folder, name: str) -> OwnKey:
    path = folder.path / name
    try:
        data = folder.private(name)
        key, certificate = load_pem_private_key(data, password=None), x509.load_pem_x509_certificate(data)
    except (OSError, ValueError, TypeError) as error:
        why = type(error).__name__
        raise KeyUnusable(
            f"{path} cannot be used: {why}. It must be an RSA key with its certificate in PEM."
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey) or certificate.public_key() != key.public_key():
        raise KeyUnusable(f"{path} is not an RSA key with its own certificate.")
    return OwnKey(key, certificate)


def _made() -> bytes:
    key = rsa.generate_private_key(65_537, _BITS)
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gatepass")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)

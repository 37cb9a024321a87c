"""Clients' certificates, good ones and forged: made with the very keys of the authorities, wherever that is needed."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import select, text
from sqlmodel import col

from access.certificates import reading
from access.certificates.subject import Subject
from access.context import Access
from access.identity.credentials import issued
from access.identity.handing import Certified, hand_certificate
from storage.model import BrowserSession, CredentialKind, Grant, Principal

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Shown:
    """A chain, its leaf first, and the leaf's key, as files for a client."""

    certificate: Path
    key: Path

    @property
    def words(self) -> dict[str, str]:
        """For libpq."""
        return {"sslcert": str(self.certificate), "sslkey": str(self.key), "password": ""}


@dataclass(frozen=True)
class Draft:
    """What is to stand in a certificate; what is not said is as Gatepass has it."""

    subject: Subject
    issuer: x509.Name
    signed_by: Key
    key: Key = field(default_factory=new_key)
    begins: timedelta = timedelta(minutes=-1)
    ends: timedelta = timedelta(minutes=5)
    uris: tuple[str, ...] | None = None
    serial: int | None = None
    purposes: tuple[x509.ObjectIdentifier, ...] | None = (CLIENT,)
    is_authority: bool = False
    padding: int = 0
    plain: bool = False

    def made(self) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(self.subject.person))
            .issuer_name(self.issuer)
            .public_key(self.key.public_key())
            .serial_number(self.serial or self.subject.serial)
            .not_valid_before(now + self.begins)
            .not_valid_after(now + self.ends)
        )
        if not self.plain:
            builder = self._extended(builder)
        algorithm = None if isinstance(self.signed_by, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return builder.sign(self.signed_by, algorithm)

    def _extended(self, builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
        off = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"), False
        )
        usage = x509.KeyUsage(digital_signature=True, crl_sign=False, encipher_only=False, decipher_only=False, **off)
        uris = [x509.UniformResourceIdentifier(uri) for uri in self.uris or (self.subject.uri,)]
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=self.is_authority, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectAlternativeName(uris), critical=True)
        )
        if self.purposes is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(self.purposes), critical=True)
        if self.padding:
            oid = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, bytes(self.padding)), critical=False)
        return builder


@dataclass
class Forger:
    """Has a good grant of alice's, the keys of both authorities, and storage."""

    access: Access
    folder: Path
    server_ca: Path
    grant: Grant
    alice: Principal

    @classmethod
    async def of(cls, access: Access, folder: Path, server_ca: Path, grant: Grant) -> "Forger":
        async with access.database.transaction() as transaction:
            alice = (await transaction.scalars(select(Principal).where(col(Principal.id) == grant.principal_id))).one()
        return cls(access, folder, server_ca, grant, alice)

    async def good(self, name: str = "good", sign_in: BrowserSession | None = None) -> tuple[Shown, Certified]:
        """As `gatepass psql` gets one."""
        key = new_key()
        given = await hand_certificate(
            self.access,
            self.grant.id,
            self.alice,
            key.public_key(),
            source="cli",
            client="127.0.0.1",
            sign_in=sign_in,
        )
        return self.written(name, key, x509.load_der_x509_certificate(given.certificate)), given

    @property
    def authority(self) -> x509.Certificate:
        assert self.access.client_authority is not None
        return self.access.client_authority.certificate

    @property
    def authority_key(self) -> Any:
        assert self.access.client_authority is not None
        return _key_in(self.access.client_authority.certificate_file.with_name("ca-key.pem"))

    @property
    def server_key(self) -> Any:
        return _key_in(self.server_ca.with_name("ca-key.pem"))

    def subject(self, credential: str = "0123456789abcdef", **other: Any) -> Subject:
        grant = self.grant
        return replace(Subject(self.alice.name, grant.role, grant.resource, grant.id, credential), **other)

    def draft(self, **other: Any) -> Draft:
        """Of a certificate that the client authority signs, as it would, unless `other` says otherwise."""
        usual: dict[str, Any] = {"subject": self.subject(), "issuer": self.authority.subject}
        return Draft(**(usual | {"signed_by": self.authority_key} | other))

    async def keep(self, certificate: x509.Certificate, credential: str = "0123456789abcdef", **other: Any) -> None:
        """Have storage know it, as if it had been issued."""
        der = certificate.public_bytes(serialization.Encoding.DER)
        now = datetime.now(UTC)
        how = {"now": now - timedelta(minutes=10), "until": now + timedelta(minutes=5)} | other
        async with self.access.database.transaction() as transaction:
            await issued.keep(
                transaction,
                CredentialKind.TLS_CERTIFICATE,
                credential,
                self.grant,
                fingerprint=reading.fingerprint(der),
                **how,
            )

    async def change(self, statement: str) -> None:
        """Storage as its owner changes it."""
        async with self.access.database.transaction() as transaction:
            await transaction.execute(text("SET ROLE NONE"))
            await transaction.execute(text(statement))

    def written(self, name: str, key: Key, *chain: x509.Certificate) -> Shown:
        shown = Shown(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        shown.key.touch(0o600)
        shown.key.write_bytes(key.private_bytes(*form))
        shown.certificate.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain))
        return shown

    def forged(self, name: str, **other: Any) -> Shown:
        draft = self.draft(**other)
        return self.written(name, draft.key, draft.made())


def _key_in(path: Path) -> Any:
    return serialization.load_pem_private_key(path.read_bytes(), password=None)


def another_grant() -> UUID:
    return UUID(int=7)

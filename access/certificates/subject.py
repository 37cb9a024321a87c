"""What a client's certificate says: whose it is, which grant and door it is for, and by which number it is known. Pure.

It stands in one URI, `gatepass://ROLE@RESOURCE/GRANT/ID`, beside the person's name, for whoever reads the certificate;
storage decides by the number alone, and all the rest must agree with it.
"""

import re
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from access.policy.shapes.base import NAME_PATTERN

_NAME: Final = NAME_PATTERN.strip("^$")
_URI: Final = re.compile(rf"gatepass://({_NAME})@({_NAME})/([0-9a-f-]{{36}})/([0-9a-f]{{16}})")
_USAGE: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class Subject:
    """Of one certificate."""

    person: str
    role: str
    resource: str
    grant: UUID
    #: 64 bits in hex, as storage has it.
    id: str

    @property
    def serial(self) -> int:
        return int(self.id, 16)

    @property
    def uri(self) -> str:
        return f"gatepass://{self.role}@{self.resource}/{self.grant}/{self.id}"

    @classmethod
    def read(cls, certificate: x509.Certificate) -> Self | None:
        """What a certificate says that is, in every part, as we make them; None: another one. Raises ValueError."""
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = alternative.get_values_for_type(x509.UniformResourceIdentifier)
        found = _URI.fullmatch(uris[0]) if len(uris) == len(alternative) == 1 else None
        if found is None or len(names) != 1 or len(certificate.subject) != 1:
            return None
        said = cls(str(names[0].value), found[1], found[2], UUID(found[3]), found[4])
        return said if said.serial == certificate.serial_number and said.uri == uris[0] else None


def extended(
    builder: x509.CertificateBuilder, subject: Subject, authority: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """With the extensions that all of ours have: a client's, no authority's."""
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(subject.uri)]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
    )


def is_a_clients(certificate: x509.Certificate) -> bool:
    """Whether it is for proving a client and for nothing else. Raises ValueError, ExtensionNotFound."""
    extensions = certificate.extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    return not constraints.ca and list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH] and usage == _USAGE

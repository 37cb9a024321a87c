"""A cluster's own authority, and the certificates by which its programs and its administrator know each other."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=2)
_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
#: Who may do everything, whatever RBAC says.
_MASTERS = "system:masters"


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """Each is signed by the authority, whose own certificate is `ca`."""

    ca: Path
    apiserver: Pair
    #: Both a server and a client: the API server connects to it, and it asks the API server for its pods.
    node: Pair
    #: What the API server shows to the node.
    to_node: Pair
    admin: Pair
    #: Who signs the tokens of ServiceAccounts: a key without a certificate, and its public half.
    tokens: Pair


def issue(folder: Path, node: str) -> Certificates:
    """Make everything anew in `folder`, for a node of that name."""
    authority = Authority(folder)
    tokens = Pair(folder / "tokens.pub", folder / "tokens.key")
    key = ec.generate_private_key(ec.SECP256R1())
    _write_key(tokens.key, key)
    tokens.certificate.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return Certificates(
        ca=authority.certificate,
        apiserver=authority.signs("apiserver", "kube-apiserver", names=("localhost", "kubernetes.default.svc")),
        node=authority.signs("node", f"system:node:{node}", "system:nodes", names=("localhost", node)),
        to_node=authority.signs("apiserver-to-node", "kube-apiserver-kubelet-client", _MASTERS),
        admin=authority.signs("admin", "admin", _MASTERS),
        tokens=tokens,
    )


class Authority:
    """Signs certificates for as long as this process has it; its key is not written down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("authority of a cluster of tests")
        self.certificate = folder / "ca.crt"
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)  # signs certificates
        made = (
            _draft(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def signs(self, file: str, user: str, group: str = "", names: tuple[str, ...] = ()) -> Pair:
        """Files of a client, as Kubernetes reads user and group; with `names`, of a server on loopback as well."""
        pair = Pair(self._folder / f"{file}.crt", self._folder / f"{file}.key")
        key = ec.generate_private_key(ec.SECP256R1())
        draft = _draft(_name(user, group), self._name, key.public_key()).add_extension(
            x509.ExtendedKeyUsage([_CLIENT, _SERVER] if names else [_CLIENT]), critical=False
        )
        if names:
            addresses = [x509.IPAddress(ip_address("127.0.0.1")), *map(x509.DNSName, names)]
            draft = draft.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        made = draft.sign(self._key, hashes.SHA256())
        pair.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        _write_key(pair.key, key)
        return pair


def _name(user: str, group: str = "") -> x509.Name:
    organisation = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*organisation, x509.NameAttribute(NameOID.COMMON_NAME, user)])


def _draft(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALID)
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

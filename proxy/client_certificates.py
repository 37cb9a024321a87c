"""Asking TLS clients for a certificate without requiring one, and without judging it in the handshake.

libpq sends whatever lies in ~/.postgresql, whoever it is from, and Python's CERT_OPTIONAL ends the handshake of every
client whose certificate is not of a known authority: nobody with such a file could use a token. So OpenSSL is told to
take any (SSL_CTX_set_cert_verify_callback(3)), which `ssl` has no word for; that its holder has the key is proven by
the handshake all the same. **What comes of it is unproven until somebody has verified it**: who asks reads it with
`brought` and checks signature, time and purpose. Clients are told which authority is meant (RFC 8446, 4.2.4), so that
those that choose, as Java's do, send nothing else. How much a client may send is OpenSSL's to bound: 100 KiB.

Whether it works in this process is tried once, with real handshakes; where it does not, nobody is asked.
"""

import contextlib
import ctypes
import datetime
import ssl
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: Versions of CPython whose SSLContext is known to begin with OpenSSL's (Modules/_ssl.c, PySSLContext).
_KNOWN: Final = ((3, 11), (3, 15))

_Verify = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def _take_any(_store: int, _argument: int) -> int:
    return 1


#: Kept for as long as the process: OpenSSL calls it.
_TAKE_ANY: Final = _Verify(_take_any)


def ask(context: ssl.SSLContext, authority: Path) -> bool:
    """Have `context` ask its clients for a certificate of this authority (PEM); False: this process cannot."""
    if not can_ask():
        return False
    _ask(context, authority)
    return True


@cache
def can_ask() -> bool:
    """Whether this process can, tried with a client of no authority, one of another, and one without a certificate."""
    try:
        works = _works()
    except (OSError, AttributeError, ValueError) as error:
        log.warning("client_certificates_untried", error=type(error).__name__, why=str(error)[:200])
        return False
    if not works:
        log.warning("client_certificates_unsupported", python=sys.version.split()[0], openssl=ssl.OPENSSL_VERSION)
    return works


def brought(tls: ssl.SSLObject | None) -> bytes | None:
    """The certificate that the other end showed and has the key of, DER, whoever signed it; None: it has none."""
    return tls.getpeercert(binary_form=True) if tls is not None else None


def _ask(context: ssl.SSLContext, authority: Path) -> None:
    library = _library()
    # By Python's own word for it first: what follows only changes who judges.
    context.verify_mode = ssl.CERT_OPTIONAL
    # A resumed connection proves its key by a ticket; each shall prove it anew.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    address = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    if library.SSL_CTX_get_verify_mode(address) != ssl.CERT_OPTIONAL:
        raise ValueError("SSLContext is laid out otherwise")
    library.SSL_CTX_set_cert_verify_callback(address, _TAKE_ANY, None)
    names = library.SSL_load_client_CA_file(str(authority).encode())
    if not names:
        raise ValueError(f"{authority} is no certificate")
    library.SSL_CTX_set_client_CA_list(address, names)


@cache
def _library() -> Any:
    """OpenSSL as `ssl` itself uses it. Raises OSError, AttributeError, ValueError where it cannot be had."""
    import _ssl  # noqa: PLC0415 - which file it is matters, and nothing else of it

    if sys.implementation.name != "cpython" or not _KNOWN[0] <= sys.version_info[:2] < _KNOWN[1]:
        raise ValueError("not a Python that is known")
    library: Any = ctypes.CDLL(getattr(_ssl, "__file__", None))
    pointer = ctypes.c_void_p
    for name, takes, gives in (
        ("SSL_CTX_get_verify_mode", [pointer], ctypes.c_int),
        ("SSL_CTX_set_cert_verify_callback", [pointer, _Verify, pointer], None),
        ("SSL_load_client_CA_file", [ctypes.c_char_p], pointer),
        ("SSL_CTX_set_client_CA_list", [pointer, pointer], None),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = takes, gives
    return library


# --- trying it ----------------------------------------------------------------------------------------------------


def _works() -> bool:
    with tempfile.TemporaryDirectory(prefix="gatepass-") as folder:
        ours, theirs = (_self_signed(Path(folder) / f"{name}.pem", name) for name in ("server", "client"))
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for shown in (theirs, ours, None):
                server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                server.load_cert_chain(ours)
                _ask(server, ours)
                client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
                client.minimum_version = client.maximum_version = version
                if shown is not None:
                    client.load_cert_chain(shown)
                expected = None if shown is None else ssl.PEM_cert_to_DER_cert(_certificate_of(shown))
                if brought(_shaken(server, client)) != expected:
                    return False
    return True


def _shaken(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """The server's end of a handshake in memory. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = server.wrap_bio(to_server, to_client, server_side=True)
    there = client.wrap_bio(to_client, to_server)
    for _ in range(4):
        for end in (there, here):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return here


def _self_signed(path: Path, name: str) -> Path:
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - datetime.timedelta(days=2), now)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.touch(0o600)
    path.write_bytes(pem + certificate)
    return path


def _certificate_of(path: Path) -> str:
    _, begin, rest = path.read_text("ascii").partition("-----BEGIN CERTIFICATE-----")
    return begin + rest

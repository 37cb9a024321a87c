"""Trusting a server whose certificate is of its own authority: by the authority's fingerprint, seen once, as ssh does.

The authority itself is fetched without any proof. What proves it is the fingerprint, which somebody was told or
compares; from then on the server must show a certificate of this authority and no other.
"""

import base64
import hashlib
import ssl
import sys

from client.api import Api, Refused
from client.errors import SIGNED_OUT, UNTRUSTED, Failed
from client.kept import folder
from client.kept.servers import Server


def fingerprint(pem: str) -> str:
    """`SHA256:` and 43 characters, of the one certificate in `pem`. Raises Failed."""
    if pem.count("-----BEGIN CERTIFICATE-----") != 1:
        raise Failed("The server's certificate authority is not one certificate in PEM. Ask your operator.", UNTRUSTED)
    try:
        der = ssl.PEM_cert_to_DER_cert(pem.strip())
    except ValueError as error:
        raise Failed("The server's certificate authority is no certificate in PEM.", UNTRUSTED) from error
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def authority(server: Server, ca_file: str | None, wanted: str | None) -> str | None:
    """By what the server is trusted: an authority, PEM, or None for whom the system trusts. It has proven itself by it.

    Raises Failed, before anything was sent or any browser opened.
    """
    if ca_file is not None:
        pem = folder.read(ca_file)
        if pem is None:
            raise Failed(f"There is no file {ca_file}.", UNTRUSTED)
    elif wanted is not None and server.origin.startswith("https://"):
        pem = _fetched(server.origin, wanted)
    else:
        pem = server.ca
        if pem is None and _is_of_its_own(server.origin):
            pem = _fetched(server.origin, None)
    _probe(Server(server.origin, pem))
    return pem


def _probe(server: Server) -> None:
    """Return if a Gatepass answers, and proves itself. Raises Failed."""
    api = Api(server)
    try:
        api.get("/api/me")
    except Refused:
        # As it says to nobody in particular.
        return
    finally:
        api.close()


def _is_of_its_own(origin: str) -> bool:
    """Whether the server's certificate is of an authority that the system does not know. Raises Failed."""
    try:
        _probe(Server(origin))
    except Failed as failed:
        if not isinstance(failed.__cause__, ssl.SSLCertVerificationError):
            raise
        return True
    return False


def _fetched(origin: str, wanted: str | None) -> str:
    unproven = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unproven.check_hostname = False
    unproven.verify_mode = ssl.CERT_NONE
    api = Api(Server(origin), context=unproven)
    try:
        pem = api.text("/api/ca.pem")
    finally:
        api.close()
    found = fingerprint(pem)
    if wanted is not None:
        if found != wanted:
            raise Failed(
                f"{origin} has the authority {found}, and not {wanted}. Either the fingerprint is mistyped, or "
                "somebody is in between. Nothing was sent.",
                UNTRUSTED,
            )
    elif not _confirmed(origin, found):
        raise Failed(f"{origin} is not trusted. Nothing was sent.", UNTRUSTED)
    return pem


def _confirmed(origin: str, found: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Failed(
            f"The certificate of {origin} is of an authority of its own, {found}. If that is what your operator told "
            f"you (`gatepass ca fingerprint`): `gatepass login {origin} --ca-fingerprint {found}`.",
            UNTRUSTED,
        )
    print(f"The certificate of {origin} is of an authority that this system does not know:", file=sys.stderr)
    print(f"    {found}", file=sys.stderr)
    print("Your operator can tell you whether that is the right one (`gatepass ca fingerprint`).", file=sys.stderr)
    print("Trust it for this server from now on? Type yes: ", end="", file=sys.stderr, flush=True)
    try:
        return input().strip().lower() == "yes"
    except EOFError as error:
        raise Failed("Nobody answered.", SIGNED_OUT) from error

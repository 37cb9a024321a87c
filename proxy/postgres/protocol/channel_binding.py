"""Channel binding data of a TLS connection: tls-server-end-point (RFC 5929, section 4)."""

import hashlib
import ssl

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

#: Hashes that RFC 5929 replaces by SHA-256.
_WEAK = {"md5", "sha1"}


def server_end_point(tls: ssl.SSLObject | None) -> bytes | None:
    """The hash of the server's certificate by its signature's algorithm; None without TLS or where that has none."""
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    if der is None:
        return None
    try:
        algorithm = x509.load_der_x509_certificate(der).signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return None
    if algorithm is None:
        return None
    name = "sha256" if algorithm.name in _WEAK else algorithm.name
    return hashlib.new(name, der).digest() if name in hashlib.algorithms_available else None

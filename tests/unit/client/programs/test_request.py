"""Requests and keys, as the library reads them that the server reads them with."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from client.programs import request


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return key.public_key().public_bytes(*form)


def _made(key: ec.EllipticCurvePrivateKey) -> str:
    return request.request(_point(key), lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))


def test_a_request_is_read_as_one_and_its_signature_holds() -> None:
    for _ in range(20):
        key = ec.generate_private_key(ec.SECP256R1())
        read = x509.load_pem_x509_csr(_made(key).encode())
        assert read.is_signature_valid
        assert read.public_key() == key.public_key()
        assert (list(read.subject), list(read.extensions)) == ([], [])


@pytest.mark.parametrize("number", [1, 2**255, None])
def test_a_key_is_read_as_the_same_key(number: int | None) -> None:
    key = ec.generate_private_key(ec.SECP256R1()) if number is None else ec.derive_private_key(number, ec.SECP256R1())
    made = request.private_key(key.private_numbers().private_value, _point(key))
    read = serialization.load_pem_private_key(made.encode(), password=None)
    assert isinstance(read, ec.EllipticCurvePrivateKey)
    assert read.private_numbers() == key.private_numbers()


def test_what_is_no_point_is_refused() -> None:
    with pytest.raises(ValueError, match="point"):
        request.request(b"\2" + bytes(32), lambda data: data)

"""Keys of SSH and their signatures, as asyncssh makes them, and as nobody should."""

import base64
import hashlib

import asyncssh
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access.identity.ssh import public_keys
from access.identity.ssh.public_keys import SK_ECDSA, SK_ED25519, Signed, UnusableKey
from access.identity.ssh.wire import string

ALGORITHMS = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("ssh-rsa", "rsa-sha2-256"),
    ("ssh-rsa", "rsa-sha2-512"),
]
APPLICATION = b"ssh:"


def mpint(number: int) -> bytes:
    return string(number.to_bytes(number.bit_length() // 8 + 1))


def made(kind: str) -> asyncssh.SSHKey:
    if kind == "ssh-rsa":
        return asyncssh.generate_private_key(kind, key_size=3072)
    return asyncssh.generate_private_key(kind)


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS)
def test_a_signature_is_of_its_key_and_of_its_message(kind: str, algorithm: str) -> None:
    theirs = made(kind)
    key = public_keys.line(theirs.export_public_key().decode() + " a comment")
    signature = theirs.sign(b"words", algorithm.encode())
    assert (key.kind, key.verify(signature, b"words")) == (kind, Signed())
    assert key.verify(signature, b"other words") is None
    assert key.verify(signature[:-1] + bytes([signature[-1] ^ 1]), b"words") is None
    assert key.verify(signature + b"\x00", b"words") is None
    assert key.verify(signature[:-1], b"words") is None
    assert key.verify(b"", b"words") is None
    assert public_keys.line(made(kind).export_public_key().decode()).verify(signature, b"words") is None
    assert public_keys.shown(key.fingerprint) == theirs.get_fingerprint()


def test_sha_1_counts_for_nothing() -> None:
    theirs = made("ssh-rsa")
    key = public_keys.line(theirs.export_public_key().decode())
    assert key.verify(theirs.sign(b"words", b"ssh-rsa"), b"words") is None
    # The right signature under a name that is another's.
    right = theirs.sign(b"words", b"rsa-sha2-256")
    named = right.replace(b"rsa-sha2-256", b"rsa-sha2-512")
    assert key.verify(named, b"words") is None
    ed25519 = made("ssh-ed25519")
    other = public_keys.line(ed25519.export_public_key().decode())
    signature = ed25519.sign(b"words", b"ssh-ed25519")[len(string(b"ssh-ed25519")) :]
    assert other.verify(string(b"rsa-sha2-256") + signature, b"words") is None


def security_key(kind: str, flags: int, message: bytes, application: bytes = APPLICATION) -> tuple[bytes, bytes]:
    """A key of hardware, and what it signs: OpenSSH's PROTOCOL.u2f."""
    counter = (41).to_bytes(4)
    signed = hashlib.sha256(application).digest() + bytes([flags]) + counter + hashlib.sha256(message).digest()
    if kind == SK_ED25519:
        ed25519 = Ed25519PrivateKey.generate()
        blob = string(kind.encode()) + string(ed25519.public_key().public_bytes_raw()) + string(application)
        return blob, string(kind.encode()) + string(ed25519.sign(signed)) + bytes([flags]) + counter
    ecdsa = ec.generate_private_key(ec.SECP256R1())
    point = ecdsa.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    blob = string(kind.encode()) + string(b"nistp256") + string(point) + string(application)
    r, s = decode_dss_signature(ecdsa.sign(signed, ec.ECDSA(hashes.SHA256())))
    return blob, string(kind.encode()) + string(mpint(r) + mpint(s)) + bytes([flags]) + counter


@pytest.mark.parametrize("kind", [SK_ED25519, SK_ECDSA])
@pytest.mark.parametrize(("flags", "said"), [(0, Signed()), (1, Signed(True)), (5, Signed(True, True))])
def test_a_security_key_says_who_was_there(kind: str, flags: int, said: Signed) -> None:
    blob, signature = security_key(kind, flags, b"words")
    key = public_keys.read(blob)
    assert key.is_security_key
    assert key.verify(signature, b"words") == said
    # Flags and counter are signed, too.
    assert key.verify(signature[:-5] + bytes([flags ^ 5]) + signature[-4:], b"words") is None
    assert key.verify(signature[:-1] + b"\x00", b"words") is None
    assert key.verify(signature[:-5], b"words") is None
    elsewhere, other = security_key(kind, flags, b"words", b"https://example.com")
    assert public_keys.read(elsewhere).verify(other, b"words") == said
    assert key.verify(other, b"words") is None


def test_short_and_old_keys_are_refused() -> None:
    for size in (1024, 2048):
        short = asyncssh.generate_private_key("ssh-rsa", key_size=size)
        with pytest.raises(UnusableKey, match=f"this one has {size}"):
            public_keys.line(short.export_public_key().decode())
    with pytest.raises(UnusableKey, match="ssh-keygen -t ed25519"):
        public_keys.read(string(b"ssh-dss") + string(b"\x01"))


#: Another kind of key than the line says.
MISNAMED = "ssh-rsa " + base64.b64encode(string(b"ssh-ed25519") + string(bytes(range(32)))).decode()


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-ed25519 AAAA", MISNAMED])
def test_what_is_no_line_of_a_key_is_refused(text: str) -> None:
    with pytest.raises(UnusableKey):
        public_keys.line(text)


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        string(b"ssh-ed25519") + string(b"x" * 31),
        string(b"ssh-ed25519") + string(b"x" * 32) + b"\x00",
        string(b"ecdsa-sha2-nistp256") + string(b"nistp384") + string(b"\x04" + b"x" * 64),
        string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(b"\x04" + b"x" * 64),
        string(b"ssh-rsa") + mpint(2**40 + 1) + mpint(2**3071 + 1),
        string(b"ssh-rsa") + mpint(3) + mpint(2**9000 + 1),
        b"\x00" * 5000,
    ],
)
def test_what_is_no_key_is_refused(blob: bytes) -> None:
    with pytest.raises(UnusableKey):
        public_keys.read(blob)

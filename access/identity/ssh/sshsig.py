"""Signatures that `ssh-keygen -Y sign` makes: OpenSSH's PROTOCOL.sshsig. Pure."""

import base64
import binascii
import hashlib
from typing import Final

from access.identity.ssh import public_keys
from access.identity.ssh.public_keys import PublicKey, Signed, UnusableKey
from access.identity.ssh.wire import Malformed, Reader, string

NAMESPACE: Final = "gatepass"
#: A signature of an RSA key of 8192 bits, with the key, takes half of it.
MAX_CHARS: Final = 8_000
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MAGIC: Final = b"SSHSIG"
_VERSION: Final = 1
_HASHES: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


class InvalidSignature(Exception):
    """It proves nothing; the message is for whoever pasted it."""


def verify(armour: str, message: bytes, namespace: str = NAMESPACE) -> tuple[PublicKey, Signed]:
    """The key that signed `message` for `namespace`, and what it says of its owner. Raises InvalidSignature."""
    reader = Reader(_unarmoured(armour))
    try:
        preamble = bytes(reader.byte() for _ in _MAGIC)
        version, blob = reader.uint32(), reader.string()
        named, reserved, name, signature = reader.text(), reader.string(), reader.text(), reader.string()
        reader.end()
        if (preamble, version) != (_MAGIC, _VERSION) or name not in _HASHES:
            raise InvalidSignature("This is a signature of a kind that ssh-keygen does not make. Sign the text anew.")
        key = public_keys.read(blob)
    except Malformed as error:
        raise InvalidSignature(_UNREADABLE) from error
    except UnusableKey as error:
        raise InvalidSignature(str(error)) from error
    if named != namespace:
        raise InvalidSignature(f"This was signed for something else than Gatepass. Sign with -n {namespace}.")
    digest = _HASHES[name](message).digest()
    signed = _MAGIC + string(namespace.encode()) + string(reserved) + string(name.encode()) + string(digest)
    said = key.verify(signature, signed)
    if said is None:
        raise InvalidSignature("This is not the signature of that text by that key. Copy the line anew, and run it.")
    return key, said


_UNREADABLE: Final = f"This is no SSH signature. Paste all of it, from {_BEGIN} to {_END}."


def _unarmoured(armour: str) -> bytes:
    text = armour.strip()
    if len(text) > MAX_CHARS or not text.startswith(_BEGIN) or not text.endswith(_END):
        raise InvalidSignature(_UNREADABLE)
    try:
        return base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSignature(_UNREADABLE) from error

"""A host's or an authority's public key, in one line as OpenSSH writes it. Pure."""

from base64 import b64decode
from typing import Annotated

from pydantic import AfterValidator

from access.policy.values.complaint import complaint

#: Algorithms of host keys, and how many fields follow the name in their keys (RFC 4253 6.6, 5656 3.1, 8709 4).
_KEY_FIELDS = {
    "ssh-ed25519": 1,
    "ssh-ed448": 1,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "ssh-rsa": 2,
}
#: Bytes of the last field, where it is always as long.
_KEY_BYTES = {
    "ssh-ed25519": 32,
    "ssh-ed448": 57,
    "ecdsa-sha2-nistp256": 65,
    "ecdsa-sha2-nistp384": 97,
    "ecdsa-sha2-nistp521": 133,
}
#: Fewer different bytes are in no key that was made by chance.
_FEWEST_DIFFERENT = 12


def _is_public_key(value: str) -> str:
    """One line as OpenSSH writes it: algorithm, the key in base64 that names it again (RFC 4253, 6.6), a comment."""
    value = value.strip()
    algorithm, _, rest = value.partition(" ")
    encoded = rest.partition(" ")[0]
    try:
        blob = b64decode(encoded, validate=True)
    except ValueError:
        blob = b""
    fields = _fields(blob)
    whole = fields[:1] == [algorithm.encode()] and len(fields) == 1 + _KEY_FIELDS.get(algorithm, 0) > 1
    if not whole or len(fields[-1]) != _KEY_BYTES.get(algorithm, len(fields[-1])):
        raise complaint("is no public key: write the line that ssh-keyscan shows, from its `ssh-` or `ecdsa-` on")
    if len(set(fields[-1])) < _FEWEST_DIFFERENT:
        raise complaint("is no key that anybody has, but one that stands for it: write the host's own")
    return value


def _fields(blob: bytes) -> list[bytes]:
    """The strings that a key consists of, each behind its length (RFC 4251, 5); none for what is cut or goes on."""
    fields: list[bytes] = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        fields.append(blob[4 : 4 + length])
        if len(fields[-1]) != length:
            return []
        blob = blob[4 + length :]
    return fields


#: A host's or an authority's public key, in one line.
PublicKey = Annotated[str, AfterValidator(_is_public_key)]

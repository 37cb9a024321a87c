"""Messages in addresses (HTTP-Redirect, saml-bindings-2.0 3.4): deflated, and signed as the text that is sent. Pure."""

import base64
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from access.identity.saml.protocol.documents import MAX_BYTES, decoded
from access.identity.saml.protocol.metadata import PublicKey
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_HASHES: Final = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
RSA_SHA256: Final = f"{_MORE}rsa-sha256"
#: What is not of a message is nobody's: an IdP adds nothing here.
_WORDS: Final = ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature")
_MAX_ADDRESS_CHARS: Final = 64 * 1024
#: What is longer is no state of anybody's; of what is read, `returned` says what goes back.
MAX_RELAY_CHARS: Final = 1_024
#: saml-bindings-2.0 3.4.3, 3.5.3.
MAX_RELAY_BYTES: Final = 80


@dataclass(frozen=True)
class Sent:
    """A message of an address, of which nothing is proven yet."""

    #: `SAMLRequest` or `SAMLResponse`.
    kind: str
    message: bytes
    relay_state: str | None
    algorithm: str | None
    signature: bytes
    #: What the signature is of, as it was sent.
    text: bytes


def query(kind: str, message: bytes, relay_state: str | None, key: rsa.RSAPrivateKey | None) -> str:
    """The query of an address with a message in it, signed with `key` unless it is None."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = squeezed.compress(message) + squeezed.flush()
    words = {kind: base64.b64encode(deflated).decode()}
    if relay_state is not None:
        words["RelayState"] = relay_state
    if key is None:
        return urlencode(words)
    text = urlencode({**words, "SigAlg": RSA_SHA256})
    made = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}&{urlencode({'Signature': base64.b64encode(made).decode()})}"


def returned(relay_state: str | None) -> str | None:
    """The state that goes back with an answer, by either binding: none that is longer than one may be."""
    return relay_state if relay_state and len(relay_state.encode()) <= MAX_RELAY_BYTES else None


def read_query(sent: str) -> Sent:
    """The message of a query as it came. Raises InvalidSaml.

    A word that comes twice is refused: one might be verified, and the other one read.
    """
    if len(sent) > _MAX_ADDRESS_CHARS or not sent.isascii():
        raise InvalidSaml(SamlProblem.MALFORMED)
    raw: dict[str, str] = {}
    for part in sent.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) in raw or unquote_plus(name) != name:
            raise InvalidSaml(SamlProblem.MALFORMED)
        raw[name] = value
    kinds = [name for name in ("SAMLRequest", "SAMLResponse") if name in raw]
    if len(kinds) != 1 or any(name not in _WORDS for name in raw):
        raise InvalidSaml(SamlProblem.MALFORMED)
    said = {name: unquote_plus(value) for name, value in raw.items()}
    relay_state = said.get("RelayState")
    if relay_state is not None and len(relay_state) > MAX_RELAY_CHARS:
        raise InvalidSaml(SamlProblem.MALFORMED)
    order = (kinds[0], "RelayState", "SigAlg")
    text = "&".join(f"{name}={raw[name]}" for name in order if name in raw)
    signature = decoded(said["Signature"]) if "Signature" in said else b""
    return Sent(kinds[0], _inflated(decoded(said[kinds[0]])), relay_state, said.get("SigAlg"), signature, text.encode())


def verify(sent: Sent, keys: Iterable[PublicKey]) -> None:
    """That one of `keys` signed it. Raises InvalidSaml."""
    if not sent.signature or sent.algorithm is None:
        raise InvalidSaml(SamlProblem.UNSIGNED)
    kind, _, bits = sent.algorithm.removeprefix(_MORE).partition("-sha")
    if not sent.algorithm.startswith(_MORE) or kind not in {"rsa", "ecdsa"} or bits not in _HASHES:
        raise InvalidSaml(SamlProblem.ALGORITHM)
    digest = _HASHES[bits]()
    if not any(_is_by(key, kind, digest, sent) for key in keys):
        raise InvalidSaml(SamlProblem.BAD_SIGNATURE)


def _is_by(key: PublicKey, kind: str, digest: hashes.HashAlgorithm, sent: Sent) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey) and kind == "rsa":
            key.verify(sent.signature, sent.text, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and kind == "ecdsa":
            key.verify(sent.signature, sent.text, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _inflated(data: bytes) -> bytes:
    """Raises InvalidSaml for what is no DEFLATE (RFC 1951), or becomes too much."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = stream.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise InvalidSaml(SamlProblem.MALFORMED) from error
    if len(found) > MAX_BYTES:
        raise InvalidSaml(SamlProblem.OVERSIZED)
    if not stream.eof or stream.unused_data:
        raise InvalidSaml(SamlProblem.MALFORMED)
    return found

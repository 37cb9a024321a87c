"""Short tokens as text: a prefix that secret scanners know, 32 random bytes, and a checksum. Pure.

`gp1_` + 43 digits of base 62 + 6 digits of the CRC-32 of all before them: 53 characters, each a letter, a digit or the
underscore, so that a token goes through .pgpass, URIs and shells as it is. A text with a wrong checksum was mistyped,
cut, or made up, and costs nobody a look into storage.
"""

import hashlib
import re
import secrets
import zlib
from typing import Final

PREFIX: Final = "gp1_"
SECRET_BYTES: Final = 32
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: So many digits 32 bytes have, and 4.
_SECRET_DIGITS: Final = 43
_CHECK_DIGITS: Final = 6
_FORM: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_DIGITS + _CHECK_DIGITS}}}")


def new() -> str:
    """A token that nobody can guess."""
    body = PREFIX + _written(int.from_bytes(secrets.token_bytes(SECRET_BYTES), "big"), _SECRET_DIGITS)
    return body + _check(body)


def is_meant(text: str) -> bool:
    """Whether the text says that it is a short token, whatever else is wrong with it."""
    return text.startswith(PREFIX)


def is_whole(text: str) -> bool:
    """Whether it is one as it was handed: in form, and by its checksum."""
    return _FORM.fullmatch(text) is not None and text[-_CHECK_DIGITS:] == _check(text[:-_CHECK_DIGITS])


def hashed(token: str) -> bytes:
    """What storage knows of it."""
    return hashlib.sha256(token.encode("ascii")).digest()


def _check(body: str) -> str:
    return _written(zlib.crc32(body.encode("ascii")), _CHECK_DIGITS)


def _written(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text

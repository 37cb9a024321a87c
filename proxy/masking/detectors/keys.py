"""Keys and tokens that have a shape of their own: AWS, GitHub, JSON web tokens, PEM private keys, passwords in URLs.

They are replaced whole.
"""

import re
from collections.abc import Callable, Iterator

from access.policy.entities import Entity
from proxy.masking.edits import REDACTED, Edit

_REDACTED = REDACTED.encode()

#: Bytes from the start of a label to its value, at most.
_LABEL_REACH = 64


def _shaped(entity: Entity, pattern: bytes) -> Callable[[bytes, int, int, bytes | None], Iterator[Edit]]:
    """A finder for `pattern`; its group, or all of it if it has none, is replaced."""
    compiled = re.compile(pattern)
    kind = entity.value
    reach = _LABEL_REACH if compiled.groups else 0

    def find(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
        form = _REDACTED if replacement is None else replacement
        for match in compiled.finditer(data, max(0, start - reach)):
            first, past = match.span(match.lastindex or 0)
            if first >= start:
                yield Edit(first, past, form, kind)

    return find


#: A key id is no secret alone, but says whose secret to look for; the secret itself is known by its label.
find_aws_keys = _shaped(
    Entity.AWS_KEY,
    rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    rb"|(?i:secret_?(?:access_?)?key)[\"' \t:=>\\]{1,8}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
)
find_github_tokens = _shaped(
    Entity.GITHUB_TOKEN,
    rb"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255})",
)
#: RFC 7519; the header is a JSON object, so that it begins with "eyJ" always.
find_jwts = _shaped(
    Entity.JWT,
    rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ|[A-Za-z0-9_-]{32}|[A-Za-z0-9_-]{4,}\.)[A-Za-z0-9_.-]*",
)

#: Longest body of a private key, in bytes: RSA of 16384 bits has about 12,700.
KEY_MAX = 16384
#: Tools that show keys in colour put these anywhere.
_COLOUR = rb"\x1b\[[0-9;:]*[A-Za-z]"
_ARMOUR = rb"(?:[A-Z0-9 ]|" + _COLOUR + rb"){0,60}"
_KEY_BEGIN = rb"-----BEGIN " + _ARMOUR + rb"?PRIVATE(?:" + _COLOUR + rb")* KEY(?:" + _COLOUR + rb")*(?: BLOCK)?-----"
KEY_BODY = rb"(?:(?!-----END )[A-Za-z0-9+/=\s\\:,.-]|" + _COLOUR + rb"){0,%d}"
KEY_END = rb"(?:-----END " + _ARMOUR + rb"(?:-----|-{0,4}(?:\x1b(?:\[[0-9;:]*)?)?(?=\x1f|\Z)))?"
#: RFC 7468, OpenSSH's and PGP's. Without an END line the key lasts as long as what follows could be one.
find_private_keys = _shaped(Entity.PRIVATE_KEY, _KEY_BEGIN + KEY_BODY % KEY_MAX + KEY_END)

#: RFC 3986, 3.2.1; the password lasts to the last "@" before the path, as people leave it unescaped.
_userinfo = re.compile(rb"[^\x00-\x20\"'<>/@:]{0,128}:(?!\*\*\*@)([^\x00-\x20\"'<>/]{1,256})@")
_AUTHORITY = b"://"
_USERINFO_REACH = 512


def find_url_passwords(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Passwords in URLs such as postgres://app:secret@db/payments."""
    form = _REDACTED if replacement is None else replacement
    at = data.find(_AUTHORITY, max(0, start - _USERINFO_REACH))
    while at >= 0:
        scheme = data[at - 2 : at]
        at += len(_AUTHORITY)
        userinfo = _userinfo.match(data, at) if scheme.isalnum() else None
        if userinfo is not None and userinfo.start(1) >= start:
            yield Edit(*userinfo.span(1), form, Entity.PASSWORD.value)
        at = data.find(_AUTHORITY, at)

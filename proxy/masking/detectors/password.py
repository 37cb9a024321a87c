"""Passwords in URLs such as postgres://app:secret@db/payments (RFC 3986, 3.2.1). They are replaced whole.

The password lasts to the last "@" before the path, as people leave it unescaped.
"""

import re
from collections.abc import Iterator

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.edits import REDACTED, Edit

_REDACTED = REDACTED.encode()
_userinfo = re.compile(rb"[^\x00-\x20\"'<>/@:]{0,128}:(?!\*\*\*@)([^\x00-\x20\"'<>/]{1,256})@")
_AUTHORITY = b"://"
_USERINFO_REACH = 512


def find_url_passwords(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Passwords between a URL's user name and its host."""
    form = _REDACTED if replacement is None else replacement
    at = data.find(_AUTHORITY, max(0, start - _USERINFO_REACH))
    while at >= 0:
        scheme = data[at - 2 : at]
        at += len(_AUTHORITY)
        userinfo = _userinfo.match(data, at) if scheme.isalnum() else None
        if userinfo is not None and userinfo.start(1) >= start:
            yield Edit(*userinfo.span(1), form, Entity.PASSWORD.value)
        at = data.find(_AUTHORITY, at)


DETECTOR = Detector(
    Entity.PASSWORD,
    find_url_passwords,
    hint=r"://",
    # A port is no password: what follows the colon waits once it cannot be one.
    waits=(
        r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>/@]{0,128}"
        r":(?:[0-9]{0,5}[^\s\"'<>/@0-9]|[0-9]{6})[^\s\"'<>/]*\z"
    ),
)

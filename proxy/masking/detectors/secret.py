"""Passwords and tokens without a shape of their own, known by the label beside them or by their issuer's prefix.

`password = x`, `"api_key": "x"`, `PASSWORD 'x'` of SQL, `Authorization: Bearer x`. Not among the built-in rules: what
follows such a word is often no secret.
"""

import re
from collections.abc import Iterator

import re2

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.edits import REDACTED, Edit, re2_options

#: Bytes from the start of a label to the end of its value, at most.
_LABEL_REACH = 256

_REDACTED = REDACTED.encode()
_SECRET = Entity.SECRET.value

_HINT = (
    r"(?i)(?:pass(?:word|wd|phrase)|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|api[_-]?key|(?:access|auth|refresh)[_-]?token"
    r"|identified by|authorization)"
    r"|(?i)bearer "
    r"|xox[abeprs]-|[rs]k_live_|glpat-|AIza|SG\."
)
_secret_label = re2.compile(_HINT, re2_options())
_secret_value = re.compile(
    rb"[\"'`\\]{0,2}[ \t]{0,4}(?:(?:[:=]|=>|:=)[ \t]{0,4}|(?=')|(?<=[Bb]earer )(?=[A-Za-z0-9._~+/-]{8}))"
    rb"(?:(?:bearer|basic|token) )?(?!(?:bearer|basic|token) )"
    rb"(?:\\?\"([^\"\r\n\x1f]{1,200})\"|'([^'\r\n\x1f]{1,200})'|(?![\"'])([^\s\"',;&<>|)}\]\x1f]{4,200}))",
    re.IGNORECASE,
)
_issued_token = re.compile(
    rb"(?<![A-Za-z0-9])(?:xox[abeprs]-[A-Za-z0-9-]{10,200}|[rs]k_live_[A-Za-z0-9]{16,200}|glpat-[A-Za-z0-9_-]{20,60}"
    rb"|AIza[A-Za-z0-9_-]{35}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64})"
)


def find_secrets(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Passwords and tokens beside a label, and tokens with their issuer's prefix (Slack, Stripe, GitLab, Google)."""
    form = _REDACTED if replacement is None else replacement
    for label in _secret_label.finditer(data, max(0, start - _LABEL_REACH)):
        first, past = label.span()
        issued = _issued_token.match(data, first)
        value = None if issued else _secret_value.match(data, past, first + _LABEL_REACH)
        group = value.lastindex or 0 if value else 0
        found = issued or value
        if found is not None and found.start(group) >= start and found.group(group).strip(b"*"):
            yield Edit(*found.span(group), form, _SECRET)


DETECTOR = Detector(
    Entity.SECRET,
    find_secrets,
    hint=_HINT,
    unfinished=r"(?i:identified) ",
    labels=("key", "token", "pass(?:word|wd|phrase)", "pwd", "identified by", "authorization", "bearer", "basic"),
)

"""Values without a shape of their own, known by the label beside them: verification codes, passwords, tokens.

`cvv: 123`, `"cvc":"1234"`, `CVV2=123`, `security code 123`, in colour or not; `password = x`, `Bearer x`. A label
above or below its value (a table's head) is no label here: columns are masked by name where there are columns.
"""

import re
from collections.abc import Iterator

import re2

from proxy.masking.entities import REDACTED, Edit, Entity, re2_options

#: Bytes from the start of a label to the end of its value, at most.
LABEL_REACH = 256

_REDACTED = REDACTED.encode()
_CVV = Entity.CVV.value
_SECRET = Entity.SECRET.value

CVV_LABEL = (
    r"(?i)(?:cvv2?|cvc2?|cvn2?|cvd2?|cav2|csc|(?:card|security)[ _-]?code|csc2"
    r"|(?:verification|validation|security)[ _-]?(?:value|number))"
)
_cvv_label = re2.compile(CVV_LABEL, re2_options())

_COLOUR = rb"(?:\x1b\[[0-9;:]*[A-Za-z])"
_CODE_DIGIT = rb"(?:[0-9]|\xef\xbc[\x90-\x99])"
#: What stands between a label and its code: quotes, colons, arrows, brackets, colours; "_code", "is".
_cvv_code = re.compile(
    rb"(?:" + _COLOUR + rb"|[ \t\"'`:=>|\\(\[{#?/-]|\xc2\xa0|(?:_?code|_?value|_?number|_?no|is|was|nr)(?![a-z])){1,24}"
    rb"((?:" + _CODE_DIGIT + _COLOUR + rb"*){2,3}" + _CODE_DIGIT + rb")"
    rb"(?!" + _COLOUR + rb"*(?:[0-9A-Za-z_]|\.[0-9]|\xef\xbc[\x90-\x99]))",
    re.IGNORECASE,
)


def find_cvvs(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Three or four digits beside a label, replaced whole (PCI DSS 4.0.1, 3.3.1.2: never kept, so nothing is shown)."""
    for label in _cvv_label.finditer(data, max(0, start - LABEL_REACH)):
        first, past = label.span()
        if _inside_word(data, first):
            continue
        code = _cvv_code.match(data, past, first + LABEL_REACH)
        if code is not None and code.start(1) >= start:
            yield Edit(*code.span(1), _REDACTED if replacement is None else replacement, _CVV)


def _inside_word(data: bytes, first: int) -> bool:
    """Whether a label is only the end of a word: "recvc" is, "cardCvc" is not."""
    before = data[first - 1 : first] if first else b""
    return before.isalpha() and not (before.islower() and data[first : first + 1].isupper())


LABELS = (
    r"(?i)(?:pass(?:word|wd|phrase)|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|api[_-]?key|(?:access|auth|refresh)[_-]?token"
    r"|identified by|authorization)"
    r"|(?i)bearer "
    r"|xox[abeprs]-|[rs]k_live_|glpat-|AIza|SG\."
)
_secret_label = re2.compile(LABELS, re2_options())
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
    for label in _secret_label.finditer(data, max(0, start - LABEL_REACH)):
        first, past = label.span()
        issued = _issued_token.match(data, first)
        value = None if issued else _secret_value.match(data, past, first + LABEL_REACH)
        group = value.lastindex or 0 if value else 0
        found = issued or value
        if found is not None and found.start(group) >= start and found.group(group).strip(b"*"):
            yield Edit(*found.span(group), form, _SECRET)

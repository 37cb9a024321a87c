"""One finder per entity: bytes in, edits out. `FINDERS` is the whole list.

Each works on UTF-8 bytes and looks only at what is near a match, so that a stream can be scanned piece by piece. What
has no shape of its own (a CVV) is known by the label beside it. Invalid UTF-8 is never an error and never a match.
Numbers are the business of `pans`.
"""

import re
from collections.abc import Callable, Iterator

import re2

from proxy.masking.entities import REDACTED, Edit, Entity
from proxy.masking.pans import find_pans, re2_options

#: finder(data, start, shown, replacement): edits in data[start:], in order; what is before `start` is context. `shown`
#: is how many digits stay visible where the entity's form shows any; `replacement` takes the place of that form.
Finder = Callable[[bytes, int, int, bytes | None], Iterator[Edit]]

_REDACTED = REDACTED.encode()

# --- card verification codes ---------------------------------------------------------------------------------------

_cvv_label = re2.compile(
    r"(?i)(?:cvv2?|cvc2?|cvn2?|cvd2?|cav2|csc|security[ _-]?code|card[ _-]?code"
    r"|(?:verification|validation|security)[ _-]?(?:value|number))",
    re2_options(),
)
_COLOUR = rb"(?:\x1b\[[0-9;:]*[A-Za-z])"
#: What stands between a label and its value: quotes, colons, arrows, brackets, colours; "_code", "is".
_cvv_value = re.compile(
    rb"(?:" + _COLOUR + rb"|[ \t\"'`:=>|\\(\[{#?/-]|\xc2\xa0|(?:_?code|_?value|_?number|_?no|is|was|nr)\b){1,24}"
    rb"("
    + _COLOUR
    + rb"*(?:(?:[0-9]|\xef\xbc[\x90-\x99])"
    + _COLOUR
    + rb"*){3,4})(?![0-9A-Za-z_]|\.[0-9]|\xef\xbc[\x90-\x99])",
    re.IGNORECASE,
)
#: Bytes from a label to the end of its value, at most.
_LABEL_REACH = 160


def find_cvvs(data: bytes, start: int, shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Three or four digits beside a label, replaced whole (PCI DSS 3.3.1: never kept, so nothing of it is shown)."""
    for label in _cvv_label.finditer(data, max(0, start - _LABEL_REACH)):
        first, past = label.span()
        if _inside_word(data, first):
            continue
        value = _cvv_value.match(data, past, past + _LABEL_REACH)
        if value is not None and value.start(1) >= start:
            yield Edit(value.start(1), value.end(1), replacement or _REDACTED, Entity.CVV.value)


def _inside_word(data: bytes, first: int) -> bool:
    """ "recvcount" holds no cvc, "cardCvc" does."""
    before = data[first - 1 : first] if first else b""
    return before.isalpha() and not (before.islower() and data[first : first + 1].isupper())


# --- e-mail addresses -------------------------------------------------------------------------------------------------

_LOCAL = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
_LOCAL_MAX = 64  # RFC 5321, 4.5.3.1.1
_domain = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])")
_HIDDEN_ADDRESS = b"***@***"


def find_emails(data: bytes, start: int, shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Addresses as people write them; the form is the first character and `***@***`."""
    at = data.find(b"@", start)
    while at >= 0:
        before = data[max(start, at - _LOCAL_MAX) : at]
        local = before[len(before.rstrip(_LOCAL)) :]
        domain = _domain.match(data, at + 1, at + 256) if local else None
        if domain is not None:
            form = _HIDDEN_ADDRESS if len(local) < 2 else local[:1] + _HIDDEN_ADDRESS
            yield Edit(at - len(local), domain.end(), replacement or form, Entity.EMAIL.value)
        at = data.find(b"@", at + 1)


# --- keys and tokens -----------------------------------------------------------------------------------------------


def _whole(entity: Entity, hints: tuple[bytes, ...], pattern: bytes) -> Finder:
    """A finder for what has a shape of its own. Group 1, or all of it, is replaced whole; `hints` spare the search."""
    compiled = re.compile(pattern)
    group = 1 if compiled.groups else 0

    def find(data: bytes, start: int, shown: int, replacement: bytes | None) -> Iterator[Edit]:
        if any(data.find(hint, start) >= 0 for hint in hints):
            for match in compiled.finditer(data, start):
                yield Edit(*match.span(group), replacement or _REDACTED, entity.value)

    return find


_find_aws_keys = _whole(
    Entity.AWS_KEY,
    (b"AKIA", b"ASIA", b"aws_secret"),
    rb"(?<![A-Za-z0-9])((?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Za-z0-9])",
)
_find_github_tokens = _whole(
    Entity.GITHUB_TOKEN,
    (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
    rb"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255})",
)
_find_jwts = _whole(
    Entity.JWT,
    (b"eyJ",),
    rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*",
)
#: Longest body of a private key: RSA of 16384 bits, twice.
KEY_MAX = 16384
KEY_BODY = rb"(?:(?!-----END )[A-Za-z0-9+/=\s\\:,.-]){0,%d}"
KEY_END = rb"(?:-----END [A-Z0-9 ]{0,60}(?:-----|-{0,4}\Z))?"
_find_private_keys = _whole(
    Entity.PRIVATE_KEY,
    (b"PRIVATE KEY",),
    rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----" + KEY_BODY % KEY_MAX + KEY_END,
)
_find_url_passwords = _whole(
    Entity.PASSWORD,
    (b"://",),
    rb"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>/@:*]{0,128}:(?!\*\*\*@)([^\s\"'<>/]{1,256})@",
)

FINDERS: dict[Entity, Finder] = {
    Entity.PAN: find_pans,
    Entity.CVV: find_cvvs,
    Entity.EMAIL: find_emails,
    Entity.AWS_KEY: _find_aws_keys,
    Entity.GITHUB_TOKEN: _find_github_tokens,
    Entity.JWT: _find_jwts,
    Entity.PRIVATE_KEY: _find_private_keys,
    Entity.PASSWORD: _find_url_passwords,
}

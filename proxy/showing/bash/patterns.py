"""Secrets inside one literal: names with values, headers, URLs, and what the masking rules know by its shape. Pure.

It looks at what one word says, never at code; so a match ends where the word does. A *loose* text may become code
later (what echo prints, a document that is written to a file): of it only opaque values are hidden, which hold no
blank and none of the characters that make a command line.
"""

import re
from collections.abc import Iterable, Iterator

from access.policy.entities import Entity
from proxy.masking.rules import Masker, MaskingRule
from proxy.showing.bash.changes import Change
from proxy.showing.bash.named import LABELS

_OPAQUE = r"[^\s;|&<>()$`\\'\"{}\[\],\x00]+"
_opaque = re.compile(_OPAQUE)
# A key in PEM: its armour, headers that RFC 1421 and OpenPGP know, lines of base64, of which the last may be short.
_ARMOUR = re.compile(
    r"-----BEGIN [A-Z0-9 ]+-----\n(?:(?:Proc-Type|DEK-Info|Version|Comment): [\w ,.-]+\n|\n)*"
    r"(?:[A-Za-z0-9+/=]{16,}\n)+(?:(?:[A-Za-z0-9+/=]{4})+\n)?(?:-----END [A-Z0-9 ]+-----)?\s*"
)
_DIGITS = re.compile(r"[\d\s./-]+")

# NAME=value, "name": "value", name: value, name = value. A reference to a variable gives nothing away. No blank after
# a sign that has none before it: `PASSWORD= reboot` sets nothing, and runs reboot.
_SIGN = r"(?:=|[ \t]{1,8}=[ \t]{0,8}|[ \t]{0,8}:[ \t]{1,8}|[\"'][ \t]{0,8}[:=][ \t]{0,8})"
_NAMED = re.compile(rf"(?i)(?:{LABELS})[\w.-]{{0,64}}{_SIGN}(?!\*\*\*)(\"[^\"\x00]*\"|'[^'\x00]*'|{_OPAQUE})")
_HEADER_NAME = (
    r"(?i)\b(?:(?:proxy-)?authorization|x-[\w-]{0,64}(?:key|token|secret)|(?:set-)?cookie)[ \t]{0,8}:[ \t]{0,8}"
)
_HEADER = re.compile(rf"{_HEADER_NAME}(?!\*\*\*)([^\r\n\x00\"']+)")
_LOOSE_HEADER = re.compile(rf"{_HEADER_NAME}(?:(?:basic|bearer|token|digest|negotiate)[ \t]+)?(?!\*\*\*)({_OPAQUE})")
_SQL = re.compile(r"(?i)\b(?:identified[ \t]+by|password)[ \t]+('[^'\x00]*'|\"[^\"\x00]*\")")
_PASS = re.compile(r"(?<![\w-])pass:([^\s'\"\x00]+)")
_OPTION = re.compile(rf"(?i)(?<![^\s])--?[\w-]{{0,64}}(?:{LABELS})[\w-]{{0,64}}[ \t]+(?!-)({_OPAQUE})(?![^\s])")
_ISSUED = re.compile(r"(?<![A-Za-z0-9])(?:xox[abeprs]-|[rs]k_live_|glpat-|AIza|SG\.)[A-Za-z0-9_.-]{10,}")


def _masker_of(entities: Iterable[Entity]) -> Masker:
    return Masker(tuple(MaskingRule(entity.value, entity) for entity in entities))


# An e-mail address says whom or what a command is about (`userdel bob@corp.com`), so a reviewer must see it.
_masker = _masker_of(entity for entity in Entity if entity is not Entity.EMAIL)
#: Labels are looked for here only, by the patterns above.
_shaped = _masker_of(entity for entity in Entity if entity not in {Entity.EMAIL, Entity.SECRET})
_numbers = _masker_of((Entity.PAN, Entity.CVV))
#: Of a card number and its kind these stay readable.
_SHOWN_DIGITS = 4


def secrets_in(text: str, *, loose: bool) -> list[Change]:
    """What is hidden of a literal that says `text`."""
    if not loose:
        return [*_by_name(text, (_NAMED, _HEADER, _SQL, _PASS)), *_by_shape(text, _masker)]
    found = [*_by_name(text, (_NAMED, _LOOSE_HEADER, _SQL, _PASS, _ISSUED)), *_by_shape(text, _shaped)]
    return [each for each in found if is_opaque(text[each.start : each.end].strip("'\""))]


def shapes_in(text: str) -> list[Change]:
    """What is hidden of an operand, whatever stands beside it: what is a secret by its own shape."""
    return [each for each in _by_shape(text, _shaped) if is_opaque(text[each.start : each.end])]


def secrets_in_unread(text: str) -> list[Change]:
    """What is hidden of a line that could not be read: single opaque words, behind what says that they are secret."""
    return [*secrets_in(text, loose=True), *_by_name(text, (_OPTION,))]


def _by_name(text: str, patterns: Iterable[re.Pattern[str]]) -> Iterator[Change]:
    for pattern in patterns:
        for found in pattern.finditer(text):
            yield Change(*found.span(pattern.groups))


def _by_shape(text: str, masker: Masker) -> Iterator[Change]:
    data = text.encode("utf-8", "surrogatepass")
    for edit in masker.edits(data):
        start, end = (len(data[:at].decode("utf-8", "surrogatepass")) for at in (edit.start, edit.end))
        yield Change(start, end, edit.replacement.decode())


def is_opaque(text: str) -> bool:
    """Whether a text can be no line of code: one word without quotes, expansions or separators."""
    return any(form.fullmatch(text) for form in (_opaque, _ARMOUR, _DIGITS))


def without_numbers(text: str) -> str:
    """The text with the digits of card numbers and verification codes hidden, wherever they stand, and only these.

    A number may be spread over several words (`4111 1111 1111 1111`), which no other rule looks at together.
    """
    data = bytearray(text, "utf-8", "surrogatepass")
    for edit in _numbers.edits(bytes(data)):
        digits = [at for at in range(edit.start, edit.end) if chr(data[at]).isdigit()]
        for at in digits[:-_SHOWN_DIGITS]:
            data[at] = ord("*")
    return data.decode("utf-8", "surrogatepass")

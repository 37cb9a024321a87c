"""Card verification codes (CVV, CVC, CID): three or four digits, known by what stands beside them.

A label (`cvv: 123`, `"cvc":"1234"`, `CVV2=123`, `security code 123`, in colour or not), or a card number and its expiry
date. A label above or below its value (a table's head) is no label here: columns are masked by their names.
"""

import re
from collections.abc import Iterator

import re2

from access.policy.entities import Entity
from proxy.masking.byte_patterns import DIGIT, ESCAPE, LINK
from proxy.masking.cards.brands import is_pan
from proxy.masking.detector import Detector
from proxy.masking.edits import REDACTED, Edit, re2_options

_REDACTED = REDACTED.encode()
_CVV = Entity.CVV.value

#: Bytes from the start of a label, or from the end of a card number, to the end of the code, at most.
_REACH = 256

_LABEL = (
    r"(?:(?i)(?:cvv2?|cvc2?|cvn2?|cvd2?|cav2|csc|(?:card|security)[ _-]?code|csc2"
    r"|(?:verification|validation|security)[ _-]?(?:value|number)))"
)
_BESIDE = r"[\"']?[|;,:/ \t][\"']?"
_MONTH = r"(?:0[1-9]|1[0-2])"
_YEAR = r"(?:20)?[2-4][0-9]"
_EXPIRY = rf"{_BESIDE}{_MONTH}(?:{_BESIDE}|[.-])?{_YEAR}{_BESIDE}"
#: A label, or the end of a number and what may be its expiry date: "4111111111111111|12|2027|123".
_HINT = rf"{_LABEL}|[0-9]{_EXPIRY}[0-9]{{3}}"
_hint = re2.compile(_HINT, re2_options())

_behind_expiry = re.compile(_EXPIRY.encode() + rb"([0-9]{3,4})(?![0-9A-Za-z_])")
_number_at_end = re.compile(
    rb"(?<![0-9])(?:[0-9]{12,19}|[0-9]{4}(?:[ -][0-9]{4}){2}[ -][0-9]{1,4}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{5})\Z"
)
_LONGEST_CARD = 24

_COLOUR = rb"(?:\x1b\[[0-9;:]*[A-Za-z])"
_CODE_DIGIT = rb"(?:[0-9]|\xef\xbc[\x90-\x99])"
#: What stands between a label and its code: quotes, colons, arrows, brackets, colours; "_code", "is".
_behind_label = re.compile(
    rb"(?:" + _COLOUR + rb"|[ \t\"'`:=>|\\(\[{#?/-]|\xc2\xa0|(?:_?code|_?value|_?number|_?no|is|was|nr)(?![a-z])){1,24}"
    rb"((?:" + _CODE_DIGIT + _COLOUR + rb"*){2,3}" + _CODE_DIGIT + rb")"
    rb"(?!" + _COLOUR + rb"*(?:[0-9A-Za-z_]|\.[0-9]|\xef\xbc[\x90-\x99]))",
    re.IGNORECASE,
)


def find_cvvs(data: bytes, start: int, _shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Three or four digits beside a label, replaced whole (PCI DSS 4.0.1, 3.3.1.2: never kept, so nothing is shown)."""
    form = _REDACTED if replacement is None else replacement
    for hint in _hint.finditer(data, max(0, start - _REACH)):
        first, past = hint.span()
        if 0x30 <= data[first] <= 0x39:
            code = _behind_expiry.match(data, first + 1, first + _REACH) if _ends_card(data, first + 1) else None
        else:
            code = None if _inside_word(data, first) else _behind_label.match(data, past, first + _REACH)
        if code is not None and code.start(1) >= start:
            yield Edit(*code.span(1), form, _CVV)


def _ends_card(data: bytes, past: int) -> bool:
    """Whether the digits that end at `past` are a card number."""
    number = _number_at_end.search(data, max(0, past - _LONGEST_CARD), past)
    return number is not None and is_pan(number.group().translate(None, b" -"))


def _inside_word(data: bytes, first: int) -> bool:
    """Whether a label is only the end of a word: "recvc" is, "cardCvc" is not."""
    before = data[first - 1 : first] if first else b""
    return before.isalpha() and not (before.islower() and data[first : first + 1].isupper())


#: The last word of each label, and what may stand before it.
_LAST_WORDS = ("cvv2?", "cvc2?", "cvn2?", "cvd2?", "cav2", "csc2?", "code", "value", "number")
_FIRST_WORDS = r"(?i:security|card|verification|validation) "

DETECTOR = Detector(
    Entity.CVV,
    find_cvvs,
    hint=_HINT,
    reads_escapes=True,
    # A card number and an expiry date before a code are held as a run of digits, as PAN says.
    unfinished=_FIRST_WORDS,
    labels=_LAST_WORDS,
    waits=(rf"(?:(?i:{'|'.join(_LAST_WORDS)}){LINK}|[0-9]{_EXPIRY}){DIGIT}(?:{ESCAPE}*{DIGIT}){{0,3}}{ESCAPE}*\z"),
)

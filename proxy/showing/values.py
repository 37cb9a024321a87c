"""How a literal is shown: by its type and a class of its length, or as it is where it gives nothing away. Pure.

`‹` and `›` stand around what replaces a literal, and nowhere else in a shown text: where somebody typed them they are
shown as their codes. So nobody can write a name that looks like a redacted value.
"""

import re
from collections.abc import Sequence

from access.policy.entities import Entity
from access.visible import visible_line
from proxy.masking.cards.brands import MAX_DIGITS, MIN_DIGITS, is_pan
from proxy.masking.rules import Masker, MaskingRule

#: Numbers of fewer digits are shown: no account, card or phone number is that short.
MANY_DIGITS = 9
#: Lengths in characters that are told apart; longer texts say their length to two digits.
LENGTHS = (8, 16, 64, 256, 1024)
SECRET = "‹secret›"  # noqa: S105 - what stands for one
ANY_TEXT = "‹text›"
ANY_NUMBER = "‹number›"
ANY_BITS = "‹bits›"
MARKS = re.compile("‹[^‹›]*›")

_DIGITS = re.compile(r"\d+")
_CODES = str.maketrans({"‹": "\\u2039", "›": "\\u203a"})
#: What has neither an "@" nor as many digits as a card has can be no such value, unless it is as long as a key.
_SHORT = 16
#: Digits in a group of a card number, at least.
_GROUP = 4
_redactor = Masker(())
#: Values with a shape of their own. Those known by a label beside them ("token = x") would take names for values.
_NAMED = (Entity.PAN, Entity.EMAIL, Entity.AWS_KEY, Entity.GITHUB_TOKEN, Entity.GATEPASS_TOKEN, Entity.JWT, Entity.IBAN)
_in_names = Masker([MaskingRule(entity.value, entity) for entity in _NAMED])
#: What numbers of fewer digits could make together, or beside a word.
_IN_TEXTS = (*_NAMED, Entity.CVV, Entity.PHONE, Entity.SSN)
_in_texts = Masker([MaskingRule(entity.value, entity) for entity in _IN_TEXTS])


def shown_string(value: str, kind: str = "text") -> str:
    """A text by its length class; `kind` says what it is. The empty one is shown as it is."""
    if not value:
        return "''"
    length = next((f"≤{most}" for most in LENGTHS if len(value) <= most), f"~{_rounded(len(value))}")
    return f"‹{kind} {length}›"


def shown_number(source: str, *, hides: bool = False) -> str:
    """A number as it is written if it is short, else (or if it is one that `hides`) how many digits it has."""
    digits = sum(character.isalnum() for character in source)
    if digits < MANY_DIGITS and not hides:
        return source
    return f"‹number, {digits} digits›" if digits > 1 else "‹number, 1 digit›"


def plain(value: str) -> str:
    """Something typed, on one line: what cannot be seen is shown as its code, and a backslash is doubled."""
    if value.isalnum() and value.isascii():
        return value
    return visible_line(value.replace("\\", "\\\\").translate(_CODES))


def unmarked(text: str) -> str:
    """A text that was shown elsewhere, in which nothing looks like a mark of ours."""
    return text.translate(_CODES)


def quoted(value: str) -> str:
    """A string literal that is shown."""
    return "'" + plain(value).replace("'", "''") + "'"


def is_sensitive(value: str) -> bool:
    """Whether a value of some other kind (a path, a setting) holds something that nobody may be shown."""
    return _has_card_number(value) or _redactor.redact(value) != value


def is_sensitive_name(name: str) -> bool:
    """Whether a name is a card number, an address or a key that somebody put where names stand."""
    if len(name) < _SHORT and "@" not in name and not _may_hold_card(name):
        return False
    return _has_card_number(name) or _in_names.text(name) != name


def is_split_card(numbers: Sequence[str]) -> bool:
    """Whether numbers that follow each other are a card number in pieces, such as 4111, 1111, 1111, 1111."""
    groups = [group_of(number) for number in numbers]
    return any(
        all(groups[at : at + count]) and is_pan("".join(groups[at : at + count]).encode())
        for count in (2, 3, 4)
        for at in range(len(groups) - count + 1)
    )


def group_of(number: str) -> str:
    """The digits of a number that may be a part of a card number, however they are parted; else nothing."""
    digits = number.replace("_", "").replace(".", "")
    return digits if len(digits) >= _GROUP and digits.isascii() and digits.isdecimal() else ""


def masked(text: str) -> str:
    """A whole text, for values that stand in it in pieces; the same object if there is none."""
    return _in_texts.text(text)


def _may_hold_card(name: str) -> bool:
    return sum(character.isdigit() for character in name) >= MIN_DIGITS


def _has_card_number(text: str) -> bool:
    """Whether a card number stands in it, whatever stands beside it (`t4111…`) or between its digits."""
    runs = _DIGITS.findall(text) if text.isascii() else []
    runs.append("".join(runs))
    return any(map(_holds_card_number, runs))


def _holds_card_number(digits: str) -> bool:
    if not len(digits) >= MIN_DIGITS:
        return False
    if len(digits) > 2 * MAX_DIGITS:
        return True
    octets = digits.encode()
    starts = range(len(octets) - MIN_DIGITS + 1)
    return any(
        is_pan(octets[start : start + size]) for start in starts for size in range(16, MAX_DIGITS + 1)
    ) or is_pan(octets)


def _rounded(length: int) -> int:
    """To two digits."""
    unit = 10 ** (len(str(length)) - 2)
    return length // unit * unit

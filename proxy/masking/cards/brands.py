"""Which numbers can be payment card numbers: issuer prefixes, lengths, check digit.

ISO/IEC 7812-1 gives the shape (up to 19 digits, the last by Luhn's formula), the schemes publish the prefixes. Nothing
is looked up and nothing is kept: a number is a plausible card number or it is not.
"""

from collections.abc import Iterable

MIN_DIGITS = 12
MAX_DIGITS = 19

#: (lowest four digits, highest four digits, lengths)
Prefixes = tuple[int, int, tuple[int, ...]]

_FROM_12 = tuple(range(12, 20))
_FROM_16 = tuple(range(16, 20))

#: Prefixes by scheme. Where a scheme's ranges are wide and its cards have 16 digits nearly always, they are wide only
#: at that length: elsewhere they would take one snowflake id in a hundred for a card.
BRANDS: dict[str, tuple[Prefixes, ...]] = {
    "visa": ((4000, 4999, (13, 16, 19)),),
    "mastercard": ((5100, 5599, (16,)), (2221, 2720, (16,))),
    "american_express": ((3400, 3499, (15,)), (3700, 3799, (15,))),
    "discover": ((6011, 6011, (16, 19)), (6440, 6599, (16, 19))),
    "diners_club": (
        *((low, high, (14, 16, 19)) for low, high in ((3000, 3059), (3095, 3095), (3800, 3999))),
        (3600, 3699, (14,)),
    ),
    "jcb": ((3528, 3589, (16, 19)), (2131, 2131, (15,))),
    "unionpay": ((6200, 6299, _FROM_16), (8100, 8199, (16,))),
    "rupay": ((8200, 8299, (16,)),),
    "mir": ((2200, 2204, _FROM_16),),
    "maestro": (
        *((low, low + 99, (16,)) for low in (5000, 5600, 5700, 6000, 6300, 6700)),
        *((prefix, prefix, _FROM_12) for prefix in (5018, 5020, 5033, 5038, 5868, 5893, 6304, 6390)),
        *((prefix, prefix, _FROM_12) for prefix in (6759, 6761, 6762, 6763, 6767, 6771, 6799)),
    ),
    "verve": ((5060, 5061, (16, 18, 19)), (6500, 6500, (16, 18, 19))),
    "troy": ((9792, 9792, (16,)),),
    "uzcard": ((8600, 8600, (16,)),),
    "humo": ((9860, 9860, (16,)),),
}


def _lengths_by_prefix(brands: Iterable[tuple[Prefixes, ...]]) -> list[int]:
    table = [0] * 10_000
    for low, high, lengths in (prefixes for brand in brands for prefixes in brand):
        for prefix in range(low, high + 1):
            table[prefix] |= sum(1 << length for length in lengths if not table[prefix] >> length & 1)
    return table


#: Index: the first four digits. Value: a bit for each length that a card number with them may have.
LENGTHS = _lengths_by_prefix(BRANDS.values())

#: What Luhn's doubling adds to a digit, modulo 10: 3 becomes 6, three more; 7 becomes 1 + 4, two less or eight more.
_ADDED = bytes((code - 48 if code < 53 else code - 48 + 1) if 48 <= code <= 57 else 0 for code in range(256))


def luhn(digits: bytes) -> bool:
    """Whether the last of ASCII `digits` is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    return (sum(digits) - 48 * len(digits) + sum(digits[-2::-2].translate(_ADDED))) % 10 == 0


def is_article_number(digits: bytes) -> bool:
    """Whether ASCII `digits` are a UPC-A (12) or EAN-13 (13) by their check digit (GS1 General Specifications, 7.9)."""
    if len(digits) not in (12, 13):
        return False
    plain, tripled = digits[-1::-2], digits[-2::-2]
    return (sum(plain) - 48 * len(plain) + 3 * (sum(tripled) - 48 * len(tripled))) % 10 == 0


def is_pan(digits: bytes) -> bool:
    """Whether ASCII `digits`, without separators, are a plausible primary account number."""
    length = len(digits)
    return MIN_DIGITS <= length <= MAX_DIGITS and LENGTHS[int(digits[:4])] >> length & 1 == 1 and luhn(digits)

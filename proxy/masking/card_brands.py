"""Which numbers can be payment card numbers: issuer prefixes, lengths, check digit.

ISO/IEC 7812-1 gives the shape (up to 19 digits, the last by Luhn's formula); the prefixes are those the schemes
publish. Nothing is looked up and nothing is kept: a number is a plausible card number or it is not.
"""

from collections.abc import Iterable

MIN_DIGITS = 12
MAX_DIGITS = 19

#: Prefixes by scheme: (lowest four digits, highest four digits, lengths).
BRANDS: dict[str, tuple[tuple[int, int, tuple[int, ...]], ...]] = {
    "visa": ((4000, 4999, (13, 16, 19)),),
    "mastercard": ((5100, 5599, (16,)), (2221, 2720, (16,))),
    "american_express": ((3400, 3499, (15,)), (3700, 3799, (15,))),
    "discover": ((6011, 6011, (16, 17, 18, 19)), (6440, 6599, (16, 17, 18, 19))),
    "diners_club": (
        (3000, 3059, (14, 16, 19)),
        (3095, 3095, (14, 16, 19)),
        (3600, 3699, (14, 16, 19)),
        (3800, 3999, (14, 16, 19)),
    ),
    "jcb": ((3528, 3589, (16, 17, 18, 19)), (1800, 1800, (15,)), (2131, 2131, (15,))),
    "unionpay": ((6200, 6299, (16, 17, 18, 19)), (8100, 8199, (16,))),
    "rupay": ((8200, 8299, (16,)),),
    "mir": ((2200, 2204, (16, 17, 18, 19)),),
    # The wide ranges only at the usual length; elsewhere they would take one snowflake id in a hundred.
    "maestro": (
        (5000, 5099, (16,)),
        (5600, 5899, (16,)),
        (6000, 6099, (16,)),
        (6300, 6399, (16,)),
        (6700, 6799, (16,)),
        *((prefix, prefix, tuple(range(12, 20))) for prefix in (5018, 5020, 5033, 5038, 5868, 5893, 6304, 6390)),
        *((prefix, prefix, tuple(range(12, 20))) for prefix in (6759, 6761, 6762, 6763, 6767, 6771, 6799)),
    ),
    "verve": ((5060, 5061, (16, 18, 19)), (6500, 6500, (16, 18, 19))),
    "troy": ((9792, 9792, (16,)),),
    "uzcard": ((8600, 8600, (16,)),),
    "humo": ((9860, 9860, (16,)),),
}


def _lengths_by_prefix(brands: Iterable[tuple[tuple[int, int, tuple[int, ...]], ...]]) -> list[int]:
    table = [0] * 10_000
    for ranges in brands:
        for low, high, lengths in ranges:
            for prefix in range(low, high + 1):
                for length in lengths:
                    table[prefix] |= 1 << length
    return table


#: Index: the first four digits. Value: a bit for each length that a card number with them may have.
LENGTHS = _lengths_by_prefix(BRANDS.values())

#: Luhn's doubled digits, as a table for bytes.translate: "5" becomes chr(10 - 9).
_DOUBLED = bytes((2 * (code - 48) - (9 if code >= 53 else 0)) if 48 <= code <= 57 else 0 for code in range(256))
_ONCE = bytes(code - 48 if 48 <= code <= 57 else 0 for code in range(256))


def luhn(digits: bytes) -> bool:
    """Whether the last of ASCII `digits` is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    return (sum(digits[-1::-2].translate(_ONCE)) + sum(digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def article_number(digits: bytes) -> bool:
    """Whether ASCII `digits` are a UPC-A (12) or EAN-13 (13) with its right check digit (GS1 General Specifications)."""
    return len(digits) in (12, 13) and (sum(digits[-1::-2]) + 3 * sum(digits[-2::-2]) - _ascii_offset(digits)) % 10 == 0


def _ascii_offset(digits: bytes) -> int:
    return 48 * (len(digits[-1::-2]) + 3 * len(digits[-2::-2]))


def is_pan(digits: bytes) -> bool:
    """Whether ASCII `digits`, without separators, are a plausible primary account number.

    A number of 12 or 13 digits that is a valid article number is taken for one: cards of that length are out of issue,
    articles are in every shop's database.
    """
    length = len(digits)
    return (
        MIN_DIGITS <= length <= MAX_DIGITS
        and LENGTHS[int(digits[:4])] >> length & 1 == 1
        and luhn(digits)
        and not (length <= 13 and article_number(digits))
    )

"""International bank account numbers (ISO 13616). Not among the built-in rules: a policy asks for them."""

import re
from collections.abc import Iterator

import re2

from access.policy.entities import Entity
from proxy.masking.detector import Detector
from proxy.masking.edits import Edit, re2_options

#: Length by country.
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FO GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
_iban = re2.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}", re2_options())


def find_ibans(data: bytes, start: int, shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Account numbers with right length and check digits (ISO 7064, mod 97); country and last four stay."""
    at = start
    while (match := _iban.search(data, at)) is not None:
        first = match.start()
        at = first + 2
        length = _IBAN_LENGTHS.get(data[first : first + 2].decode())
        if length is None or (first and data[first - 1 : first].isalnum()):
            continue
        written = re.match(rb"(?: ?[A-Z0-9]){%d}(?![A-Za-z0-9])" % length, data[first : match.end() + 1])
        if written is None:
            continue
        account = written.group().replace(b" ", b"").decode()
        if int("".join(str(int(character, 36)) for character in account[4:] + account[:4])) % 97 != 1:
            continue
        at = first + written.end()
        hidden = account[:2] + "*" * (length - 2 - shown) + account[length - shown :]
        yield Edit(first, at, hidden.encode() if replacement is None else replacement, Entity.IBAN.value)


DETECTOR = Detector(
    Entity.IBAN,
    find_ibans,
    hint=r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]",
    unfinished=r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9])* ?",
)

"""Which digits of a run belong together as one card number, and which are part of something else.

Numbers that stand beside each other (columns, dates, addresses, decimals) must not be read as one; digits that were
broken up on purpose should be. Groups of four and the layouts printed on cards are accepted anywhere in a run; any
other way of breaking digits up only if the run is that number and nothing else.
"""

import re
from typing import Literal

from proxy.masking.cards.candidates import ESCAPED
from proxy.masking.normalise import Run

#: Ways in which card numbers are printed, besides groups of four: American Express, Diners Club, Maestro.
_PRINTED = frozenset({(4, 6, 5), (4, 6, 4), (4, 5, 6), (4, 3, 3, 3)})
#: Two halves: also two numbers beside each other, so not when a mere space is between them.
_HALVES = frozenset({(6, 10), (8, 8), (4, 12), (12, 4), (6, 13), (8, 11), (4, 11), (4, 10)})

#: Lengths of digests and object ids in hexadecimal: MD5, SHA-1, SHA-2 and 12-byte ids.
_DIGEST_LENGTHS = frozenset({24, 32, 40, 48, 56, 64, 96, 128})
_LONGEST_DIGEST = max(_DIGEST_LENGTHS)
_HEX = b"0123456789abcdefABCDEF"
_HEX_LETTERS = frozenset(b"abcdefABCDEF")
_UUID = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F])")
_UUID_LENGTH = 36

#: Ansible's folders on a host: time, process, and a number below 2**48, which every tenth passes Luhn's check. Its play
#: ends where one is masked.
_TEMPORARY = re.compile(rb"ansible-tmp-[0-9]{10}(?:\.[0-9]{1,7})?-[0-9]{1,7}-([0-9]{1,15})(?![0-9])")
_TEMPORARY_LENGTH = 54
_BELOW = 2**48

_INTEGER_PART = re.compile(rb"(?:^|[^0-9.])[0-9]{1,3}\.\Z")
_SEPARATORS = frozenset(b" -._/+")

_ESCAPED = re.compile(rf"{ESCAPED}0*+\Z".encode())

#: How far to look left for what a group of digits is the end of.
_REACH = 64

Left = Literal["", "group", "digit"]


def _behind_escaped(before: bytes) -> bool:
    """Whether what stands for a character in a URL is right before a number, or before zeros that pad it."""
    return b"%" in before and _ESCAPED.search(before) is not None


def joined_left(data: bytes, first: int) -> Left:
    """How the run goes on to the left of data[first], a digit: within the group, by a separator, or not at all.

    Zeros before a number do not count: fixed-width fields are padded with them.
    """
    before = data[max(0, first - _REACH) : first]
    if _behind_escaped(before):
        return ""
    if before[-1:].isdigit():
        return "digit" if before.rstrip(b"0")[-1:].isdigit() else ""
    return "group" if before[-1:] and before[-1] in _SEPARATORS and before[-2:-1].isdigit() else ""


def number_start(run: Run, i: int) -> int:
    """Where the number begins that begins with group `i`: after the zeros with which it is padded."""
    low = run.groups[i]
    while low + 1 < run.groups[i + 1] and run.digits[low] == 0x30:
        low += 1
    return low


def stands_alone(data: bytes, first: int, past: int) -> bool:
    """Whether data[first:past], digits only, are no part of a longer number, a fraction, a digest or a known name."""
    if _behind_escaped(data[max(0, first - _REACH) : first]):
        return not (past < len(data) and data[past] in _HEX_LETTERS and _in_digest(data, first, past))
    if first and data[first - 1] == 0x30:
        first -= len(data[max(0, first - _REACH) : first]) - len(data[max(0, first - _REACH) : first].rstrip(b"0"))
    if first:
        before = data[first - 1]
        if 0x30 <= before <= 0x39:
            return False
        if before == 0x2E and _INTEGER_PART.search(data[max(0, first - 5) : first]):
            return False
        if before in _HEX_LETTERS and _in_digest(data, first, past):
            return False
    if past < len(data) and data[past] in _HEX_LETTERS and _in_digest(data, first, past):
        return False
    return not _in_temporary(data, first, past)


def _in_digest(data: bytes, first: int, past: int) -> bool:
    left = data[max(0, first - _LONGEST_DIGEST) : first]
    right = data[past : past + _LONGEST_DIGEST]
    return past - first + len(left) - len(left.rstrip(_HEX)) + len(right) - len(right.lstrip(_HEX)) in _DIGEST_LENGTHS


def well_grouped(data: bytes, run: Run, i: int, j: int, left: Left) -> bool:
    """Whether groups i to j (exclusive) of `run` are grouped as one number would be; `left` as joined_left says."""
    sizes = tuple(run.groups[k + 1] - run.groups[k] for k in range(i, j))
    if len(sizes) == 1:
        return _group_stands_alone(data, run, i)
    if _in_temporary(data, run.places[run.groups[i]][0], run.places[run.groups[j] - 1][1]):
        return False
    separators = run.separators[i : j - 1]
    halved = sizes in _HALVES and (separators != [" "] or run.noisy)
    if halved or sizes in _PRINTED or _in_fours(sizes, separators):
        return "-" not in separators or not _in_uuid(data, run, i, j)
    whole = i == 0 and j == len(run.groups) - 1 and not left
    return whole and _broken_up(sizes, separators)


def _in_fours(sizes: tuple[int, ...], separators: list[str]) -> bool:
    """Groups of four, some of which may have been left together; two decimals beside each other are none."""
    if len(sizes) == 2 or any(size % 4 for size in sizes[:-1]) or separators == [".", " ", "."]:
        return False
    return sizes[-1] <= 4 or sizes[-1] % 4 == 0


def _broken_up(sizes: tuple[int, ...], separators: list[str]) -> bool:
    """Whether a run that holds nothing else looks like one number in pieces, and not like a row of numbers."""
    spaced = any(separator.isspace() for separator in separators)
    if "." in separators:
        # Decimals, and network addresses.
        return not spaced and len(sizes) > 2 and not (len(sizes) == 4 and max(sizes) <= 3)
    even = sizes[0] <= 3 and len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
    return even or not all(separator.isspace() for separator in separators)


def _group_stands_alone(data: bytes, run: Run, i: int) -> bool:
    if i and run.separators[i - 1] == ".":
        size = run.groups[i] - run.groups[i - 1]
        if size <= 3 and (i == 1 or run.separators[i - 2] != "."):
            return False
    return stands_alone(data, run.places[run.groups[i]][0], run.places[run.groups[i + 1] - 1][1])


def _in_uuid(data: bytes, run: Run, i: int, j: int) -> bool:
    first, past = run.places[run.groups[i]][0], run.places[run.groups[j] - 1][1]
    offset = max(0, first - _UUID_LENGTH)
    around = data[offset : past + _UUID_LENGTH]
    return any(found.start() + offset < past and first < found.end() + offset for found in _UUID.finditer(around))


def _in_temporary(data: bytes, first: int, past: int) -> bool:
    offset = max(0, first - _TEMPORARY_LENGTH)
    before = data[offset:first]
    return b"ansible-tmp-" in before and any(
        found.start() + offset < first and past <= found.end() + offset and int(found[1]) < _BELOW
        for found in _TEMPORARY.finditer(before + data[first : past + _TEMPORARY_LENGTH])
    )

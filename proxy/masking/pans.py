"""Card numbers in bytes: candidates by RE2, then brand, length, check digit and the way the digits are grouped.

The masked form is as long as the number and keeps its separators, so that terminals and fixed columns stay aligned.
At most the last four digits are shown (PCI DSS 4.0.1, 3.4.1). Numbers that are reversed, encoded or spread over lines
are not found.
"""

import re
from collections.abc import Iterator

import re2

from proxy.masking.card_brands import LENGTHS, MAX_DIGITS, MIN_DIGITS, article_number, is_pan, luhn
from proxy.masking.entities import Edit, Entity
from proxy.masking.shadow import DIGIT, GAP, Run, parse_plain_run, parse_run


def re2_options() -> re2.Options:
    """RE2 without groups and with room for its automaton (design: 64 MB at most)."""
    options = re2.Options()
    options.max_mem = 64 << 20
    options.never_capture = True
    options.log_errors = False
    return options


#: Twelve digits and all that follow; the first is one a card number can begin with, in any script.
CANDIDATE = rf"(?:[2-689]|[^\x00-\x7f\P{{Nd}}]|[⁰¹²³⁴-⁹₀-₉①-⑨⓪❶-❾➀-➈➊-➒])(?:{GAP}{DIGIT}){{11,}}"
_candidate = re2.compile(CANDIDATE, re2_options())

#: Ways in which card numbers are printed, besides groups of four.
_LAYOUTS = frozenset(
    {(4, 6, 5), (4, 6, 4), (4, 5, 6), (6, 10), (8, 8), (4, 12), (12, 4), (6, 13), (8, 11), (4, 3, 3, 3)}
)
#: Lengths of digests and object ids in hexadecimal: MD5, SHA-1, SHA-2, SHA-512 and 12-byte ids.
_DIGEST_LENGTHS = frozenset({24, 32, 40, 48, 56, 64, 96, 128})
_HEX = b"0123456789abcdefABCDEF"
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_INTEGER_PART = re.compile(rb"(?:^|[^0-9.])[0-9]{1,3}\.\Z")
_EXPONENT = re.compile(rb"[eE]\+?0*([0-9]{1,2})(?![0-9])")
_PLAIN = bytes(range(0x20, 0x7F))


def find_pans(data: bytes, start: int, shown: int = 4, replacement: bytes | None = None) -> Iterator[Edit]:
    """Card numbers in data[start:]; bytes before `start` are looked at as context only.

    shown: how many digits stay at the end, 0 to 4. replacement: instead of the masked form.
    """
    for match in _candidate.finditer(data, start):
        first, past = match.span()
        if past - first <= MAX_DIGITS and data[first:past].isdigit():
            if _plain_pan(data, first, past):
                yield _plain_edit(data, first, past, shown, replacement)
        else:
            yield from _pans_in_run(data, first, past, shown, replacement)


def _plain_edit(data: bytes, first: int, past: int, shown: int, replacement: bytes | None) -> Edit:
    if replacement is not None:
        return Edit(first, past, replacement, Entity.PAN.value)
    return Edit(first, past, b"*" * (past - first - shown) + data[past - shown : past], Entity.PAN.value, aligned=True)


def _plain_pan(data: bytes, first: int, past: int) -> bool:
    digits = data[first:past]
    if LENGTHS[int(digits[:4])] >> (past - first) & 1 and luhn(digits):
        return _stands_alone(data, first, past) and not (past - first <= 13 and article_number(digits))
    # A float8 in its shortest form: 4.111111111111111e+15
    return False


def _stands_alone(data: bytes, first: int, past: int) -> bool:
    """Whether data[first:past], a group of digits, is no part of a longer number, a fraction or a digest."""
    before = data[first - 1 : first] if first else b""
    if before.isdigit() and data[max(0, first - 64) : first].rstrip(b"0")[-1:].isdigit():
        return False
    if before == b"." and _INTEGER_PART.search(data[max(0, first - 5) : first]):
        return False
    return not _in_digest(data, first, past)


def _in_digest(data: bytes, first: int, past: int) -> bool:
    left = len(data[max(0, first - 128) : first]) - len(data[max(0, first - 128) : first].rstrip(_HEX))
    right_part = data[past : past + 128]
    right = len(right_part) - len(right_part.lstrip(_HEX))
    return (left or right) > 0 and past - first + left + right in _DIGEST_LENGTHS


def _pans_in_run(data: bytes, first: int, past: int, shown: int, replacement: bytes | None) -> Iterator[Edit]:
    plain = (
        not data[first:past].translate(None, _PLAIN) and b"%" not in data[first:past] and b"&" not in data[first:past]
    )
    run = parse_plain_run(data, first, past) if plain else parse_run(data, first, past)
    windows = list(_windows(data, run))
    at = 0
    while at < len(windows):
        low, high = windows[at]
        alone = True
        at += 1
        while at < len(windows) and windows[at][0] < high:
            high = max(high, windows[at][1])
            alone = False
            at += 1
        yield _run_edit(data, run, low, high, shown if alone else 0, replacement)


def _windows(data: bytes, run: Run) -> Iterator[tuple[int, int]]:
    """Every (low, high) such that run.digits[low:high] are a card number, by where they begin."""
    groups = run.groups
    count = len(groups) - 1
    if not count:
        return
    joined_left = _joined_left(data, run.places[0][0])
    for i in range(count):
        low = groups[i]
        if i == 0 and joined_left == "digit":
            continue
        while run.digits[low : low + 1] == b"0" and low < groups[i + 1]:
            low += 1
        for j in range(i + 1, count + 1):
            high = groups[j]
            if high - low > MAX_DIGITS:
                break
            if (
                high - low >= MIN_DIGITS
                and is_pan(run.digits[low:high])
                and _grouped_well(data, run, i, j, joined_left)
            ):
                yield low, high


def _joined_left(data: bytes, first: int) -> str:
    """How the run goes on to the left of what the candidate covers: "digit", "group" or not at all ("")."""
    before = data[max(0, first - 64) : first]
    if before.rstrip(b"0")[-1:].isdigit() and before[-1:].isdigit():
        return "digit"
    if before[-1:] in (b" ", b"-", b".", b"_", b"/", b"+") and before[-2:-1].isdigit():
        return "group"
    return ""


def _grouped_well(data: bytes, run: Run, i: int, j: int, joined_left: str) -> bool:
    sizes = tuple(run.groups[k + 1] - run.groups[k] for k in range(i, j))
    if len(sizes) == 1:
        return _group_stands_alone(data, run, i)
    if all(size % 4 == 0 for size in sizes[:-1]) and sizes[-1] <= 8:
        return not _in_uuid(data, run, i, j)
    if sizes in _LAYOUTS:
        return not _in_uuid(data, run, i, j)
    whole = i == 0 and j == len(run.groups) - 1 and not joined_left
    if not whole:
        return False
    separators = run.separators[i : j - 1]
    if "." in separators:
        return _dotted_well(sizes, separators)
    uniform = len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
    return uniform or any(not separator.isspace() for separator in separators)


def _dotted_well(sizes: tuple[int, ...], separators: list[str]) -> bool:
    """Dots also make decimals, addresses and tables of decimals; those are no card numbers."""
    if len(sizes) == 2 or (len(sizes) == 4 and max(sizes) <= 3):
        return False
    return not any(separator.isspace() for separator in separators)


def _group_stands_alone(data: bytes, run: Run, i: int) -> bool:
    if i and run.separators[i - 1] == ".":
        before = run.groups[i] - run.groups[i - 1]
        if before <= 3 and (i == 1 or run.separators[i - 2] != "."):
            return False
    return _stands_alone(data, run.places[run.groups[i]][0], run.places[run.groups[i + 1] - 1][1])


def _in_uuid(data: bytes, run: Run, i: int, j: int) -> bool:
    first, past = run.places[run.groups[i]][0], run.places[run.groups[j] - 1][1]
    around = data[max(0, first - 36) : past + 36]
    return b"-" in around and any(
        found.start() < past - max(0, first - 36) and found.end() > first - max(0, first - 36)
        for found in re.finditer(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F])", around)
    )


def _run_edit(data: bytes, run: Run, low: int, high: int, shown: int, replacement: bytes | None) -> Edit:
    first, past = run.places[low][0], run.places[high - 1][1]
    if replacement is not None:
        return Edit(first, past, replacement, Entity.PAN.value)
    form = bytearray(data[first:past])
    hidden = run.places[low : high - shown]
    hidden += [place for place in run.overwritten if first <= place[0] < past]
    for start, end in sorted(hidden, reverse=True):
        form[start - first : end - first] = b"*"
    return Edit(first, past, bytes(form), Entity.PAN.value, aligned=True)

"""Card numbers in bytes: candidates by RE2, then brand, length, check digit and the way the digits are grouped.

The masked form has as many characters as the number and keeps its separators, so that terminals and fixed columns stay
aligned. At most the last four digits are shown (PCI DSS 4.0.1, 3.4.1). Numbers that are reversed, encoded or spread
over lines are not found. `grouping` says which digits belong together.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import re2

from access.policy.entities import Entity
from proxy.masking.cards.brands import LENGTHS, MAX_DIGITS, MIN_DIGITS, is_article_number, is_pan, luhn
from proxy.masking.cards.candidates import CANDIDATE
from proxy.masking.cards.grouping import joined_left, number_start, stands_alone, well_grouped
from proxy.masking.cards.readings import readings
from proxy.masking.edits import CELL_BORDER, Edit, re2_options
from proxy.masking.normalise import ENDS_IN_A_DIGIT, Run, parse_run

_candidate = re2.compile(CANDIDATE, re2_options())

#: "e+15" behind a number: a float8 prints a card number as 4.111111111111111e+15.
_EXPONENT = re.compile(rb"[eE]\+?0?([0-9]{1,2})(?![0-9])")

#: Words before a number of 12 or 13 digits that say it is no article number.
_CARD_WORD = re.compile(rb"(?i)card|pan\b|visa|maestro|credit|debit|\bcc\b")
_CARD_WORD_REACH = 32

_ends_in_a_digit = re.compile(rf"{ENDS_IN_A_DIGIT}(?=0*[2-689])".encode())

#: So far is looked for what goes on behind a run of digits, and for all of one: bytes, with what shows nothing.
_LONGEST_GAP = 4096
_LONGEST_NUMBER = 32 * 1024
_WINDOW_BYTES = 2 * _LONGEST_GAP

_PAN = Entity.PAN.value
_MAX_PADDING = 64
_ESCAPED_BYTES = len("%20")
#: A letter, and zeros that pad a field.
_BEFORE_DIGITS = b"0_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STARS = b"*" * MAX_DIGITS

#: Digits in a run from which on it is worth adding them up.
#: So many digits are summed up at once: an even number.
_SUMMED_BYTES = 64 * 1024
_LONG_RUN = 64
#: What a digit counts for in Luhn's sum, by its byte.
_ONCE = bytes(digit - 0x30 if 0x30 <= digit <= 0x39 else 0 for digit in range(256))
_TWICE = bytes(sum(divmod(2 * value, 10)) for value in _ONCE)


def find_pans(data: bytes, start: int, shown: int = 4, replacement: bytes | None = None) -> Iterator[Edit]:
    """Card numbers in data[start:]; bytes before `start` are looked at as context only.

    shown: how many digits stay at the end, 0 to 4. replacement: instead of the masked form.
    """
    for seen in readings(data):
        yield from _found(seen, data, start, shown, replacement)
        if b"\x1b" in seen and (behind := _ends_in_a_digit.sub(_without_digit, seen)) != seen:
            # The other reading: the digit is the sequence's.
            yield from _found(behind, data, start, shown, replacement)


def _without_digit(found: re.Match[bytes]) -> bytes:
    return found[0][:-1] + b"="


def _found(seen: bytes, data: bytes, start: int, shown: int, replacement: bytes | None) -> Iterator[Edit]:
    """Card numbers of `seen`, which is `data` or as long, as edits of that."""
    for begun, past in _candidates(seen, max(0, start - _padding(seen, start) - _ESCAPED_BYTES)):
        found = [edit for first in _firsts(seen, begun) for edit in _in(seen, data, first, past, shown, replacement)]
        yield from (edit for edit in sorted(set(found)) if edit.start >= start)


def _firsts(seen: bytes, begun: int) -> list[int]:
    """Where the digits of a candidate begin: `%42` before them stands for a letter, or is of them behind a mere `%`."""
    if seen[begun] != 0x25:
        return [begun]
    within = seen[begun + 2 : begun + 3].isdigit() and seen[begun + 1] != 0x31
    return [begun + 1, begun + 3] if within else [begun + 3]


def _in(seen: bytes, data: bytes, begun: int, past: int, shown: int, replacement: bytes | None) -> Iterable[Edit]:
    digits = seen[begun:past].lstrip(_BEFORE_DIGITS)
    first = past - len(digits)
    if not digits.isdigit():
        return _pans_in_run(seen, first, past, shown, replacement, data)
    if _is_plain_pan(seen, first, past, digits):
        return (Edit(first, past, _form(digits, shown, replacement), _PAN, replacement is None),)
    return ()


def _candidates(seen: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Runs of digits in seen[at:], in windows: what never ends would be read to the end of all behind each of many."""
    while at < len(seen):
        limit = at + _WINDOW_BYTES
        found = _candidate.search(seen, at, limit)
        if found is None and limit < len(seen):
            limit = at + 2 * _LONGEST_NUMBER
            found = _candidate.search(seen, at, limit)
        while found is not None and found.end() > limit - _LONGEST_GAP and limit < len(seen):
            limit = found.end() + max(_WINDOW_BYTES, found.end() - found.start())
            found = _candidate.search(seen, found.start(), limit)
        if found is not None:
            yield found.span()
            at = found.end()
        else:
            at = limit if limit >= len(seen) else limit - _LONGEST_NUMBER


def _padding(data: bytes, start: int) -> int:
    """How many zeros stand before data[start]; a candidate begins with them, and with the letter before them."""
    before = data[max(0, start - _MAX_PADDING) : start]
    return len(before) - len(before.rstrip(b"0"))


def whole_pan(cell: bytes, shown: int = 4, replacement: bytes | None = None) -> bytes | None:
    """The masked form of a cell that is a card number without separators and nothing else, or None.

    It says what find_pans would; most card numbers in tables are such cells, and this is several times cheaper.
    """
    if cell.isdigit() and _is_plain_pan(cell, 0, len(cell), cell):
        return _form(cell, shown, replacement)
    return None


def _form(digits: bytes, shown: int, replacement: bytes | None) -> bytes:
    if replacement is not None:
        return replacement
    hidden = len(digits) - shown
    return _STARS[:hidden] + digits[hidden:]


def _is_plain_pan(data: bytes, first: int, past: int, digits: bytes) -> bool:
    length = past - first
    return (
        MIN_DIGITS <= length <= MAX_DIGITS
        and LENGTHS[int(digits[:4])] >> length & 1 == 1
        and luhn(digits)
        and stands_alone(data, first, past)
        and not (length <= 13 and _is_article(data, digits, first))
    )


def _is_article(data: bytes, digits: bytes, first: int) -> bool:
    """Cards of 12 or 13 digits are out of issue, articles in every shop's database: only a word makes them cards."""
    before = data[max(0, first - _CARD_WORD_REACH) : first].rpartition(CELL_BORDER)[2]
    return is_article_number(digits) and not _CARD_WORD.search(before)


def _pans_in_run(
    data: bytes, first: int, past: int, shown: int, replacement: bytes | None, shows: bytes
) -> Iterator[Edit]:
    run = parse_run(data, first, past)
    windows = list(_windows(data, run))
    if run.seams:
        windows = sorted([*windows, *_apart(_windows(data, run.split()), windows)])
    mantissa = _mantissa(data, run, past)
    if mantissa is not None:
        low, complete = mantissa
        windows = [*(window for window in windows if window[1] <= low), (low, len(run.digits))]
        shown = shown if complete else 0
    at = 0
    while at < len(windows):
        low, high = windows[at]
        alone = True
        at += 1
        while at < len(windows) and windows[at][0] < high:
            # Two readings of the same digits: which four are the last cannot be said, so none is shown.
            high = max(high, windows[at][1])
            alone = False
            at += 1
        yield _edit(shows, run, low, high, shown if alone else 0, replacement)


def _apart(windows: Iterable[tuple[int, int]], taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Those of `windows` that share no digit with `taken`, which are in the order in which they begin."""
    ends = [0, *accumulate((ended for _, ended in taken), max)]
    return (window for window in windows if ends[bisect_left(taken, (window[1],))] <= window[0])


def _mantissa(data: bytes, run: Run, past: int) -> tuple[int, bool] | None:
    """If the run ends in a card number in scientific notation: where that begins, and whether all digits are there."""
    if run.separators[-1:] != ["."] or (exponent := _EXPONENT.match(data, past)) is None:
        return None
    low = run.groups[-3]
    length = int(exponent.group(1)) + 1
    digits = run.digits[low:]
    if low == 0 and joined_left(data, run.places[0][0]) == "digit":
        return None
    if run.groups[-2] - low != 1 or not len(digits) <= length <= MAX_DIGITS:
        return None
    return (low, len(digits) == length) if is_pan(digits.ljust(length, b"0")) else None


def _windows(data: bytes, run: Run) -> Iterator[tuple[int, int]]:
    """Every (low, high) such that run.digits[low:high] are a card number, in the order in which they begin."""
    if not run.places:
        return
    left = joined_left(data, run.places[0][0])
    digits, groups = run.digits, run.groups
    count = len(groups) - 1
    # In a longer run only groups of four or more can begin a number: this bounds the work on rows of digits.
    least = 1 if len(digits.lstrip(b"0")) <= MAX_DIGITS or run.noisy else 4
    # As nearly every digit of a long run may begin several numbers, its sums are made once.
    sums = luhn_sums(digits) if len(digits) > _LONG_RUN else None
    for i in range(1 if left == "digit" else 0, count):
        if groups[i + 1] - groups[i] < least:
            continue
        low = number_start(run, i)
        lengths = LENGTHS[int(digits[low : low + 4] or b"0")]
        if not lengths:
            continue
        for j in range(bisect_left(groups, low + MIN_DIGITS, i + 1), count + 1):
            length = groups[j] - low
            if length > MAX_DIGITS:
                break
            if (
                lengths >> length & 1
                and (luhn(digits[low : groups[j]]) if sums is None else passes(sums, low, groups[j]))
                and well_grouped(data, run, i, j, left)
                and not _is_article(data, digits[low : groups[j]], run.places[low][0])
            ):
                yield low, groups[j]


def luhn_sums(digits: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """Luhn's sums of digits[:n] for each n, if those at even places count once, and if those at odd places do."""
    even, odd = array("L", [0]), array("L", [0])
    for start in range(0, len(digits), _SUMMED_BYTES):
        piece = digits[start : start + _SUMMED_BYTES]
        once, twice = piece.translate(_ONCE), piece.translate(_TWICE)
        for sums, first, second in ((even, once, twice), (odd, twice, once)):
            values = bytearray(first)
            values[1::2] = second[1::2]
            before = sums.pop()
            sums.extend(accumulate(values, initial=before))
    return even, odd


def passes(sums: tuple[Sequence[int], Sequence[int]], low: int, high: int) -> bool:
    of = sums[(high - 1) & 1]
    return (of[high] - of[low]) % 10 == 0


def _edit(data: bytes, run: Run, low: int, high: int, shown: int, replacement: bytes | None) -> Edit:
    first, past = run.places[low][0], run.places[high - 1][1]
    if low == 0 and run.overwritten:
        first = min(first, run.overwritten[0][0])
    if replacement is not None:
        return Edit(first, past, replacement, _PAN)
    form = bytearray(data[first:past])
    gone = run.overwritten[bisect_left(run.overwritten, (first,)) : bisect_left(run.overwritten, (past,))]
    hidden = [*run.places[low : high - shown], *gone]
    for start, end in sorted(hidden, reverse=True):
        form[start - first : end - first] = b"*"
    return Edit(first, past, bytes(form), _PAN, aligned=True)

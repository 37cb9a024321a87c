"""Where an unfinished candidate begins at the end of a piece of a stream.

open_tail errs on the side of holding more: what it lets go can never become part of a candidate. Patterns are RE2 over
bytes and anchored at the end, so only the tail is ever read.
"""

import unicodedata

import re2

from proxy.masking.cards.brands import LENGTHS, MAX_DIGITS
from proxy.masking.detectors.codes import EXPIRY
from proxy.masking.edits import re2_options
from proxy.masking.normalise import parse_run


def _utf8_digits() -> str:
    """Every digit that is not ASCII, as an alternation over UTF-8 bytes."""
    last_bytes: dict[bytes, list[int]] = {}
    for code in range(0x80, 0x20000):
        if unicodedata.digit(chr(code), -1) >= 0:
            encoded = chr(code).encode()
            last_bytes.setdefault(encoded[:-1], []).append(encoded[-1])
    return "|".join(
        "".join(f"\\x{byte:02x}" for byte in lead) + "[" + "".join(f"\\x{byte:02x}" for byte in lasts) + "]"
        for lead, lasts in last_bytes.items()
    )


#: A byte of a word: not white space, not a control byte, not what quotes or brackets a value. Any byte beyond ASCII is.
_WORD = r"[!#-&(-;=?-~\x80-\xff]"
_ESCAPE = r"(?:\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-OQ-WYZ\\`-~]))"
_NOISE = rf"(?:{_ESCAPE}|[\x00\x07\x08\x0e\x0f\x7f\x80-\xff]|[!-~]\x08| \r)"
_SEPARATOR = r"(?: ?[-._/+\r] ?| |%2[0Dd]|&nbsp;|[\x80-\xff]+ ?)"
_DIGIT = rf"(?:[0-9]|{_utf8_digits()})"
_GAP = rf"{_NOISE}*(?:{_SEPARATOR}{_NOISE}*)?"
_RUN = rf"{_DIGIT}(?:{_GAP}{_DIGIT})*"
_UNFINISHED_ESCAPE = r"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*))?"
#: Also the exponent of a number in scientific notation.
_UNFINISHED_SEPARATOR = r"(?:%2?|&(?:n|nb|nbs|nbsp)?|[eE]\+?[0-9]?)"
#: The last word of each label that `labelled` and `keys` know, what may follow it, and a value.
_CODE_LABEL = r"(?i:cvv2?|cvc2?|cvn2?|cvd2?|cav2|csc2?|code|value|number)"
_LABEL = rf"(?:{_CODE_LABEL}|(?i:key|token|pass(?:word|wd|phrase)|pwd|identified by|authorization|bearer|basic))"
_LINK = (
    rf"(?:{_ESCAPE}|[ \t\"'`:=>|\\(\[{{#?/-]|\xc2\xa0|(?i:_?code|_?value|_?number|_?no|is|was|nr|bearer|basic|token))*"
)
_VALUE = rf"(?:\"[^\"\r\n]*|'[^'\r\n]*|(?:{_WORD}|{_ESCAPE})*)"
_LABEL_WORD = r"(?i:security|card|verification|validation|identified) "
_ARMOUR = rf"-----BEGIN(?:[A-Z0-9 ]|{_ESCAPE})*-{{0,5}}"
_IBAN = r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9])* ?"
_PHONE = r"\+[1-9](?:[ ().-]{0,2}[0-9])*[ ().-]{0,2}"

_IN_WORD = rf"(?:{_WORD}|{_NOISE})*"
_open = re2.compile(
    (
        rf"{_IN_WORD}(?:{_RUN}{_IN_WORD})?"
        rf"(?:{_RUN}{_GAP}|{_LABEL}{_LINK}{_VALUE}|{_LABEL_WORD}|{_ARMOUR}|{_IBAN}|{_PHONE})?"
        rf"{_UNFINISHED_ESCAPE}\z"
    ).encode("latin-1"),
    re2_options(over_bytes=True),
)
_run_at_end = re2.compile(
    rf"{_RUN}{_GAP}(?:{_UNFINISHED_ESCAPE}|{_UNFINISHED_SEPARATOR})\z".encode("latin-1"), re2_options(over_bytes=True)
)
_secret_at_end = re2.compile(
    (
        r"(?:AKIA|ASIA)[A-Z0-9]+|gh[pousr]_[A-Za-z0-9]+|github_pat_[A-Za-z0-9_]+|eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)*"
        r"|[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>/@]{0,128}:(?:[0-9]{0,5}[^\s\"'<>/@0-9]|[0-9]{6})[^\s\"'<>/]*"
    ).encode("latin-1")
    + rb"\z",
    re2_options(over_bytes=True),
)
_code_at_end = re2.compile(
    rf"(?:{_CODE_LABEL}{_LINK}|[0-9]{EXPIRY}){_DIGIT}(?:{_ESCAPE}*{_DIGIT}){{0,3}}{_ESCAPE}*\z".encode("latin-1"),
    re2_options(over_bytes=True),
)

#: The first six digits of a card number may be shown (PCI DSS 4.0.1, 3.4.1).
_OPEN_DIGITS = 6


def open_tail(data: bytes, floor: int) -> int:
    """The least index, not below `floor`, from which data[index:] may belong to an unfinished candidate."""
    tail = len(data)
    # Again from there, as a run of digits that is complete must not be cut in two: what is left of it would look whole.
    while (match := _open.search(data[floor:tail])) is not None and floor + match.start() < tail:
        tail = floor + match.start()
    return tail


def waiting_from(data: bytes, floor: int) -> int:
    """The least index from which data[index:] must not be released by the mere passing of time.

    That is the seventh and later digits of what may be a card number, a verification code's digits, a key or a password
    that is being typed. Whatever ends the token releases them; so does the end of the stream.
    """
    text = data[floor : len(data) - _unfinished_character(data)]
    waits = [len(text)]
    waits += [
        match.start() for pattern in (_secret_at_end, _code_at_end) if (match := pattern.search(text)) is not None
    ]
    if (match := _run_at_end.search(text)) is not None:
        waits.append(_seventh_digit(text, match.start()))
    return floor + min(waits)


def _seventh_digit(text: bytes, start: int) -> int:
    """Where the digits begin that wait: behind the sixth of what may be a card number, or nowhere (the end)."""
    run = parse_run(text, start, len(text))
    for padded in run.split().groups:
        low = len(run.digits) - len(run.digits[padded:].lstrip(b"0"))
        count = len(run.digits) - low
        if _OPEN_DIGITS < count <= MAX_DIGITS and LENGTHS[int(run.digits[low : low + 4])]:
            return run.places[low + _OPEN_DIGITS - 1][1]
    return len(text)


def _unfinished_character(text: bytes) -> int:
    """Bytes at the end of `text` that are the beginning of a UTF-8 character."""
    for count in range(1, min(3, len(text)) + 1):
        lead = text[-count]
        if lead >= 0xC0:
            return count if count < (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4) else 0
        if lead < 0x80:
            return 0
    return 0

"""What detectors describe unfinished values with: RE2 over bytes of any kind, as a cut may fall into a character.

Each is at least as wide as what `normalise` and the finders read, which know whole characters: any byte beyond ASCII is
part of a word, of a separator and of noise. None has groups.
"""

import unicodedata

from proxy.masking import normalise


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
WORD = r"[!#-&(-;=?-~\x80-\xff]"
ESCAPE = r"(?:\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-OQ-WYZ\\`-~]))"
NOISE = rf"(?:{ESCAPE}|[{normalise.SILENT_C0}\x80-\xff]|[!-~]\x08| \r)"
IN_WORD = rf"(?:{WORD}|{NOISE})*"

DIGIT = rf"(?:[0-9]|{_utf8_digits()})"
_SEPARATOR = r"(?: ?[-._/+\r] ?| |%2[0Dd]|&nbsp;| ?[\x80-\xff]+ ?)"
#: What may stand between two digits of one number.
GAP = rf"{NOISE}*(?:{_SEPARATOR}{NOISE}*)?"
#: Digits of one number, or of several beside each other.
RUN = rf"{DIGIT}(?:{GAP}{DIGIT})*"

#: What may link a label to its value.
LINK = (
    rf"(?:{ESCAPE}|[ \t\"'`:=>|\\(\[{{#?/-]|\xc2\xa0|(?i:_?code|_?value|_?number|_?no|is|was|nr|bearer|basic|token))*"
)
#: A value behind a label: a word, or what a quote has opened.
VALUE = rf"(?:\"[^\"\r\n]*|'[^'\r\n]*|(?:{WORD}|{ESCAPE})*)"

UNFINISHED_ESCAPE = r"(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*))?"
#: Also the exponent of a number in scientific notation.
UNFINISHED_SEPARATOR = r"(?:%2?|&(?:n|nb|nbs|nbsp)?|[eE]\+?[0-9]?)"

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
_by_esc, _by_c1 = normalise.escapes(
    lambda some: rf"\xc2[{some}]", lambda ends: rf"[^{ends}\x18\x1a\x1b\x1f]", r"[\x80-\xff]", r"\x80-\xff"
)
_BEGUN = rf"(?:{_by_esc.begun}|{_by_c1.begun})*"
ESCAPE = rf"(?:{_BEGUN}(?:{_by_esc.whole}|{_by_c1.whole}))"
#: Any byte beyond ASCII may be one at which what is begun is given up.
NOISE = rf"(?:{_BEGUN}(?:{_by_esc.whole}|{_by_c1.whole}|[\x80-\xff])|[{normalise.SILENT_C0}]|[!-~]\x08| \r)"
IN_WORD = rf"(?:{WORD}|{NOISE})*"

DIGIT = rf"(?:[0-9]|{_utf8_digits()})"
_SEPARATOR = r"(?: ?[-._/+\r] ?| |%2[0Dd]|&nbsp;| ?[\x80-\xff]+ ?)"
#: What may stand between two digits of one number.
_BETWEEN = rf"(?:{NOISE}|[\x01\x1c-\x1e])*"
GAP = rf"{_BETWEEN}(?:{_SEPARATOR}{_BETWEEN})?"
#: Digits of one number, or of several beside each other.
RUN = rf"{DIGIT}(?:{GAP}{DIGIT})*"

#: What may link a label to its value.
LINK = (
    rf"(?:{ESCAPE}|[ \t\"'`:=>|\\(\[{{#?/-]|\xc2\xa0|(?i:_?code|_?value|_?number|_?no|is|was|nr|bearer|basic|token))*"
)
#: A value behind a label: a word, or what a quote has opened.
VALUE = rf"(?:\"[^\"\r\n]*|'[^'\r\n]*|(?:{WORD}|{ESCAPE})*)"

UNFINISHED_ESCAPE = rf"(?:{_BEGUN}\xc2?)"
#: Also the exponent of a number in scientific notation.
UNFINISHED_SEPARATOR = r"(?:%2?|&(?:n|nb|nbs|nbsp)?|[eE]\+?[0-9]?)"

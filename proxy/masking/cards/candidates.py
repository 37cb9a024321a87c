"""The RE2 pattern for runs of digits that may hold a card number.

It is tight: nearly every number in ordinary output (times, sizes, rows of figures) is refused by the automaton, at its
speed. What it lets through, `grouping` and `brands` check exactly.
"""

from proxy.masking.normalise import (
    ANY_DIGIT,
    ANY_NOISE,
    ENDS_IN_A_DIGIT,
    GAP,
    MARK,
    NOISE,
    RAISED_DIGITS,
    SEPARATOR,
    SPACE,
)

#: What stands for a character in a URL, but for a digit.
ESCAPED = r"%(?:[0-24-9A-Fa-f][0-9A-Fa-f]|3[A-Fa-f])"
#: The first digit, after zeros with which a field may be padded. It does not follow another digit; a letter, or what
#: stands for one in a URL, may be matched with it.
_FIRST = rf"(?:(?:\b|[A-Za-z_]|{ESCAPED})0*[2-689]|[^\x00-\x7f\P{{Nd}}]|[{RAISED_DIGITS}])"

_ANY_SEPARATOR = rf"(?:{MARK}|{SPACE})"


def _groups(*sizes: int, separator: str = _ANY_SEPARATOR) -> str:
    """Groups of `sizes` digits, of which the first is matched already."""
    return separator.join(rf"{ANY_DIGIT}{{{size}}}" for size in (sizes[0] - 1, *sizes[1:]))


_PRINTED = [_groups(4, 6, 4), _groups(4, 5, 6), _groups(4, 3, 3, 3)]
#: At least these: what follows is matched as well.
_HALVES = [_groups(*sizes, separator=MARK) for sizes in ((6, 10), (8, 8), (4, 10), (12, 4))]
_EVEN = [_groups(*[1] * 12, separator=SPACE), _groups(*[2] * 6, separator=SPACE), _groups(*[3] * 4, separator=SPACE)]
_UNEVEN = rf"(?:{MARK}?{ANY_DIGIT}){{11}}"


def _more(noise: str) -> str:
    """What follows the first digit."""
    quiet = rf"(?:{ANY_DIGIT}{noise}*)"
    pause = rf"(?:{SEPARATOR}{noise}*)?"
    # Twelve digits and more, unbroken or broken after every fourth, whatever noise is between.
    fours = rf"{noise}*{quiet}{{3}}(?:{pause}{quiet}{{4}}){{2,}}(?:{pause}{quiet}{{1,3}})?"
    return rf"(?:{'|'.join([fours, *_PRINTED, *_HALVES, *_EVEN, _UNEVEN])})"


#: A run of digits from the first group that may begin a card number to the run's end.
CANDIDATE = rf"{_FIRST}{_more(NOISE)}(?:{GAP}{ANY_DIGIT})*"
#: Whether there is any in any of the readings, also one behind a sequence that ends in a digit.
HINT = rf"(?:{_FIRST}|{ENDS_IN_A_DIGIT}0*[2-689]){_more(ANY_NOISE)}"

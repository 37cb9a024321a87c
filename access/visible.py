"""Text of somebody else's, made visible: what would hide, turn round or forge a line is shown as its code. Pure.

Everything that people or programs typed passes here on its way to a card, a page, a terminal or a log line. Code points
are shown as Python writes them: `\\x1b`, `\\u202e`, `\\U000e0041`.
"""

#: Code points that show nothing although they count as letters, marks or symbols: those with the Unicode property
#: Default_Ignorable_Code_Point that `str.isprintable` lets pass, and the blank Braille pattern.
_UNSEEN = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)


def visible(text: str) -> str:
    """A text of several lines: newlines stay, every other character that cannot be seen is shown as its code."""
    return text if _is_plain(text) else "".join(each if each == "\n" else _shown(each) for each in text)


def visible_line(text: str) -> str:
    """A text of one line: newlines are shown as `\\n` too."""
    return "".join(map(_shown, text)) if "\n" in text or not _is_plain(text) else text


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("\n", "").isprintable()


def _shown(character: str) -> str:
    if character.isprintable() and ord(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode()


#: What a card shows of one statement at most, in UTF-16 units, as Slack counts: what is longer is never put to anybody,
#: and the bot's cards leave room for all of this.
MAX_SHOWN_CHARS = 10_000


def shown_length(text: str) -> int:
    """A text's length as Slack counts it: in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)

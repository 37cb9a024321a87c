"""Client encodings in which text can be analysed and masked byte by byte. Pure."""

#: Every one keeps ASCII as it is and uses no ASCII byte within a longer character.
_READABLE = frozenset(
    {
        "utf8",
        "unicode",
        "sqlascii",
        *(f"latin{number}" for number in range(1, 11)),
        *(f"iso8859{number}" for number in (5, 6, 7, 8)),
        *(f"win{number}" for number in (866, 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)),
        "koi8r",
        "koi8u",
        "euccn",
        "eucjp",
        "euckr",
        "euctw",
    }
)


#: The codec of what needs none: PostgreSQL takes a text in SQL_ASCII as it is, and so do we.
UTF8 = "utf-8"
#: A text that ends with it is no UTF-8, so it is not read.
NO_UTF8 = b"\xff"

#: Encodings of one byte a character, as Python calls them. LATIN5 to LATIN10 are not those of ISO's number.
_CODECS = {
    **dict.fromkeys(("utf8", "unicode", "sqlascii"), UTF8),
    **{f"latin{number}": f"iso8859-{number}" for number in range(1, 5)},
    **{f"latin{number}": f"iso8859-{iso}" for number, iso in ((5, 9), (6, 10), (7, 13), (8, 14), (9, 15), (10, 16))},
    **{f"iso8859{number}": f"iso8859-{number}" for number in (5, 6, 7, 8)},
    **{f"win{number}": f"cp{number}" for number in (866, 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)},
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
}


def is_readable(name: str) -> bool:
    """Whether a client_encoding is one of them; spelt as loosely as PostgreSQL allows."""
    return _folded(name) in _READABLE


def codec(name: str) -> str | None:
    """Python's name for a client_encoding that takes one byte a character, or is UTF8; None for others."""
    return _CODECS.get(_folded(name))


def _folded(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())

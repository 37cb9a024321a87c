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


def is_readable(name: str) -> bool:
    """Whether a client_encoding is one of them; spelt as loosely as PostgreSQL allows."""
    return "".join(char for char in name.lower() if char.isalnum()) in _READABLE

"""Whether bytes are no text, so that they are for a program and not for somebody to read."""

#: What text has of control characters: BEL to CR (without SO and SI), escape; as `file` has it.
_TEXT_CONTROLS = frozenset({7, 8, 9, 10, 11, 12, 13, 27})
_NO_CONTROLS = bytes(code for code in range(256) if code >= 0x20 or code in _TEXT_CONTROLS)
_LONGEST_CHARACTER = 4


def is_binary(data: bytes) -> bool:
    """Whether there is a NUL, or a control character that text has not beside bytes that are no UTF-8.

    Old text in another encoding (Latin-1) is text, and so are the marks that shells and readline put into UTF-8.
    """
    if b"\0" in data:
        return True
    return bool(data.translate(None, _NO_CONTROLS)) and not _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    """Also of a piece that begins or ends within a character."""
    start = 0
    while start < min(_LONGEST_CHARACTER - 1, len(data)) and 0x80 <= data[start] < 0xC0:
        start += 1
    try:
        data[start:].decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end == len(data) - start
    return True

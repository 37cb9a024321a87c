"""JSON as Go's encoder writes it for an API server, so that a masked answer differs in what is masked and nothing else.

Compact, members in their order, `<`, `>`, `&` and the two separators of lines as escapes (encoding/json, HTMLEscape),
numbers as they were read.
"""

import json
import re

from proxy.kubernetes.objects.reading import Document
from proxy.kubernetes.objects.unreadable import Unreadable

#: They stand within strings and nowhere else.
_ESCAPED = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


def write(document: Document) -> str:
    """Its text. Raises Unreadable for what cannot be sent: half of a surrogate pair."""
    try:
        text = json.dumps(document.value, separators=(",", ":"), ensure_ascii=False)
        text.encode()
    except (RecursionError, UnicodeEncodeError) as error:
        raise Unreadable("an API server's answer cannot be written again once something is masked in it") from error
    if document.mark in text:
        text = re.sub(f'"{document.mark}([^"]*)"', r"\1", text)
    for character, escape in _ESCAPED:
        if character in text:
            text = text.replace(character, escape)
    return text

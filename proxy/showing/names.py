"""How a name is shown: as it was written, unless it hides something or is itself something to hide. Pure."""

from dataclasses import dataclass

from proxy.showing.values import is_sensitive_name, plain
from proxy.syntax.words import MAX_NAME_BYTES, name_value

HIDDEN_NAME = '"***"'

_HIDDEN = "One of its names looks like a card number, an address or a key, so it cannot be shown. Use another name."
_CUT = f"One of its names has more than {MAX_NAME_BYTES} bytes, so PostgreSQL cuts it. Write the name that is left."


@dataclass(frozen=True)
class ShownName:
    """One name: how it is shown, and which name it is, made visible ("" if hidden)."""

    text: str
    name: str
    unreviewable: str = ""


def show_name(source: bytes) -> ShownName:
    """An identifier as it stands in the text, UESCAPE included. Raises Unreadable."""
    value = name_value(source)
    if is_sensitive_name(value):
        return ShownName(HIDDEN_NAME, "", _HIDDEN)
    name = plain(value)
    cut = _CUT if len(value.encode()) > MAX_NAME_BYTES else ""
    text = source.decode()
    if text[:2] in {"U&", "u&"} or name != value:
        text = '"' + name.replace('"', '""') + '"'
    return ShownName(text, name, cut)

"""JSON in a cell, masked so that it stays JSON. Pure."""

import json
from typing import Any, cast

from proxy.masking.edits import REDACTED
from proxy.masking.rules import Masker


class JsonMasker:
    """Masks JSON texts by their content, and by the names of their members."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker

    def mask(self, cell: bytes) -> bytes | None:
        """Masked in place if that leaves JSON; else value by value: a number becomes null, a string its masked form.

        The same object if there is nothing; None if it is no JSON and holds something.
        """
        masked = self._masker.bytes(cell)
        if masked is cell:
            return cell
        try:
            json.loads(masked)
        except (ValueError, RecursionError):
            pass
        else:
            return masked
        try:
            document: Any = json.loads(cell, parse_int=_Digits, parse_float=_Digits)
            return json.dumps(self._value(document), allow_nan=False).encode()
        except (ValueError, RecursionError):
            return None

    def _value(self, value: Any) -> Any:
        match value:
            case _Digits():
                return None if self._masker.edits(value.encode()) else json.loads(value)
            case str():
                return self._masker.text(value)
            case list():
                return [self._value(each) for each in cast("list[Any]", value)]
            case dict():
                pairs = cast("dict[str, Any]", value).items()
                return {self._masker.text(key): self._member(key, each) for key, each in pairs}
            case _:
                return value

    def _member(self, key: str, value: Any) -> Any:
        """A value beside its key, which may be the label that tells what it is: `"cvv": 123`."""
        if not isinstance(value, str):
            return self._value(value)
        label = f"{key}: "
        masked = self._masker.text(label + value)
        if masked == label + value and self._masker.column_rule(key) is None:
            return self._value(value)
        if isinstance(value, _Digits):
            return None
        return masked.removeprefix(label) if masked.startswith(label) and masked != label + value else REDACTED


class _Digits(str):
    """A JSON number as it was written."""

    __slots__ = ()

"""Words that the server says to people, masked: errors, notices, notifications, values of its parameters."""

import re
from collections.abc import Container, Mapping

from proxy.masking.rules import Masker
from proxy.postgres.protocol import messages
from proxy.postgres.relay.masked_columns import MaskedColumns

_WITHHELD = "(withheld by Gatepass: this table has masked columns)"
_WORD = re.compile(r"\w+")
#: Fields that quote rows: detail, context, and the internal query with its values.
_QUOTING = ("D", "W", "q")
#: Classes of SQLSTATEs whose fields tell of names, locks and settings, where they name no table. Of others any may have
#: values: a failing row, one that is there twice, what no number could be made of.
_WITHOUT_VALUES = frozenset(
    {"00", "01", "02", "03", "08", "0A", "25", "26", "28", "2B", "34", "3B", "3D", "3F"}
    | {"40", "42", "53", "54", "55", "57"}
)
#: A context that quotes nothing but rows of the client's own: lines of ASCII without quotes or colons, for other
#: languages have others; and what a COPY says of the rows that it was sent, to the end.
_PLAIN_CONTEXT = re.compile(r"(?:[ !#-&(-9;-~]*\n)*(?:[ !#-&(-9;-~]*|COPY \w+, line \d+.*)", re.DOTALL | re.ASCII)
#: Errors of data, whose message quotes it: what no number could be made of, as in code, a view or a generated column.
_OF_DATA = "22"
#: A character that cannot be converted, or is none: its bytes stand in the message.
_OF_CHARACTERS = frozenset({"22P05", "22021"})
_VALUE = "(withheld by Gatepass: this database has masked columns)"
_BAD_DATA = f"a value is invalid {_VALUE}"
#: Of a value that the client sent itself.
_OWN = re.compile(r"COPY |(?:unnamed portal|portal \".*\") parameter \$", re.DOTALL)
#: What code of the database's own raises, in its own words.
_RAISED = "P0001"
_WITH_FIELDS = frozenset(b"EN")
#: What is longer is not looked through for names of columns, and counts as if it had one.
_MAX_SEARCHED = 32 * 1024


class Words:
    """Masks by content; what may quote a row of a table with masked columns is withheld."""

    def __init__(self, masker: Masker, masked_columns: MaskedColumns) -> None:
        self._masker = masker
        self._masked_columns = masked_columns
        #: Long texts that were masked beforehand, in a thread.
        self._texts: dict[str, str] = {}
        #: The fields of a long message, made beforehand, and the message of them.
        self._made: tuple[dict[str, str], bytes] | None = None

    @property
    def ready(self) -> bool:
        """Something was masked beforehand."""
        return bool(self._texts) or self._made is not None

    def prepare(self, tag: int, payload: bytes) -> None:
        """Mask a long message, so that what is asked of it next is there; for a thread."""
        if tag in _WITH_FIELDS:
            values = self._fields(payload)
            self._made = values, messages.fields(bytes([tag]), values)
            return
        for part in payload.split(b"\0"):
            for text in (messages.text_of(part), messages.text_of(part[1:])):
                self._texts[text] = self._masker.text(text)

    def forget(self) -> None:
        self._texts.clear()
        self._made = None

    def masked(self, text: str) -> str:
        return self._texts[text] if text in self._texts else self._masker.text(text)

    def fields(self, payload: bytes) -> dict[str, str]:
        """Those of an ErrorResponse or NoticeResponse, by their codes."""
        return self._fields(payload) if self._made is None else self._made[0]

    def message(self, tag: bytes, values: dict[str, str]) -> bytes:
        """The message of these fields."""
        made = self._made
        return made[1] if made is not None and made[0] is values else messages.fields(tag, values)

    def _fields(self, payload: bytes) -> dict[str, str]:
        values = {code: self._masker.text(text) for code, text in messages.read_fields(payload).values.items()}
        masked, context = self._masked_columns.catalogue.masked, values.get("W", "")
        for code in _QUOTING if masked else ():
            if code in values and (_may_quote(code, values, masked) or self._may_name_masked(values[code])):
                values[code] = _WITHHELD
        if masked and _is_about_data(context, values):
            values["M"] = _without_value(values)
        return values

    def _may_name_masked(self, text: str) -> bool:
        return len(text) > _MAX_SEARCHED or any(self._masked_columns.is_masked(word) for word in _WORD.findall(text))


def _is_about_data(context: str, values: Mapping[str, str]) -> bool:
    """Whether the message may quote a value of a row: one that stands in the client's text has its position."""
    is_own = "P" in values or _OWN.match(context) is not None
    return values.get("C", "").startswith(_OF_DATA) and not is_own


def _without_value(values: Mapping[str, str]) -> str:
    """The message up to what it quotes; other languages than English quote otherwise."""
    said = values.get("M", "")
    if values["C"] in _OF_CHARACTERS or not said.isascii():
        return _BAD_DATA
    before, quote, _ = said.partition('"')
    return f"{before}{_VALUE}" if quote else said


def _may_quote(code: str, values: Mapping[str, str], masked: Container[str]) -> bool:
    """Whether this field may quote a row of a table with masked columns.

    A statement of a function's own may have been made of a row's values, and a context quotes statements and rows.
    """
    if code == "q":
        return True
    if values.get("t", "") in masked:
        return True
    if code == "W":
        return _PLAIN_CONTEXT.fullmatch(values[code]) is None
    if "t" in values:
        return False
    state = values.get("C", "")
    return state[:2] not in _WITHOUT_VALUES and state != _RAISED

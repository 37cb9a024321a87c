"""The parameters of a held statement, as its reviewers are shown them: type and redacted value, one a line. Pure.

    $1 = 100 (integer)
    $2 = ‹text ≤8› (text)
    $3 = 'delete from t where a = ‹text ≤8›' (text)

A text that is SQL is shown as SQL where the statement calls something, for that may run it. A number of fewer than
nine digits and a truth value are shown as they are, NULL too; everything else by kind and length class. A value that
is not what its type says is shown by its length alone.
"""

from collections.abc import Mapping, Sequence

from proxy.masking.cards.brands import is_pan
from proxy.postgres.protocol import values
from proxy.postgres.protocol.messages import TEXT
from proxy.postgres.protocol.parameters import Parameter
from proxy.showing.literals.calls import runs
from proxy.showing.shown import Shown
from proxy.showing.sql import show_statements
from proxy.showing.values import LENGTHS, MANY_DIGITS, group_of

#: What each type is called, as PostgreSQL shows it (format_type).
TYPES = {
    values.BOOL: "boolean",
    values.BYTEA: "bytea",
    values.CHAR: '"char"',
    values.NAME: "name",
    values.INT8: "bigint",
    values.INT2: "smallint",
    values.INT4: "integer",
    values.TEXT: "text",
    values.OID: "oid",
    values.JSON: "json",
    values.XML: "xml",
    values.FLOAT4: "real",
    values.FLOAT8: "double precision",
    values.UNKNOWN: "unknown",
    values.BPCHAR: "character",
    values.VARCHAR: "character varying",
    values.DATE: "date",
    values.TIME: "time",
    values.TIMESTAMP: "timestamp",
    values.TIMESTAMPTZ: "timestamp with time zone",
    values.INTERVAL: "interval",
    values.TIMETZ: "time with time zone",
    values.NUMERIC: "numeric",
    values.UUID_: "uuid",
    values.JSONB: "jsonb",
}
_NUMBERS = frozenset({values.INT2, values.INT4, values.INT8, values.OID, values.FLOAT4, values.FLOAT8, values.NUMERIC})
_TEXTS = frozenset({values.TEXT, values.NAME, values.XML, values.BPCHAR, values.VARCHAR, values.JSON, values.UNKNOWN})
_TRUTHS = {"t": "true", "true": "true", "1": "true", "f": "false", "false": "false", "0": "false"}
#: Of a number in text format.
_NUMERIC = frozenset("0123456789+-.eE")


def code_in(types: Sequence[int], parameters: Sequence[Parameter]) -> dict[int, Shown]:
    """Parameters that are SQL, by their place, as what they say is shown."""
    known = [*types, *[0] * len(parameters)]
    texts = [
        _text(oid, each) if oid in _TEXTS or oid not in TYPES else None
        for oid, each in zip(known, parameters, strict=False)
    ]
    found: dict[int, Shown] = {}
    for place, text in enumerate(texts):
        if text is not None and runs(text):
            every = show_statements(text.encode("utf-8", "surrogatepass"))
            found[place] = Shown(
                "; ".join(each.text for each in every), " ".join(filter(None, (each.unreviewable for each in every)))
            )
    return found


def shown_parameters(
    types: Sequence[int], parameters: Sequence[Parameter], code: Mapping[int, Shown] | None = None
) -> list[str]:
    """A line for each parameter; of types that are not known, 0 or missing, the format says what they are.

    `code` is shown for what is SQL (`code_in`).
    """
    known = [*types, *[0] * len(parameters)]
    texts = [_text(type_oid, each) for type_oid, each in zip(known, parameters, strict=False)]
    hidden = _split_card_numbers(texts)
    lines: list[str] = []
    for index, parameter in enumerate(parameters):
        value = _shown(known[index], parameter, texts[index], hide=index in hidden)
        if code is not None and index in code:
            value = "'" + code[index].text.replace("'", "''") + "'"
        lines.append(f"${index + 1} = {value} ({_type(known[index])})")
    return lines


def _type(oid: int) -> str:
    return TYPES.get(oid) or (f"type {oid}" if oid else "type not known")


def _text(oid: int, parameter: Parameter) -> str | None:
    """The value as text; None for NULL and for what cannot be read."""
    if parameter.value is None:
        return None
    if parameter.format == TEXT:
        return parameter.value.decode("utf-8", "replace")
    return values.decoded(parameter.value, oid)


def _shown(oid: int, parameter: Parameter, text: str | None, *, hide: bool) -> str:
    if parameter.value is None:
        return "NULL"
    if text is None:
        return f"‹binary {_length(len(parameter.value))}›"
    if oid == values.BOOL:
        return _TRUTHS.get(text.strip().lower(), f"‹text {_length(len(text))}›")
    if oid in _NUMBERS and text and _NUMERIC.issuperset(text):
        digits = sum(map(str.isdigit, text))
        return f"‹number, {digits} digits›" if hide or digits >= MANY_DIGITS else text
    kind = "text" if oid in _TEXTS or oid not in TYPES else TYPES[oid]
    return f"‹{kind} {_length(len(text))}›" if text else "''"


def _length(size: int) -> str:
    return next((f"≤{most}" for most in LENGTHS if size <= most), f"{size:,}")


def _split_card_numbers(texts: Sequence[str | None]) -> set[int]:
    """Which numbers make a card number together, such as 4111, 1111, 1111, 1111."""
    groups = [group_of(text or "") for text in texts]
    found: set[int] = set()
    for count in (2, 3, 4):
        for start in range(len(groups) - count + 1):
            run = groups[start : start + count]
            if all(run) and is_pan("".join(run).encode()):
                found.update(range(start, start + count))
    return found

"""What reviewers see of the parameters of a statement that waits for them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.protocol import values
from proxy.postgres.protocol.parameters import Parameter
from proxy.postgres.relay.judging.shown_parameters import TYPES, code_in, shown_parameters

TEXT, BINARY = 0, 1
PAN = "4111111111111111"


def shown(oid: int, value: bytes | None, form: int = BINARY) -> str:
    [line] = shown_parameters([oid], [Parameter(form, value)])
    return line.removeprefix("$1 = ")


@pytest.mark.finding("H3")
@pytest.mark.parametrize(
    ("oid", "form", "value", "line"),
    [
        (values.INT4, BINARY, struct.pack(">i", -100), "-100 (integer)"),
        (values.INT4, BINARY, struct.pack(">i", 123456789), "‹number, 9 digits› (integer)"),
        (values.INT8, BINARY, struct.pack(">q", int(PAN)), "‹number, 16 digits› (bigint)"),
        (values.INT2, BINARY, struct.pack(">h", 7), "7 (smallint)"),
        (values.FLOAT8, BINARY, struct.pack(">d", 1.5), "1.5 (double precision)"),
        (values.NUMERIC, BINARY, struct.pack(">HhHHHH", 2, 0, 0, 2, 12, 5000), "12.50 (numeric)"),
        (values.BOOL, BINARY, b"\1", "true (boolean)"),
        (values.BOOL, TEXT, b"f", "false (boolean)"),
        (values.TEXT, BINARY, b"Ada", "‹text ≤8› (text)"),
        (values.TEXT, TEXT, b"", "'' (text)"),
        (values.VARCHAR, TEXT, b"x" * 2000, "‹text 2,000› (character varying)"),
        (values.UUID_, BINARY, bytes(16), "‹uuid ≤64› (uuid)"),
        (values.DATE, BINARY, struct.pack(">i", 0), "‹date ≤16› (date)"),
        (values.NUMERIC, TEXT, b"12.5", "12.5 (numeric)"),
        (values.INT4, TEXT, b"4; drop table x", "‹integer ≤16› (integer)"),
        (values.INT4, BINARY, b"\1", "‹binary ≤8› (integer)"),
        (values.TEXT, TEXT, None, "NULL (text)"),
        (0, TEXT, b"100", "‹text ≤8› (type not known)"),
        (0, BINARY, b"\0" * 9, "‹binary ≤16› (type not known)"),
        (16_390, BINARY, b"happy", "‹binary ≤8› (type 16390)"),
    ],
)
def test_a_value_is_shown_by_type(oid: int, form: int, value: bytes | None, line: str) -> None:
    assert shown(oid, value, form) == line


@pytest.mark.finding("H3")
def test_each_has_its_line_whatever_is_known_of_it() -> None:
    lines = shown_parameters([values.INT4], [Parameter(TEXT, b"1"), Parameter(TEXT, b"2")])
    assert lines == ["$1 = 1 (integer)", "$2 = ‹text ≤8› (type not known)"]
    assert shown_parameters([values.INT4], []) == []


@pytest.mark.finding("H3")
def test_a_card_number_in_pieces_is_none_of_them() -> None:
    pieces = [Parameter(TEXT, PAN[start : start + 4].encode()) for start in range(0, 16, 4)]
    lines = shown_parameters([values.INT4] * 4, pieces)
    assert {line.partition(" = ")[2] for line in lines} == {"‹number, 4 digits› (integer)"}


@given(oid=st.sampled_from([*TYPES, 0, 16_390]), form=st.sampled_from([TEXT, BINARY]), value=st.binary(max_size=40))
def test_no_value_breaks_it_or_its_line(oid: int, form: int, value: bytes) -> None:
    line = shown(oid, value, form)
    assert line.isprintable()
    assert line.startswith(
        ("‹", "'", "true", "false", "-", "+", ".", "NaN", "inf", "nan", "Inf", *"0123456789", "e", "E")
    )


@given(text=st.text(min_size=1, max_size=40))
def test_no_text_is_shown(text: str) -> None:
    assert shown(values.TEXT, text.encode()).startswith("‹text ")


def test_a_value_that_is_sql_is_shown_as_sql() -> None:
    sent = [Parameter(TEXT, b"delete from t where a = 'secret'"), Parameter(TEXT, b"two words"), Parameter(TEXT, None)]
    types = [values.TEXT, 0, values.TEXT]
    code = code_in(types, sent)
    assert shown_parameters(types, sent, code) == [
        "$1 = 'delete from t where a = ‹text ≤8›' (text)",
        "$2 = ‹text ≤16› (type not known)",
        "$3 = NULL (text)",
    ]
    assert code[0].unreviewable == ""


def test_sql_in_a_value_that_cannot_be_shown_says_so() -> None:
    [shown_] = code_in([values.TEXT], [Parameter(TEXT, b"select query_to_xml(a, true, true, '')")]).values()
    assert "put together when it runs" in shown_.unreviewable


def test_a_date_is_no_sql() -> None:
    assert code_in([values.DATE], [Parameter(TEXT, b"drop table t")]) == {}

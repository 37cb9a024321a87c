"""Calls of large objects' functions: values by their types, the SQL that does the same, and what people are shown."""

import hashlib

import pytest

from proxy.postgres.large_objects.functions import (
    FUNCTIONS,
    HASHED_FROM_BYTES,
    MAX_READ_BYTES,
    NotRelayed,
    encoded,
    read_call,
    result_of,
    shown_data,
)
from proxy.postgres.protocol.function_calls import FunctionCall
from proxy.postgres.protocol.messages import BINARY, TEXT
from proxy.postgres.protocol.parameters import Parameter
from proxy.postgres.protocol.values import BYTEA
from support.sql import facts_of

OIDS = {function.name: oid for oid, function in FUNCTIONS.items()}


def call(name: str, *values: bytes | None) -> FunctionCall:
    return FunctionCall(OIDS[name], tuple(Parameter(BINARY, each) for each in values), BINARY)


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize("name", [name for name, oid in OIDS.items() if BYTEA not in FUNCTIONS[oid].arguments])
def test_numbers_are_read_as_they_were_encoded(name: str) -> None:
    values = tuple(range(7, 7 + len(FUNCTIONS[OIDS[name]].arguments)))
    read = read_call(call(name, *encoded(OIDS[name], *values)))
    assert read.values == values
    assert read.shown() == read.sql().decode() == f"select pg_catalog.{name}({', '.join(map(str, values))})"
    assert read.data_bytes == 0


def test_oids_have_no_sign_and_offsets_have_one() -> None:
    assert read_call(call("lo_unlink", b"\xff\xff\xff\xfe")).values == (2**32 - 2,)
    assert read_call(call("lo_lseek", *encoded(OIDS["lo_lseek"], 0, -5, 1))).values == (0, -5, 1)


def test_data_is_a_parameter_that_is_shown_by_length_and_hash() -> None:
    data = b"4111111111111111" * 10
    read = read_call(call("lowrite", b"\0\0\0\3", data))
    assert read.sql() == b"select pg_catalog.lowrite(3, $1)"
    assert read.shown() == (
        f"select pg_catalog.lowrite(3, $1)\n$1 = ‹160 bytes, SHA-256 {hashlib.sha256(data).hexdigest()}› (bytea)"
    )
    assert read.data_bytes == 160


def test_what_could_be_guessed_is_not_hashed() -> None:
    assert shown_data(b"4111111111111111") == "‹16 bytes›"
    assert "SHA-256" not in shown_data(bytes(HASHED_FROM_BYTES - 1))
    assert "SHA-256" in shown_data(bytes(HASHED_FROM_BYTES))


def test_a_long_number_is_no_way_to_write_a_card_number_into_a_recording() -> None:
    read = read_call(call("lo_truncate64", *encoded(OIDS["lo_truncate64"], 0, 4111111111111111)))
    assert "4111" not in read.shown()


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize("name", OIDS)
def test_the_sql_is_judged_as_reading_or_writing(name: str) -> None:
    kinds = FUNCTIONS[OIDS[name]].arguments
    read = read_call(call(name, *(b"data" if kind == BYTEA else bytes(8 if kind == 20 else 4) for kind in kinds)))
    [facts] = facts_of(read.sql().decode())
    assert {"select", f"function:{name}", f"function:pg_catalog.{name}"} <= facts.labels
    assert not facts.unqualified
    writes = {"lo_creat", "lo_create", "lowrite", "lo_truncate", "lo_truncate64", "lo_unlink"}
    assert ("write" in facts.labels) == (name in writes)


@pytest.mark.finding("pg-F11")
@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (FunctionCall(764, (), BINARY), "large objects alone"),
        (FunctionCall(0, (), TEXT), "large objects alone"),
        (call("lo_close"), "lo_close does not take these"),
        (call("lo_close", None), "lo_close does not take these"),
        (call("lo_close", b"\0\0\0\0\0"), "lo_close does not take these"),
        (FunctionCall(OIDS["lo_tell"], (Parameter(BINARY, bytes(4)),), TEXT), "in binary"),
        (FunctionCall(OIDS["lo_tell"], (Parameter(TEXT, b"0"),), BINARY), "in binary"),
        (call("loread", *encoded(OIDS["loread"], 0, MAX_READ_BYTES + 1)), "smaller parts"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(refused: FunctionCall, why: str) -> None:
    with pytest.raises(NotRelayed, match=why):
        read_call(refused)


def test_a_result_is_a_value_of_its_type() -> None:
    tell, read = read_call(call("lo_tell64", bytes(4))), read_call(call("loread", *encoded(OIDS["loread"], 0, 5)))
    assert result_of(tell, (-1).to_bytes(8, "big", signed=True)) == -1
    assert result_of(tell, bytes(4)) is None
    assert result_of(tell, None) is None
    assert result_of(read, b"hello") == b"hello"

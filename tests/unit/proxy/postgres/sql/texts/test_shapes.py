"""Shapes: one for texts that differ in values alone, and none where telling values apart takes a lexer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.postgres.sql.reading import read
from proxy.postgres.sql.texts.query import QueryAnalyser
from proxy.postgres.sql.texts.shapes import MAX_REMEMBERED_SQL_BYTES, shape_of
from support.cards import COLUMNS, VIEWS, is_masked

CATALOGUE = read(COLUMNS, VIEWS, is_masked)


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        (b"select 1", b"select 0\0"),
        (b"update t set note = 'paid' where id = 4711", b"update t set note = \0 where id = 0\0"),
        (b"select 'it''s'", b"select \0\0\0"),
        (b"select a1, 1.5, 0x1F, 1e3, 1_000", b"select a1, 1.5, 0x1F, 1e3, 1_000\0"),
        (b"select -1, (2), 3::text", b"select -0, (0), 0::text\0"),
        (b"select 'a\nb'", b"select \0\0"),
        (b"select B'01', N'x'", b"select B\0, N\0\0"),
        (b"select 'open", b"select 'open\0"),
    ],
)
def test_values_are_taken_out(sql: bytes, shape: bytes) -> None:
    assert shape_of(sql) == shape


@pytest.mark.parametrize(
    "sql",
    [
        rb"select E'it\'s'",
        b'select "a"',
        b"select $1",
        b"select $$a$$",
        b"select 1 -- 'a",
        b"select /* ' */ 1",
        b"select U&'a'",
        "select 'ü'".encode(),
        b"select '" + b"x" * MAX_REMEMBERED_SQL_BYTES + b"'",
    ],
)
def test_where_it_takes_a_lexer_there_is_no_shape(sql: bytes) -> None:
    assert shape_of(sql) is None


TEMPLATES = [
    "select a from t where b = {s} and c = {n}",
    "insert into cards (id, cvv) values ({n}, {s}), ({n}, {s})",
    "update cards set holder = {s} where id in ({n}, {n}) returning cvv",
    "delete from cards where holder = {s} or {n} = {n}",
    "select cvv || {s} from cards limit {n}",
    "select f({s}, {n}), {s}",
]
PLAIN = st.lists(st.sampled_from([";", " drop table t", "0", "9" * 30, "a", "?", " ", ")", ",", "''"]), max_size=3)
#: What would take a text's shape away, or move the end of a string if it did not.
TEMPTING = st.lists(st.sampled_from(["''", "--", "/*", "*/", "$1", "$$", "\\", '"', "ü"]), max_size=3)
STRINGS = st.one_of(PLAIN, PLAIN, PLAIN, TEMPTING).map(lambda pieces: f"'{''.join(pieces)}'")
NUMBERS = st.integers(0, 10**25).map(str)


@given(st.sampled_from(TEMPLATES), st.data())
def test_texts_of_one_shape_have_one_analysis(template: str, data: st.DataObject) -> None:
    """What is remembered for one text is what the other would get by itself."""
    analyser, fresh = QueryAnalyser(is_masked), QueryAnalyser(is_masked)
    analyser.catalogue = fresh.catalogue = CATALOGUE

    def filled() -> bytes:
        text = template
        while "{" in text:
            text = text.replace("{s}", data.draw(STRINGS), 1).replace("{n}", data.draw(NUMBERS), 1)
        return text.encode()

    first, second = filled(), filled()
    analysed = analyser.analyse(first)
    if (remembered := analyser.remembered(second)) is not None:
        assert remembered == fresh.analyse(second)
        assert remembered is analysed

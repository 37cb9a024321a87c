"""JSON is written as Go's encoder writes it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.objects.reading import read
from proxy.kubernetes.objects.unreadable import Unreadable
from proxy.kubernetes.objects.writing import write


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{ "b": 1, "a": [ ] }', '{"b":1,"a":[]}'),
        ('["\\u003c\\u003e\\u0026\\u2028\\u2029"]', '["\\u003c\\u003e\\u0026\\u2028\\u2029"]'),
        ('["<&>"]', '["\\u003c\\u0026\\u003e"]'),
        ('["\u00e9","\\u00e9"]', '["\u00e9","\u00e9"]'),
        ("[1.0,-0,1e+21,99999999999999999999]", "[1.0,-0,1e+21,99999999999999999999]"),
        ('["\ue000 1",2]', '["\ue000 1",2]'),
        ('["\\n\\t\\"\\\\"]', '["\\n\\t\\"\\\\"]'),
    ],
)
def test_as_go_writes_it(text: str, written: str) -> None:
    assert write(read(text)) == written


def test_half_a_pair_is_refused() -> None:
    with pytest.raises(Unreadable):
        write(read('["\\ud800"]'))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_written_says_what_was_read(value: object) -> None:
    assert json.loads(write(read(json.dumps(value)))) == value

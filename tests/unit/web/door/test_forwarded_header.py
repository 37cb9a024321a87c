"""Forwarded by its grammar: what a writer of it writes is read, and nothing else is."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.door.forwarded import client
from web.door.forwarded_header import Malformed, hops
from web.settings import ForwardedBy

PROXIES = (ipaddress.ip_network("10.0.0.0/24"),)
TOKEN = st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", fullmatch=True)
TEXT = st.text(st.characters(min_codepoint=0x20, exclude_characters="\x7f", codec="utf-8") | st.just("\t"))
BLANKS = st.sampled_from(["", " ", "\t", "  "])
#: An element as its words by their names, of which `for` may be one.
ELEMENT = st.dictionaries(
    TOKEN.map(str.lower).filter(lambda name: name != "for") | st.just("for"), TEXT, min_size=1, max_size=4
)


@st.composite
def written(draw: st.DrawFn, elements: list[dict[str, str]]) -> str:
    """One line of the header, as anybody may write it who keeps to the RFCs."""
    parts: list[str] = []
    for said in elements:
        pairs = [f"{draw(cased(name))}={draw(word(text))}" for name, text in said.items()]
        parts.append(f"{draw(BLANKS)}{';'.join(pairs)}{draw(BLANKS)}")
    return ",".join(parts)


def cased(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.upper(), name.title()])


@st.composite
def word(draw: st.DrawFn, text: str) -> str:
    """A token where it is one, or a quoted string, with more escapes than it takes."""
    if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", text) and draw(st.booleans()):
        return text
    return '"' + "".join(f"\\{each}" if each in '"\\' or draw(st.booleans()) else each for each in text) + '"'


@given(st.data())
def test_what_is_written_is_read(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.lists(ELEMENT, min_size=1, max_size=3), max_size=3))
    values = [data.draw(written(elements)) for elements in lines]
    assert hops(values) == [said.get("for") for elements in lines for said in elements]


@given(st.text(max_size=40) | st.text('for=;,"\\ \t1a', max_size=40))
def test_anything_is_read_or_refused(value: str) -> None:
    try:
        found = hops([value])
    except Malformed:
        return
    assert len(found) <= value.count(",") + 1


@pytest.mark.parametrize(
    "value",
    [
        "for=192.0.2.9;for=6.6.6.6",
        "for=192.0.2.9;FOR=6.6.6.6",
        'for="6.6.6.6, for=192.0.2.9',
        'for=192.0.2.9;host="a',
        r'for="192.0.2.9\"',
        "for = 192.0.2.9",
        "for=[2001:db8::9]",
        "for=192.0.2.9:4711",
        "for=",
        "for",
        "=192.0.2.9",
        ";",
        "for=192.0.2.9 proto=https",
        'for="192.0.2.9"x',
        'for="192.0.2.9\x00"',
        "for=192.0.2.9\u0660",
    ],
)
def test_what_is_malformed_says_nothing(value: str) -> None:
    with pytest.raises(Malformed):
        hops([value])
    for values in ([value], [value, "for=198.51.100.7"], ["for=198.51.100.7", value]):
        assert client(values, [], PROXIES, ForwardedBy.FORWARDED) is None


@pytest.mark.parametrize(
    ("value", "whose"),
    [
        # What stands in quotes is one word, whatever the client chose it to be.
        ('for=192.0.2.9;host="a,for=6.6.6.6";proto=https', "192.0.2.9"),
        ('host="a;for=6.6.6.6";for=192.0.2.9', "192.0.2.9"),
        (r'for=192.0.2.9;host="a\",for=6.6.6.6"', "192.0.2.9"),
        ('for=6.6.6.6, for="192.0.2.9:4711" ;proto=https , for=10.0.0.3', "192.0.2.9"),
        (r'for="\1\9\2.0.2.9"', "192.0.2.9"),
        ("for=192.0.2.9;;proto=https;", "192.0.2.9"),
        (", for=192.0.2.9 ,,", "192.0.2.9"),
        ("for=6.6.6.6, proto=https", None),
        ('for=6.6.6.6, for=""', None),
    ],
)
def test_whose_it_is(value: str, whose: str | None) -> None:
    assert client([value], [], PROXIES, ForwardedBy.FORWARDED) == whose

"""XML of strangers: what becomes a tree, and what is refused before one is built."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.identity.saml.protocol.documents import MAX_BYTES, decoded, moment, name_of_message, read, text_of, written
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem


def reason(data: bytes) -> SamlProblem:
    with pytest.raises(InvalidSaml) as refused:
        read(data)
    return refused.value.reason


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", SamlProblem.MALFORMED),
        (b"<a", SamlProblem.MALFORMED),
        (b"<a/><b/>", SamlProblem.MALFORMED),
        (b"<!DOCTYPE a><a/>", SamlProblem.DOCTYPE),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', SamlProblem.DOCTYPE),
        (b"<a><?php x?></a>", SamlProblem.DOCTYPE),
        (b"<a>&nbsp;</a>", SamlProblem.MALFORMED),
        (b"<a>\xff</a>", SamlProblem.MALFORMED),
        ("<a/>".encode("utf-16"), SamlProblem.MALFORMED),
        (b'<?xml version="1.1"?><a/>', SamlProblem.MALFORMED),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', SamlProblem.MALFORMED),
        (b"<a>" * 50 + b"</a>" * 50, SamlProblem.MALFORMED),
        (b"<a>" + b"<b/>" * 30_000 + b"</a>", SamlProblem.MALFORMED),
        (b"<a " + b" ".join(b'b%d="1"' % number for number in range(20_000)) + b"/>", SamlProblem.MALFORMED),
        (b"<a " + b" ".join(b'xmlns:b%d="urn:%d"' % (n, n) for n in range(100)) + b"/>", SamlProblem.MALFORMED),
        (b"<a>" + b" " * MAX_BYTES + b"</a>", SamlProblem.OVERSIZED),
    ],
)
def test_what_is_refused(data: bytes, problem: SamlProblem) -> None:
    assert reason(data) is problem


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_a_tree_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidSaml):
        read(data)


@pytest.mark.parametrize("text", ["a<!---->b", "<!-- x -->ab", "a<![CDATA[b]]>", "ab"])
def test_a_comment_cuts_nothing_off(text: str) -> None:
    assert text_of(read(f"<a>{text}</a>".encode())) == "ab"


@pytest.mark.parametrize("inner", ["<b/>", "a<b>c</b>", "x" * 5_000, "a\nb", "a\u202eb"])
def test_what_is_no_text(inner: str) -> None:
    with pytest.raises(InvalidSaml):
        text_of(read(f"<a>{inner}</a>".encode()))


def test_an_element_takes_its_namespaces_along() -> None:
    root = read(b'<x:a xmlns:x="urn:x" xmlns:y="urn:y"><x:b y:c="1"/></x:a>')
    assert read(written(root[0])).get("{urn:y}c") == "1"


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1234567Z"])
def test_a_moment(text: str) -> None:
    assert moment(text) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05+00:00",
        "2026-13-02T03:04:05Z",
        "xZ",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.xZ",
        "2026-01-02T24:04:05Z",
    ],
)
def test_what_is_no_moment(text: str | None) -> None:
    with pytest.raises(InvalidSaml):
        moment(text)


@pytest.mark.parametrize("name", ["", "1a", "-a", "a b", "a'b", "ä", "x" * 300])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidSaml):
        name_of_message(read(f'<a ID="{name}"/>'.encode()))


def test_base64_of_forms() -> None:
    assert decoded("QUJD\r\nRA==") == b"ABCD"
    for text in (None, "!", "QUJ", "é", "A" * MAX_BYTES * 2):
        with pytest.raises(InvalidSaml):
            decoded(text)

"""Headers: what is on no list does not pass, and who asks is said by the gateway alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.kubernetes.requests.headers import to_client, to_server
from proxy.kubernetes.requests.unreadable import Unreadable


@pytest.mark.parametrize(
    "name",
    [
        "Accept",
        "Content-Type",
        "User-Agent",
        "Kubectl-Command",
        "KUBECTL-SESSION",
        "if-none-match",
        "Range",
    ],
)
def test_what_passes_to_the_server(name: str) -> None:
    assert to_server([(name, "x")]) == [(name.lower(), "x")]


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "X-Remote-User",
        "X-Remote-Group",
        "X-Remote-Uid",
        "X-Remote-Extra-Scopes",
        "Cookie",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-User",
        "X-Real-Ip",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Content-Length",
        "Upgrade",
        "Host",
        "Expect",
        "Accept-Encoding",
        "Origin",
        "Audit-ID",
        "Sec-WebSocket-Protocol",
        "X-Stream-Protocol-Version",
        "X-HTTP-Method-Override",
        "HTTP2-Settings",
        "X-Anything",
    ],
)
def test_what_passes_to_nobody(name: str) -> None:
    for each in (name, name.lower(), name.upper()):
        assert to_server([(each, "x")]) == []
        assert to_client([(each, "x")]) == ([] if name != "Audit-ID" else [("audit-id", "x")])


@pytest.mark.parametrize(
    "name", ["Impersonate-User", "impersonate-group", "IMPERSONATE-UID", "Impersonate-Extra-Scopes", "Impersonate-"]
)
def test_nobody_acts_as_somebody_else(name: str) -> None:
    with pytest.raises(Unreadable, match="--as"):
        to_server([("Accept", "x"), (name, "system:admin")])


@pytest.mark.parametrize(
    "header",
    [
        ("Impersonate_User", "x"),
        ("X_Remote_User", "x"),
        ("Content_Type", "x"),
        ("", "x"),
        ("Accept ", "x"),
        (" Accept", "x"),
        ("Accept:", "x"),
        ("Äccept", "x"),
        ("Acce\npt", "x"),
        ("Accept\x00", "x"),
        ("Accept", "a\r\nImpersonate-User: x"),
        ("Accept", "a\nb"),
        ("Accept", "a\x00b"),
        ("X-Anything", "a\x7fb"),
    ],
)
def test_what_could_be_read_in_two_ways(header: tuple[str, str]) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        to_server([header])
    assert to_client([header]) == []


@pytest.mark.parametrize("name", ["Content-Type", "Authorization", "Host", "Content-Length"])
def test_what_is_given_twice(name: str) -> None:
    with pytest.raises(Unreadable, match="2 times"):
        to_server([(name, "a"), (name.lower(), "a")])


def test_what_the_connection_names_stays_with_it() -> None:
    given = [
        ("Connection", "close, Accept"),
        ("Accept", "x"),
        ("connection", "IF-MATCH"),
        ("If-Match", "y"),
        ("Range", "z"),
    ]
    assert to_server(given) == [("range", "z")]
    assert to_client([("Connection", "ETag"), ("ETag", "x"), ("Date", "y")]) == [("date", "y")]


def test_order_and_repetition_stay() -> None:
    given = [("Warning", "a"), ("Content-Type", "t"), ("Warning", "b"), ("Set-Cookie", "c"), ("Location", "/x")]
    assert to_client(given) == [("warning", "a"), ("content-type", "t"), ("warning", "b")]
    assert to_server([("Accept", "a"), ("Accept", "b")]) == [("accept", "a"), ("accept", "b")]


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=4))
def test_nothing_else_is_raised(given: list[tuple[str, str]]) -> None:
    assert all(name == name.lower() for name, _ in to_client(given))
    try:
        passed = to_server(given)
    except Unreadable:
        return
    assert len(passed) <= len(given)

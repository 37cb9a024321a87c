"""Heads of requests: fields that stand once, lists, and framing that is said in one way."""

import pytest

from proxy.kubernetes.http.heads import BadRequest, Head


def head(*fields: tuple[bytes, bytes]) -> Head:
    return Head.of(b"GET", b"/staging/api", fields)


def test_names_are_in_lower_case_and_values_as_they_came() -> None:
    assert head((b"X-Name", b" V ")).fields == (("x-name", " V "),)


@pytest.mark.parametrize("name", [b"Host", b"content-length", b"Authorization", b"UPGRADE", b"Transfer-Encoding"])
def test_what_may_stand_once_stands_once(name: bytes) -> None:
    with pytest.raises(BadRequest, match="2 headers named"):
        head((name, b"1"), (name.lower(), b"1"))


def test_two_lengths_are_refused() -> None:
    """RFC 9112, 6.3: such a request may be an attack on whoever reads the other one."""
    with pytest.raises(BadRequest, match="two lengths"):
        head((b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked"))


def test_lists_have_members() -> None:
    assert head((b"Connection", b"Keep-Alive, , Upgrade"), (b"connection", b"X")).listed("connection") == [
        "keep-alive",
        "upgrade",
        "x",
    ]


@pytest.mark.parametrize(
    ("connection", "upgrade", "wanted"),
    [(b"Upgrade", b"WebSocket", "websocket"), (b"keep-alive", b"websocket", ""), (b"upgrade", b"SPDY/3.1", "spdy/3.1")],
)
def test_an_upgrade_is_one_of_this_connection(connection: bytes, upgrade: bytes, wanted: str) -> None:
    assert head((b"Connection", connection), (b"Upgrade", upgrade)).upgrade == wanted


def test_what_is_missing_is_none() -> None:
    assert head().get("host") is None
    assert head().upgrade == ""

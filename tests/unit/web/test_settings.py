"""The address of the pages, as browsers write it."""

import pytest

from web.settings import Origin


@pytest.mark.parametrize(
    ("address", "written", "authority"),
    [
        ("https://gate.example.com", "https://gate.example.com", "gate.example.com"),
        ("https://Gate.Example.com:443/", "https://gate.example.com", "gate.example.com"),
        ("https://gate.example.com:8444", "https://gate.example.com:8444", "gate.example.com:8444"),
        ("http://localhost:8444", "http://localhost:8444", "localhost:8444"),
        ("https://[2001:db8::1]:8444", "https://[2001:db8::1]:8444", "[2001:db8::1]:8444"),
    ],
)
def test_as_browsers_write_it(address: str, written: str, authority: str) -> None:
    origin = Origin.read(address)
    assert (str(origin), origin.authority) == (written, authority)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://gate.example.com", "need https"),
        ("gate.example.com", "no address of pages"),
        ("https://", "no address of pages"),
        ("https://a@gate.example.com", "no address of pages"),
        ("https://gäte.example.com", "no address of pages"),
        ("https://gate.example.com/x", "has a path"),
        ("https://gate.example.com/?x", "has a path"),
        ("ftp://gate.example.com", "no address of pages"),
        ("https://gate.example.com:0x", "no address of pages"),
        ("https://[::1", "no address of pages"),
    ],
)
def test_what_is_none(address: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Origin.read(address)


@pytest.mark.parametrize(
    ("address", "named"),
    [("https://gate.example.com", True), ("https://localhost", False), ("https://192.0.2.1", False)],
)
def test_names_that_browsers_may_remember(address: str, named: bool) -> None:
    assert Origin.read(address).is_named is named

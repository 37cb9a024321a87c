"""Short tokens: their form, their checksum, and where they can be written."""

import hashlib
import shlex
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.identity.credentials import short_token
from client.programs.postgres import password_line


def test_a_token_is_short_and_each_is_another() -> None:
    tokens = {short_token.new() for _ in range(200)}
    assert len(tokens) == 200
    assert {len(each) for each in tokens} == {53}
    assert all(short_token.is_whole(each) and short_token.is_meant(each) for each in tokens)


def test_it_goes_through_files_addresses_and_shells_as_it_is() -> None:
    for _ in range(50):
        token = short_token.new()
        assert quote(token, safe="") == token
        assert shlex.quote(token) == token
        connect = {"host": "h", "port": 1, "user": "read@db", "database": "d"}
        assert password_line(connect, token) == f"h:1:d:read@db:{token}"


def test_the_largest_secret_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in (b"\xff" * 32, b"\0" * 32):
        monkeypatch.setattr("secrets.token_bytes", lambda _, made=secret: made)
        assert short_token.is_whole(short_token.new())
    assert short_token.new().startswith("gp1_" + "0" * 43)


def test_every_single_mistake_is_found() -> None:
    token = short_token.new()
    for place, character in enumerate(token):
        for other in ("0", "1", "A", "a", "z"):
            if other != character:
                assert not short_token.is_whole(token[:place] + other + token[place + 1 :])
        assert not short_token.is_whole(token[:place] + token[place + 1 :])


def test_neighbours_that_changed_places_are_found() -> None:
    token = short_token.new()
    for place in range(4, len(token) - 1):
        swapped = token[:place] + token[place + 1] + token[place] + token[place + 2 :]
        assert swapped == token or not short_token.is_whole(swapped)


@pytest.mark.parametrize("spoil", [str.upper, str.lower, str.swapcase, "{} ".format, " {}".format, "{}\n".format])
def test_what_is_around_it_makes_it_another(spoil: Callable[[str], str]) -> None:
    token = short_token.new()
    assert not short_token.is_whole(spoil(token))


@given(st.text(max_size=200))
def test_nothing_else_is_one(text: str) -> None:
    assert not short_token.is_whole(text)
    assert not short_token.is_whole(short_token.PREFIX + text)


def test_storage_knows_a_hash_of_it() -> None:
    token = short_token.new()
    assert short_token.hashed(token) == hashlib.sha256(token.encode()).digest()

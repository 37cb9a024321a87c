"""Codes and secrets of command lines, and where they may be brought."""

import base64
import hashlib

import pytest

from access.identity.command_lines import codes

VERIFIER = "a" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def test_a_secret_has_one_spelling() -> None:
    text = codes.secret_text(b"x" * 32)
    assert text.startswith("gatepass_")
    assert codes.secret_of(text) == b"x" * 32
    body = text.removeprefix(codes.PREFIX)
    # The last character of 43 carries four bits: others of its kind would be other spellings of the same bytes.
    others = [text[:-1] + each for each in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if each != text[-1]]
    decoded = [codes.secret_of(each) for each in (*others, body, text + "=", text + "A", f"{codes.PREFIX}é", "")]
    assert b"x" * 32 not in decoded


def test_user_codes_are_letters_that_nobody_mistakes() -> None:
    made = {codes.new_user_code() for _ in range(200)}
    assert len(made) == 200
    assert {len(each) for each in made} == {9}
    assert set("".join(made)) <= {*codes.LETTERS, "-"}
    assert not set("AEIOUY01") & set(codes.LETTERS)


@pytest.mark.parametrize("typed", ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "bc-df-gh-jk"])
def test_what_people_type_is_the_code(typed: str) -> None:
    assert codes.user_code_of(typed) == "BCDF-GHJK"


@pytest.mark.parametrize("typed", ["", "BCDF", "BCDF-GHJA", "BCDF-GHJKL", "\uff22CDFGHJK", "BCDF_GHJK"])
def test_what_is_no_code(typed: str) -> None:
    assert codes.user_code_of(typed) is None


def test_a_verifier_is_what_the_challenge_was_made_of() -> None:
    challenge = codes.challenge_of(CHALLENGE)
    assert challenge is not None
    assert codes.is_verifier(VERIFIER, challenge)
    for other in ("a" * 44, "a" * 42, "b" * 43, "", "a" * 42 + "é", CHALLENGE):
        assert not codes.is_verifier(other, challenge)
    assert not codes.is_verifier("a" * 129, hashlib.sha256(b"a" * 129).digest())
    for other in ("", CHALLENGE + "=", CHALLENGE[:-1], "a" * 43 + "b", "plain"):
        assert codes.challenge_of(other) is None


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1/", "http://127.0.0.1:65535/", "http://[::1]:8080/"])
def test_a_port_of_the_same_machine(uri: str) -> None:
    assert codes.is_loopback(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:80",
        "http://127.0.0.1:80/x",
        "http://127.0.0.1:80/?a",
        "http://127.0.0.1:80/#a",
        "https://127.0.0.1:80/",
        "http://localhost:80/",
        "http://127.0.0.2:80/",
        "http://127.1:80/",
        "http://2130706433:80/",
        "http://evil.example:80/",
        "http://127.0.0.1:80@evil.example:81/",
        "http://evil.example\\@127.0.0.1:80/",
        "http://[::ffff:127.0.0.1]:80/",
        "http://127.0.0.1:080/",
        "HTTP://127.0.0.1:80/",
        "http://127.0.0.1:99999/",
        "http://[::1:80/",
        "javascript:alert(1)",
    ],
)
def test_what_is_none(uri: str) -> None:
    assert not codes.is_loopback(uri)


def test_names_of_command_lines_can_be_read() -> None:
    assert codes.device_name(" gatepass on laptop ") == "gatepass on laptop"
    for said in ("", " ", "a\nb", "a\x1bb", "a" * 101, "p\u0430ypal", "a\u202eb"):
        assert codes.device_name(said) is None


def test_state_goes_back_as_it_came() -> None:
    assert codes.is_state("abc-._~9")
    for said in ("", "a" * 129, "a b", "a\r\nb", "a&code=x", "é"):
        assert not codes.is_state(said)

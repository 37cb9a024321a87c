"""What a browser sends, before anything of it is believed."""

import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.identity.webauthn import answer
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from support.identity.authenticators import encoded

CHALLENGE = bytes(range(32))


def sent(client: object, **more: Any) -> str:
    written = client if isinstance(client, str) else encoded(json.dumps(client).encode())
    return json.dumps({"rawId": encoded(b"id"), "response": {"clientDataJSON": written}} | more)


CLIENT = {"challenge": encoded(CHALLENGE), "crossOrigin": False}


def why(text: str) -> TouchProblem:
    with pytest.raises(InvalidTouch) as problem:
        answer.read(text)
    return problem.value.reason


def test_what_is_taken_from_it() -> None:
    read = answer.read(sent(CLIENT))
    assert (read.challenge, read.credential_id, read.user_handle) == (CHALLENGE, b"id", None)
    read.check_is_of(hashlib.sha256(CHALLENGE).digest())
    with pytest.raises(InvalidTouch):
        read.check_is_of(hashlib.sha256(b"another").digest())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"response": null}',
        '{"rawId": "aWQ", "response": {}}',
        "[" * 10_000,
        sent("no base64!"),
        sent(encoded(b"no json")),
        sent(encoded(b"\xff\xfe")),
        sent([]),
        sent({}),
        sent({"challenge": 7}),
        sent(CLIENT, rawId=""),
        sent(CLIENT, rawId=7),
        sent(CLIENT, rawId=encoded(bytes(1_024))),
        sent(CLIENT, response={"clientDataJSON": encoded(json.dumps(CLIENT).encode()), "userHandle": "?"}),
    ],
)
def test_what_cannot_be_read(text: str) -> None:
    assert why(text) is TouchProblem.MALFORMED


def test_what_is_too_large_is_not_even_read() -> None:
    assert why("{" + " " * answer.MAX_CHARS) is TouchProblem.TOO_LARGE


@pytest.mark.parametrize("client", [{"crossOrigin": True}, {"crossOrigin": None}, {"topOrigin": "https://a.example"}])
def test_frames_of_other_sites(client: dict[str, Any]) -> None:
    assert why(sent(CLIENT | client)) is TouchProblem.OTHER_SITE


@given(st.text(max_size=200) | st.binary(max_size=100).map(encoded).map(sent))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidTouch):
        answer.read(text)

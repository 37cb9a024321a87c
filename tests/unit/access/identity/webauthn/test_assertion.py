"""A touch of a known key: what proves that somebody is there, and what does not."""

import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from access.identity.webauthn import answer, assertion
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from access.identity.webauthn.relying_party import RelyingParty
from support.identity.authenticators import PRESENT, VERIFIED, Changes, SoftKey, decoded, encoded

SITE = RelyingParty.of("https://gate.example.com")
USER = b"alice-and-nobody"
KINDS = (-7, -8, -257)


def asked(key: SoftKey, challenge: bytes) -> dict[str, Any]:
    return assertion.question(SITE, challenge, known={key.id: ["usb"]}, timeout_ms=120_000)


def read(
    key: SoftKey, text: str, challenge: bytes, *, count: int = 0, public: bytes | None = None
) -> assertion.Touched:
    given = answer.read(text)
    hashed = hashlib.sha256(challenge).digest()
    return assertion.verify(SITE, given, hashed, public_key=key.cose(), sign_count=count, user=USER)


def refused(text: str, challenge: bytes, key: SoftKey, **more: Any) -> TouchProblem:
    with pytest.raises(InvalidTouch) as problem:
        read(key, text, challenge, **more)
    return problem.value.reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_touch_of_the_right_key(kind: int) -> None:
    key, challenge = SoftKey(kind), os.urandom(32)
    touched = read(key, key.touched(asked(key, challenge), Changes(user=USER)), challenge)
    assert (touched.sign_count, touched.user_verified, touched.backed_up) == (1, True, False)


def test_what_a_browser_is_asked() -> None:
    key, challenge = SoftKey(), os.urandom(32)
    question = asked(key, challenge)
    assert (question["rpId"], question["userVerification"]) == ("gate.example.com", "required")
    assert decoded(question["challenge"]) == challenge
    assert question["allowCredentials"] == [{"id": encoded(key.id), "type": "public-key", "transports": ["usb"]}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (Changes(origin="https://gate.example.com.evil.example"), TouchProblem.OTHER_SITE),
        (Changes(origin="https://gate.example.com:444"), TouchProblem.OTHER_SITE),
        (Changes(origin="http://gate.example.com"), TouchProblem.OTHER_SITE),
        (Changes(rp_id="example.com"), TouchProblem.OTHER_SITE),
        (Changes(client={"crossOrigin": True}), TouchProblem.OTHER_SITE),
        (Changes(client={"crossOrigin": "false"}), TouchProblem.OTHER_SITE),
        (Changes(client={"topOrigin": "https://evil.example"}), TouchProblem.OTHER_SITE),
        (Changes(client={"type": "webauthn.create"}), TouchProblem.INVALID),
        (Changes(client={"challenge": encoded(bytes(32))}), TouchProblem.UNKNOWN_CHALLENGE),
        (Changes(client={"challenge": encoded(b"short")}), TouchProblem.MALFORMED),
        (Changes(flags=PRESENT), TouchProblem.NOT_VERIFIED),
        (Changes(flags=VERIFIED), TouchProblem.INVALID),
        (Changes(user=b"somebody else"), TouchProblem.OTHER_KEY),
    ],
)
def test_what_is_no_touch(kind: int, changes: Changes, why: TouchProblem) -> None:
    key, challenge = SoftKey(kind), os.urandom(32)
    assert refused(key.touched(asked(key, challenge), changes), challenge, key) is why


@pytest.mark.parametrize("kind", KINDS)
def test_another_key(kind: int) -> None:
    key, other, challenge = SoftKey(kind), SoftKey(kind), os.urandom(32)
    assert refused(other.touched(asked(key, challenge)), challenge, key) is TouchProblem.INVALID


@pytest.mark.parametrize(
    ("before", "now", "counts"), [(0, 0, True), (5, 6, True), (5, 5, False), (5, 4, False), (1, 0, False)]
)
def test_a_counter_only_grows(before: int, now: int, counts: bool) -> None:
    key, challenge = SoftKey(), os.urandom(32)
    given = key.touched(asked(key, challenge), Changes(count=now))
    if counts:
        assert read(key, given, challenge, count=before).sign_count == now
    else:
        assert refused(given, challenge, key, count=before) is TouchProblem.CLONED


def test_nobody_else_can_say_that_a_key_was_copied() -> None:
    """A counter that goes back counts for a copy only where the key signed it: else anybody could end anybody's key."""
    key, other, challenge = SoftKey(), SoftKey(), os.urandom(32)
    given = other.touched(asked(key, challenge), Changes(count=1))
    assert refused(given, challenge, key, count=9) is TouchProblem.INVALID


def _cut(part: str, left: int) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["response"][part] = encoded(decoded(document["response"][part])[:left])

    return change


def _set(part: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["response"][part] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _cut("authenticatorData", 36),
        _cut("authenticatorData", 0),
        _cut("signature", 10),
        _cut("signature", 0),
        _set("signature", None),
        _set("authenticatorData", 7),
        _set("signature", encoded(bytes(64))),
        lambda document: document.pop("id"),
        lambda document: document.update(id="other"),
        lambda document: document.update(type="password"),
        lambda document: document.update(authenticatorAttachment="under the skin"),
        lambda document: document["response"].update(userHandle=encoded(b"x" * 65)),
    ],
)
def test_what_is_broken_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    key, challenge = SoftKey(), os.urandom(32)
    document = json.loads(key.touched(asked(key, challenge)))
    change(document)
    assert refused(json.dumps(document), challenge, key) in {TouchProblem.INVALID, TouchProblem.OTHER_KEY}


@pytest.mark.parametrize("public", [b"", b"\xa1", b"\xa0", b"\xa5\x01\x02\x03\x26\x20", b"\xbf" * 5_000], ids=len)
def test_a_public_key_that_is_none_proves_nothing(public: bytes) -> None:
    key, challenge = SoftKey(), os.urandom(32)
    given = answer.read(key.touched(asked(key, challenge)))
    with pytest.raises(InvalidTouch):
        assertion.verify(SITE, given, hashlib.sha256(challenge).digest(), public_key=public, sign_count=0, user=USER)

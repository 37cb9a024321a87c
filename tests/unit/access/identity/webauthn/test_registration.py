"""A new key: what is kept of it, and what is no new key."""

import hashlib
import os
from typing import Any

import cbor2
import pytest

from access.identity.webauthn import answer, registration
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from access.identity.webauthn.registration import NewKey
from access.identity.webauthn.relying_party import RelyingParty
from support.identity.authenticators import (
    ATTESTED,
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    RIGHT,
    VERIFIED,
    Changes,
    SoftKey,
    decoded,
    encoded,
)

SITE = RelyingParty.of("https://gate.example.com")


def asked(challenge: bytes, *known: SoftKey) -> dict[str, Any]:
    return registration.question(
        SITE, challenge, user=b"u" * 16, name="alice", known=[key.id for key in known], timeout_ms=120_000
    )


def made(key: SoftKey, changes: Changes = RIGHT, **said: Any) -> NewKey:
    challenge = os.urandom(32)
    given = answer.read(key.created(asked(challenge), changes, **said))
    return registration.verify(SITE, given, hashlib.sha256(challenge).digest())


def refused(key: SoftKey, changes: Changes = RIGHT, **said: Any) -> TouchProblem:
    with pytest.raises(InvalidTouch) as problem:
        made(key, changes, **said)
    return problem.value.reason


@pytest.mark.parametrize("kind", [-7, -8, -257])
def test_what_is_kept_of_a_key(kind: int) -> None:
    key = SoftKey(kind)
    kept = made(key)
    assert kept == NewKey(key.id, key.cose(), 1, "00000000-0000-0000-0000-000000000000", ("usb",), False, False)


def test_whether_it_is_copied_by_its_maker() -> None:
    kept = made(SoftKey(), Changes(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP))
    assert (kept.backup_eligible, kept.backed_up) == (True, True)


def test_what_a_browser_is_asked() -> None:
    known, challenge = SoftKey(), os.urandom(32)
    question = asked(challenge, known)
    assert decoded(question["challenge"]) == challenge
    assert question["rp"] == {"id": "gate.example.com", "name": "Gatepass"}
    assert decoded(question["user"]["id"]) == b"u" * 16
    assert [each["alg"] for each in question["pubKeyCredParams"]] == [-7, -8, -257]
    assert question["authenticatorSelection"]["userVerification"] == "required"
    assert question["attestation"] == "none"
    assert [each["id"] for each in question["excludeCredentials"]] == [encoded(known.id)]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (Changes(origin="https://evil.example"), TouchProblem.OTHER_SITE),
        (Changes(rp_id="example.com"), TouchProblem.OTHER_SITE),
        (Changes(flags=PRESENT), TouchProblem.NOT_VERIFIED),
        (Changes(flags=VERIFIED), TouchProblem.INVALID),
        (Changes(client={"type": "webauthn.get"}), TouchProblem.INVALID),
        (Changes(client={"challenge": encoded(bytes(32))}), TouchProblem.UNKNOWN_CHALLENGE),
        (Changes(client={"crossOrigin": True}), TouchProblem.OTHER_SITE),
    ],
)
def test_what_is_no_new_key(changes: Changes, why: TouchProblem) -> None:
    assert refused(SoftKey(), changes) is why


@pytest.mark.parametrize(
    "said",
    [
        {"fmt": "android-safetynet"},
        {"fmt": "tpm"},
        {"fmt": "apple"},
        {"fmt": "of-my-own"},
        {"fmt": 7},
        {"authData": b""},
        {"authData": hashlib.sha256(b"gate.example.com").digest() + bytes([PRESENT | VERIFIED]) + bytes(4)},
        {"authData": hashlib.sha256(b"gate.example.com").digest() + bytes([PRESENT | VERIFIED | ATTESTED]) + bytes(24)},
        {"attStmt": {"sig": b"x"}},
        {"attStmt": None},
    ],
)
def test_an_attestation_that_is_none_of_those_asked_for(said: dict[str, Any]) -> None:
    assert refused(SoftKey(), **said) is TouchProblem.INVALID


@pytest.mark.parametrize(
    "cose",
    [
        {1: 2, 3: -65535, -1: 1, -2: bytes(32), -3: bytes(32)},
        {1: 3, 3: -65535, -1: bytes(256), -2: b"\x01\x00\x01"},
        {1: 2, 3: -7},
        {},
    ],
)
def test_a_public_key_of_another_kind(cose: dict[int, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """RS1 among them, which browsers may still know."""
    key = SoftKey()
    monkeypatch.setattr(key, "cose", lambda: cbor2.dumps(cose))
    assert refused(key) is TouchProblem.INVALID


def test_an_id_that_is_not_the_keys() -> None:
    key, challenge = SoftKey(), os.urandom(32)
    text = key.created(asked(challenge))
    other = text.replace(encoded(key.id), encoded(bytes(32)))
    with pytest.raises(InvalidTouch):
        registration.verify(SITE, answer.read(other), hashlib.sha256(challenge).digest())


def test_ways_that_nobody_knows_are_not_kept() -> None:
    key, challenge = SoftKey(), os.urandom(32)
    text = key.created(asked(challenge)).replace('["usb"]', '["usb", "telepathy", 7]')
    assert registration.verify(SITE, answer.read(text), hashlib.sha256(challenge).digest()).transports == ("usb",)

"""What was proven, in a line that nothing typed can change."""

from dataclasses import replace
from typing import Any

from bot.blocks.digest import render_digest
from bot.blocks.proof import proven, touch_of
from bot.blocks.request import render_card
from bot.facts.facts import Who
from storage.model import RequestState
from support.bot.facts import BOB, digest_facts, request_facts
from support.bot.rendered import HOSTILE, assert_inert, read_message

AT = "2026-03-04T05:06:07+00:00"
TOUCH = {"key": "1", "name": "Blue key", "user_verified": True, "at": AT}
RECORD: dict[str, Any] = {
    "provider": "corp",
    "methods": ["pwd", "mfa"],
    "level": None,
    "signed_in_at": AT,
    "touch": TOUCH,
}


def test_a_sign_in_and_a_touch() -> None:
    line = proven(Who("alice"), "asked", RECORD)
    assert "`alice` asked with a sign-in at corp (pwd, mfa), <!date^" in line
    assert "and with a touch of \u201cBlue key\u201d, verified, <!date^" in line


def test_as_far_as_there_was_one() -> None:
    assert "`bob` approved with a touch of" in proven(Who("bob"), "approved", {"touch": TOUCH})
    assert touch_of({"provider": "corp"}) == touch_of({}) == ""
    assert "without a proof" in proven(Who("bob"), "approved", {})
    assert touch_of({"touch": {"name": "k", "at": "yesterday"}}) == "with a touch of \u201ck\u201d"


def test_the_card_and_the_digest_say_it() -> None:
    facts = request_facts(RequestState.APPROVED, context={"proof": RECORD})
    facts = replace(facts, proofs=((BOB, {"touch": TOUCH | {"name": HOSTILE}}),))
    card = render_card(facts)
    assert "alice asked with a sign-in at corp" in read_message(card)
    assert "bob approved with a touch of" in read_message(card)
    assert_inert(card)
    digest = digest_facts()
    [session, *_] = digest.sessions
    session.proof = RECORD
    shown = render_digest(replace(digest, request=facts))
    assert "bob approved with a touch of" in read_message(shown)
    assert "with a touch of \u201cBlue key\u201d" in read_message(shown)
    assert_inert(shown)

"""A request's card in every phase: what it says, and that Slack's own rules would take it at the extremes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.blocks.action_ids import Action
from bot.blocks.message import Message
from bot.blocks.reply import render_reply
from bot.blocks.request import render_card
from bot.facts.facts import Phase, RequestFacts, Who
from slack_simulator.webapi.content import checked_blocks
from support.bot.facts import request_facts
from support.bot.rendered import HOSTILE, PHASES, action_ids, assert_inert, read_message


@pytest.mark.parametrize(("phase", "given"), PHASES.items(), ids=PHASES)
def test_a_card_has_buttons_only_while_pending(phase: Phase, given: dict[str, Any]) -> None:
    facts = request_facts(**given)
    card = render_card(facts)
    assert facts.phase is phase
    assert action_ids(card) == ({Action.APPROVE, Action.DENY} if phase is Phase.PENDING else set())
    assert "@alice" in read_message(card)
    assert card.text


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.PENDING, ["asks for payments-db · read for 15m", "@bob, carol", "0 of 1", "fix a migration", "Expires"]),
        (Phase.GRANTED, ["Approved", "by @bob", "Access until"]),
        (Phase.DENIED, ["Denied", "by @bob", "use the replica"]),
        (Phase.EXPIRED, ["Expired", "nobody decided in time", "by the clock"]),
        (Phase.CANCELLED, ["Cancelled"]),
        (Phase.REVOKED, ["Access revoked", "Revoked by", "@bob", "incident is over"]),
        (Phase.ENDED, ["Access ended", "its time was up"]),
        (Phase.NOT_ALLOWED, ["Access not allowed any more", "the policy has changed", "Grant until"]),
    ],
)
def test_a_card_says_what_became_of_it(phase: Phase, words: list[str]) -> None:
    text = read_message(render_card(request_facts(**PHASES[phase])))
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(("phase", "given"), PHASES.items(), ids=PHASES)
@pytest.mark.parametrize("render", [render_card, render_reply])
def test_requests_stay_within_slacks_sizes(
    render: Callable[[RequestFacts], Message], phase: Phase, given: dict[str, Any]
) -> None:
    huge = "<&>" * 4000
    crowd = tuple(Who("n" * 63, f"U0{number}") for number in range(500))
    texts: dict[str, Any] = {"reason": huge, "decision_reason": huge, "ticket": huge}
    revoked: dict[str, Any] = {"revoked": huge} if phase is Phase.REVOKED else {}
    facts = request_facts(**(given | texts | revoked))
    facts = replace(facts, reviewers=crowd, approvals=crowd)
    facts.request.resource, facts.request.role, facts.request.rule = "r" * 63, "o" * 63, "u" * 63
    message = render(facts)
    checked_blocks(message.blocks_json())
    assert len(message.text) < 4000


@pytest.mark.parametrize(("phase", "given"), PHASES.items(), ids=PHASES)
def test_what_a_person_typed_is_inert(phase: Phase, given: dict[str, Any]) -> None:
    hostile: dict[str, Any] = {"reason": HOSTILE, "decision_reason": HOSTILE, "ticket": HOSTILE}
    revoked: dict[str, Any] = {"revoked": HOSTILE} if phase is Phase.REVOKED else {}
    facts = request_facts(**(given | hostile | revoked))
    for message in (render_card(facts), render_reply(facts)):
        assert_inert(message)

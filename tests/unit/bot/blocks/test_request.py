"""A request's card in every phase: what it says, and that Slack's own rules would take it at the extremes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from access.decisions.about import About
from access.policy.policy import NO_RULE
from bot.blocks.action_ids import Action
from bot.blocks.message import Message
from bot.blocks.reply import render_reply
from bot.blocks.request import render_card
from bot.facts.facts import Phase, RequestFacts, Who
from slack_simulator.webapi.content import checked_blocks
from storage.model import RequestState
from support.bot.facts import ALICE, BOB, NOW, request_facts
from support.bot.rendered import HOSTILE, PHASES, action_ids, assert_inert, read_message


@pytest.mark.parametrize(("phase", "given"), PHASES.items(), ids=PHASES)
def test_a_card_has_buttons_only_while_somebody_may_use_them(phase: Phase, given: dict[str, Any]) -> None:
    facts = request_facts(**given)
    card = render_card(facts)
    assert facts.phase is phase
    buttons = {Phase.PENDING: {Action.APPROVE, Action.DENY}, Phase.GRANTED: {Action.ASK_REVOKE}}
    assert action_ids(card) == buttons.get(phase, set())
    assert "@alice" in read_message(card)
    assert card.text


@pytest.mark.finding("use-26")
def test_access_that_only_its_holder_may_end_has_no_button_for_others() -> None:
    assert action_ids(render_card(replace(request_facts(RequestState.APPROVED), revocable=False))) == set()


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (
            Phase.PENDING,
            ["asks for payments-db · read for 15m", "@bob, carol", "0 of 1", "expires in 30 min"],
        ),
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


@pytest.mark.finding("use-7")
def test_a_card_says_who_what_and_why_before_the_small_print() -> None:
    about = About(
        description="Card data of customers.",
        tier="prod",
        masked_columns=("*.cards.number",),
        held=("ddl", "delete_without_where"),
        denied=("copy_program",),
        ticket_url="https://tickets.example/INC-42",
    )
    card = render_card(replace(request_facts(ticket="INC-42"), about=about))
    text = read_message(card)
    order = [
        "@alice asks for payments-db · read for 15m",
        "fix a migration",
        "INC-42",
        "prod · Card data of customers.",
        "Masked: *.cards.number",
        "Held for review: ddl, delete_without_where",
        "Denied: copy_program",
        "[Approve]",
        "Can review: @bob, carol",
        "0 of 1",
        "expires in 30 min",
        "rule engineers-read",
    ]
    places = [text.find(words) for words in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "https://tickets.example/INC-42" in str(card.blocks_json())
    assert card.text.endswith("for 15m · INC-42 · fix a migration")


@pytest.mark.finding("M8")
def test_what_would_hide_in_a_reason_is_seen() -> None:
    card = render_card(request_facts(reason="a\u202eb\x1b[8m", ticket="T\u200b-1"))
    assert "\u202e" not in card.text + str(card.blocks_json())
    assert "a\\u202eb\\x1b[8m" in read_message(card)


@pytest.mark.finding("use-31")
def test_a_denial_without_a_rule_is_told_in_words() -> None:
    denied = replace(request_facts(RequestState.DENIED, rule=NO_RULE), decided_by=None)
    text = read_message(render_card(denied)) + read_message(render_reply(denied))
    assert "(none)" not in text
    assert "has no rule that allows it" in text


def test_an_expiry_is_told_in_steps_so_that_many_cards_change_seldom() -> None:
    facts = request_facts()
    moments = [NOW + timedelta(seconds=seconds) for seconds in range(160, 440, 20)]
    assert len({str(render_card(replace(facts, now=now)).blocks_json()) for now in moments}) == 1


@pytest.mark.finding("use-7")
@pytest.mark.parametrize(
    ("gone_s", "left"), [(1, "30 min"), (140, "30 min"), (160, "25 min"), (1499, "5 min"), (1510, "4 min")]
)
def test_the_time_left_is_the_nearest_step_and_no_step_less(gone_s: int, left: str) -> None:
    """A card that has just come said 25 minutes of 30."""
    card = render_card(replace(request_facts(), now=NOW + timedelta(seconds=gone_s)))
    assert f"expires in {left}," in read_message(card)


@pytest.mark.finding("M6")
def test_a_vote_that_counts_no_more_is_shown_as_that() -> None:
    facts = replace(request_facts(quorum=3), approvals=(ALICE,), lapsed=(BOB, Who("carol")))
    assert "approvals 1 of 3: @alice (approvals no longer count: bob, carol)" in read_message(render_card(facts))
    assert "approvals 0 of 1 (approval no longer counts: bob)" in read_message(
        render_card(replace(request_facts(), lapsed=(BOB,)))
    )

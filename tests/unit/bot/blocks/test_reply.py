"""What the requester reads in every phase: where the request stands and what to do next."""

from dataclasses import replace

import pytest

from access.policy.policy import NO_RULE
from bot.blocks.action_ids import Action
from bot.blocks.modals import render_token
from bot.blocks.reply import render_reply
from bot.blocks.request_form import Already, Choice, Draft, render_form
from bot.facts.facts import Phase
from storage.model import RequestState
from support.bot.facts import NOW, request_facts
from support.bot.rendered import PHASES, action_ids, read_message, read_view


@pytest.mark.parametrize(
    ("phase", "words", "actions"),
    [
        (Phase.PENDING, ["You asked for", "#incidents", "@bob or carol can approve"], {Action.CANCEL}),
        (Phase.GRANTED, ["You have access", "psql", "paste your token"], {Action.GET_TOKEN, Action.REVOKE}),
        (Phase.DENIED, ["Denied by @bob", "use the replica"], {Action.ASK_AGAIN}),
        (Phase.EXPIRED, ["Nobody decided in time"], {Action.ASK_AGAIN}),
        (Phase.CANCELLED, ["Cancelled"], {Action.ASK_AGAIN}),
        (Phase.REVOKED, ["revoked by @bob", "incident is over"], set()),
        (Phase.ENDED, ["Your access ended"], {Action.ASK_AGAIN}),
        (Phase.NOT_ALLOWED, ["You are not let in any more", "no longer has a rule for you"], {Action.ASK_AGAIN}),
    ],
)
def test_a_reply_says_what_to_do_next(phase: Phase, words: list[str], actions: set[str]) -> None:
    reply = render_reply(request_facts(**PHASES[phase]))
    assert [word for word in words if word not in read_message(reply)] == []
    assert action_ids(reply) == actions


def test_who_ended_it_themselves_is_told_so() -> None:
    facts = request_facts(**PHASES[Phase.REVOKED])
    own = read_message(render_reply(replace(facts, revoked_by=facts.requester)))
    assert ("You ended your access" in own, "revoked" in own) == (True, False)


@pytest.mark.finding("use-18")
def test_a_way_in_begins_with_the_token_and_can_be_given_back() -> None:
    text = read_message(render_reply(request_facts(RequestState.APPROVED)))
    places = [text.find(words) for words in ("You have access", "[Get my token…]", "[I'm done]", "psql")]
    assert -1 not in places
    assert places == sorted(places)
    assert "/access revoke" not in text, "nothing can be typed there"


@pytest.mark.finding("use-28")
def test_ssh_is_told_by_which_fingerprint_to_know_the_gateway() -> None:
    """In the message, in the window with the token, and where it is said that one has it already."""
    shown = "SHA256:Qm9iIGlzIG5vdCBhbGljZSwgYW5kIGEga2V5IGlz"
    facts = replace(request_facts(RequestState.APPROVED), fingerprint=shown)
    form = render_form([Choice("web-1", "deploy", "granted at once")], Draft(), already=Already(facts))
    for text in (read_message(render_reply(facts)), read_view(render_token(facts, "ey", NOW)), read_view(form)):
        assert f"go on only if it is {shown}." in text
        assert text.index("psql") < text.index(shown), "below the command"
    assert "SHA256:" not in read_message(render_reply(request_facts(RequestState.APPROVED)))


@pytest.mark.finding("use-31")
def test_what_no_rule_allows_has_no_button_to_ask_again() -> None:
    assert "[Ask again…]" in read_message(render_reply(request_facts(RequestState.DENIED)))
    assert "[Ask again…]" not in read_message(render_reply(request_facts(RequestState.DENIED, rule=NO_RULE)))

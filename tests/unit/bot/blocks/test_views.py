"""Modals, the list and the App Home: complete, inert and within Slack's sizes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from slack_sdk.models.views import View

from bot.blocks.decision import Target
from bot.blocks.listing import render_help, render_home, render_list
from bot.blocks.modals import render_deny_form, render_token, render_waiting
from bot.blocks.request_form import Choice, Draft, matching_options, render_form, render_notice
from bot.facts.facts import RequestFacts, Who
from slack_simulator.blocks.plain import plain_blocks, plain_view
from slack_simulator.blocks.views import view_problems
from slack_simulator.webapi.content import checked_blocks
from storage.model import PostSubject, RequestState

RequestMaker = Callable[..., RequestFacts]
READ = Choice("payments-db", "read", "reviewed by db-oncall, at most 1h")
DEPLOY = Choice("web-1", "deploy", "granted at once, at most 15m")


def seen(view: View) -> str:
    """What a person reads, from a view that the strict validator took."""
    content = view.to_dict()
    assert [str(problem) for problem in view_problems(content, content["type"])] == []
    return plain_view(content, {})


def element(view: View, block_id: str) -> dict[str, Any]:
    return next(block["element"] for block in view.to_dict()["blocks"] if block.get("block_id") == block_id)


def test_an_empty_form_offers_what_may_be_asked_for() -> None:
    form = render_form([READ, DEPLOY], Draft())
    assert seen(form)
    door = element(form, "door")
    assert door["type"] == "static_select"
    assert [option["text"]["text"] for option in door["options"]] == [
        "payments-db · read — reviewed by db-oncall, at most 1h",
        "web-1 · deploy — granted at once, at most 15m",
    ]


def test_what_was_typed_is_filled_in_and_what_was_wrong_is_said() -> None:
    draft = Draft("payments-db", "read", "0", "<!channel> `x`", "INC-42")
    form = render_form([READ, DEPLOY], draft, ["'0' is no time at all.", "<!here> is unknown."])
    assert element(form, "door")["initial_option"]["value"] == "payments-db/read"
    assert element(form, "duration")["initial_value"] == "0"
    assert element(form, "reason")["initial_value"] == "<!channel> `x`"
    assert element(form, "ticket")["initial_value"] == "INC-42"
    said = form.to_dict()["blocks"][0]["text"]
    assert said["type"] == "plain_text"
    assert "no time at all" in said["text"]
    assert seen(form)


def test_a_choice_that_is_not_offered_is_left_open() -> None:
    assert "initial_option" not in element(render_form([READ], Draft("web-1", "deploy")), "door")


def test_more_than_a_hundred_choices_are_searched() -> None:
    choices = [Choice(f"db-{number}", "read", "granted at once") for number in range(250)]
    form = render_form(choices, Draft("db-7", "read"))
    assert element(form, "door")["type"] == "external_select"
    assert element(form, "door")["initial_option"]["value"] == "db-7/read"
    assert seen(form)
    assert len(matching_options(choices, "")) == 100
    assert [option.value for option in matching_options(choices, "DB-24 read")][:2] == ["db-24/read", "db-240/read"]
    assert matching_options(choices, "nothing like it") == []


def test_a_form_fits_at_the_extremes() -> None:
    choices = [Choice(f"{number}" + "r" * 60, "o" * 63, "t" * 300) for number in range(100)]
    huge = Draft("r", "o", "9" * 500, "🔥" * 10_000, "T" * 500)
    assert seen(render_form(choices, huge, ["x" * 9000] * 3))


def test_somebody_who_may_ask_for_nothing_is_told() -> None:
    assert "nothing at present" in seen(render_form([], Draft()))


def test_a_denial_needs_a_reason() -> None:
    target = Target(PostSubject.REQUEST, UUID(int=3), 1)
    form = render_deny_form(target, "What alice asked for")
    assert form.private_metadata == target.value()
    block = form.to_dict()["blocks"][1]
    assert not block.get("optional")
    assert block["element"]["min_length"] == 1
    assert seen(form)


def test_the_token_is_shown_whole(request_facts: RequestMaker) -> None:
    token = "ey" + "J" * 900
    text = seen(render_token(request_facts(RequestState.APPROVED), token))
    assert token in text
    assert "psql" in text
    with pytest.raises(ValueError, match="grant"):
        render_token(request_facts(), token)


def test_small_views_are_valid() -> None:
    assert "One moment" in seen(render_waiting("Your token"))
    assert seen(render_notice("Ask for access", "Sent."))


def test_a_list_shows_grants_with_their_way_in(request_facts: RequestMaker) -> None:
    granted, pending = request_facts(RequestState.APPROVED), request_facts()
    message = render_list([granted], [pending], granted.now)
    text = plain_blocks(checked_blocks(message.blocks_json()), {})
    assert "You have 1 grant and 1 pending request." in text
    assert "66666666 payments-db · read, 15m left" in text
    assert "psql" in text
    assert "[Get my token…]" in text
    assert "11111111 payments-db · read for 15m" in text


def test_an_empty_list_says_so(request_facts: RequestMaker) -> None:
    message = render_list([], [], request_facts().now)
    checked_blocks(message.blocks_json())
    assert message.text == "You have no grant and no pending request."


def test_help_escapes_what_went_wrong() -> None:
    message = render_help("there is no <!channel>")
    checked_blocks(message.blocks_json())
    assert "&lt;!channel&gt;" in message.text


def test_a_home_shows_what_waits_first(request_facts: RequestMaker) -> None:
    granted, pending = request_facts(RequestState.APPROVED), request_facts()
    text = seen(render_home([granted], [pending], [pending], granted.now))
    assert text.index("Waiting for you") < text.index("What you have") < text.index("What you asked for")
    assert "[Approve]" in text
    assert "Nothing waits" in seen(render_home([], [], [], granted.now))


def test_a_home_and_a_list_fit_whatever_there_is(request_facts: RequestMaker) -> None:
    """Hundreds of everything, each with the longest of everything."""
    huge = "<&>" * 4000
    crowd = tuple(Who("n" * 63, f"U0{number}") for number in range(500))

    def many(state: RequestState) -> list[RequestFacts]:
        return [one_of(state, number) for number in range(300)]

    def one_of(state: RequestState, number: int) -> RequestFacts:
        facts = replace(request_facts(state, reason=huge, ticket=huge), reviewers=crowd, connect=huge)
        facts.request.id = UUID(int=number)
        facts.request.resource = facts.request.role = facts.request.rule = "r" * 63
        if facts.grant is not None:
            facts.grant.id = UUID(int=number)
            facts.grant.resource = facts.grant.role = "r" * 63
        return facts

    granted, pending = many(RequestState.APPROVED), many(RequestState.PENDING)
    assert "291 more are not shown" in seen(render_home(granted, pending, pending, granted[0].now))
    message = render_list(granted, pending, granted[0].now)
    checked_blocks(message.blocks_json())
    assert message.text == "You have 300 grants and 300 pending requests."

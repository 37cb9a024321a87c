"""The form in which people ask: filled in, searched, and within Slack's sizes."""

from typing import Any

import pytest
from slack_sdk.models.views import View

from bot.blocks.request_form import Already, Choice, Draft, matching_options, render_form
from storage.model import RequestState
from support.bot.facts import GRANT_ID, REQUEST_ID, request_facts
from support.bot.rendered import read_view

READ = Choice("payments-db", "read", "reviewed by db-oncall, at most 1h")
DEPLOY = Choice("web-1", "deploy", "granted at once, at most 15m")


def element(view: View, block_id: str) -> dict[str, Any]:
    return next(block["element"] for block in view.to_dict()["blocks"] if block.get("block_id") == block_id)


def test_an_empty_form_offers_what_may_be_asked_for() -> None:
    form = render_form([READ, DEPLOY], Draft())
    assert read_view(form)
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
    assert read_view(form)


def test_a_choice_that_is_not_offered_is_left_open() -> None:
    assert "initial_option" not in element(render_form([READ], Draft("web-1", "deploy")), "door")


def test_more_than_a_hundred_choices_are_searched() -> None:
    choices = [Choice(f"db-{number}", "read", "granted at once") for number in range(250)]
    form = render_form(choices, Draft("db-7", "read"))
    assert element(form, "door")["type"] == "external_select"
    assert element(form, "door")["initial_option"]["value"] == "db-7/read"
    assert read_view(form)
    assert len(matching_options(choices, "")) == 100
    assert [option.value for option in matching_options(choices, "DB-24 read")][:2] == ["db-24/read", "db-240/read"]
    assert matching_options(choices, "nothing like it") == []


def test_a_form_fits_at_the_extremes() -> None:
    choices = [Choice(f"{number}" + "r" * 60, "o" * 63, "t" * 300) for number in range(100)]
    huge = Draft("r", "o", "9" * 500, "🔥" * 10_000, "T" * 500)
    assert read_view(render_form(choices, huge, ["x" * 9000] * 3))


def test_somebody_who_may_ask_for_nothing_is_told() -> None:
    assert "nothing at present" in read_view(render_form([], Draft()))


@pytest.mark.finding("use-22")
def test_what_one_has_is_said_first_with_what_to_do() -> None:
    already = Already(request_facts(RequestState.APPROVED))
    form = render_form([READ, DEPLOY], Draft("payments-db", "read", "30m"), already=already)
    text = read_view(form)
    words = ("You have read on payments-db until", "[Get my token…]", "psql", "need it longer", "30m", "[Ask anyway]")
    places = [text.find(each) for each in words]
    assert -1 not in places, text
    assert places == sorted(places)
    assert form.to_dict()["private_metadata"] == GRANT_ID.hex


@pytest.mark.finding("use-22")
def test_what_waits_already_is_pointed_to() -> None:
    already = Already(request_facts(), "https://slack.example/archives/C1/p2?a=1&b=<2>")
    form = render_form([READ, DEPLOY], Draft("payments-db", "read", "30m"), already=already)
    text = read_view(form)
    assert "You asked already for payments-db · read for 15m, and it is not decided yet" in text
    assert "carol can approve, until" in text
    assert "[Cancel request]" in text
    assert "[Ask anyway]" in text
    assert "<https://slack.example/archives/C1/p2?a=1&amp;b=&lt;2&gt;|Look at its card>" in str(form.to_dict())
    assert form.to_dict()["private_metadata"] == REQUEST_ID.hex


def test_a_form_that_tells_of_nothing_asks_plainly() -> None:
    form = render_form([READ, DEPLOY], Draft())
    assert "[Ask]" in read_view(form)
    assert not form.to_dict().get("private_metadata")

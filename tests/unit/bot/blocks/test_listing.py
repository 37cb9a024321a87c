"""The list, the help and the App Home: complete, inert and within Slack's sizes."""

from dataclasses import replace
from uuid import UUID

from bot.blocks.listing import render_help, render_home, render_list
from bot.facts.facts import RequestFacts, Who
from slack_simulator.blocks.plain import plain_blocks
from slack_simulator.webapi.content import checked_blocks
from storage.model import RequestState
from support.bot.facts import request_facts, statement_facts
from support.bot.rendered import read_view


def test_a_list_shows_grants_with_their_way_in() -> None:
    granted, pending = request_facts(RequestState.APPROVED), request_facts()
    message = render_list([granted], [pending], granted.now)
    text = plain_blocks(checked_blocks(message.blocks_json()), {})
    assert "You have 1 grant and 1 pending request." in text
    assert "66666666 payments-db · read, 15m left" in text
    assert "psql" in text
    assert "[Get my token…]" in text
    assert "11111111 payments-db · read for 15m" in text


def test_an_empty_list_says_so() -> None:
    message = render_list([], [], request_facts().now)
    checked_blocks(message.blocks_json())
    assert message.text == "You have no grant and no pending request."


def test_help_escapes_what_went_wrong() -> None:
    message = render_help("there is no <!channel>")
    checked_blocks(message.blocks_json())
    assert "&lt;!channel&gt;" in message.text


def test_a_home_shows_what_waits_first() -> None:
    granted, pending = request_facts(RequestState.APPROVED), request_facts()
    text = read_view(render_home([granted], [pending], [pending], granted.now))
    assert text.index("Waiting for you") < text.index("What you have") < text.index("What you asked for")
    assert "[Approve]" in text
    assert "Nothing waits" in read_view(render_home([], [], [], granted.now))


def test_a_home_and_a_list_fit_whatever_there_is() -> None:
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
    holds = [statement_facts(text="x" * (599 if number % 2 else 9000), why=huge) for number in range(100)]
    for number, one in enumerate(holds):
        one.statement.id = UUID(int=1000 + number)
    for page in (0, 9, 10, 39, 4000):
        home = render_home(granted, pending, pending, granted[0].now, holds=holds, page=page)
        text = read_view(home)
        assert "291 more are not shown" in text
        assert len(home.to_dict()["blocks"]) <= 100
    assert "391 to 400 of 400" in text
    message = render_list(granted, pending, granted[0].now)
    checked_blocks(message.blocks_json())
    assert message.text == "You have 300 grants and 300 pending requests."

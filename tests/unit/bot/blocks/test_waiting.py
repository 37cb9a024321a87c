"""What waits for a review, in rows and pages."""

from uuid import UUID

import pytest

from bot.blocks.action_ids import Action
from bot.blocks.listing import render_home
from bot.blocks.message import ALL_TEXT_LIMIT, text_length
from bot.blocks.waiting import page_of, render_waiting_list
from bot.facts.facts import RequestFacts
from support.bot.facts import NOW, request_facts, statement_facts
from support.bot.rendered import HOSTILE, action_ids, assert_inert, read_message, read_view


def many(count: int) -> list[RequestFacts]:
    """Requests with ids and reasons of their own."""
    found = [request_facts(reason=f"reason {number:03}", ticket=f"INC-{number}") for number in range(count)]
    for number, one in enumerate(found):
        one.request.id = UUID(int=number)
    return found


@pytest.mark.finding("use-6")
def test_holds_stand_first_with_time_statement_and_buttons() -> None:
    home = render_home([], [], many(1), NOW, holds=[statement_facts(why="drops a table")])
    text = read_view(home)
    order = ["waits to run this as admin on payments-db, 9 min left", "drops a table", "DROP TABLE customers"]
    places = [text.find(words) for words in [*order, "[Approve]", "asks for payments-db", "INC-0 reason 000"]]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.finding("H2")
def test_a_statement_too_long_for_a_row_is_decided_on_its_card() -> None:
    message = render_waiting_list([statement_facts(text="x" * 700, channel="C0INCIDENT")], [], NOW)
    assert action_ids(message) == set()
    assert "decide on its card in #incidents" in read_message(message)


@pytest.mark.finding("use-23")
def test_every_request_is_on_some_page() -> None:
    waiting = many(100)
    pages = [read_view(render_home([], [], waiting, NOW, page=page)) for page in range(10)]
    for number in range(100):
        assert sum(f"reason {number:03}" in page for page in pages) == 1
    assert "11 to 20 of 100" in pages[1]
    assert ["[Previous]" in page for page in pages] == [False] + [True] * 9
    assert ["[Next]" in page for page in pages] == [True] * 9 + [False]


def test_a_page_that_is_no_more_is_the_last_one() -> None:
    assert page_of([], many(12), 7, NOW) == page_of([], many(12), 1, NOW)
    assert page_of([], [], 3, NOW) == []


def test_the_list_names_what_it_does_not_show() -> None:
    message = render_waiting_list([], many(12), NOW)
    assert message.text == "12 wait for your review."
    assert "2 more stand in the Home tab" in read_message(message)
    assert action_ids(message) == {Action.APPROVE, Action.DENY}
    assert render_waiting_list([], [], NOW).text == "Nothing waits for your review."


def test_rows_are_inert_and_fit() -> None:
    hostile = render_waiting_list([statement_facts(text=HOSTILE, why=HOSTILE)], [request_facts(reason=HOSTILE)], NOW)
    assert_inert(hostile)
    holds = [statement_facts(text="x" * 600, why="y" * 9000) for _ in range(20)]
    for number, one in enumerate(holds):
        one.statement.id = UUID(int=number)
    message = render_waiting_list(holds, [], NOW)
    read_message(message)
    assert text_length(message.blocks) < ALL_TEXT_LIMIT

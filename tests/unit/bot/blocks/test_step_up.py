"""The way to a page: a button where there is one, and nothing typed that means anything."""

from bot.blocks.action_ids import Action
from bot.blocks.step_up import render_step_up
from support.bot.rendered import HOSTILE, action_ids, assert_inert, read_message

PAGES = "https://gate.example.com"


def test_the_sentence_and_the_way() -> None:
    message = render_step_up("This takes a touch of your security key.", PAGES, "/present/request/1")
    assert action_ids(message) == {Action.OPEN_PAGE}
    assert "This takes a touch of your security key." in read_message(message)
    [_, row] = message.blocks_json()
    assert row["elements"][0]["url"] == f"{PAGES}/present/request/1"


def test_no_button_where_there_is_no_page() -> None:
    assert action_ids(render_step_up("This takes a sign-in.", PAGES, "")) == set()
    assert action_ids(render_step_up("This takes a sign-in.", "", "/present/request/1")) == set()


def test_nothing_typed_means_anything() -> None:
    assert_inert(render_step_up(HOSTILE, PAGES, "/keys"))

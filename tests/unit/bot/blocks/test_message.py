"""A message has a text and keeps Slack's sizes; what was typed is shown as it stands."""

from collections.abc import Callable

import pytest
from slack_sdk.models.blocks import RichTextBlock

from bot.blocks.action_ids import Action, Row
from bot.blocks.message import MESSAGE_BLOCK_LIMIT, Message, actions, button, labelled, preformatted, quote, section

TYPED = "<!channel> *bold* ```x```"


def test_a_message_without_a_text_is_refused() -> None:
    """Screen readers and notifications would have nothing to say."""
    with pytest.raises(ValueError, match="needs a text"):
        Message(text="", blocks=(section("x"),))


def test_a_message_of_too_many_blocks_is_refused() -> None:
    blocks = (section("x"),) * MESSAGE_BLOCK_LIMIT
    assert len(Message(text="x", blocks=blocks).blocks_json()) == MESSAGE_BLOCK_LIMIT
    with pytest.raises(ValueError, match="not 51"):
        Message(text="x", blocks=(*blocks, section("x")))


@pytest.mark.parametrize("render", [quote, labelled])
def test_what_was_typed_stands_beside_its_label_as_it_is(render: Callable[[str, str], RichTextBlock]) -> None:
    *_, typed = texts_of(render("Reason", TYPED).to_dict())
    assert typed == TYPED


def test_what_was_typed_is_cut_to_its_limit() -> None:
    assert texts_of(preformatted("x" * 50, limit=10).to_dict()) == ["x" * 9 + "…"]


def test_a_row_is_known_by_its_kind_and_what_it_is_about() -> None:
    row = [button("Cancel request", Action.CANCEL, "1")]
    assert actions(Row.AGAIN, row).block_id == "again"
    assert actions(Row.CANCEL, row, about="1").block_id == "cancel:1"


def texts_of(block: dict[str, object]) -> list[str]:
    """The pieces of a rich text, each of which is plain text."""
    elements = block["elements"]
    assert isinstance(elements, list)
    pieces = [piece for element in elements for piece in element["elements"]]
    assert {piece["type"] for piece in pieces} == {"text"}
    return [piece["text"] for piece in pieces]

"""Blocks as Slack stores them: every block and element has an id, every text its flag, and the input stays as it is."""

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from slack_simulator.blocks.normal import normalised


def plain(text: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, **more}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(), **fields}


SECTION = {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"}, "fields": [plain(emoji=False)]}


def test_missing_ids_are_filled_in() -> None:
    (actions,) = normalised([{"type": "actions", "elements": [button(), button()]}])
    made = [actions["block_id"], *(one["action_id"] for one in actions["elements"])]
    assert all(made)
    assert len(set(made)) == 3


def test_ids_that_are_there_stay() -> None:
    (actions,) = normalised([{"type": "actions", "block_id": "b", "elements": [button(action_id="a")]}])
    assert (actions["block_id"], actions["elements"][0]["action_id"]) == ("b", "a")


def test_elements_have_ids_wherever_they_stand() -> None:
    section, field = normalised(
        [
            {**SECTION, "accessory": button()},
            {"type": "input", "label": plain(), "element": {"type": "plain_text_input"}},
        ]
    )
    assert section["accessory"]["action_id"]
    assert field["element"]["action_id"]


def test_flags_of_texts_are_made_explicit() -> None:
    """As they were given, or as Slack presets them; however deep they are."""
    (section, actions) = normalised(
        [
            {**SECTION, "accessory": button(confirm={"title": plain(), "text": {"type": "mrkdwn", "text": "y"}})},
            {"type": "actions", "elements": [{"type": "static_select", "options": [{"text": plain(), "value": "1"}]}]},
        ]
    )
    assert section["text"] == {"type": "mrkdwn", "text": "x", "verbatim": False}
    assert section["fields"] == [plain(emoji=False)]
    assert section["accessory"]["text"] == plain(emoji=True)
    assert section["accessory"]["confirm"]["title"] == plain(emoji=True)
    assert section["accessory"]["confirm"]["text"]["verbatim"] is False
    assert actions["elements"][0]["options"][0]["text"] == plain(emoji=True)


def test_a_piece_of_rich_text_is_no_text_object() -> None:
    line = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
    assert normalised([{"type": "rich_text", "block_id": "r", "elements": [line]}])[0]["elements"] == [line]


leaves = st.sampled_from([plain(), {"type": "mrkdwn", "text": "y"}, plain(emoji=False), None, 1, "x"])
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner)
)


@given(st.lists(st.fixed_dictionaries({"type": st.just("image"), "rest": trees}), max_size=3))
def test_the_input_is_never_changed_and_twice_is_once(blocks: list[dict[str, Any]]) -> None:
    before = deepcopy(blocks)
    once = normalised(blocks)
    assert blocks == before
    assert normalised(once) == once


def test_nothing_of_the_input_is_shared() -> None:
    blocks = [deepcopy(SECTION)]
    normalised(blocks)[0]["fields"][0]["text"] = "changed"
    assert blocks == [SECTION]

"""The value that Approve and Deny carry names a subject and a revision, and is read strictly."""

import pytest

from bot.blocks.decision import UnreadableTarget, read_target
from bot.blocks.request import render_card
from storage.model import PostSubject
from support.bot.facts import request_facts


def test_a_button_says_only_which_subject_and_revision() -> None:
    card = render_card(request_facts(revision=3)).blocks_json()
    row = next(block for block in card if block["type"] == "actions")
    values = {element["value"] for element in row["elements"]}
    assert values == {"request:11111111222233334444555555555555:3"}
    target = read_target(values.pop())
    assert (target.subject, target.revision) == (PostSubject.REQUEST, 3)


@pytest.mark.parametrize(
    "value", ["", "request", "session:11111111222233334444555555555555:1", "request:x:1", "a" * 2000]
)
def test_a_forged_value_is_refused(value: str) -> None:
    with pytest.raises(UnreadableTarget):
        read_target(value)

"""Which conversations a filtered menu offers."""

from typing import Any

import pytest

from slack_simulator.workspace.conversations import Conversation


@pytest.mark.parametrize(
    ("conversation", "filtered", "passes"),
    [
        (Conversation("C1", "a", ["U1"]), {}, True),
        (Conversation("C1", "a", ["U1"]), {"include": ["private", "im"]}, False),
        (Conversation("C1", "a", ["U1"], is_private=True), {"include": ["private"]}, True),
        (Conversation("G1", "a", ["U1"], is_private=True, is_mpim=True), {"include": ["private"]}, False),
        (Conversation("G1", "a", ["U1"], is_private=True, is_mpim=True), {"include": ["mpim"]}, True),
        (Conversation("C1", "a", ["U1"], is_ext_shared=True), {"exclude_external_shared_channels": True}, False),
        (Conversation("D1", "a", ["U1", "UBOT"], is_im=True), {"exclude_bot_users": True}, False),
        (Conversation("C1", "a", ["U1", "UBOT"]), {"exclude_bot_users": True}, True),
    ],
)
def test_filters_of_select_menus(conversation: Conversation, filtered: dict[str, Any], passes: bool) -> None:
    assert conversation.passes(filtered, "UBOT") is passes

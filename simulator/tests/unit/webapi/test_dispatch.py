"""Whatever a method is called with, it answers, or refuses in Slack's own words."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slack_simulator.delivery.sockets import Sockets
from slack_simulator.faults.faults import Faults
from slack_simulator.server import demo_spec
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.dispatch import BOT_METHODS
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.scopes import MissingScope
from slack_simulator.workspace.workspace import Workspace

WORDS = st.sampled_from(
    [
        "C0GENERAL",
        "U0ALICE",
        "#general",
        "C0ARCHIVE",
        "U0BOB,U0ALICE",
        "1.2",
        "0",
        "-1",
        "{",
        "[]",
        "[1]",
        "ä",
        "\ud800",
        "",
    ]
)


ARGUMENTS_WORDS = """
attachments blocks channel channel_id channels cursor email external_id filename files hash initial_comment latest
length limit markdown_text message_ts metadata name oldest post_at scheduled_message_id snippet_type text thread_ts
timestamp trigger_id ts types user user_id usergroup users view view_id
"""


ARGUMENTS = st.sampled_from(ARGUMENTS_WORDS.split())


KINDS_WORDS = """
actions button checkboxes context context_actions datepicker feedback_buttons file file_input header home image
input markdown modal mrkdwn number_input overflow plain_text plain_text_input raw_text rich_text rich_text_list
rich_text_section section static_select table text video workflow_button
"""


KINDS = st.sampled_from(KINDS_WORDS.split())


FIELDS_WORDS = """
accessory action_id block_id blocks confirm element elements fields filter image_url initial_option initial_options
initial_value is_decimal_allowed label max_value min_length min_value option_groups options private_metadata rows
slack_file style submit text title url value workflow
"""


FIELDS = st.sampled_from(FIELDS_WORDS.split())


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), WORDS, KINDS)


def with_type(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """An object that says what it wants to be."""
    return {**fields, "type": kind}


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists and objects of Block Kit's vocabulary, most of them with a type."""
    typed = st.builds(with_type, KINDS, st.dictionaries(FIELDS, values, max_size=5))
    return st.one_of(typed, st.lists(values, max_size=3), st.dictionaries(FIELDS, values, max_size=3))


VALUES = st.recursive(SCALARS, objects, max_leaves=12)


async def answered(method: str, arguments: dict[str, Any]) -> Any:
    """What the method says, and every message there is afterwards."""
    workspace = Workspace(demo_spec())
    inspector = workspace.inspector
    sockets = Sockets("A0SIMULATE", workspace.clock, inspector, Faults(workspace.clock, inspector))
    try:
        answer = BOT_METHODS[method](Call(workspace, sockets, arguments))
    except SlackError as refused:
        answer = {"error": refused.code, **refused.extra}
    except MissingScope as missing:
        answer = {"needed": missing.needed}
    finally:
        await workspace.scheduled.close()
    everywhere = [conversation.id for conversation in workspace.conversations.all()]
    return answer, [
        workspace.message_json(one) for each in everywhere for one in workspace.messages.seen_in(each, None)
    ]


@pytest.mark.parametrize("method", sorted(BOT_METHODS))
@settings(max_examples=25, deadline=None)
@given(arguments=st.dictionaries(ARGUMENTS, VALUES, max_size=8))
def test_garbage_is_refused(method: str, arguments: dict[str, Any]) -> None:
    """Only Slack's own errors leave it."""
    json.dumps(asyncio.run(answered(method, arguments)))

"""Each id stands once, with a line that says what it is for, and keeps Slack's limits."""

from enum import StrEnum

import pytest

from bot.blocks.action_ids import Action, Callback, Field, Row, Shortcut
from support.enumerations import lines_of

ENUMERATIONS: list[type[StrEnum]] = [Action, Callback, Field, Row, Shortcut]


@pytest.mark.parametrize("enumeration", ENUMERATIONS, ids=lambda one: one.__name__)
def test_every_id_has_a_line(enumeration: type[StrEnum]) -> None:
    assert lines_of(enumeration).keys() == {member.value for member in enumeration}


@pytest.mark.parametrize("enumeration", ENUMERATIONS, ids=lambda one: one.__name__)
def test_no_id_exceeds_what_slack_takes(enumeration: type[StrEnum]) -> None:
    """docs.slack.dev/reference/block-kit: 255 characters; a row's id goes on with what it is about."""
    assert all(0 < len(member.value) <= 100 for member in enumeration)


def test_a_button_and_an_input_never_share_an_id() -> None:
    """Bolt's listeners for actions are told both by their action_id."""
    assert {one.value for one in Action} & {one.value for one in Field} == set()

"""A trigger id lives three seconds and works once."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

VIEW: dict[str, Any] = {"type": "modal", "title": {"type": "plain_text", "text": "Title"}, "blocks": []}


@pytest.mark.parametrize(("late_s", "error"), [(2.9, None), (3.1, "expired_trigger_id")])
async def test_a_trigger_lives_three_seconds(
    simulator: Simulator, slack: AsyncWebClient, people: SimulatorClient, clock: Clock, late_s: float, error: str | None
) -> None:
    """And not a moment longer."""
    trigger_id = simulator.workspace.handles.new_trigger("U0ALICE")
    clock.advance(late_s)
    if error is None:
        await slack.views_open(trigger_id=trigger_id, view=VIEW)
        assert len(await people.views("alice")) == 1
    else:
        with pytest.raises(SlackApiError, match=error):
            await slack.views_open(trigger_id=trigger_id, view=VIEW)


async def test_a_trigger_works_once(simulator: Simulator, slack: AsyncWebClient) -> None:
    """The second use, and an invented one, have their own codes."""
    trigger_id = simulator.workspace.handles.new_trigger("U0ALICE")
    await slack.views_open(trigger_id=trigger_id, view=VIEW)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await slack.views_open(trigger_id=trigger_id, view=VIEW)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await slack.views_open(trigger_id="1.2.3", view=VIEW)


async def test_a_view_that_is_refused_does_not_spend_the_trigger(simulator: Simulator, slack: AsyncWebClient) -> None:
    """The app may correct itself within the three seconds."""
    trigger_id = simulator.workspace.handles.new_trigger("U0ALICE")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await slack.views_open(trigger_id=trigger_id, view={**VIEW, "private_metadata": "x" * 3001})
    assert (await slack.views_open(trigger_id=trigger_id, view=VIEW))["ok"]

"""Events: the App Home is rendered when opened, and a person who leaves the Slack workspace loses their access."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.context import BotContext
from bot.listeners.home import Home
from bot.slack import identity

APP_HOME_OPENED = "app_home_opened"
USER_CHANGE = "user_change"


class Events:
    """The two events of the manifest."""

    def __init__(self, context: BotContext, home: Home) -> None:
        self._context = context
        self._home = home

    async def on_home_opened(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Publish the home of the person who opened it."""
        await ack()
        if body["event"].get("tab", "home") != "home":
            return
        await self._home.publish(body)

    async def on_user_change(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A deactivated account ends what its person has; asked of Slack again, because events may come late."""
        await ack()
        await self._context.offboarding.look_up(identity.user_id(body))

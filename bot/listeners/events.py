"""Events: the App Home is rendered when opened, and a person who leaves the Slack workspace loses their access."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.home import Home
from bot.people.offboarding import Offboarding
from bot.slack import identity
from bot.slack.listening import Listening

APP_HOME_OPENED = "app_home_opened"
USER_CHANGE = "user_change"


class Events:
    """The two events of the manifest."""

    def __init__(self, offboarding: Offboarding, listening: Listening, home: Home) -> None:
        self._offboarding = offboarding
        self._listening = listening
        self._home = home

    def register(self, app: AsyncApp) -> None:
        """The events of the manifest."""
        app.event(APP_HOME_OPENED)(self._listening.guard(self.on_home_opened))
        app.event(USER_CHANGE)(self._listening.guard(self.on_user_change))

    async def on_home_opened(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Publish the home of the person who opened it."""
        await ack()
        if body["event"].get("tab", "home") != "home":
            return
        await self._home.publish(body)

    async def on_user_change(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A deactivated account ends what its person has; asked of Slack again, because events may come late."""
        await ack()
        await self._offboarding.look_up(identity.user_id(body))

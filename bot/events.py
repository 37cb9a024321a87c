"""Events: the App Home is rendered when opened, and whoever leaves the Slack workspace loses their grants."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from access import grants, people
from access.context import Access
from access.requests import Refused
from bot import identity
from bot.home import Home
from bot.listening import Listening
from bot.slack import Installation, Slack
from storage.model import IdentityProvider

APP_HOME_OPENED = "app_home_opened"
USER_CHANGE = "user_change"

_LEFT = "their Slack account was deactivated"


class Events:
    """The two events of the manifest."""

    def __init__(
        self,
        access: Access,
        slack: Slack,
        installation: Installation,
        listening: Listening,
        home: Home,
    ) -> None:
        self._access = access
        self._slack = slack
        self._installation = installation
        self._listening = listening
        self._home = home

    def register(self, app: AsyncApp) -> None:
        """The events of the manifest."""
        app.event(APP_HOME_OPENED)(self._listening.guard(self.on_home_opened))
        app.event(USER_CHANGE)(self._listening.guard(self.on_user_change))

    async def on_home_opened(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Publish the home of whoever opened it."""
        await ack()
        if body["event"].get("tab", "home") != "home":
            return
        await self._home.publish(body)

    async def on_user_change(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A deactivated account ends what its person has; asked of Slack again, because events may come late."""
        await ack()
        slack_id = identity.user_id(body)
        account = (await self._slack.client.users_info(user=slack_id)).get("user") or {}
        if account.get("deleted") is not True:
            return
        async with self._access.database.transaction() as transaction:
            team_id = self._installation.team_id
            principal = await people.principal_of(transaction, IdentityProvider.SLACK, team_id, slack_id)
            held = await grants.of(transaction, principal) if principal is not None else []
        for grant in held:
            try:
                await grants.revoke(self._access, grant.id, None, _LEFT)
            except Refused:
                continue  # it ended by itself in between

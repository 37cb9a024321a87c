"""Events: the App Home is rendered when opened, and whoever leaves the Slack workspace loses their grants."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from access import grants, people
from access.context import Access
from access.requests import Refused
from bot import identity
from bot.blocks.listing import render_home
from bot.blocks.message import section
from bot.blocks.text import escape
from bot.faults import NotAdmitted
from bot.listening import Listening
from bot.people import Doorkeeper
from bot.reading import Reader
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
        doorkeeper: Doorkeeper,
        listening: Listening,
        reader: Reader,
    ) -> None:
        self._access = access
        self._slack = slack
        self._installation = installation
        self._doorkeeper = doorkeeper
        self._listening = listening
        self._reader = reader

    def register(self, app: AsyncApp) -> None:
        """The events of the manifest."""
        app.event(APP_HOME_OPENED)(self._listening.guard(self.on_home_opened))
        app.event(USER_CHANGE)(self._listening.guard(self.on_user_change))

    async def on_home_opened(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Publish the home of whoever opened it."""
        await ack()
        if body["event"].get("tab", "home") != "home":
            return
        view = await self._home(body)
        await self._slack.client.views_publish(user_id=identity.user_id(body), view=view.to_dict())

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

    async def _home(self, body: dict[str, Any]) -> View:
        try:
            speaker = await self._doorkeeper.admit(body, about="home")
        except NotAdmitted as refusal:
            return View(type="home", blocks=[section(escape(str(refusal)))])
        async with self._access.database.transaction() as transaction:
            mine = await self._reader.of_grants(transaction, await grants.of(transaction, speaker.principal))
            pending = await self._reader.pending_of(transaction, speaker.principal)
            waiting = await self._reader.waiting_for(transaction, speaker.principal)
            return render_home(mine, pending, waiting, await self._reader.now(transaction))

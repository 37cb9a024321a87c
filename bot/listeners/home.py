"""The App Home: what waits for its reader, what they have, what they asked for."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.views import View

from access.grants import grants
from bot.blocks.listing import render_home
from bot.blocks.message import section
from bot.blocks.text import escape
from bot.context import BotContext
from bot.slack import identity
from bot.slack.failures import NotAdmitted


class Home:
    """Publishes the home of the person behind a payload."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def publish(self, body: Mapping[str, Any]) -> None:
        """As of now; somebody whom we do not admit reads why."""
        view = await self._view(body)
        await self._context.slack.client.views_publish(user_id=identity.user_id(body), view=view.to_dict())

    async def refresh(self, body: Mapping[str, Any]) -> None:
        """Publish again after a click in the home itself."""
        view = body.get("view")
        if isinstance(view, Mapping) and view.get("type") == "home":
            await self.publish(body)

    async def _view(self, body: Mapping[str, Any]) -> View:
        try:
            speaker = await self._context.authenticator.admit(body, about="home")
        except NotAdmitted as refusal:
            return View(type="home", blocks=[section(escape(str(refusal)))])
        async with self._context.access.database.transaction() as transaction:
            mine = await self._context.reader.of_grants(transaction, await grants.of(transaction, speaker.principal))
            pending = await self._context.reader.pending_of(transaction, speaker.principal)
            waiting = await self._context.reader.waiting_for(transaction, speaker.principal)
            return render_home(mine, pending, waiting, await self._context.reader.now(transaction))

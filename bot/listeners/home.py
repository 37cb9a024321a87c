"""The App Home: what waits for its reader, what they have, what they asked for."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from access.grants import grants
from bot.blocks.listing import render_home
from bot.blocks.message import section
from bot.context import BotContext
from bot.slack import identity
from bot.slack.failures import NotAdmitted
from bot.slack.payloads import clicked_value


class Home:
    """Publishes the home of the person behind a payload."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def on_page(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Turn to the page that the button names."""
        await ack()
        value = clicked_value(body)
        await self.publish(body, int(value) if value.isdecimal() and len(value) < 5 else 0)

    async def publish(self, body: Mapping[str, Any], page: int = 0) -> None:
        """As of now, from this page of what waits; somebody whom we do not admit reads why."""
        view = await self._view(body, page)
        await self._context.slack.client.views_publish(user_id=identity.user_id(body), view=view.to_dict())

    async def refresh(self, body: Mapping[str, Any]) -> None:
        """Publish again after a click in the home itself."""
        view = body.get("view")
        if isinstance(view, Mapping) and view.get("type") == "home":
            await self.publish(body, _page(view))

    async def _view(self, body: Mapping[str, Any], page: int) -> View:
        try:
            speaker = await self._context.authenticator.admit(body, about="home")
        except NotAdmitted as refusal:
            return View(type="home", blocks=[section(refusal.sentence)])
        async with self._context.access.database.transaction() as transaction:
            mine = await self._context.reader.of_grants(transaction, await grants.of(transaction, speaker.principal))
            pending = await self._context.reader.pending_of(transaction, speaker.principal)
            waiting = await self._context.reader.waiting_for(transaction, speaker.principal)
            holds = await self._context.reader.held_for(transaction, speaker.principal)
            now = await self._context.reader.now(transaction)
            return render_home(mine, pending, waiting, now, holds=holds, page=page)


def _page(view: Mapping[str, Any]) -> int:
    """Which page the Home showed, by what we said of it ourselves."""
    told = str(view.get("private_metadata") or "")
    return int(told) if told.isdecimal() and len(told) < 5 else 0

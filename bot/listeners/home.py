"""The App Home: what waits for its reader, what they have, what they asked for."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.views import View

from access.context import Access
from access.grants import grants
from bot.blocks.listing import render_home
from bot.blocks.message import section
from bot.blocks.text import escape
from bot.facts.reading import Reader
from bot.people.authenticator import Authenticator
from bot.slack import identity
from bot.slack.client import Slack
from bot.slack.failures import NotAdmitted


class Home:
    """Publishes the home of the person behind a payload."""

    def __init__(self, access: Access, slack: Slack, authenticator: Authenticator, reader: Reader) -> None:
        self._access = access
        self._slack = slack
        self._authenticator = authenticator
        self._reader = reader

    async def publish(self, body: Mapping[str, Any]) -> None:
        """As of now; somebody whom we do not admit reads why."""
        view = await self._view(body)
        await self._slack.client.views_publish(user_id=identity.user_id(body), view=view.to_dict())

    async def refresh(self, body: Mapping[str, Any]) -> None:
        """Publish again after a click in the home itself."""
        view = body.get("view")
        if isinstance(view, Mapping) and view.get("type") == "home":
            await self.publish(body)

    async def _view(self, body: Mapping[str, Any]) -> View:
        try:
            speaker = await self._authenticator.admit(body, about="home")
        except NotAdmitted as refusal:
            return View(type="home", blocks=[section(escape(str(refusal)))])
        async with self._access.database.transaction() as transaction:
            mine = await self._reader.of_grants(transaction, await grants.of(transaction, speaker.principal))
            pending = await self._reader.pending_of(transaction, speaker.principal)
            waiting = await self._reader.waiting_for(transaction, speaker.principal)
            return render_home(mine, pending, waiting, await self._reader.now(transaction))

"""The button "Get my token": the token stands in a modal, and nowhere else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from access.errors import Refused
from access.grants.grants import GrantUnusable
from access.identity.handing import hand_token
from access.identity.proof import Unproven
from bot.blocks.modals import render_token, view_of
from bot.blocks.step_up import render_step_up
from bot.context import BotContext
from bot.slack.failures import Unanswerable
from bot.slack.payloads import clicked_id

TITLE = "Your token"


class Tokens:
    """The button "Get my token"."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def on_token(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Modal first, because its trigger lives three seconds; then everything that may refuse."""
        await ack()
        grant_id = clicked_id(body)
        async with self._context.listening.modal(body, TITLE) as modal:
            await modal.show(await self._issued(body, grant_id))

    async def _issued(self, body: Mapping[str, Any], grant_id: UUID) -> View:
        speaker = await self._context.authenticator.admit(body, about=f"token of grant {grant_id}")
        known_by = {"slack_user": speaker.slack_id}
        try:
            handed = await hand_token(self._context.access, grant_id, speaker.principal, detail=known_by)
        except Unproven as unproven:
            return view_of(TITLE, render_step_up(str(unproven), self._context.access.pages, unproven.page))
        except (GrantUnusable, Refused) as refusal:
            raise Unanswerable(str(refusal)) from refusal
        async with self._context.access.database.transaction() as transaction:
            facts = await self._context.reader.grant(transaction, grant_id)
        if facts is None or facts.connect is None:
            raise Unanswerable("The policy has just changed. Ask for access again.")
        return render_token(facts, handed.token, handed.until)

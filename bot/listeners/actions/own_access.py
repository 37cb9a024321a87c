"""Buttons on one's own things: ask again, open the form, give access back, withdraw a request."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from access.decisions import requests
from access.grants import grants
from access.policy.values.duration import format_duration
from bot.blocks.request_form import TITLE, Draft
from bot.blocks.text import code
from bot.context import BotContext
from bot.listeners.home import Home
from bot.listeners.views import Forms
from bot.slack.failures import Unanswerable
from bot.slack.payloads import clicked_id, is_shown_there
from storage.model import AccessRequest


class OwnAccess:
    """Everything that a person clicks about their own access, the token excepted."""

    def __init__(self, context: BotContext, forms: Forms, home: Home) -> None:
        self._context = context
        self._forms = forms
        self._home = home

    async def on_open_form(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The empty form."""
        await ack()
        await self._forms.open(body, Draft())

    async def on_ask_again(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The form, filled in as it was the last time."""
        await ack()
        request_id = clicked_id(body)
        async with self._context.listening.modal(body, TITLE) as modal:
            speaker = await self._context.authenticator.admit(body, about="request form")
            async with self._context.access.database.transaction() as transaction:
                last = await transaction.get(AccessRequest, request_id)
            if last is None or last.principal_id != speaker.principal.id:
                raise Unanswerable("That request was somebody else's. Ask with /access.")
            draft = Draft(last.resource, last.role, format_duration(last.duration_s), last.reason, last.ticket or "")
            await modal.show(await self._forms.form(speaker, draft))

    async def on_revoke(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Give back, at once."""
        await ack()
        grant_id = clicked_id(body)
        speaker = await self._context.authenticator.admit(body, about=f"grant {grant_id}")
        grant = await grants.revoke(self._context.access, grant_id, speaker.principal, "no longer needed")
        if not is_shown_there(body):
            await self._context.listening.tell(body, f":lock: Ended: {code(grant.resource)} · {code(grant.role)}.")
        await self._home.refresh(body)

    async def on_cancel(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Withdraw what nobody decided yet; the card and the reply say it."""
        await ack()
        request_id = clicked_id(body)
        speaker = await self._context.authenticator.admit(body, about=f"request {request_id}")
        request = await requests.cancel(self._context.access, request_id, speaker.principal)
        what = f"{code(request.resource)} · {code(request.role)}"
        if not is_shown_there(body):
            await self._context.listening.tell(body, f":leftwards_arrow_with_hook: Cancelled: {what}.")
        await self._forms.refresh(body, speaker)
        await self._home.refresh(body)

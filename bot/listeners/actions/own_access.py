"""Buttons on one's own things: ask again, open the form, give access back, withdraw a request."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from access.context import Access
from access.decisions import requests
from access.grants import grants
from access.policy.duration import format_duration
from bot.blocks.action_ids import Action, Shortcut
from bot.blocks.request_form import Draft, render_form
from bot.blocks.text import code
from bot.listeners.choices import choices_of
from bot.listeners.home import Home
from bot.listeners.views import TITLE, Forms
from bot.people.authenticator import Authenticator
from bot.slack.failures import Unanswerable
from bot.slack.listening import Listening
from bot.slack.payloads import clicked_id
from storage.model import AccessRequest


class Buttons:
    """Everything that a person clicks about their own access, the token excepted."""

    def __init__(
        self, access: Access, authenticator: Authenticator, listening: Listening, forms: Forms, home: Home
    ) -> None:
        self._access = access
        self._authenticator = authenticator
        self._listening = listening
        self._forms = forms
        self._home = home

    def register(self, app: AsyncApp) -> None:
        """Four actions, and a shortcut beside every message: in threads Slack has no commands."""
        app.shortcut(Shortcut.ASK_FOR_ACCESS)(self._listening.guard(self.on_open_form))
        app.action(Action.ASK_AGAIN)(self._listening.guard(self.on_ask_again))
        app.action(Action.OPEN_FORM)(self._listening.guard(self.on_open_form))
        app.action(Action.CANCEL)(self._listening.guard(self.on_cancel))
        app.action(Action.REVOKE)(self._listening.guard(self.on_revoke))

    async def on_open_form(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The empty form."""
        await ack()
        await self._forms.open(body, Draft())

    async def on_ask_again(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The form, filled in as it was the last time."""
        await ack()
        request_id = clicked_id(body)
        async with self._listening.modal(body, TITLE) as modal:
            speaker = await self._authenticator.admit(body, about="request form")
            async with self._access.database.transaction() as transaction:
                last = await transaction.get(AccessRequest, request_id)
            if last is None or last.principal_id != speaker.principal.id:
                raise Unanswerable("That request was somebody else's. Ask with /access.")
            draft = Draft(last.resource, last.role, format_duration(last.duration_s), last.reason, last.ticket or "")
            await modal.show(render_form(choices_of(self._access.policies.current, speaker.principal.name), draft))

    async def on_revoke(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Give back, at once."""
        await ack()
        grant_id = clicked_id(body)
        speaker = await self._authenticator.admit(body, about=f"grant {grant_id}")
        grant = await grants.revoke(self._access, grant_id, speaker.principal, "no longer needed")
        await self._listening.tell(body, f":lock: Ended: {code(grant.resource)} · {code(grant.role)}.")
        await self._home.refresh(body)

    async def on_cancel(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Withdraw what nobody decided yet; the card and the reply say it."""
        await ack()
        request_id = clicked_id(body)
        speaker = await self._authenticator.admit(body, about=f"request {request_id}")
        request = await requests.cancel(self._access, request_id, speaker.principal)
        what = f"{code(request.resource)} · {code(request.role)}"
        await self._listening.tell(body, f":leftwards_arrow_with_hook: Cancelled: {what}.")
        await self._home.refresh(body)

"""`/access`: acknowledged first, then read, then done."""

import contextlib
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from access.decisions import requests
from access.decisions.requests import Ask
from access.errors import Refused
from access.grants import grants
from access.policy.duration import format_duration
from bot.blocks.listing import render_help, render_list
from bot.blocks.message import Message, section
from bot.blocks.request_form import Draft
from bot.blocks.text import code, plural
from bot.blocks.waiting import render_waiting_list
from bot.context import BotContext
from bot.facts.facts import short
from bot.listeners.grammar import ALL, AskFor, Cancel, Help, ListMine, ListWaiting, OpenForm, Revoke, read_command
from bot.listeners.views import Forms
from storage.model import RequestState

COMMAND = "/access"
#: As `grants.by_prefix` asks for.
SHORTEST_ID = 4


class Commands:
    """The one slash command and its words."""

    def __init__(self, context: BotContext, forms: Forms) -> None:
        self._context = context
        self._forms = forms

    async def on_access(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Acknowledge, read, do."""
        await ack()
        typed = self._context.access.redact(str(body.get("text") or ""))
        command = read_command(typed, self._context.access.policies.current.resources)
        match command:
            case Help(trouble):
                await self._answer(body, render_help(trouble))
            case OpenForm(draft, troubles):
                await self._forms.open(body, draft, troubles)
            case ListMine():
                await self._list(body)
            case ListWaiting():
                await self._waiting(body)
            case Revoke(identifier, reason):
                await self._revoke(body, identifier, reason)
            case Cancel(identifier, reason) if identifier == ALL:
                await self._cancel_all(body, reason)
            case Cancel(identifier, reason):
                await self._cancel(body, identifier, reason)
            case AskFor():
                await self._ask(body, command)

    async def _ask(self, body: dict[str, Any], command: AskFor) -> None:
        """Ask at once; what the rules refuse comes back as the form, filled in, with their reason."""
        speaker = await self._context.authenticator.admit(body, about="request")
        ask = Ask(command.resource, command.role, command.duration_s, command.reason, command.ticket, source="slack")
        try:
            request = await self._forms.submit(speaker, ask)
        except Refused as refusal:
            draft = Draft(
                command.resource,
                command.role,
                format_duration(command.duration_s),
                command.reason,
                command.ticket or "",
            )
            await self._forms.open(body, draft, (str(refusal),))
            return
        await self._answer(body, _asked(request.state, command))

    async def _list(self, body: dict[str, Any]) -> None:
        speaker = await self._context.authenticator.admit(body, about="list")
        async with self._context.access.database.transaction() as transaction:
            mine = await self._context.reader.of_grants(transaction, await grants.of(transaction, speaker.principal))
            pending = await self._context.reader.pending_of(transaction, speaker.principal)
            now = await self._context.reader.now(transaction)
        await self._answer(body, render_list(mine, pending, now))

    async def _waiting(self, body: dict[str, Any]) -> None:
        speaker = await self._context.authenticator.admit(body, about="waiting")
        async with self._context.access.database.transaction() as transaction:
            holds = await self._context.reader.held_for(transaction, speaker.principal)
            requests_ = await self._context.reader.waiting_for(transaction, speaker.principal)
            now = await self._context.reader.now(transaction)
        await self._answer(body, render_waiting_list(holds, requests_, now))

    async def _revoke(self, body: dict[str, Any], typed: str, reason: str) -> None:
        speaker = await self._context.authenticator.admit(body, about="revoke")
        async with self._context.access.database.transaction() as transaction:
            policy = self._context.access.policies.current
            grant = await grants.by_prefix(transaction, policy, speaker.principal, typed)
        await grants.revoke(self._context.access, grant.id, speaker.principal, reason)
        text = f":lock: Grant {code(short(grant.id))} ended: {code(grant.resource)} · {code(grant.role)}."
        await self._answer(body, Message(text=text, blocks=(section(text),)))

    async def _cancel(self, body: dict[str, Any], typed: str, reason: str) -> None:
        speaker = await self._context.authenticator.admit(body, about="cancel")
        prefix = typed.replace("-", "")
        async with self._context.access.database.transaction() as transaction:
            pending = await self._context.reader.pending_of(transaction, speaker.principal)
        found = [one.request for one in pending if one.request.id.hex.startswith(prefix)]
        if len(found) != 1 or len(prefix) < SHORTEST_ID:
            raise Refused("No one pending request of yours has that id. /access list shows yours.")
        request = await requests.cancel(self._context.access, found[0].id, speaker.principal, reason)
        text = f":leftwards_arrow_with_hook: Cancelled: {code(request.resource)} · {code(request.role)}."
        await self._answer(body, Message(text=text, blocks=(section(text),)))

    async def _cancel_all(self, body: dict[str, Any], reason: str) -> None:
        """Each by itself: one that is decided meanwhile stays decided, and the others are withdrawn."""
        speaker = await self._context.authenticator.admit(body, about="cancel")
        async with self._context.access.database.transaction() as transaction:
            pending = await self._context.reader.pending_of(transaction, speaker.principal)
        cancelled = 0
        for one in pending:
            with contextlib.suppress(Refused):
                await requests.cancel(self._context.access, one.request.id, speaker.principal, reason)
                cancelled += 1
        text = f":leftwards_arrow_with_hook: Cancelled {plural(cancelled, 'pending request')} of yours."
        await self._answer(body, Message(text=text, blocks=(section(text),)))

    async def _answer(self, body: dict[str, Any], message: Message) -> None:
        await self._context.slack.answer(str(body.get("response_url", "")), message)


def _asked(state: RequestState, command: AskFor) -> Message:
    what = f"{code(command.resource)} · {code(command.role)} for {format_duration(command.duration_s)}"
    if state is RequestState.PENDING:
        text = f":hourglass_flowing_sand: Asked for {what}. I'll tell you in our direct message when it is decided."
    elif state is RequestState.APPROVED:
        text = f":white_check_mark: Granted: {what}. How to connect is in our direct message."
    else:
        text = f":x: Denied: {what}. Why is in our direct message."
    return Message(text=text, blocks=(section(text),))

"""`/access`: acknowledged first, then read, then done."""

import contextlib
from collections.abc import Iterable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from access.changes import actor
from access.decisions import requests
from access.decisions.requests import Ask
from access.decisions.standing import Standing
from access.errors import Refused
from access.grants import grants
from access.identity.proof import Unproven
from access.policy.values.duration import format_duration
from bot.blocks.listing import render_help, render_list
from bot.blocks.message import Message, said
from bot.blocks.request_form import TITLE, Draft
from bot.blocks.step_up import render_step_up
from bot.blocks.text import code, plural
from bot.blocks.waiting import render_waiting_list
from bot.context import BotContext
from bot.facts.facts import short
from bot.listeners.actions.revocation import admit_revoker
from bot.listeners.grammar import (
    ALL,
    AskFor,
    Cancel,
    Command,
    Help,
    ListMine,
    ListWaiting,
    OpenForm,
    Revoke,
    as_typed,
    read_command,
    read_word,
)
from bot.listeners.views import Forms
from bot.people.authenticator import Speaker
from storage.audit import trail
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
        match read_word(typed):
            case None:
                await self._context.listening.command(
                    {**body, "text": as_typed(typed)}, TITLE, self._asked_for(body, typed)
                )
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
                raise AssertionError("what is asked for is read against what its speaker may ask for")

    async def _asked_for(self, body: dict[str, Any], typed: str) -> Message | View:
        """The answer to a line that asks for something: asked, or the form with what is amiss."""
        speaker = await self._context.authenticator.admit(body, about="request")
        match await self._read(speaker, typed):
            case AskFor() as command:
                return await self._ask(speaker, command)
            case OpenForm(draft, troubles):
                return await self._forms.form(speaker, draft, troubles)
            case Help(trouble):
                return render_help(trouble)
            case _:
                raise AssertionError("a command that is a word of its own was read before")

    async def _read(self, speaker: Speaker, typed: str) -> Command:
        """Names are read against what the speaker may ask for, and no other."""
        policy, person = self._context.access.policies.current, speaker.principal.name
        command = read_command(typed, _doors((offer.resource, offer.role) for offer in policy.what_may(person)))
        if not isinstance(command, OpenForm) or not command.is_unknown:
            return command
        # A rule about this person that denies says so when it is asked, and is in no suggestion.
        every = ((resource.name, role) for resource in policy.resources.values() for role in resource.roles)
        ruled = read_command(typed, _doors(door for door in every if policy.rule_for(person, *door) is not None))
        if isinstance(ruled, AskFor):
            return ruled
        await self._note_unknown(speaker, command)
        return command

    async def _note_unknown(self, speaker: Speaker, command: OpenForm) -> None:
        """Who tries names is on record, whether there is anything behind them or not."""
        async with self._context.access.database.transaction() as transaction:
            await trail.record(
                transaction,
                actor=actor(speaker.principal),
                action="slack:request:refuse",
                outcome="failure",
                detail={"why": " ".join(command.troubles)},
            )

    def _offered_s(self, person: str, command: AskFor) -> int:
        """As long as was asked for, or as long as there is."""
        requirement = self._context.access.policies.current.require(person, command.resource, command.role)
        return min(command.duration_s, requirement.maximum_s or command.duration_s)

    async def _ask(self, speaker: Speaker, command: AskFor) -> Message | View:
        """Ask at once; what the rules refuse, and what one has already, comes back as the form, filled in."""
        ask = Ask(command.resource, command.role, command.duration_s, command.reason, command.ticket, source="slack")
        draft = Draft(
            command.resource,
            command.role,
            format_duration(self._offered_s(speaker.principal.name, command)),
            command.reason,
            command.ticket or "",
        )
        try:
            request = await self._forms.submit(speaker, ask)
        except Standing:
            return await self._forms.form(speaker, draft)
        except Refused as refusal:
            if isinstance(refusal, Unproven) and refusal.page:
                return render_step_up(str(refusal), self._context.access.pages, refusal.page)
            return await self._forms.form(speaker, draft, (str(refusal),))
        return _asked(request.state, command)

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
        speaker = await admit_revoker(self._context, body, grant)
        await grants.revoke(self._context.access, grant.id, speaker.principal, reason)
        text = f":lock: Grant {code(short(grant.id))} ended: {code(grant.resource)} · {code(grant.role)}."
        await self._answer(body, said(text))

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
        await self._answer(body, said(text))

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
        await self._answer(body, said(text))

    async def _answer(self, body: dict[str, Any], message: Message) -> None:
        await self._context.slack.answer(str(body.get("response_url", "")), message)


def _doors(doors: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The roles on each resource."""
    found: dict[str, list[str]] = {}
    for resource, role in doors:
        found.setdefault(resource, []).append(role)
    return found


def _asked(state: RequestState, command: AskFor) -> Message:
    what = f"{code(command.resource)} · {code(command.role)} for {format_duration(command.duration_s)}"
    if state is RequestState.PENDING:
        text = f":hourglass_flowing_sand: Asked for {what}. I'll tell you in our direct message when it is decided."
    elif state is RequestState.APPROVED:
        text = f":white_check_mark: Granted: {what}. How to connect is in our direct message."
    else:
        text = f":x: Denied: {what}. Why is in our direct message."
    return said(text)

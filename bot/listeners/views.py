"""The request form: opened with what is known, checked field by field when submitted, searched while typed in."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from access.decisions import requests
from access.decisions.requests import Ask
from access.decisions.standing import Standing
from access.errors import Refused
from access.identity.proof import Unproven
from access.policy.policy import Offer
from access.policy.values.duration import InvalidDuration, format_duration, parse_duration
from bot.blocks.action_ids import Callback, Field
from bot.blocks.modals import view_of
from bot.blocks.request_form import TITLE, Already, Draft, matching_options, render_form
from bot.blocks.step_up import render_step_up
from bot.context import BotContext
from bot.listeners.choices import choices_of
from bot.people.authenticator import Speaker
from storage.model import AccessRequest

#: Slack waits three seconds for what is offered; who asks must be known by then.
SUGGESTION_S = 2.0


class Forms:
    """Everything about the request form."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def open(self, body: Mapping[str, Any], draft: Draft, troubles: tuple[str, ...] = ()) -> None:
        """Show the form to the person behind `body`, within the life of its trigger."""
        async with self._context.listening.modal(body, TITLE) as modal:
            speaker = await self._context.authenticator.admit(body, about="request form")
            await modal.show(await self.form(speaker, draft, troubles))

    async def form(self, speaker: Speaker, draft: Draft, troubles: tuple[str, ...] = ()) -> View:
        """The speaker's form; it says first what they have or wait for already of what the draft asks for."""
        choices = choices_of(self._context.access.policies.current, speaker.principal.name)
        return render_form(choices, draft, troubles, already=await self._already(speaker, draft))

    async def refresh(self, body: Mapping[str, Any], speaker: Speaker) -> None:
        """Show the form again after a click in it, with what was typed so far."""
        view = body.get("view")
        if isinstance(view, Mapping) and view.get("callback_id") == Callback.REQUEST_FORM:
            form = await self.form(speaker, self._redacted(read_form(body)))
            await self._context.slack.update_view(str(view.get("id")), form)

    async def submit(self, speaker: Speaker, ask: Ask) -> AccessRequest:
        """Ask as the speaker. Raises Refused."""
        return await requests.submit(self._context.access, speaker.principal, ask)

    async def _already(self, speaker: Speaker, draft: Draft) -> Already | None:
        """For showing; whether something is asked for a second time is for `submit` to decide."""
        if not draft.resource or not draft.role:
            return None
        reader = self._context.reader
        async with self._context.access.database.transaction() as transaction:
            facts = await reader.standing(transaction, speaker.principal, draft.resource, draft.role)
            waits = facts is not None and facts.grant is None
            card = await reader.card(transaction, facts.request) if facts is not None and waits else None
        if facts is None:
            return None
        return Already(facts, await self._context.slack.permalink(*card) if card is not None else None)

    async def on_suggestion(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """What may be asked for and matches what was typed so far."""
        try:
            async with asyncio.timeout(SUGGESTION_S):
                speaker = await self._context.authenticator.admit(body, about="request form")
        except TimeoutError:
            # Nothing to choose now is better than a missed ack: the next letter asks again.
            await ack(options=[])
            return
        choices = choices_of(self._context.access.policies.current, speaker.principal.name)
        options = matching_options(choices, str(body.get("value") or ""))
        await ack(options=[option.to_dict() for option in options])

    async def on_submit(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Errors stand at their fields; a refusal stands above the form with everything kept."""
        await self._context.listening.submission(ack, body, TITLE, self._submitted(body))

    async def _submitted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What to acknowledge the submission with: nothing (done), errors at fields, or the form again."""
        speaker = await self._context.authenticator.admit(body, about="request form")
        draft = self._redacted(read_form(body))
        policy = self._context.access.policies.current
        offers = {f"{one.resource}/{one.role}": one for one in policy.what_may(speaker.principal.name)}
        errors, duration_s = _errors(draft, offers.get(f"{draft.resource}/{draft.role}"))
        if errors:
            return {"response_action": "errors", "errors": errors}
        ask = Ask(draft.resource, draft.role, duration_s, draft.reason, draft.ticket or None, beside=read_beside(body))
        try:
            await self.submit(speaker, ask)
        except Standing:
            form = await self.form(speaker, draft)
        except Refused as refusal:
            if isinstance(refusal, Unproven) and refusal.page:
                form = view_of(TITLE, render_step_up(str(refusal), self._context.access.pages, refusal.page))
            else:
                form = await self.form(speaker, draft, (str(refusal),))
        else:
            return {}
        return {"response_action": "update", "view": form.to_dict()}

    def _redacted(self, draft: Draft) -> Draft:
        """What was typed as it may be sent back: an error quotes it, and a refusal shows the form again."""
        redact = self._context.access.redact
        return replace(draft, duration=redact(draft.duration), reason=redact(draft.reason), ticket=redact(draft.ticket))


def read_beside(body: Mapping[str, Any]) -> UUID | None:
    """What the form said that the person has already, if it did; it is theirs to say, and is compared with what is."""
    try:
        return UUID(hex=str(body["view"].get("private_metadata") or ""))
    except ValueError:
        return None


def read_form(body: Mapping[str, Any]) -> Draft:
    """What a submitted form holds, as typed; every missing part is empty."""
    values = body["view"]["state"]["values"]

    def text(field: Field) -> str:
        return str(values.get(field, {}).get(field, {}).get("value") or "").strip()

    option = values.get(Field.DOOR, {}).get(Field.DOOR, {}).get("selected_option") or {}
    resource, _, role = str(option.get("value") or "").partition("/")
    return Draft(resource, role, text(Field.DURATION), text(Field.REASON), " ".join(text(Field.TICKET).split()))


def _errors(draft: Draft, offer: Offer | None) -> tuple[dict[str, str], int]:
    """Errors by block id, and the duration in seconds (0 if it is among them)."""
    errors: dict[str, str] = {}
    duration_s = 0
    if offer is None:
        errors[Field.DOOR] = "The policy no longer lets you ask for this. Choose something else."
    try:
        duration_s = parse_duration(draft.duration)
    except InvalidDuration as problem:
        errors[Field.DURATION] = str(problem)
    if offer is not None and duration_s > offer.requirement.maximum_s:
        errors[Field.DURATION] = f"At most {format_duration(offer.requirement.maximum_s)} for this."
    return errors, duration_s

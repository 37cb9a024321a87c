"""The request form: opened with what is known, checked field by field when submitted, searched while typed in."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from access.decisions import requests
from access.decisions.requests import Ask
from access.errors import Refused
from access.policy.duration import InvalidDuration, format_duration, parse_duration
from access.policy.policy import Offer
from bot.blocks.action_ids import Field
from bot.blocks.request_form import Draft, matching_options, render_form
from bot.context import BotContext
from bot.listeners.choices import choices_of
from bot.people.authenticator import Speaker
from storage.model import AccessRequest

TITLE = "Ask for access"
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
            choices = choices_of(self._context.access.policies.current, speaker.principal.name)
            await modal.show(render_form(choices, draft, troubles))

    async def submit(self, speaker: Speaker, ask: Ask) -> AccessRequest:
        """Ask as the speaker. Raises Refused."""
        return await requests.submit(self._context.access, speaker.principal, ask)

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
        ask = Ask(draft.resource, draft.role, duration_s, draft.reason, draft.ticket or None, source="slack")
        try:
            await self.submit(speaker, ask)
        except Refused as refusal:
            form = render_form(choices_of(policy, speaker.principal.name), draft, (str(refusal),))
            return {"response_action": "update", "view": form.to_dict()}
        return {}

    def _redacted(self, draft: Draft) -> Draft:
        """What was typed as it may be sent back: an error quotes it, and a refusal shows the form again."""
        redact = self._context.access.redact
        return replace(draft, duration=redact(draft.duration), reason=redact(draft.reason), ticket=redact(draft.ticket))


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

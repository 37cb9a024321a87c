"""Ending somebody's access before its time: the button on a granted request's card, and the form that asks why.

`access.grants` has the rule and the last word: the holder may, and the reviewers of what the grant opens. Who acts as
a reviewer is looked at as one, whether they tap or type.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from access.grants import grants
from bot.blocks.action_ids import Field
from bot.blocks.modals import render_revoke_form
from bot.context import BotContext
from bot.people.authenticator import Speaker
from bot.slack.failures import Unanswerable
from bot.slack.payloads import clicked_id
from storage.model import Grant

TITLE = "Revoke"
_GONE = "There is no such access any more."


class Revoking:
    """The button "Revoke…" and its form."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def on_ask(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Ask why, in a modal; who may not revoke this is told so here already, and it is on record."""
        await ack()
        grant_id = clicked_id(body)
        async with self._context.listening.modal(body, TITLE) as modal:
            await modal.show(await self._form(body, grant_id))

    async def on_submit(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """End it with the reason; the modal closes, or says why nothing was ended."""
        await self._context.listening.submission(ack, body, TITLE, self._revoked(body))

    async def _form(self, body: Mapping[str, Any], grant_id: UUID) -> View:
        async with self._context.access.database.transaction() as transaction:
            facts = await self._context.reader.grant(transaction, grant_id)
        if facts is None or facts.grant is None:
            raise Unanswerable(_GONE)
        speaker = await admit_revoker(self._context, body, facts.grant)
        await grants.check_revocable(self._context.access, grant_id, speaker.principal)
        return render_revoke_form(facts)

    async def _revoked(self, body: Mapping[str, Any]) -> dict[str, Any]:
        why = read_reason(body)
        if not why:
            return {"response_action": "errors", "errors": {Field.REVOKE_REASON: "Say why: whoever has it is told."}}
        grant_id = read_grant_id(body)
        async with self._context.access.database.transaction() as transaction:
            grant = await transaction.get(Grant, grant_id)
        if grant is None:
            raise Unanswerable(_GONE)
        speaker = await admit_revoker(self._context, body, grant)
        await grants.revoke(self._context.access, grant_id, speaker.principal, why)
        return {}


async def admit_revoker(context: BotContext, body: Mapping[str, Any], grant: Grant) -> Speaker:
    """The speaker, if their account may do what they are about to: end their own access, or another's as a reviewer."""
    about = f"grant {grant.id}"
    speaker = await context.authenticator.admit(body, about=about)
    if speaker.principal.id == grant.principal_id:
        return speaker
    return await context.authenticator.admit(body, about=about, reviewing=True)


def read_reason(body: Mapping[str, Any]) -> str:
    """What was typed into the form."""
    values = body["view"]["state"]["values"]
    return str(values.get(Field.REVOKE_REASON, {}).get(Field.REVOKE_REASON, {}).get("value") or "").strip()


def read_grant_id(body: Mapping[str, Any]) -> UUID:
    """The grant that the form is about. Raises Unanswerable for what is none of our forms."""
    try:
        return UUID(hex=str(body["view"].get("private_metadata", "")))
    except ValueError as problem:
        raise Unanswerable(_GONE) from problem

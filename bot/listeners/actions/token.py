"""Giving somebody the token of their own grant: shown in a modal, written nowhere, audited.

Refused to everybody but the grant's principal, and for a grant that the proxy would not let in.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from access.changes import actor
from access.grants import grants
from bot.blocks.modals import render_token
from bot.context import BotContext
from bot.slack.failures import Unanswerable
from bot.slack.payloads import clicked_id
from storage.audit import trail
from storage.database import clock

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
        refusal = ""
        async with self._context.access.database.transaction() as transaction:
            facts = await self._context.reader.grant(transaction, grant_id)
            try:
                grant = await grants.usable(transaction, grant_id)
            except grants.GrantUnusable as problem:
                raise Unanswerable(str(problem)) from problem
            if grant.principal_id != speaker.principal.id:
                refusal = "This access is somebody else's. Ask for your own with /access."
            if not refusal and (facts is None or facts.connect is None):
                refusal = f"{grant.resource} is no longer in the policy."
            if not refusal and facts is not None and facts.not_allowed is not None:
                refusal = facts.not_allowed
            await trail.record(
                transaction,
                actor=actor(speaker.principal),
                action="slack:token:issue",
                resource=f"{grant.resource}/{grant.role}",
                outcome="denied" if refusal else "success",
                grant=grant.id,
                detail={"why": refusal} if refusal else {"slack_user": speaker.slack_id},
            )
            now = await clock(transaction)
        if refusal or facts is None:
            raise Unanswerable(refusal)
        token = self._context.access.keys.issue(grant=grant, principal=speaker.principal, now=now)
        return render_token(facts, token)

"""Approve and Deny, for requests and held statements alike: every click asks again who this is and whether they may.

`access.decisions.reviews` has the rule and the last word; a refusal is told to the person alone and
is in the audit log.
"""

from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from access.changes import actor
from access.decisions.request_reviews import review_request
from access.decisions.reviews import Outcome
from access.decisions.statement_reviews import review_statement
from bot.blocks.action_ids import Field
from bot.blocks.decision import Target, UnreadableTarget, read_target
from bot.blocks.modals import render_deny_form
from bot.blocks.request import wanted
from bot.blocks.request_form import render_notice
from bot.blocks.step_up import render_step_up
from bot.blocks.text import code, escape, mention
from bot.context import BotContext
from bot.listeners.home import Home
from bot.people.authenticator import Speaker
from bot.slack.failures import Unanswerable
from bot.slack.payloads import clicked_value, is_shown_there
from storage.audit import trail
from storage.model import AccessRequest, PostSubject, ReviewDecision, Statement

TITLE = "Deny"
_GONE = "This is no longer there to be reviewed."


class Reviewing:
    """The two buttons of a card, and the modal that asks for a reason."""

    def __init__(self, context: BotContext, home: Home) -> None:
        self._context = context
        self._home = home

    async def on_approve(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Count the approval: its card shows it to all, so its giver is told alone only of what no card there shows."""
        await ack()
        target = _target(clicked_value(body))
        speaker = await self._admit(body, target)
        outcome = await self._review(target, speaker, ReviewDecision.APPROVE, "")
        if outcome.page:
            message = render_step_up(outcome.message, self._context.access.pages, outcome.page)
            await self._context.listening.tell_message(body, message)
        elif not outcome.counted or not is_shown_there(body):
            await self._context.listening.tell(body, escape(outcome.message))
        await self._context.duplicates.remove(body, target)
        await self._home.refresh(body)

    async def on_deny(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Ask why, in a modal; who may not review this is told so here already, and nothing else about it."""
        await ack()
        target = _target(clicked_value(body))
        async with self._context.listening.modal(body, TITLE) as modal:
            speaker = await self._admit(body, target)
            what, refusal = await self._what(target, speaker)
            if refusal is not None:
                raise Unanswerable(refusal)
            await modal.show(render_deny_form(target, what))
        await self._context.duplicates.remove(body, target)

    async def on_deny_submit(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Deny with the reason; the modal closes at once or says why the denial does not count."""
        await self._context.listening.submission(ack, body, TITLE, self._denied(body))

    async def _denied(self, body: Mapping[str, Any]) -> dict[str, Any]:
        target = _target(str(body["view"].get("private_metadata", "")))
        reason = read_reason(body)
        if not reason:
            return {"response_action": "errors", "errors": {Field.DENY_REASON: "Say why: the requester is told."}}
        speaker = await self._admit(body, target)
        outcome = await self._review(target, speaker, ReviewDecision.DENY, reason)
        if outcome.counted:
            return {}
        view = render_notice(TITLE, f":no_entry_sign: {escape(outcome.message)}")
        return {"response_action": "update", "view": view.to_dict()}

    async def _admit(self, body: Mapping[str, Any], target: Target) -> Speaker:
        about = f"{target.subject.value} {target.id}"
        return await self._context.authenticator.admit(body, about=about, reviewing=True)

    async def _review(self, target: Target, speaker: Speaker, decision: ReviewDecision, reason: str) -> Outcome:
        about_request = target.subject is PostSubject.REQUEST
        if decision is ReviewDecision.APPROVE:
            await self._look_up_voters(AccessRequest if about_request else Statement, target)
        review = review_request if about_request else review_statement
        return await review(
            self._context.access, target.id, speaker.principal, decision, reason, revision=target.revision
        )

    async def _look_up_voters(self, table: type[AccessRequest] | type[Statement], target: Target) -> None:
        """Those who approved it before may have lost Slack's leave to since. Raises Unanswerable."""
        async with self._context.access.database.transaction() as transaction:
            subject = await transaction.get(table, target.id)
        if subject is not None:
            await self._context.offboarding.look_up_voters(subject)

    async def _what(self, target: Target, speaker: Speaker) -> tuple[str, str | None]:
        """What is about to be denied, in mrkdwn, and why the speaker may not, which is audited. Raises Unanswerable."""
        async with self._context.access.database.transaction() as transaction:
            if target.subject is PostSubject.REQUEST:
                request = await self._context.reader.request(transaction, target.id)
                if request is None:
                    raise Unanswerable(_GONE)
                subject, resource = request.request, f"{request.request.resource}/{request.request.role}"
                what = f"{mention(request.requester)} asks for {wanted(request)}."
            else:
                statement = await self._context.reader.statement(transaction, target.id)
                if statement is None:
                    raise Unanswerable(_GONE)
                subject, resource = statement.statement, f"{statement.resource}/{statement.role}"
                where = f"{code(statement.role)} on {code(statement.resource)}"
                what = f"{mention(statement.principal)} waits to run a statement as {where}."
            refusal = await self._context.reader.refusal(transaction, subject, speaker.principal)
            if refusal is not None:
                await trail.record(
                    transaction,
                    actor=actor(speaker.principal),
                    action=f"slack:{target.subject.value}:deny",
                    resource=resource,
                    outcome="failure",
                    detail={target.subject.value: str(target.id), "why": refusal},
                )
        return what, refusal


def read_reason(body: Mapping[str, Any]) -> str:
    """What was typed into the deny form."""
    values = body["view"]["state"]["values"]
    return str(values.get(Field.DENY_REASON, {}).get(Field.DENY_REASON, {}).get("value") or "").strip()


def _target(value: str) -> Target:
    try:
        return read_target(value)
    except UnreadableTarget as problem:
        raise Unanswerable(_GONE) from problem

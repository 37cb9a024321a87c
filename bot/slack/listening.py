"""How every listener runs: once for each delivery, always acknowledged, and never failing in silence.

An exception before the ack would leave the person with Slack's own "did not respond"; one after it with nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.models.views import View

from bot.blocks.message import Message, said
from bot.blocks.modals import render_too_late, render_waiting, view_of
from bot.blocks.request_form import render_notice
from bot.blocks.text import escape
from bot.slack import identity
from bot.slack.client import CALL_ERRORS, Slack, error_code
from bot.slack.deduplication import Deduplication
from bot.slack.failures import sentence_for

Listener = Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]

Work = Coroutine[Any, Any, dict[str, Any]]

#: Slack gives a submission three seconds; the rest is for the way there and back.
SUBMISSION_S = 2.0
#: A trigger lives for three seconds; a command that is answered by then needs no modal to wait behind.
PATIENCE_S = 1.2
#: How long a stopping bot lets listeners finish what they began.
DRAIN_S = 5.0

_log = structlog.get_logger(__name__)


class Modal:
    """An open modal whose content is being found out."""

    def __init__(self, slack: Slack, view_id: str) -> None:
        self._slack = slack
        self._view_id = view_id

    async def show(self, view: View) -> bool:
        """Replace what it shows; False: it was closed."""
        return await self._slack.update_view(self._view_id, view)


class Listening:
    """Wraps listeners, and knows which of them are still at work."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._deduplication = Deduplication()
        self._at_work: set[asyncio.Task[Any]] = set()

    def guard(self, listener: Listener) -> Listener:
        """The listener as Bolt is given it."""

        async def guarded(ack: AsyncAck, body: dict[str, Any]) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._at_work.add(task)
            try:
                if self._deduplication.is_first(body):
                    await listener(ack, body)
            except Exception as problem:
                if "event" in body:
                    # Slack may deliver an event again, and nobody stands by to repeat it as one repeats a click.
                    self._deduplication.forget(body)
                await _ack_if_needed(ack)
                await self.tell(body, sentence_for(problem, doing=listener.__name__))
            finally:
                await _ack_if_needed(ack)
                self._at_work.discard(task)

        return guarded

    @asynccontextmanager
    async def modal(self, body: Mapping[str, Any], title: str) -> AsyncGenerator[Modal]:
        """Opens a modal at once, while the trigger lives; what goes wrong in the block is said in it.

        A click in a modal is answered in that one.
        """
        clicked_in = body.get("view")
        if isinstance(clicked_in, Mapping) and clicked_in.get("type") == "modal":
            view_id = str(clicked_in.get("id"))
            await self._slack.update_view(view_id, render_waiting(title))
        else:
            view_id = await self._slack.open_view(str(body.get("trigger_id", "")), render_waiting(title))
        modal = Modal(self._slack, view_id)
        try:
            yield modal
        except Exception as problem:
            await modal.show(render_notice(title, sentence_for(problem, doing=title)))

    async def command(self, body: Mapping[str, Any], title: str, work: Coroutine[Any, Any, Message | View]) -> None:
        """Answer a typed command with what `work` returns: a message for its typist alone, or a modal.

        A modal must be opened while the command's trigger lives. What takes longer than PATIENCE_S is waited for behind
        a modal that says so, and answered in it. Where Slack opens none any more, that is said in a message.
        """

        async def answer() -> Message | View:
            try:
                return await work
            except Exception as problem:
                return said(sentence_for(problem, doing=title))

        task = asyncio.ensure_future(answer())
        try:
            await asyncio.wait({task}, timeout=PATIENCE_S)
            waiting = None if task.done() else await self._try_open(body, render_waiting(title))
            found = await task
        finally:
            task.cancel()
        view = view_of(title, found) if isinstance(found, Message) else found
        if waiting is not None and await waiting.show(view):
            return
        if isinstance(found, View) and (waiting is not None or await self._try_open(body, found) is None):
            found = render_too_late(str(body.get("command") or ""), str(body.get("text") or ""))
        if isinstance(found, Message):
            await self._slack.answer(str(body.get("response_url", "")), found)

    async def _try_open(self, body: Mapping[str, Any], view: View) -> Modal | None:
        """None: the trigger is dead, or Slack does not answer."""
        try:
            return Modal(self._slack, await self._slack.open_view(str(body.get("trigger_id", "")), view))
        except CALL_ERRORS as problem:
            _log.warning("slack_no_modal", error=error_code(problem))
            return None

    async def submission(self, ack: AsyncAck, body: Mapping[str, Any], title: str, work: Work) -> None:
        """Acknowledge a modal's submission with what `work` returns: {} closes it, else a response_action.

        Slack waits three seconds; work that takes longer goes on behind a waiting modal. Failures are said in it.
        """

        async def answer() -> dict[str, Any]:
            try:
                return await work
            except Exception as problem:
                view = render_notice(title, sentence_for(problem, doing=title))
                return {"response_action": "update", "view": view.to_dict()}

        task = asyncio.ensure_future(answer())
        try:
            await asyncio.wait({task}, timeout=SUBMISSION_S)
            if task.done():
                await ack(**task.result())
                return
            await ack(response_action="update", view=render_waiting(title).to_dict())
            await self._show_late(str(body["view"]["id"]), title, await task)
        finally:
            task.cancel()

    async def _show_late(self, view_id: str, title: str, answer: Mapping[str, Any]) -> None:
        if "view" in answer:
            await self._slack.client.views_update(view_id=view_id, view=answer["view"])
            return
        errors = answer.get("errors")
        text = "\n".join(errors.values()) if errors else ":white_check_mark: Done. You can close this."
        await Modal(self._slack, view_id).show(render_notice(title, escape(text) if errors else text))

    async def tell(self, body: Mapping[str, Any], text: str) -> None:
        """Say something to the person behind a payload, where they are if possible, else directly."""
        await self.tell_message(body, said(text))

    async def tell_message(self, body: Mapping[str, Any], message: Message) -> None:
        """The same with more than words."""
        response_url = body.get("response_url")
        if isinstance(response_url, str) and response_url:
            await self._slack.answer(response_url, message)
            return
        user = identity.user_id(body)
        if not user or "event" in body:
            return
        try:
            channel = await self._slack.direct(user)
            await self._slack.client.chat_postMessage(channel=channel, text=message.text, blocks=message.blocks_json())
        except CALL_ERRORS as problem:
            _log.warning("slack_answer_failed", error=error_code(problem))

    async def drain(self) -> None:
        """Wait for listeners at work, for a while; then cancel them."""
        others = self._at_work - {asyncio.current_task()}
        if not others:
            return
        _, late = await asyncio.wait(others, timeout=DRAIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _ack_if_needed(ack: AsyncAck) -> None:
    if ack.response is None:
        await ack()

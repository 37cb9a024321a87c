"""Brings Slack in step with storage: claims posts that are due, renders what is true now, posts or updates, marks.

A post is a level to reach: what was missed while Slack or this process was away is settled by showing the latest
state once. Nothing is ever read back out of a message. What cannot be shown where it belongs is taken to the people
it concerns (`bot.posts.fallback`). In one place one post at a time is claimed, so that a card which somebody waits for
stands behind no more than what is on its way already.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Coroutine
from typing import Any, Never, TypeVar
from uuid import UUID

import structlog

from access.context import Access
from bot.blocks.message import Message
from bot.posts.fallback import Fallback
from bot.posts.messages import Messages
from bot.posts.places import Places
from bot.slack.channels import ChannelRefused, Channels
from bot.slack.client import CALL_ERRORS, Slack, error_code, retry_after_s
from storage import outbox
from storage.database import StorageUnavailable
from storage.model import Post, PostPurpose, PostSubject
from storage.notices import Notices, Topic
from storage.waiting import wait_set

#: Posts whose time to be tried again has come announce themselves to nobody, so we look this often.
LOOK_S = 2.0
#: Every open card is rendered again this often; only what would look different is sent.
HEAL_S = 60.0
#: Places where something is shown at once.
PLACE_LIMIT = 20
FIRST_RETRY_S = 2.0
LAST_RETRY_S = 300.0
#: A channel that is gone or closed is a matter for people; this often we look whether somebody saw to it.
PERMANENT_RETRY_S = 3600.0
STORAGE_RETRY_S = 1.0
#: How long a stopping notifier may take to finish what it began.
FINISH_S = 10.0

#: Slack's word for a call that came too soon after others.
RATE_LIMITED = "ratelimited"
#: Slack's words for a place where we cannot post until somebody changes something.
PERMANENT = frozenset(
    {
        "account_inactive",
        "cannot_dm_bot",
        "channel_is_limited_access",
        "channel_not_found",
        "is_archived",
        "messages_tab_disabled",
        "missing_scope",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "user_disabled",
        "user_not_found",
    }
)
#: Slack's words for a message that can no longer be updated: a new one takes its place.
GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found", "thread_not_found"})

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


class Notifier:
    """The one loop that posts; any number of processes may run one each."""

    def __init__(self, access: Access, notices: Notices, slack: Slack, messages: Messages) -> None:
        self._database = access.database
        self._notices = notices
        self._slack = slack
        self._messages = messages
        self._channels = Channels(slack)
        self._fallback = Fallback(access)
        self._places = Places()
        self._showing: set[asyncio.Task[None]] = set()
        #: Something may be due, or a place is free again.
        self._some = asyncio.Event()
        #: How each open card looked when we last showed it or made it due, as a hash; empty after a start, so that
        #: everything is sent once.
        self._shown: dict[UUID, bytes] = {}

    async def run(self) -> Never:
        """Until cancelled; what is on its way to Slack then is finished first."""
        async with self._notices.subscribe(Topic.POST) as inbox, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._heal_for_ever())

            async def listen() -> None:
                async for _ in inbox:
                    self._some.set()

            tasks.create_task(listen())
            try:
                while True:
                    self._some.clear()
                    await _to_its_end(self._start_due())
                    await wait_set(self._some, self._places.next_wake_s(time.monotonic(), LOOK_S))
            finally:
                await self._finish()

    async def _start_due(self) -> None:
        """Begin to show what is due, in each free place the most urgent post."""
        free = PLACE_LIMIT - len(self._showing)
        try:
            posts = await outbox.claim(self._database, free, self._places.resting(time.monotonic())) if free else []
        except StorageUnavailable as problem:
            _log.warning("notifier_storage_unavailable", error=str(problem))
            await asyncio.sleep(STORAGE_RETRY_S)
            return
        for post in posts:
            self._places.take(post.address)
            showing = asyncio.create_task(self._show_in_place(post))
            self._showing.add(showing)
            showing.add_done_callback(self._showing.discard)

    async def _show_in_place(self, post: Post) -> None:
        try:
            await self._show(post)
        except StorageUnavailable as problem:
            # Nothing is marked, so the lease runs out and the post is claimed again.
            _log.warning("notifier_storage_unavailable", post_id=str(post.id), error=str(problem))
        finally:
            self._places.leave(post.address)
            self._some.set()

    async def _finish(self) -> None:
        """A message posted and not marked would be posted again."""
        if not self._showing:
            return
        _, late = await asyncio.wait(self._showing, timeout=FINISH_S)
        for one in late:
            one.cancel()

    async def _show(self, post: Post) -> None:
        try:
            rendered = await self._messages.render(post)
            if rendered is None:
                await outbox.mark_failed(self._database, post.id, error="no subject", retry_in_s=PERMANENT_RETRY_S)
                return
            await self._channels.require_internal(post.channel or post.address)
            channel, ts = await self._send(post, rendered.message, anew=rendered.anew)
            if rendered.anew and post.ts is not None and post.channel is not None and rendered.superseded is not None:
                await self._retire(post.channel, post.ts, rendered.superseded)
            await outbox.mark_shown(self._database, post.id, revision=post.wanted_revision, channel=channel, ts=ts)
            self._shown[post.id] = _hash(rendered.message)
        except ChannelRefused as problem:
            await self._give_up(post, "channel_refused", str(problem))
        except CALL_ERRORS as problem:
            await self._postpone(post, problem)
        except StorageUnavailable:
            raise
        except Exception as problem:
            # An error of ours in one post must not keep the others from being shown.
            _log.error("post_failed", post_id=str(post.id), exc_info=problem)
            await outbox.mark_failed(self._database, post.id, error=type(problem).__name__, retry_in_s=LAST_RETRY_S)

    async def _send(self, post: Post, message: Message, *, anew: bool) -> tuple[str, str]:
        """Update the message that stands, or post one; where it stands now."""
        client = self._slack.outgoing
        if post.channel is not None and post.ts is not None and not anew:
            try:
                await client.chat_update(
                    channel=post.channel, ts=post.ts, text=message.text, blocks=message.blocks_json()
                )
            except CALL_ERRORS as problem:
                if error_code(problem) not in GONE:
                    raise
            else:
                return post.channel, post.ts
        thread_ts = await self._messages.thread_ts(post)
        try:
            return await self._post(post.address, message, thread_ts, broadcast=_is_urgent(post))
        except CALL_ERRORS as problem:
            if thread_ts is None or error_code(problem) not in GONE:
                raise
            return await self._post(post.address, message, None)

    async def _post(
        self, address: str, message: Message, thread_ts: str | None, *, broadcast: bool = False
    ) -> tuple[str, str]:
        channel = await self._slack.direct(address) if address.startswith(("U", "W")) else address
        posted = await self._slack.outgoing.chat_postMessage(
            channel=channel,
            text=message.text,
            blocks=message.blocks_json(),
            thread_ts=thread_ts,
            reply_broadcast=broadcast and thread_ts is not None,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(posted.get("channel")), str(posted.get("ts"))

    async def _retire(self, channel: str, ts: str, message: Message) -> None:
        """Best effort: the older message stays readable either way."""
        try:
            await self._slack.outgoing.chat_update(
                channel=channel, ts=ts, text=message.text, blocks=message.blocks_json()
            )
        except CALL_ERRORS as problem:
            _log.info("post_not_retired", error=error_code(problem))

    async def _postpone(self, post: Post, problem: BaseException) -> None:
        code = error_code(problem)
        if code in PERMANENT:
            await self._give_up(post, code, f"Slack does not let Gatepass post in <#{post.address}> ({code}).")
            return
        retry_in_s = float(retry_after_s(problem) or min(FIRST_RETRY_S * 2 ** min(post.attempts - 1, 10), LAST_RETRY_S))
        _log.warning("post_postponed", post_id=str(post.id), error=code, attempts=post.attempts, retry_in_s=retry_in_s)
        if code == RATE_LIMITED:
            self._places.rest(post.address, updating=post.ts is not None, until=time.monotonic() + retry_in_s)
            await outbox.release(self._database, post.id)
            return
        await outbox.mark_failed(self._database, post.id, error=code, retry_in_s=retry_in_s)

    async def _give_up(self, post: Post, code: str, trouble: str) -> None:
        """For an hour; and tell the people whom the post was for, where they can be told."""
        _log.error("post_impossible", post_id=str(post.id), address=post.address, error=code)
        await outbox.mark_failed(self._database, post.id, error=trouble, retry_in_s=PERMANENT_RETRY_S)
        await self._fallback.take(post)

    async def _heal_for_ever(self) -> Never:
        while True:
            try:
                await self._heal()
            except StorageUnavailable as problem:
                _log.warning("notifier_storage_unavailable", error=str(problem))
            await asyncio.sleep(HEAL_S)

    async def _heal(self) -> None:
        """Make open cards due that Slack may show otherwise: all at first, then those that would look different."""
        posts = await self._messages.open_posts()
        self._shown = {post.id: self._shown[post.id] for post in posts if post.id in self._shown}
        for post in posts:
            if post.ts is not None and post.shown_revision >= post.wanted_revision:
                await self._heal_one(post)
        await self._fallback.take_stuck_digests()

    async def _heal_one(self, post: Post) -> None:
        """Only make it due: it is shown by whoever claims it, or two processes would post a deleted card twice."""
        try:
            rendered = await self._messages.render(post)
            if rendered is not None and self._shown.get(post.id) != (looks := _hash(rendered.message)):
                await self._messages.want_again(post)
                self._shown[post.id] = looks
        except StorageUnavailable:
            raise
        except Exception as problem:
            _log.error("post_failed", post_id=str(post.id), exc_info=problem)


async def _to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Await, and when cancelled let the work finish first: a message posted and not marked would be posted again."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=FINISH_S)
        task.cancel()
        raise


def _is_urgent(post: Post) -> bool:
    """A held statement keeps somebody's terminal waiting: its card must not hide in a thread that nobody has open."""
    return post.subject is PostSubject.STATEMENT and post.purpose is PostPurpose.CARD


def _hash(message: Message) -> bytes:
    return hashlib.sha256(json.dumps([message.text, message.blocks_json()], sort_keys=True).encode()).digest()

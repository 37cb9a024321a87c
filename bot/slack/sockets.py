"""The Socket Mode connections: several at once, watched, and closed to the last task.

Slack hands each payload to any one connection, so one may be renewed or lost while another listens. A connection can
also look healthy and deliver nothing (python-slack-sdk issue 1940); Slack's hello says how many it counts, which is
logged. Slack counts a ghost as a connection, though, so each of ours is renewed in turn: none loses clicks for long.
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any, Never

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.slack.client import CALL_ERRORS, Slack, error_code

PING_S = 5.0
#: How often the connections are looked after.
WATCH_S = 15.0
#: All are renewed at most this often, so that a miscount costs little.
RENEW_ALL_S = 300.0
#: How often one connection is replaced although nothing seems wrong with it, the oldest first.
RENEW_ONE_S = 300.0
#: A connection that cannot be opened within this is tried again at the next look.
CONNECT_TIMEOUT_S = 20.0

_log = structlog.get_logger(__name__)


class Sockets:
    """A fixed number of connections for one Bolt app; built inside the running loop."""

    def __init__(self, app: AsyncApp, slack: Slack, app_token: str, count: int, proxy: str | None) -> None:
        self._handlers = [
            AsyncSocketModeHandler(
                app, app_token, logger=slack.logger, web_client=slack.tokenless, ping_interval=PING_S
            )
            for _ in range(count)
        ]
        for handler in self._handlers:
            handler.client.proxy = proxy
            handler.client.message_listeners.append(self._hear)
        self._renew_all_from = 0.0
        self._renew_one_at = time.monotonic() + RENEW_ONE_S
        self._oldest = 0
        self._connecting: set[asyncio.Task[None]] = set()
        #: How many connections Slack counted when it last said hello; None before the first.
        self.counted_by_slack: int | None = None

    async def connected(self) -> int:
        """How many of ours are open and answer pings."""
        return sum([await handler.client.is_connected() for handler in self._handlers])

    async def run(self) -> Never:
        """Open all and keep them open until cancelled; then close them and wait for their tasks."""
        try:
            await asyncio.gather(*(self._open(handler) for handler in self._handlers))
            _log.info("slack_connected", connections=await self.connected())
            while True:
                await asyncio.sleep(WATCH_S)
                await self._look_after()
        finally:
            await asyncio.shield(self._close())

    async def _open(self, handler: AsyncSocketModeHandler) -> None:
        try:
            await self._within(handler.connect_async())
        except TimeoutError:
            _log.warning("slack_connection_slow", timeout_s=CONNECT_TIMEOUT_S)

    async def _within(self, connecting: Coroutine[Any, Any, None]) -> None:
        """Wait for the client to connect, in a task of its own: it uses `wait_for`, which may swallow a cancellation
        (storage.waiting), and whoever stops us would wait for ever. Raises TimeoutError, and what the client raises.
        """
        task = asyncio.create_task(connecting)
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        try:
            done, _ = await asyncio.wait({task}, timeout=CONNECT_TIMEOUT_S)
        finally:
            task.cancel()
        if not done:
            raise TimeoutError
        task.result()

    async def _look_after(self) -> None:
        """Renew what is lost here, and everything once Slack counts fewer than look healthy here."""
        for handler in self._handlers:
            if not await handler.client.is_connected():
                _log.warning("slack_connection_lost")
                await self._renew(handler, only_if_lost=True)
        ours, counted = await self.connected(), self.counted_by_slack
        if counted is not None and counted < ours and time.monotonic() >= self._renew_all_from:
            _log.warning("slack_counts_fewer_connections", ours=ours, counted=counted)
            self._renew_all_from = time.monotonic() + RENEW_ALL_S
            for handler in self._handlers:
                await self._renew(handler)
        if time.monotonic() >= self._renew_one_at:
            self._renew_one_at = time.monotonic() + RENEW_ONE_S
            await self._renew(self._handlers[self._oldest])
            self._oldest = (self._oldest + 1) % len(self._handlers)

    async def _renew(self, handler: AsyncSocketModeHandler, *, only_if_lost: bool = False) -> None:
        """A new connection in place of the old one; what fails is tried again at the next look.

        The client renews what it finds lost by itself: with `only_if_lost` its new connection is left alone.
        """
        try:
            await self._within(handler.client.connect_to_new_endpoint(force=not only_if_lost))
        except (*CALL_ERRORS, TimeoutError) as problem:
            _log.warning("slack_connection_not_renewed", error=error_code(problem))

    async def _hear(self, _client: Any, message: dict[str, Any], _raw: str | None) -> None:
        if message.get("type") == "hello" and isinstance(message.get("num_connections"), int):
            # More than ours are other processes' connections, or a ghost that loses clicks.
            self.counted_by_slack = message["num_connections"]
            _log.info("slack_hello", connections=self.counted_by_slack, ours=len(self._handlers))

    async def _close(self) -> None:
        """Close all, and wait for their tasks as long as a connection may take."""
        tasks = set(self._connecting)
        for handler in self._handlers:
            client = handler.client
            of_client = (client.message_processor, client.current_session_monitor, client.message_receiver)
            tasks |= {asyncio.ensure_future(task) for task in of_client if task is not None}
            with contextlib.suppress(Exception):  # a socket that cannot even be closed must not keep the rest open
                await handler.close_async()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CONNECT_TIMEOUT_S)

"""Whether a channel may be shown what Gatepass posts: never one that another organisation can read."""

import time

from bot.slack.client import CALL_ERRORS, Slack, error_code

#: A channel can be shared at any time; this long we rely on what Slack said last.
FRESH_S = 60.0


class ChannelRefused(Exception):
    """Nothing may be posted there; the message is a sentence of ours (mrkdwn) that says why."""


class Channels:
    """Slack's facts about channels, for a minute each."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._is_shared: dict[str, tuple[float, bool]] = {}

    async def require_internal(self, channel: str) -> None:
        """Return if only our own organisation reads this channel. Raises ChannelRefused, or what CALL_ERRORS names.

        A direct message with the app is internal. A fact that Slack does not state refuses.
        """
        if not channel.startswith(("C", "G")):
            return
        known_at, is_shared = self._is_shared.get(channel, (float("-inf"), True))
        if time.monotonic() - known_at > FRESH_S:
            is_shared = await self._ask(channel)
            self._is_shared[channel] = (time.monotonic(), is_shared)
        if is_shared:
            raise ChannelRefused(f"<#{channel}> is shared with another organisation, so Gatepass posts nothing there.")

    async def _ask(self, channel: str) -> bool:
        try:
            answer = await self._slack.outgoing.conversations_info(channel=channel)
        except CALL_ERRORS as problem:
            if error_code(problem) != "missing_scope":
                raise
            raise ChannelRefused(
                f"Gatepass may not look whether <#{channel}> is shared: give the app channels:read and groups:read."
            ) from problem
        found = answer.get("channel") or {}
        return found.get("is_ext_shared") is not False or found.get("is_pending_ext_shared") is True

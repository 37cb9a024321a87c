"""How often each method may be called: token buckets that refill by the workspace's clock.

docs.slack.dev/apis/web-api/rate-limits: tiers of 1, 20, 50 and 100 calls a minute for each method, and one message a
second for each channel. Slack tolerates bursts without saying how large; here it takes a minute's worth of calls, never
less than 20, and 20 messages in a channel. A call that finds its bucket empty is answered 429 with Retry-After.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from slack_simulator.base.clock import Clock

#: Ours: the burst that every bucket takes, and the one that a channel takes.
SMALLEST_BURST = 20
#: chat.postMessage: a message a second for each channel, and "several hundred a minute" for the workspace.
MESSAGES_PER_CHANNEL = 60
MESSAGES_PER_WORKSPACE = 300
#: Buckets remembered; a channel that was forgotten starts anew with a full one.
KEPT_BUCKETS = 10_000
#: What sums of fractions may lack without anybody having to wait for it.
ROUNDING = 1e-6


class Tier(IntEnum):
    """Calls a minute."""

    ONE = 1
    TWO = 20
    THREE = 50
    FOUR = 100
    #: auth.test: "hundreds of requests per minute".
    SPECIAL = 300


#: Each method's tier, from its page; a method without one is not limited (chat.getPermalink: "special, no limit").
TIERS: Mapping[str, Tier] = {
    # Its page has said both tier 1 and tier 3: the stricter one keeps an app from reconnecting in a loop.
    "apps.connections.open": Tier.ONE,
    "auth.test": Tier.SPECIAL,
    "chat.delete": Tier.THREE,
    "chat.deleteScheduledMessage": Tier.THREE,
    "chat.postEphemeral": Tier.FOUR,
    "chat.scheduleMessage": Tier.THREE,
    "chat.scheduledMessages.list": Tier.THREE,
    "chat.update": Tier.THREE,
    "conversations.info": Tier.THREE,
    "conversations.join": Tier.THREE,
    "conversations.list": Tier.TWO,
    "conversations.members": Tier.FOUR,
    "conversations.open": Tier.THREE,
    "files.completeUploadExternal": Tier.FOUR,
    "files.getUploadURLExternal": Tier.FOUR,
    "reactions.add": Tier.THREE,
    "usergroups.list": Tier.TWO,
    "usergroups.users.list": Tier.TWO,
    "users.info": Tier.FOUR,
    "users.list": Tier.TWO,
    "users.lookupByEmail": Tier.THREE,
    "views.open": Tier.FOUR,
    "views.publish": Tier.FOUR,
    "views.push": Tier.FOUR,
    "views.update": Tier.FOUR,
}


class RateLimited(Exception):
    """The bucket is empty; the next call is taken after `retry_after_s` whole seconds."""

    def __init__(self, retry_after_s: int) -> None:
        """As Retry-After has it: at least 1."""
        super().__init__(f"retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass
class _Bucket:
    per_minute: int
    capacity: float
    left: float
    filled_at: float

    def refill(self, now: float) -> None:
        elapsed_s = max(0.0, now - self.filled_at)
        self.left = min(self.capacity, self.left + elapsed_s * self.per_minute / 60)
        self.filled_at = now

    def wait_s(self) -> int:
        """Whole seconds until one call fits, 0 if one fits now."""
        missing = 1.0 - self.left - ROUNDING
        return 0 if missing <= 0 else math.ceil(missing * 60 / self.per_minute)


class RateLimits:
    """The buckets of one app in one workspace."""

    def __init__(self, clock: Clock) -> None:
        """All buckets are full at first."""
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def spend(self, method: str, channel: str | None = None) -> None:
        """Count one call; `channel` is where chat.postMessage goes. Raises RateLimited, and then counts nothing."""
        wanted = [self._bucket(*one) for one in _limits(method, channel)]
        wait_s = max((bucket.wait_s() for bucket in wanted), default=0)
        if wait_s > 0:
            raise RateLimited(wait_s)
        for bucket in wanted:
            bucket.left -= 1

    def _bucket(self, method: str, channel: str, per_minute: int, burst: int) -> _Bucket:
        now = self._clock.now()
        bucket = self._buckets.get((method, channel))
        if bucket is None:
            bucket = _Bucket(per_minute, burst, burst, now)
            self._buckets[method, channel] = bucket
            if len(self._buckets) > KEPT_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
        bucket.refill(now)
        return bucket


def _limits(method: str, channel: str | None) -> list[tuple[str, str, int, int]]:
    """The buckets that this call counts against: method, channel, calls a minute, burst."""
    if method == "chat.postMessage":
        limits = [(method, "", MESSAGES_PER_WORKSPACE, MESSAGES_PER_WORKSPACE)]
        return limits if channel is None else [(method, channel, MESSAGES_PER_CHANNEL, SMALLEST_BURST), *limits]
    tier = TIERS.get(method)
    return [] if tier is None else [(method, "", int(tier), max(SMALLEST_BURST, int(tier)))]

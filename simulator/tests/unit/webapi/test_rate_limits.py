"""Slack's tiers, by a clock that the test pushes."""

import math

import pytest

from slack_simulator.base.clock import Clock
from slack_simulator.webapi.dispatch import APP_METHODS, BOT_METHODS
from slack_simulator.webapi.rate_limits import TIERS, RateLimited, RateLimits

UNLIMITED = {"chat.getPermalink", "chat.postMessage"}


def standing() -> Clock:
    """A clock that moves only when told to."""
    return Clock(wall=lambda: 1_764_000_000.0)


def burst(limits: RateLimits, method: str, channel: str | None = None) -> int:
    """How many calls are taken at once."""
    for taken in range(1000):
        try:
            limits.spend(method, channel)
        except RateLimited:
            return taken
    raise AssertionError(method)


def test_every_method_has_its_tier() -> None:
    """A new method cannot be forgotten in the table."""
    assert set(TIERS) == {*BOT_METHODS, *APP_METHODS} - UNLIMITED


@pytest.mark.parametrize(
    ("method", "at_once", "per_minute"),
    [
        ("apps.connections.open", 20, 1),
        ("users.list", 20, 20),
        ("chat.update", 50, 50),
        ("users.info", 100, 100),
        ("auth.test", 300, 300),
    ],
)
def test_tiers(method: str, at_once: int, per_minute: int) -> None:
    """A burst, and then the tier's calls a minute, however long the pause was."""
    clock = standing()
    limits = RateLimits(clock)
    assert burst(limits, method) == at_once
    with pytest.raises(RateLimited) as limited:
        limits.spend(method)
    assert limited.value.retry_after_s == math.ceil(60 / per_minute)
    clock.advance(60)
    assert burst(limits, method) == per_minute
    clock.advance(86_400)
    assert burst(limits, method) == at_once


def test_retry_after_is_exactly_enough() -> None:
    """A call that waits as long as it was told is taken; a second sooner it is not."""
    clock = standing()
    limits = RateLimits(clock)
    burst(limits, "users.list")
    clock.advance(2)
    with pytest.raises(RateLimited, match="retry after 1 s"):
        limits.spend("users.list")
    clock.advance(1)
    limits.spend("users.list")


def test_messages_count_for_each_channel() -> None:
    """One a second after a burst; another channel has its own, the workspace has one over all."""
    clock = standing()
    limits = RateLimits(clock)
    assert burst(limits, "chat.postMessage", "C1") == 20
    assert burst(limits, "chat.postMessage", "C2") == 20
    clock.advance(3)
    assert burst(limits, "chat.postMessage", "C1") == 3
    assert sum(burst(limits, "chat.postMessage", f"X{number}") for number in range(20)) == 300 - 43 + 15


def test_methods_are_counted_apart() -> None:
    """Using one up leaves the others alone; permalinks are free."""
    limits = RateLimits(standing())
    burst(limits, "users.list")
    limits.spend("users.info")
    for _ in range(500):
        limits.spend("chat.getPermalink")

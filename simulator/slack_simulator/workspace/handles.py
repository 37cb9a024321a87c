"""What Slack hands an app to answer an interaction with: trigger ids and response urls, both short-lived."""

import secrets
from dataclasses import dataclass

from slack_simulator.base.clock import Clock

#: docs.slack.dev/interactivity/handling-user-interaction: a trigger expires in three seconds and works once.
TRIGGER_LIFE_S = 3.0
#: The same page: a response_url takes five posts within thirty minutes.
RESPONSE_URL_LIFE_S = 30 * 60.0
RESPONSE_URL_USES = 5
#: Handles remembered for the sake of exact errors; the oldest are forgotten first.
KEPT_HANDLES = 10_000


class HandleRefused(Exception):
    """The handle cannot be used; the message is Slack's error code."""


@dataclass
class Trigger:
    """Permission to open one view for the person who acted."""

    user: str
    made_at: float
    #: The modal in which the person acted, if any: only then may a view be pushed.
    from_view: str | None
    #: The conversation in which the person acted, if it was in one.
    channel: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """Permission to answer where the person acted."""

    user: str
    channel: str
    made_at: float
    #: The message that was acted on, for replace_original and delete_original.
    message_ts: str | None
    uses: int = 0


class Handles:
    """Triggers and response urls by their secret ids."""

    def __init__(self, clock: Clock) -> None:
        """Lives are measured by the workspace's clock."""
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._response_urls: dict[str, ResponseUrl] = {}

    def new_trigger(self, user: str, from_view: str | None = None, channel: str | None = None) -> str:
        """A trigger_id for this person's interaction."""
        now = self._clock.now()
        trigger_id = f"{int(now * 1000)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, now, from_view, channel)
        _forget_oldest(self._triggers)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> Trigger:
        """Spend a trigger. Raises HandleRefused: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise HandleRefused("invalid_trigger_id")
        if trigger.used:
            raise HandleRefused("exchanged_trigger_id")
        if self._clock.now() - trigger.made_at > TRIGGER_LIFE_S:
            raise HandleRefused("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, handle: ResponseUrl) -> str:
        """The secret id that the url ends in."""
        secret = secrets.token_urlsafe(18)
        self._response_urls[secret] = handle
        _forget_oldest(self._response_urls)
        return secret

    def use_response_url(self, secret: str) -> ResponseUrl:
        """Spend one of its uses. Raises HandleRefused: invalid_url, expired_url, used_url."""
        handle = self._response_urls.get(secret)
        if handle is None:
            raise HandleRefused("invalid_url")
        if self._clock.now() - handle.made_at > RESPONSE_URL_LIFE_S:
            raise HandleRefused("expired_url")
        if handle.uses >= RESPONSE_URL_USES:
            raise HandleRefused("used_url")
        handle.uses += 1
        return handle


def _forget_oldest(handles: dict[str, Trigger] | dict[str, ResponseUrl]) -> None:
    if len(handles) > KEPT_HANDLES:
        del handles[next(iter(handles))]  # pyright: ignore[reportArgumentType] - both have the same kind of key

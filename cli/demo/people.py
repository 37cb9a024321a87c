"""What people do in Slack, by the local workspace's control API: ask, approve, deny, fetch a token, revoke.

The demo's story and the journeys under tests/ speak through it; it sees only what people see.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from slack_simulator.client import SimulatorClient

#: Where the demo's cards and digests go.
CHANNEL = "incidents"

#: What the bot calls its buttons.
APPROVE, DENY, GET_TOKEN = "review_approve", "review_deny", "grant_token"

#: How the form that tells somebody what they have already is submitted.
ASK_ANYWAY = "[Ask anyway]"

Shown = dict[str, Any]


@dataclass(frozen=True)
class People:
    """Acts as anybody in the workspace."""

    slack: SimulatorClient
    #: Longest wait for something to appear.
    patience_s: float = 30.0

    async def type(self, who: str, line: str) -> Shown:
        """Type a slash command in the channel; returns what the workspace answered."""
        return await self.slack.command(who, CHANNEL, line)

    async def ask(self, who: str, request: str, *, marker: str) -> Shown:
        """`/access <request> <marker>`; returns the card that appears with the marker in its reason.

        What was asked earlier may have the same words, so it is none of the messages that were there before. Whoever
        has that access already is told so first, and asks all the same.
        """
        before = {str(message["ts"]) for message in await self.slack.messages(CHANNEL, "bob")}
        await self.type(who, f"/access {request} {marker}")

        def is_new(message: Shown) -> bool:
            words = f"{message['plain']} {message.get('text', '')}"
            return str(message["ts"]) not in before and marker in words

        card = asyncio.ensure_future(
            self.slack.wait_for(is_new, channel=CHANNEL, user="bob", timeout_s=self.patience_s)
        )
        told = asyncio.ensure_future(self.slack.wait_for_view(who, ASK_ANYWAY, timeout_s=self.patience_s))
        try:
            await asyncio.wait({card, told}, return_when=asyncio.FIRST_COMPLETED)
            if told.done() and not card.done():
                await self.slack.submit(who, {}, view=str((await told)["id"]))
            return await card
        finally:
            told.cancel()
            card.cancel()
            await asyncio.gather(told, card, return_exceptions=True)

    async def card(self, text: str) -> Shown:
        """The newest message in the channel that shows `text`."""
        return await self.slack.wait_for(text, channel=CHANNEL, user="bob", timeout_s=self.patience_s)

    async def pending(self, text: str) -> Shown:
        """The newest card in the channel that shows `text` and waits to be decided: no digest that tells of it."""

        def is_so(message: Shown) -> bool:
            shows = text in f"{message['plain']} {message.get('text', '')}"
            return shows and _value_of(message, APPROVE) is not None

        return await self.slack.wait_for(is_so, channel=CHANNEL, user="bob", timeout_s=self.patience_s)

    async def card_until(self, ts: str, text: str) -> Shown:
        """That message, once it shows `text`."""

        def is_so(message: Shown) -> bool:
            return message["ts"] == ts and text in f"{message['plain']} {message.get('text', '')}"

        return await self.slack.wait_for(is_so, channel=CHANNEL, user="bob", timeout_s=self.patience_s)

    async def direct(self, who: str, text: str) -> Shown:
        """The newest direct message to that person that shows `text`."""
        return await self.slack.wait_for(text, channel="dm", user=who, timeout_s=self.patience_s)

    async def tap(self, who: str, message: Shown, action_id: str) -> Shown:
        """Tap a button of a message, with its own value; confirm dialogs are confirmed."""
        value = _value_of(message, action_id)
        if value is None:
            # What is posted at once may get its buttons a moment later.
            shown = await self.slack.wait_for(
                lambda each: each["ts"] == message["ts"] and _value_of(each, action_id) is not None,
                channel=CHANNEL,
                user=who,
                timeout_s=self.patience_s,
            )
            value = _value_of(shown, action_id)
        return await self.slack.action(
            who, action_id, channel=str(message["channel"]), ts=str(message["ts"]), value=value
        )

    async def approve(self, who: str, card: Shown) -> Shown:
        return await self.tap(who, card, APPROVE)

    async def deny(self, who: str, card: Shown, reason: str) -> Shown:
        """Tap Deny and give the reason it asks for."""
        await self.tap(who, card, DENY)
        await self.slack.wait_for_view(who, "Why?", timeout_s=self.patience_s)
        return await self.slack.submit(who, {"deny_reason": reason})

    async def token(self, who: str, grant: Shown) -> str:
        """Tap "Get my token" in that direct message, read the modal, close it."""
        await self.tap(who, grant, GET_TOKEN)
        modal = await self.slack.wait_for_view(who, "Copy this token", timeout_s=self.patience_s)
        await self.slack.close_view(who)
        return next(text for text in texts(modal) if text.count(".") == 2 and text.startswith("ey"))

    async def granted(self, who: str, request: str, *, by: str, marker: str) -> tuple[str, str]:
        """Ask, be approved, fetch the token: returns it and the grant's short id."""
        card = await self.ask(who, request, marker=marker)
        await self.approve(by, card)
        approved = await self.card_until(str(card["ts"]), "Approved")
        return await self._pick_up(who, approved)

    async def granted_at_once(self, who: str, request: str, *, marker: str) -> tuple[str, str]:
        """Ask for what the policy grants by itself: returns the token and the grant's short id."""
        card = await self.ask(who, request, marker=marker)
        return await self._pick_up(who, card)

    async def _pick_up(self, who: str, card: Shown) -> tuple[str, str]:
        grant = str(card["plain"]).rpartition("grant ")[2].strip(" `")[:8]
        reply = await self.slack.wait_for(
            lambda message: f"grant {grant}" in plainly(message).lower() and "You have access" in plainly(message),
            channel="dm",
            user=who,
            timeout_s=self.patience_s,
        )
        return await self.token(who, reply), grant

    async def revoke(self, who: str, grant: str, why: str) -> Shown:
        return await self.type(who, f"/access revoke {grant} {why}")


def plainly(message: Shown) -> str:
    """A message's visible text without the backticks of its markup."""
    return f"{message['plain']} {message.get('text', '')}".replace("`", "")


def buttons(message: Shown) -> Iterator[Shown]:
    """The buttons of a message, in order."""
    for block in cast("list[Shown]", message.get("blocks") or []):
        for element in cast("list[Shown]", block.get("elements") or []):
            if element.get("type") == "button":
                yield element


def texts(view: Any) -> Iterator[str]:
    """Every `text` in a view, however deep."""
    if isinstance(view, dict):
        for key, value in cast("Shown", view).items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(view, list):
        for each in cast("list[Any]", view):
            yield from texts(each)


def _value_of(message: Shown, action_id: str) -> str | None:
    """The value of a message's button; None if it has none like it."""
    return next((str(each["value"]) for each in buttons(message) if each["action_id"] == action_id), None)

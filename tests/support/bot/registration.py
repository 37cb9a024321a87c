"""The bot's listeners as Bolt has them, without a network: which ids are registered, and what answers a payload."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener import AsyncListener
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from access.addresses import Addresses
from bot.app import bolt_app
from bot.context import BotContext
from bot.listeners.register import register_listeners
from bot.settings import BotSettings
from bot.slack.client import Installation, Slack
from bot.slack.listening import Listening

KINDS = ("command", "shortcut", "action", "view", "options", "event")
#: An id that nothing renders and nobody registers: whatever answers it is a catch-all.
UNKNOWN = "of_no_version"


def payload(kind: str, name: str) -> dict[str, Any]:
    """The least of a payload by which Bolt tells who answers it."""
    match kind:
        case "command":
            return {"command": name}
        case "shortcut":
            return {"type": "message_action", "callback_id": name}
        case "action":
            return {"type": "block_actions", "actions": [{"action_id": name, "block_id": "row"}]}
        case "view":
            return {"type": "view_submission", "view": {"type": "modal", "callback_id": name}}
        case "options":
            return {"type": "block_suggestion", "action_id": name, "block_id": "row"}
        case _:
            return {"type": "event_callback", "event": {"type": name}}


@dataclass
class Registration:
    """Bolt with the bot's listeners."""

    app: AsyncApp
    #: Kind -> the ids that were registered one by one; patterns are the catch-alls.
    ids: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    async def matching(self, kind: str, name: str) -> list[AsyncListener]:
        """Every listener that takes such a payload, the one that answers first."""
        request = AsyncBoltRequest(body=payload(kind, name), mode="socket_mode")
        response = BoltResponse(status=200)
        return [one for one in self.app._async_listeners if await one.async_matches(req=request, resp=response)]

    async def answers(self, kind: str, name: str) -> bool:
        """Whether a listener of its own answers, and not a catch-all."""
        first, *_ = await self.matching(kind, name)
        return first not in await self.matching(kind, UNKNOWN)


@asynccontextmanager
async def registration() -> AsyncIterator[Registration]:
    """The real registration on a real Bolt app that is connected to nothing."""
    secret = SecretStr("xoxb-none")
    slack = Slack(
        BotSettings(bot_token=secret, app_token=secret, addresses=Addresses("gw", 22, "gw", 5433, "gw", 8443))
    )
    registered = Registration(bolt_app(slack, Installation(team_id="T0HOME", team="home", bot_user_id="U0BOT")))
    for kind in KINDS:
        setattr(registered.app, kind, _noted(getattr(registered.app, kind), registered.ids[kind]))
    #: Registering only looks at how listeners run; the rest is for when one is called.
    unused: Any = None
    register_listeners(
        registered.app,
        BotContext(
            access=unused,
            slack=slack,
            listening=Listening(slack),
            authenticator=unused,
            reader=unused,
            offboarding=unused,
            duplicates=unused,
        ),
    )
    yield registered
    await slack.close()


def _noted(register: Callable[..., Any], ids: list[str]) -> Callable[..., Any]:
    def note(constraint: Any) -> Any:
        if isinstance(constraint, str):
            ids.append(str(constraint))
        return register(constraint)

    return note

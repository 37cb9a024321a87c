"""Our hold on Slack's Web API: one HTTP session, one token, no environment, no bodies in logs.

slack_sdk takes HTTPS_PROXY from the environment even for loopback regardless of NO_PROXY, also when it is given an
empty proxy; so the attribute is set after construction. At DEBUG it logs every body, so its logger is held at WARNING.
"""

import logging
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks.message import Message
from bot.settings import BotSettings

#: A trigger lives for three seconds, so an answer that takes longer than this is no answer.
CALL_TIMEOUT_S = 10
#: What a call may raise; anything else is an error of ours.
CALL_ERRORS = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)
#: Slack's words for a failure of its own. Every other refusal is an answer to what we asked.
SLACK_FAILED = frozenset({"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"})

_log = structlog.get_logger(__name__)


class BotUnavailable(Exception):
    """Slack refuses us or cannot be reached; the message says which token or address to look at."""


@dataclass(frozen=True)
class Installation:
    """The workspace in which the app is installed, as Slack itself named it."""

    team_id: str
    team: str
    bot_user_id: str


class Slack:
    """Calls to Slack; built inside the running loop by `connect`, closed once by its owner."""

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings
        self.logger = _quiet_logger()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_S), trust_env=False)
        #: User id -> channel id; Slack gives the same one for ever.
        self._direct: dict[str, str] = {}
        #: For what a person waits for; it sits out one short rate limit.
        self.client = self._client(
            AsyncConnectionErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=1),
            AsyncServerErrorRetryHandler(max_retry_count=1),
        )
        #: For the outbox, which has a backoff of its own and must not sleep inside a call.
        self.outgoing = self._client(AsyncConnectionErrorRetryHandler())
        #: Without the bot's token: Bolt opens sockets with it and needs nothing more. Slack counts these calls by the
        #: minute, so that a few starts one after another meet its limit.
        self.tokenless = self._client(
            AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(max_retry_count=2), token=None
        )

    async def close(self) -> None:
        """Close the HTTP session; idempotent."""
        await self._session.close()

    async def preflight(self) -> Installation:
        """Prove both tokens and learn where we are. Raises BotUnavailable, and never tries for ever."""
        try:
            who = await self.client.auth_test()
        except CALL_ERRORS as problem:
            raise BotUnavailable(_refusal("bot token (xoxb-…)", problem)) from problem
        try:
            await self.tokenless.apps_connections_open(app_token=self._settings.app_token.get_secret_value())
        except CALL_ERRORS as problem:
            raise BotUnavailable(_refusal("app token (xapp-…, with connections:write)", problem)) from problem
        team_id, user_id = who.get("team_id"), who.get("user_id")
        if not isinstance(team_id, str) or not isinstance(user_id, str):
            raise BotUnavailable("Slack's auth.test names no workspace; is the bot token one of an app (xoxb-…)?")
        return Installation(team_id=team_id, team=str(who.get("team") or team_id), bot_user_id=user_id)

    async def open_view(self, trigger_id: str, view: View) -> str:
        """Open a modal and return its id. Raises what CALL_ERRORS names, such as expired_trigger_id."""
        opened = await self.client.views_open(trigger_id=trigger_id, view=view.to_dict())
        return str(_member(opened.get("view"), "id"))

    async def update_view(self, view_id: str, view: View) -> bool:
        """Replace a modal. False: its reader closed it meanwhile, which is no failure."""
        try:
            await self.client.views_update(view_id=view_id, view=view.to_dict())
        except SlackApiError as problem:
            if error_code(problem) != "not_found":
                raise
            return False
        return True

    async def permalink(self, channel: str, ts: str) -> str | None:
        """The address of a message; None where Slack gives none, for a link is a convenience."""
        try:
            found = await self.client.chat_getPermalink(channel=channel, message_ts=ts)
        except CALL_ERRORS as problem:
            _log.info("slack_no_permalink", error=error_code(problem))
            return None
        link = found.get("permalink")
        return link if isinstance(link, str) and link.startswith(("https://", "http://")) else None

    async def answer(self, response_url: str, message: Message) -> None:
        """Say something to one person where they are; best effort, as ephemeral messages are."""
        body = {
            "text": message.text,
            "blocks": message.blocks_json(),
            "response_type": "ephemeral",
            "replace_original": False,
        }
        try:
            async with self._session.post(response_url, json=body, proxy=self._settings.proxy) as sent:
                if not sent.ok:
                    _log.warning("slack_answer_refused", status=sent.status)
        except CALL_ERRORS as problem:
            _log.warning("slack_answer_failed", error=type(problem).__name__)

    async def direct(self, user: str) -> str:
        """The channel of the direct message between a person and the app. Raises what CALL_ERRORS names.

        chat.postMessage takes a user id too, but Slack's documentation leaves open in whose direct message that ends.
        """
        if user not in self._direct:
            opened = await self.outgoing.conversations_open(users=user)
            self._direct[user] = str(_member(opened.get("channel"), "id"))
        return self._direct[user]

    def _client(self, *retries: AsyncRetryHandler, token: str | None = "") -> AsyncWebClient:
        client = AsyncWebClient(
            token=self._settings.bot_token.get_secret_value() if token is not None else None,
            base_url=self._settings.api_base_url or AsyncWebClient.BASE_URL,
            timeout=CALL_TIMEOUT_S,
            session=self._session,
            trust_env_in_session=False,
            logger=self.logger,
            retry_handlers=list(retries),
        )
        client.proxy = self._settings.proxy
        return client


def error_code(problem: BaseException) -> str:
    """Slack's own word (`channel_not_found`), or the kind of failure where Slack said nothing."""
    if isinstance(problem, SlackApiError):
        return str(_member(problem.response, "error") or f"http_{status_of(problem)}")
    return type(problem).__name__


def is_slacks_failure(problem: BaseException) -> bool:
    """Whether Slack failed or was out of reach, rather than refused what we asked for."""
    if isinstance(problem, SlackApiError):
        return error_code(problem) in SLACK_FAILED or (status_of(problem) or 0) >= 500
    return isinstance(problem, (aiohttp.ClientError, TimeoutError))


def status_of(problem: BaseException) -> int | None:
    """The HTTP status of a refused call."""
    status = getattr(getattr(problem, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def retry_after_s(problem: BaseException) -> int | None:
    """The seconds of a Retry-After header, if Slack sent one."""
    headers: Any = getattr(getattr(problem, "response", None), "headers", None) or {}
    given = next((value for name, value in headers.items() if str(name).lower() == "retry-after"), None)
    text = str(given[0] if isinstance(given, list) else given)
    return int(text) if text.isdecimal() else None


def _member(holder: Any, key: str) -> Any:
    try:
        return holder[key]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _refusal(token: str, problem: BaseException) -> str:
    code = error_code(problem)
    if code in SLACK_FAILED:
        return f"Slack did not check the {token}: {code}. The token may be right; start again in a minute."
    if isinstance(problem, SlackApiError):
        return f"Slack refuses the {token}: {code}. Check the token, and that the app is installed from manifest.yml."
    return f"Slack cannot be reached to check the {token}: {code}. Check the network, the proxy and SLACK_API_BASE_URL."


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger("gatepass.slack")
    logger.setLevel(logging.WARNING)
    return logger

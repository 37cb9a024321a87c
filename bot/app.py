"""The bot: proves its tokens, opens its sockets, listens and posts until it is cancelled.

It decides nothing. Who may have what is `access`'s to say; what is shown is what storage holds.
"""

import asyncio
import re
from typing import Any, Never

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck

from access.context import Access
from access.identity import people
from bot.facts.reading import Reader
from bot.listeners.actions.own_access import Buttons
from bot.listeners.actions.review import Reviewing
from bot.listeners.actions.token import Tokens
from bot.listeners.commands import COMMAND, Commands
from bot.listeners.events import Events
from bot.listeners.home import Home
from bot.listeners.listening import Listening
from bot.listeners.views import Forms
from bot.people.doorkeeper import Doorkeeper
from bot.people.offboarding import Leavers
from bot.posts.duplicates import Strays
from bot.posts.messages import Messages
from bot.posts.notifier import Notifier
from bot.settings import Addresses, BotSettings
from bot.slack.client import BotUnavailable, Installation, Slack
from bot.slack.failures import Unanswerable
from bot.slack.sockets import Sockets
from storage.notices import Notices

__all__ = ["Addresses", "Bot", "BotSettings", "BotUnavailable", "Installation"]

_ANYTHING = re.compile(r".*", re.DOTALL)

_log = structlog.get_logger(__name__)


class Bot:
    """One process's bot; as many processes as like may run one on the same app."""

    def __init__(self, access: Access, notices: Notices, settings: BotSettings) -> None:
        self._access = access
        self._notices = notices
        self._settings = settings
        self._slack: Slack | None = None
        self._sockets: Sockets | None = None
        #: The workspace; None before `preflight`.
        self.installation: Installation | None = None

    async def preflight(self) -> Installation:
        """Prove both tokens and link the policy's people to their workspace.

        Raises BotUnavailable with a sentence for the operator, and StorageUnavailable.
        """
        slack = Slack(self._settings)
        try:
            installation = await slack.preflight()
            await people.link_slack(self._access, installation.team_id)
        except people.WrongWorkspace as problem:
            await slack.close()
            raise BotUnavailable(str(problem)) from problem
        except BaseException:
            await slack.close()
            raise
        await self.close()
        self._slack, self.installation = slack, installation
        _log.info("slack_preflight_passed", team=installation.team_id, bot_user=installation.bot_user_id)
        return installation

    async def run(self) -> Never:
        """Until cancelled; then listeners at work are waited for, and sockets and sessions closed."""
        installation = self.installation or await self.preflight()
        assert self._slack is not None
        slack = self._slack
        listening = Listening(slack)
        reader = Reader(self._access, self._settings.addresses)
        leavers = Leavers(self._access, slack, installation)
        app = self._app(slack, installation, listening, reader, leavers)
        token = self._settings.app_token.get_secret_value()
        self._sockets = Sockets(app, slack, token, self._settings.sockets, self._settings.proxy)
        notifier = Notifier(self._access, self._notices, slack, Messages(self._access, reader))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sockets.run(), name="slack sockets")
                tasks.create_task(notifier.run(), name="slack notifier")
                tasks.create_task(leavers.run(), name="slack leavers")
        finally:
            await asyncio.shield(self._stop(listening))
        raise AssertionError("a loop that never ends has ended")

    async def connected(self) -> int:
        """How many sockets deliver; for health checks."""
        return 0 if self._sockets is None else await self._sockets.connected()

    async def close(self) -> None:
        """For a bot that passed its preflight and is not run after all; idempotent."""
        if self._slack is not None:
            await self._slack.close()
            self._slack = None

    async def _stop(self, listening: Listening) -> None:
        await listening.drain()
        await self.close()
        self.installation = None

    def _app(
        self, slack: Slack, installation: Installation, listening: Listening, reader: Reader, leavers: Leavers
    ) -> AsyncApp:
        """Bolt with every listener; it never gets the bot's token, because our own calls go through `Slack`."""

        async def authorize() -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=None, team_id=installation.team_id, bot_user_id=installation.bot_user_id
            )

        app = AsyncApp(
            name="gatepass",
            logger=slack.logger,
            client=slack.tokenless,
            authorize=authorize,
            signing_secret="",
            request_verification_enabled=False,
            ssl_check_enabled=False,
            url_verification_enabled=False,
            attaching_function_token_enabled=False,
        )
        doorkeeper = Doorkeeper(self._access, slack, installation)
        forms = Forms(self._access, slack, doorkeeper, listening)
        Commands(self._access, slack, doorkeeper, listening, reader, forms).register(app)
        forms.register(app)
        home = Home(self._access, slack, doorkeeper, reader)
        strays = Strays(self._access.database, slack)
        Reviewing(self._access, doorkeeper, listening, reader, home, strays).register(app)
        Tokens(self._access, doorkeeper, listening, reader).register(app)
        Buttons(self._access, doorkeeper, listening, forms, home).register(app)
        Events(leavers, listening, home).register(app)
        _register_catch_alls(app, listening)
        return app


def _register_catch_alls(app: AsyncApp, listening: Listening) -> None:
    """Last of all: what nobody listens for would otherwise get no ack, and the person no word."""

    async def on_unknown(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        raise Unanswerable(f"Gatepass does not know this any more. Try {COMMAND}.")

    async def on_unknown_options(ack: AsyncAck, _body: dict[str, Any]) -> None:
        await ack(options=[])

    async def on_nothing(ack: AsyncAck, _body: dict[str, Any]) -> None:
        await ack()

    for register in (app.command, app.action, app.shortcut, app.view_submission):
        register(_ANYTHING)(listening.guard(on_unknown))
    app.options(_ANYTHING)(listening.guard(on_unknown_options))
    app.view_closed(_ANYTHING)(listening.guard(on_nothing))
    app.event(_ANYTHING)(listening.guard(on_nothing))

    async def on_error(error: Exception, body: dict[str, Any]) -> None:
        _log.error("bolt_failed", kind=body.get("type", "command"), exc_info=error)

    app.error(on_error)

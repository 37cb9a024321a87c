"""The bot: proves its tokens, opens its sockets, listens and posts until it is cancelled.

It decides nothing. Who may have what is `access`'s to say; what is shown is what storage holds.
"""

import asyncio
from typing import Never

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from access.context import Access
from access.identity import people
from bot.context import BotContext
from bot.facts.reading import Reader
from bot.listeners.register import register_listeners
from bot.people.authenticator import Authenticator
from bot.people.offboarding import Offboarding
from bot.people.user_groups import UserGroups
from bot.posts.duplicates import Duplicates
from bot.posts.messages import Messages
from bot.posts.notifier import Notifier
from bot.settings import BotSettings
from bot.slack.client import BotUnavailable, Installation, Slack
from bot.slack.listening import Listening
from bot.slack.sockets import Sockets
from storage.notices import Notices

_log = structlog.get_logger(__name__)


class Bot:
    """One process's bot; any number of processes may run one on the same app."""

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
        context = self._context(slack, installation)
        app = bolt_app(slack, installation)
        register_listeners(app, context)
        token = self._settings.app_token.get_secret_value()
        self._sockets = Sockets(app, slack, token, self._settings.sockets, self._settings.proxy)
        notifier = Notifier(self._access, self._notices, slack, Messages(self._access, context.reader))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sockets.run(), name="slack sockets")
                tasks.create_task(notifier.run(), name="slack notifier")
                tasks.create_task(context.offboarding.run(), name="slack offboarding")
                user_groups = UserGroups(self._access, slack, installation, self._notices)
                tasks.create_task(user_groups.run(), name="slack user groups")
        finally:
            await asyncio.shield(self._stop(context.listening))
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

    def _context(self, slack: Slack, installation: Installation) -> BotContext:
        return BotContext(
            access=self._access,
            slack=slack,
            listening=Listening(slack),
            authenticator=Authenticator(self._access, slack, installation),
            reader=Reader(self._access, self._settings.addresses),
            offboarding=Offboarding(self._access, slack, installation),
            duplicates=Duplicates(self._access.database, slack),
        )


def bolt_app(slack: Slack, installation: Installation) -> AsyncApp:
    """Bolt without a listener; it never gets the bot's token, because our own calls go through `Slack`."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=installation.team_id, bot_user_id=installation.bot_user_id)

    return AsyncApp(
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

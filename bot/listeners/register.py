"""The bot's table of contents: every command, shortcut, button, modal and event, with the handler that answers it.

A new button needs a member of `bot.blocks.action_ids.Action`, a renderer that shows it, and its line here. What stands
in no line is answered by the catch-alls, which come last.
"""

import re
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.blocks.action_ids import Action, Callback, Field, Shortcut
from bot.context import BotContext
from bot.listeners.actions.own_access import OwnAccess
from bot.listeners.actions.review import Reviewing
from bot.listeners.actions.revocation import Revoking
from bot.listeners.actions.token import Tokens
from bot.listeners.commands import COMMAND, Commands
from bot.listeners.events import APP_HOME_OPENED, USER_CHANGE, Events
from bot.listeners.home import Home
from bot.listeners.views import Forms
from bot.slack.failures import Unanswerable

_ANYTHING = re.compile(r".*", re.DOTALL)

_log = structlog.get_logger(__name__)


def register_listeners(app: AsyncApp, context: BotContext) -> None:
    """Give Bolt every listener, the catch-alls last."""
    guard = context.listening.guard
    forms, home = Forms(context), Home(context)
    commands, events = Commands(context, forms), Events(context, home)
    review, token, own_access = Reviewing(context, home), Tokens(context), OwnAccess(context, forms, home)
    revoking = Revoking(context)

    app.command(COMMAND)(guard(commands.on_access))
    app.shortcut(Shortcut.ASK_FOR_ACCESS)(guard(own_access.on_open_form))

    app.action(Action.APPROVE)(guard(review.on_approve))
    app.action(Action.DENY)(guard(review.on_deny))
    app.action(Action.GET_TOKEN)(guard(token.on_token))
    app.action(Action.REVOKE)(guard(own_access.on_revoke))
    app.action(Action.ASK_REVOKE)(guard(revoking.on_ask))
    app.action(Action.CANCEL)(guard(own_access.on_cancel))
    app.action(Action.ASK_AGAIN)(guard(own_access.on_ask_again))
    app.action(Action.OPEN_FORM)(guard(own_access.on_open_form))
    app.action(Action.PREVIOUS_PAGE)(guard(home.on_page))
    app.action(Action.NEXT_PAGE)(guard(home.on_page))

    app.action(Action.OPEN_PAGE)(guard(_on_page_opened))

    app.view(Callback.REQUEST_FORM)(guard(forms.on_submit))
    app.view(Callback.DENY_FORM)(guard(review.on_deny_submit))
    app.view(Callback.REVOKE_FORM)(guard(revoking.on_submit))
    app.options(Field.DOOR)(guard(forms.on_suggestion))

    app.event(APP_HOME_OPENED)(guard(events.on_home_opened))
    app.event(USER_CHANGE)(guard(events.on_user_change))

    _register_catch_alls(app, context)


async def _on_page_opened(ack: AsyncAck, _body: dict[str, Any]) -> None:
    """Slack has opened it already."""
    await ack()


def _register_catch_alls(app: AsyncApp, context: BotContext) -> None:
    """What has no listener would otherwise get no ack, and the person no word."""
    guard = context.listening.guard

    async def on_unknown(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        raise Unanswerable(f"Gatepass does not know this any more. Try {COMMAND}.")

    async def on_unknown_options(ack: AsyncAck, _body: dict[str, Any]) -> None:
        await ack(options=[])

    async def on_nothing(ack: AsyncAck, _body: dict[str, Any]) -> None:
        await ack()

    for register in (app.command, app.action, app.shortcut, app.view_submission):
        register(_ANYTHING)(guard(on_unknown))
    app.options(_ANYTHING)(guard(on_unknown_options))
    app.view_closed(_ANYTHING)(guard(on_nothing))
    app.event(_ANYTHING)(guard(on_nothing))

    async def on_error(error: Exception, body: dict[str, Any]) -> None:
        _log.error("bolt_failed", kind=body.get("type", "command"), exc_info=error)

    app.error(on_error)

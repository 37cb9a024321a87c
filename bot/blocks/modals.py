"""The small modals: a reason for a denial or a revocation, and the token, which is shown here and nowhere else."""

from datetime import datetime

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.blocks.action_ids import Action, Callback, Field, Row
from bot.blocks.decision import Target
from bot.blocks.message import Message, actions, button, plain, preformatted, section
from bot.blocks.reply import connecting
from bot.blocks.request import wanted
from bot.blocks.request_form import render_notice
from bot.blocks.text import clip, mention, moment
from bot.facts.facts import RequestFacts

REASON_LIMIT = 1000
#: Of a typed line that is given back.
_LINE_LIMIT = 2000

#: A token is some 600 characters; a cut one would be useless, so the limit is Slack's own.
_TOKEN_LIMIT = 3000


def render_waiting(title: str) -> View:
    """Opened at once, because a trigger lives for three seconds; replaced as soon as the answer is known."""
    return render_notice(title, ":hourglass_flowing_sand: One moment…")


def view_of(title: str, message: Message) -> View:
    """A message's content as a modal that can only be read."""
    return View(
        type="modal",
        callback_id=Callback.NOTICE,
        title=plain(title),
        close=plain("Close"),
        blocks=list(message.blocks),
    )


def render_too_late(command: str, typed: str) -> Message:
    """In place of a modal that Slack opens no more, with what was typed (redacted), to be typed again."""
    text = ":hourglass: This needs a window, and Slack gives an app three seconds to open one. Nothing was asked for."
    again = "Type it again, or open the empty form:"
    form = button("Ask for access…", Action.OPEN_FORM, "late")
    line = clip(" ".join(f"{command} {typed}".split()), _LINE_LIMIT)
    return Message(text=text, blocks=(section(f"{text} {again}"), preformatted(line), actions(Row.ASK, [form])))


def render_deny_form(target: Target, what: str) -> View:
    """Asks why; `what` says in our own words (mrkdwn) what is denied. The reason is required."""
    hint = "The requester reads this. Say what to do instead."
    return _reason_form("Deny", Callback.DENY_FORM, Field.DENY_REASON, target.value(), what, hint)


def render_revoke_form(facts: RequestFacts) -> View:
    """Asks why an access is to end before its time. The reason is required."""
    if facts.grant is None:
        raise ValueError("what is revoked is a grant")
    has = f"{mention(facts.requester)} has {wanted(facts)}, until {moment(facts.grant.expires_at)}."
    what = f"{has} It ends at once, and open sessions with it."
    hint = "Whoever has the access reads this, in Slack and in their terminal."
    return _reason_form("Revoke", Callback.REVOKE_FORM, Field.REVOKE_REASON, facts.grant.id.hex, what, hint)


def _reason_form(title: str, callback: Callback, field: Field, about: str, what: str, hint: str) -> View:
    reason = PlainTextInputElement(action_id=field, multiline=True, min_length=1, max_length=REASON_LIMIT)
    return View(
        type="modal",
        callback_id=callback,
        title=plain(title),
        submit=plain(title),
        close=plain("Back"),
        private_metadata=about,
        blocks=[section(what), InputBlock(block_id=field, label=plain("Why?"), element=reason, hint=plain(hint))],
    )


def render_token(facts: RequestFacts, token: str, until: datetime) -> View:
    """The freshly issued token, which opens connections `until` then, and where to paste it; shown nowhere else."""
    if facts.grant is None or facts.connect is None:
        raise ValueError("a token is shown for a grant whose resource is in the policy")
    return View(
        type="modal",
        callback_id=Callback.TOKEN,
        title=plain("Your token"),
        close=plain("Done"),
        clear_on_close=True,
        blocks=[
            section("*1.* Copy this token. It is yours alone, and closing this window forgets it."),
            preformatted(token, limit=_TOKEN_LIMIT),
            section("*2.* Connect, and paste the token when asked for the password:"),
            *connecting(facts),
            section(_how_long(until, facts.grant.expires_at)),
        ],
    )


def _how_long(until: datetime, access_ends: datetime) -> str:
    if until >= access_ends:
        return f"It works until {moment(access_ends)}, or until the access is revoked."
    return (
        f"It opens connections until {moment(until)}; what is open by then stays open until the access ends, "
        f"{moment(access_ends)}, or is revoked. Get another one here whenever you need it."
    )

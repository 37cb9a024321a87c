"""The small modals: a reason for a denial, and the token, which is shown here and nowhere else."""

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.blocks.action_ids import Callback, Field
from bot.blocks.decision import Target
from bot.blocks.message import plain, preformatted, section
from bot.blocks.request_form import render_notice
from bot.blocks.text import moment
from bot.facts.facts import RequestFacts

DENY_REASON_LIMIT = 1000

#: A token is some 600 characters; a cut one would be useless, so the limit is Slack's own.
_TOKEN_LIMIT = 3000


def render_waiting(title: str) -> View:
    """Opened at once, because a trigger lives for three seconds; replaced as soon as the answer is known."""
    return render_notice(title, ":hourglass_flowing_sand: One moment…")


def render_deny_form(target: Target, what: str) -> View:
    """Asks why; `what` says in our own words (mrkdwn) what is denied. The reason is required."""
    reason = PlainTextInputElement(
        action_id=Field.DENY_REASON, multiline=True, min_length=1, max_length=DENY_REASON_LIMIT
    )
    return View(
        type="modal",
        callback_id=Callback.DENY_FORM,
        title=plain("Deny"),
        submit=plain("Deny"),
        close=plain("Back"),
        private_metadata=target.value(),
        blocks=[
            section(what),
            InputBlock(
                block_id=Field.DENY_REASON,
                label=plain("Why?"),
                element=reason,
                hint=plain("The requester reads this, and what to do instead."),
            ),
        ],
    )


def render_token(facts: RequestFacts, token: str) -> View:
    """The freshly issued token and where to paste it. The only place where a token is ever shown."""
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
            preformatted(facts.connect),
            section(f"It works until {moment(facts.grant.expires_at)}, or until the access is revoked."),
        ],
    )

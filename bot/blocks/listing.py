"""What `/access list`, `/access help` and the App Home say: what I have, what I asked for, what waits for me."""

from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from access.policy.values.duration import format_duration
from bot.blocks.action_ids import Action, Row
from bot.blocks.message import Message, actions, button, context, preformatted, section
from bot.blocks.reply import cancel_button, done_button
from bot.blocks.request import wanted
from bot.blocks.text import code, escape, mentions, moment
from bot.blocks.waiting import page_of
from bot.facts.facts import Phase, RequestFacts, StatementFacts, short

#: A grant takes three blocks and a request two or three, of 50 in a message and 100 in a home; a list has three more.
SHOWN_GRANTS = 9
SHOWN_REQUESTS = 9
#: Requests beyond those, of which a line is shown: more than one person may have pending.
SHOWN_IDS = 12
#: Longer than any command to connect, and nine of them stay below what a message may have over all blocks.
CONNECT_LIMIT = 500

_HELP = """\
*Ask:* `/access &lt;resource&gt; &lt;role&gt; &lt;duration&gt; [ticket] [reason]`, for example \
`/access payments-db read 15m INC-42 fix stuck migration`
*Form:* `/access` alone
*What I have:* `/access list`
*Done early:* `/access revoke &lt;id&gt; [reason]`
*Not needed any more:* `/access cancel &lt;id&gt;`, or `/access cancel all`
*What waits for my review:* `/access waiting`
Durations read like `15m`, `2h` or `1h30m`. The policy decides who may have what, and who reviews it."""


def render_help(trouble: str = "") -> Message:
    """How the command is used; `trouble` is a sentence of ours about what was typed."""
    blocks: list[Block] = [section(f":warning: {escape(trouble)}")] if trouble else []
    return Message(text=escape(trouble) or "How to use /access", blocks=(*blocks, section(_HELP)))


def render_list(grants: Sequence[RequestFacts], pending: Sequence[RequestFacts], now: datetime) -> Message:
    """Somebody's own grants and pending requests; both newest first."""
    held = sum(facts.phase is Phase.GRANTED for facts in grants)
    text = f"You have {_count(held, 'grant')} and {_count(len(pending), 'pending request')}."
    return Message(text=text, blocks=(section(text), *_grants(grants, now), *_requests(pending)))


def render_home(
    grants: Sequence[RequestFacts],
    pending: Sequence[RequestFacts],
    waiting: Sequence[RequestFacts],
    now: datetime,
    *,
    holds: Sequence[StatementFacts] = (),
    page: int = 0,
) -> View:
    """The App Home: what waits for me first, because somebody else is waiting; `page` of it, counted from 0."""
    blocks: list[Block] = [actions(Row.ASK, [button("Ask for access…", Action.OPEN_FORM, "home", style="primary")])]
    blocks += [DividerBlock(), section("*Waiting for you*")]
    blocks += page_of(holds, waiting, page, now) or [context("Nothing waits for your review.")]
    blocks += [DividerBlock(), section("*What you have*")]
    blocks += _grants(grants, now) or [context("No access at present.")]
    blocks += [DividerBlock(), section("*What you asked for*")]
    blocks += _requests(pending) or [context("No pending request.")]
    return View(type="home", blocks=blocks, private_metadata=str(page))


def grant_buttons(facts: RequestFacts) -> Block:
    """Get the token, or give the access back."""
    if facts.grant is None:
        raise ValueError("a grant's buttons need a grant")
    identifier = facts.grant.id.hex
    token = button("Get my token…", Action.GET_TOKEN, identifier)
    return actions(Row.GRANT, [token, done_button(facts.grant.id)], about=identifier)


def _grants(grants: Sequence[RequestFacts], now: datetime) -> list[Block]:
    blocks: list[Block] = []
    for facts in grants[:SHOWN_GRANTS]:
        if facts.grant is None:
            continue
        what = f"{code(facts.grant.resource)} · {code(facts.grant.role)}"
        if facts.not_allowed is not None:
            blocks.append(section(f":no_entry: {code(short(facts.grant.id))} {what}. {escape(facts.not_allowed)}"))
            continue
        left = format_duration(int((facts.grant.expires_at - now).total_seconds()))
        until = moment(facts.grant.expires_at)
        blocks.append(section(f":white_check_mark: {code(short(facts.grant.id))} {what}, {left} left, until {until}"))
        if facts.connect is not None:
            blocks.append(preformatted(facts.connect, limit=CONNECT_LIMIT))
        blocks.append(grant_buttons(facts))
    return blocks + _rest(len(grants) - SHOWN_GRANTS)


def _requests(pending: Sequence[RequestFacts]) -> list[Block]:
    blocks: list[Block] = []
    for facts in pending[:SHOWN_REQUESTS]:
        who = mentions(facts.reviewers, limit=5) or "nobody"
        expires = moment(facts.request.expires_at)
        identifier = code(short(facts.request.id))
        text = f":hourglass_flowing_sand: {identifier} {wanted(facts)}, {who} can review, expires {expires}"
        blocks += [section(text), cancel_button(facts)]
    more = [f"{code(short(one.request.id))} {wanted(one)}" for one in pending[SHOWN_REQUESTS:]]
    if more:
        hidden = [f"{len(more) - SHOWN_IDS} more are not shown"] if len(more) > SHOWN_IDS else []
        hint = "withdraw one with `/access cancel &lt;id&gt;`, or all with `/access cancel all`"
        blocks.append(section("\n".join(["*And these:* " + hint, *more[:SHOWN_IDS], *hidden])))
    return blocks


def _rest(hidden: int) -> list[Block]:
    return [context(f"{hidden} more are not shown.")] if hidden > 0 else []


def _count(number: int, noun: str) -> str:
    return f"no {noun}" if number == 0 else f"{number} {noun}" if number == 1 else f"{number} {noun}s"

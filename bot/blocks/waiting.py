"""What waits for somebody's review, in rows: held statements, then requests; what expires first stands first."""

from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, DividerBlock

from access.visible import visible, visible_line
from bot.blocks.action_ids import Action, Row
from bot.blocks.decision import Target, decision_buttons
from bot.blocks.message import Message, actions, button, context, labelled, labelled_code, preformatted, section
from bot.blocks.request import asks as asks_for_access
from bot.blocks.request import wanted
from bot.blocks.statement import asks as asks_to_run
from bot.blocks.statement import waits
from bot.blocks.text import clip, length, mention, minutes
from bot.facts.facts import RequestFacts, StatementFacts
from storage.model import PostSubject

#: An item takes four blocks at most, the line below it included, of 50 in a message and 100 in a home.
PAGE_SIZE = 10
#: A longer statement is decided on its card, which shows all of it.
SHOWN_STATEMENT = 600
#: Of such a one, to know it by.
_BEGINNING = 200
_NOTE_LIMIT = 300

Item = RequestFacts | StatementFacts


def render_waiting_list(holds: Sequence[StatementFacts], requests: Sequence[RequestFacts], now: datetime) -> Message:
    """The first page as a message; the others stand in the Home."""
    items = [*holds, *requests]
    text = f"{len(items)} wait for your review." if items else "Nothing waits for your review."
    rest = len(items) - PAGE_SIZE
    below = [context(f"{rest} more stand in the Home tab of this app.")] if rest > 0 else []
    return Message(text=text, blocks=(section(text), *rows(items[:PAGE_SIZE], now), *below))


def page_of(
    holds: Sequence[StatementFacts], requests: Sequence[RequestFacts], number: int, now: datetime
) -> list[Block]:
    """One page for the Home, counted from 0, with what turns it; a page that is no more is the last one."""
    items = [*holds, *requests]
    last = max(len(items) - 1, 0) // PAGE_SIZE
    number = min(max(number, 0), last)
    first = number * PAGE_SIZE
    shown = rows(items[first : first + PAGE_SIZE], now)
    return [*shown, *_pager(number, last, len(items))] if last else shown


def rows(items: Sequence[Item], now: datetime) -> list[Block]:
    """What each is about, and its buttons; a line between them says which buttons are whose."""
    blocks = [block for item in items for block in (*_row(item, now), DividerBlock())]
    return blocks[:-1]


def _row(item: Item, now: datetime) -> list[Block]:
    return _hold(item) if isinstance(item, StatementFacts) else _request(item, now)


def _request(facts: RequestFacts, now: datetime) -> list[Block]:
    request = facts.request
    left = minutes((request.expires_at - now).total_seconds())
    blocks: list[Block] = [section(f":raised_hand: {mention(facts.requester)} asks for {wanted(facts)}, {left} left")]
    if request.reason or request.ticket:
        blocks.append(labelled(_ticket_of(facts) or "Reason", request.reason, limit=_NOTE_LIMIT))
    target = Target(PostSubject.REQUEST, request.id, request.revision)
    return [*blocks, decision_buttons(target, asks=asks_for_access(facts), quoted=request.reason)]


def _ticket_of(facts: RequestFacts) -> str:
    return clip(visible_line(facts.request.ticket or ""), 100)


def _hold(facts: StatementFacts) -> list[Block]:
    """With buttons only where all of it stands."""
    statement = facts.statement
    blocks: list[Block] = [section(waits(facts))]
    if length(visible(statement.text)) > SHOWN_STATEMENT:
        where = f" in <#{statement.channel}>" if statement.channel else ""
        return [
            *blocks,
            preformatted(statement.text, limit=_BEGINNING),
            context(f"It is longer than this: decide on its card{where}, which shows all of it."),
        ]
    target, text = Target(PostSubject.STATEMENT, statement.id, statement.revision), statement.text or "(empty)"
    if statement.why:
        blocks.append(labelled_code("Held because it", statement.why, text, limit=_NOTE_LIMIT, shown=SHOWN_STATEMENT))
    else:
        blocks.append(preformatted(text, limit=SHOWN_STATEMENT))
    return [*blocks, decision_buttons(target, asks=asks_to_run(facts), quoted=statement.text)]


def _pager(number: int, last: int, count: int) -> list[Block]:
    first = number * PAGE_SIZE + 1
    turns: list[ButtonElement] = []
    if number > 0:
        turns.append(button("Previous", Action.PREVIOUS_PAGE, str(number - 1)))
    if number < last:
        turns.append(button("Next", Action.NEXT_PAGE, str(number + 1)))
    return [context(f"{first} to {min(first + PAGE_SIZE - 1, count)} of {count}"), actions(Row.PAGES, turns)]

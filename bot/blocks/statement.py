"""The card of a held Statement: what somebody's session wants to run, redacted, and who let it through or not.

It shows all of the statement or has no button to approve it: what is cut off would be approved unread.
"""

from slack_sdk.models.blocks import Block

from access.visible import MAX_SHOWN_CHARS, shown_length, visible
from bot.blocks.decision import Target, decision_buttons, denial_button
from bot.blocks.message import (
    ALL_TEXT_LIMIT,
    Message,
    context,
    fields,
    labelled,
    linked,
    quote,
    section,
    text_length,
    whole,
)
from bot.blocks.proof import PROOFS_SHOWN, proven
from bot.blocks.request import no_longer
from bot.blocks.text import clip, code, mention, mentions, minutes, moment, typed
from bot.facts.facts import StatementFacts, short
from storage.model import HoldState, PostSubject, VerdictKind

#: Of what is said beside the statement, all of it together at most BESIDE_LIMIT: all of the statement has room then.
_NOTE_LIMIT = 300
_VALUE_LIMIT = 150
_TICKET_LIMIT = 128
_PEOPLE_LIMIT = 4
_NOT_WHOLE = (
    ":no_entry: *This statement cannot be shown whole here, so nobody can approve it.* "
    "Deny it, and ask for it in smaller pieces."
)


def render_statement(facts: StatementFacts) -> Message:
    """The card as it should stand now; buttons only while the session waits."""
    headline = _headline(facts)
    above: list[Block] = [section(headline), *_why(facts)]
    below = [*_circumstances(facts), *_decision(facts), *_proven(facts)]
    buttons, small_print = _buttons(facts), [context(*_terms(facts), _small_print(facts))]
    shown = whole(facts.statement.text or "(empty)")
    is_too_long = shown_length(visible(facts.statement.text)) > MAX_SHOWN_CHARS
    if is_too_long or text_length([*above, *shown, *below, *buttons, *small_print]) > ALL_TEXT_LIMIT:
        shown = [section(_NOT_WHOLE), *whole(clip(facts.statement.text, 2000))]
        buttons = [denial_button(_target(facts))] if facts.is_open else []
    return Message(text=_pushed(headline, facts), blocks=(*above, *shown, *below, *buttons, *small_print))


def outcome(facts: StatementFacts) -> str:
    """In words: how the statement fared."""
    statement = facts.statement
    if statement.verdict is VerdictKind.DENY:
        return f"denied by rule {code(statement.rule)}"
    by = f" by {mention(facts.decided_by)}" if facts.decided_by else ""
    match statement.state:
        case HoldState.APPROVED:
            approved = f"approved by {mentions(facts.approvals)}" if facts.approvals else f"approved{by}"
            return f"{approved}, but not run" if statement.void else approved
        case HoldState.DENIED:
            return f"denied{by}"
        case HoldState.EXPIRED:
            return "refused, nobody decided in time"
        case HoldState.CANCELLED:
            return "withdrawn before anybody decided"
        case _:
            return "waiting for review"


def waits(facts: StatementFacts) -> str:
    """`alice waits to run this as read on payments-db, 9 min left`; our own words."""
    where = f"{code(facts.role)} on {code(facts.resource)}"
    left = f", {left_of(facts)} left" if facts.now is not None and facts.statement.expires_at is not None else ""
    return f":raised_hand: {mention(facts.principal)} waits to run this as {where}{left}"


def left_of(facts: StatementFacts) -> str:
    """How long somebody may still decide."""
    if facts.now is None or facts.statement.expires_at is None:
        return "no time"
    return minutes((facts.statement.expires_at - facts.now).total_seconds())


def asks(facts: StatementFacts) -> str:
    """What an approval lets happen, for the dialog that asks once more."""
    return f"{facts.principal.name} runs this as {facts.role} on {facts.resource}, now:"


def _headline(facts: StatementFacts) -> str:
    where = f"{code(facts.role)} on {code(facts.resource)}"
    who = mention(facts.principal)
    if facts.statement.verdict is VerdictKind.DENY:
        return f":no_entry: *Refused* by rule: {who} tried to run this as {where}"
    match facts.statement.state:
        case HoldState.APPROVED if facts.statement.void:
            return f":no_entry: *Approved, but not run*: {who} wanted to run this as {where}"
        case HoldState.APPROVED:
            return f":white_check_mark: *Approved*: {who} runs this as {where}"
        case HoldState.DENIED:
            return f":x: *Denied*: {who} wanted to run this as {where}"
        case HoldState.EXPIRED:
            return f":alarm_clock: *Refused*, nobody decided in time: {who} wanted to run this as {where}"
        case HoldState.CANCELLED:
            return f":leftwards_arrow_with_hook: *Withdrawn*: {who} wanted to run this as {where}"
        case _:
            return waits(facts)


def _pushed(headline: str, facts: StatementFacts) -> str:
    """For phones and screen readers: why it is held and for what, too."""
    if not facts.is_open:
        return headline
    notes = [facts.statement.why, facts.ticket or "", facts.reason]
    return " · ".join([headline, *(typed(note, 300) for note in notes if note)])


def _why(facts: StatementFacts) -> list[Block]:
    """Names in it are the client's, so it is no markup of ours."""
    label = "Refused because it" if facts.statement.verdict is VerdictKind.DENY else "Held because it"
    return [labelled(label, facts.statement.why, limit=_NOTE_LIMIT)] if facts.statement.why else []


def _circumstances(facts: StatementFacts) -> list[Block]:
    """What it would meet, and for what the access was given."""
    statement = facts.statement
    pairs = [
        ("Estimate", typed(statement.estimate, _VALUE_LIMIT)),
        ("Database", f"`{typed(statement.database, _VALUE_LIMIT)}`" if statement.database else ""),
        ("search_path", f"`{typed(statement.search_path, _VALUE_LIMIT)}`" if statement.search_path else ""),
        *_details(facts),
    ]
    shown = [pair for pair in pairs if pair[1]]
    blocks: list[Block] = [fields(shown)] if shown else []
    if facts.ticket:
        blocks.append(linked("Access for ticket", facts.ticket, facts.ticket_url, limit=_TICKET_LIMIT))
    if facts.reason:
        blocks.append(labelled("Access because", facts.reason, limit=_NOTE_LIMIT))
    return blocks


def _details(facts: StatementFacts) -> list[tuple[str, str]]:
    statement = facts.statement
    if facts.is_open or statement.decided_at is None:
        return []
    return [("Decided", f"{moment(statement.decided_at)}: {outcome(facts)}")]


def _terms(facts: StatementFacts) -> list[str]:
    """Who may decide and until when, as below a request."""
    if not facts.is_open:
        return []
    statement = facts.statement
    approved = f"{len(facts.approvals)} of {max(statement.quorum, 1)}"
    given = mentions(facts.approvals, limit=_PEOPLE_LIMIT)
    terms = [
        f"Can review: {mentions(facts.reviewers, limit=_PEOPLE_LIMIT) or 'nobody at present'}",
        f"approvals {approved}{f': {given}' if given else ''}{no_longer(facts.lapsed)}",
    ]
    if statement.expires_at is not None:
        terms.append(f"decide by {moment(statement.expires_at)}")
    return [" · ".join(terms)]


def _decision(facts: StatementFacts) -> list[Block]:
    statement = facts.statement
    blocks: list[Block] = []
    if statement.decision_reason and statement.state is not HoldState.EXPIRED:
        blocks.append(quote("Reason", statement.decision_reason, limit=1000))
    if statement.void:
        blocks.append(quote("Why it was not run", statement.void, limit=_NOTE_LIMIT))
    return blocks


def _proven(facts: StatementFacts) -> list[Block]:
    """Once it is decided: until then all the room is the statement's."""
    if facts.is_open:
        return []
    lines = [proven(who, "approved", record) for who, record in facts.proofs]
    return [context(*lines[:PROOFS_SHOWN])] if lines else []


def _buttons(facts: StatementFacts) -> list[Block]:
    if not facts.is_open:
        return []
    return [decision_buttons(_target(facts), asks=asks(facts), quoted=facts.statement.text)]


def _target(facts: StatementFacts) -> Target:
    return Target(PostSubject.STATEMENT, facts.statement.id, facts.statement.revision)


def _small_print(facts: StatementFacts) -> str:
    statement = facts.statement
    parts = [f"Statement {code(short(statement.id))}", f"rule {code(statement.rule)}"]
    parts.append(f"session {code(short(statement.session_id))}")
    return " · ".join([*parts, "values are redacted"])

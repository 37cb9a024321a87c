"""The card of a held Statement: what somebody's session wants to run, redacted, and who let it through or not."""

from slack_sdk.models.blocks import Block

from bot.blocks.decision import Target, decision_buttons
from bot.blocks.message import Message, context, fields, preformatted, quote, section
from bot.blocks.text import code, mention, mentions, moment
from bot.facts.facts import StatementFacts, short
from storage.model import HoldState, PostSubject, VerdictKind

STATEMENT_LIMIT = 2500


def render_statement(facts: StatementFacts) -> Message:
    """The card as it should stand now; buttons only while the session waits."""
    headline = _headline(facts)
    blocks: list[Block] = [section(headline), preformatted(facts.statement.text or "(empty)", limit=STATEMENT_LIMIT)]
    if details := _details(facts):
        blocks.append(fields(details))
    if facts.statement.decision_reason and facts.statement.state is not HoldState.EXPIRED:
        blocks.append(quote("Reason", facts.statement.decision_reason))
    if facts.statement.void:
        blocks.append(quote("Why it did not run", facts.statement.void))
    if facts.is_open:
        target = Target(PostSubject.STATEMENT, facts.statement.id, facts.statement.revision)
        asks = f"{facts.principal.name} runs this as {facts.role} on {facts.resource}, now."
        blocks.append(decision_buttons(target, asks=asks))
    blocks.append(context(_small_print(facts)))
    return Message(text=headline, blocks=tuple(blocks))


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


def _headline(facts: StatementFacts) -> str:
    where = f"{code(facts.role)} on {code(facts.resource)}"
    who = mention(facts.principal)
    if facts.statement.verdict is VerdictKind.DENY:
        return f":no_entry: *Refused* by rule: {who} tried to run this as {where}"
    match facts.statement.state:
        case HoldState.APPROVED if facts.statement.void:
            return f":warning: *Approved, but not run*: {who} wanted to run this as {where}"
        case HoldState.APPROVED:
            return f":white_check_mark: *Approved*: {who} runs this as {where}"
        case HoldState.DENIED:
            return f":x: *Denied*: {who} wanted to run this as {where}"
        case HoldState.EXPIRED:
            return f":alarm_clock: *Refused*, nobody decided in time: {who} wanted to run this as {where}"
        case HoldState.CANCELLED:
            return f":leftwards_arrow_with_hook: *Withdrawn*: {who} wanted to run this as {where}"
        case _:
            return f":raised_hand: {who} waits to run this as {where}"


def _details(facts: StatementFacts) -> list[tuple[str, str]]:
    statement = facts.statement
    details: list[tuple[str, str]] = []
    if facts.is_open:
        quorum = max(statement.quorum, 1)
        approved = f"{len(facts.approvals)} of {quorum}"
        details.append(("Who can review", mentions(facts.reviewers) or "nobody at present"))
        details.append(("Approvals", f"{approved}: {mentions(facts.approvals)}" if facts.approvals else approved))
        if statement.expires_at is not None:
            details.append(("Refused unless approved by", moment(statement.expires_at)))
    elif statement.decided_at is not None:
        details.append(("Decided", f"{moment(statement.decided_at)}: {outcome(facts)}"))
    return details


def _small_print(facts: StatementFacts) -> str:
    statement = facts.statement
    parts = [f"Statement {code(short(statement.id))}", f"rule {code(statement.rule)}"]
    parts.append(f"session {code(short(statement.session_id))}")
    return " · ".join([*parts, "values are redacted"])

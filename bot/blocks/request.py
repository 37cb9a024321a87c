"""The card of an AccessRequest in its channel: what reviewers decide on, and afterwards what became of it."""

from slack_sdk.models.blocks import Block

from access.policy.duration import format_duration
from bot.blocks.decision import Target, decision_buttons
from bot.blocks.message import Message, context, fields, labelled, quote, section
from bot.blocks.text import code, mention, mentions, moment
from bot.facts.facts import Phase, RequestFacts, short
from storage.model import PostSubject


def render_card(facts: RequestFacts) -> Message:
    """The card as it should stand now; buttons only while the request is pending."""
    headline = _headline(facts)
    blocks: list[Block] = [section(headline), fields(_details(facts))]
    if facts.request.ticket:
        blocks.append(labelled("Ticket", facts.request.ticket))
    if facts.request.reason:
        blocks.append(quote("Reason", facts.request.reason))
    blocks.extend(_outcome(facts))
    if facts.phase is Phase.PENDING:
        target = Target(PostSubject.REQUEST, facts.request.id, facts.request.revision)
        blocks.append(decision_buttons(target, asks=_asks(facts)))
    blocks.append(context(_small_print(facts)))
    return Message(text=headline, blocks=tuple(blocks))


def wanted(facts: RequestFacts) -> str:
    """What was asked for: `payments-db` · `read` for 15m."""
    request = facts.request
    return f"{code(request.resource)} · {code(request.role)} for {format_duration(request.duration_s)}"


def _headline(facts: RequestFacts) -> str:
    who, what = mention(facts.requester), wanted(facts)
    match facts.phase:
        case Phase.PENDING:
            return f":raised_hand: {who} asks for {what}"
        case Phase.GRANTED:
            manner = "*Granted automatically*" if facts.is_automatic else "*Approved*"
            return f":white_check_mark: {manner}: {who} has {what}"
        case Phase.DENIED:
            return f":x: *Denied*: {who} asked for {what}"
        case Phase.EXPIRED:
            return f":alarm_clock: *Expired*, nobody decided in time: {who} asked for {what}"
        case Phase.CANCELLED:
            return f":leftwards_arrow_with_hook: *Cancelled*: {who} asked for {what}"
        case Phase.REVOKED:
            return f":no_entry: *Access revoked*: {who} had {what}"
        case Phase.ENDED:
            return f":lock: *Access ended*, its time was up: {who} had {what}"
        case Phase.NOT_ALLOWED:
            return f":no_entry: *Access not allowed any more*, the policy has changed: {who} had {what}"


def _details(facts: RequestFacts) -> list[tuple[str, str]]:
    request, grant = facts.request, facts.grant
    details = [("Asked", moment(request.created_at))]
    if facts.phase is Phase.PENDING:
        details += [
            ("Who can review", mentions(facts.reviewers) or "nobody at present"),
            ("Approvals", _progress(facts)),
        ]
        details.append(("Expires", moment(request.expires_at)))
    elif request.decided_at is not None:
        details.append(("Decided", f"{moment(request.decided_at)} by {decided_by(facts)}"))
    if grant is not None:
        ends = grant.revoked_at or grant.expires_at
        label = {Phase.GRANTED: "Access until", Phase.NOT_ALLOWED: "Grant until"}.get(facts.phase, "Access ended")
        details.append((label, moment(ends)))
    if facts.phase is Phase.REVOKED:
        details.append(("Revoked by", mention(facts.revoked_by) if facts.revoked_by else "the gateway"))
    return details


def decided_by(facts: RequestFacts) -> str:
    """The people who approved or the one who denied; else the policy or the clock, in words."""
    match facts.phase:
        case Phase.EXPIRED:
            return "the clock"
        case Phase.DENIED | Phase.CANCELLED:
            return mention(facts.decided_by) if facts.decided_by else f"the policy's rule {code(facts.request.rule)}"
        case _:
            approvers = facts.approvals or ((facts.decided_by,) if facts.decided_by else ())
            return mentions(approvers) or f"the policy's rule {code(facts.request.rule)}"


def _progress(facts: RequestFacts) -> str:
    so_far = f"{len(facts.approvals)} of {max(facts.request.quorum, 1)}"
    return f"{so_far}: {mentions(facts.approvals)}" if facts.approvals else so_far


def _outcome(facts: RequestFacts) -> list[Block]:
    blocks: list[Block] = []
    reason = facts.request.decision_reason
    if reason and (facts.decided_by is not None or facts.phase in (Phase.DENIED, Phase.CANCELLED)):
        blocks.append(quote("Why it was denied" if facts.phase is Phase.DENIED else "Note", reason))
    if facts.phase is Phase.REVOKED and facts.grant is not None and facts.grant.revoke_reason:
        blocks.append(quote("Why it was revoked", facts.grant.revoke_reason))
    return blocks


def _asks(facts: RequestFacts) -> str:
    request = facts.request
    return (
        f"{facts.requester.name} gets {request.role} on {request.resource} for {format_duration(request.duration_s)}."
    )


def _small_print(facts: RequestFacts) -> str:
    parts = [f"Request {code(short(facts.request.id))}", f"rule {code(facts.request.rule)}"]
    if facts.grant is not None:
        parts.append(f"grant {code(short(facts.grant.id))}")
    if facts.phase is Phase.PENDING:
        parts.append("nobody reviews their own request")
    return " · ".join(parts)

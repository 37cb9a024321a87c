"""The card of an AccessRequest in its channel: what reviewers decide on, and afterwards what became of it."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from access.policy.policy import NO_RULE
from access.policy.values.duration import format_duration
from bot.blocks.action_ids import Action, Row
from bot.blocks.decision import Target, decision_buttons
from bot.blocks.message import Message, actions, button, context, fields, linked, quote, section
from bot.blocks.proof import PROOFS_SHOWN, proven
from bot.blocks.text import clip, code, mention, mentions, minutes, moment, names, typed
from bot.facts.facts import Phase, RequestFacts, Who, short
from storage.model import PostSubject

#: Of a list of columns or labels; the policy has them all.
_NAMES_SHOWN = 8
_STEP_S = 300


def render_card(facts: RequestFacts) -> Message:
    """The card as it should stand now: with buttons to decide while it is pending, and one to revoke while it lasts.

    Who asks for what, for how long, and why stand first: it is what somebody decides by on a phone.
    """
    headline = _headline(facts)
    blocks: list[Block] = [section(headline), *why(facts), *_about(facts), *_outcome(facts)]
    if facts.phase is Phase.PENDING:
        target = Target(PostSubject.REQUEST, facts.request.id, facts.request.revision)
        blocks.append(decision_buttons(target, asks=asks(facts), quoted=facts.request.reason))
        blocks.append(context(_terms(facts)))
    else:
        blocks.append(fields(_details(facts)))
    blocks += proven_of(facts)
    if facts.phase is Phase.GRANTED and facts.grant is not None and facts.revocable:
        blocks.append(actions(Row.REVOKE, [button("Revoke…", Action.ASK_REVOKE, facts.grant.id.hex)]))
    blocks.append(context(_small_print(facts)))
    return Message(text=_pushed(headline, facts), blocks=tuple(blocks))


def why(facts: RequestFacts) -> list[Block]:
    """The reason, then the ticket, which leads to where it is read."""
    request = facts.request
    blocks: list[Block] = [quote("Reason", request.reason)] if request.reason else []
    return [*blocks, linked("Ticket", request.ticket, facts.about.ticket_url)] if request.ticket else blocks


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


def _pushed(headline: str, facts: RequestFacts) -> str:
    """For phones and screen readers: with the ticket and the reason while somebody is to decide."""
    if facts.phase is not Phase.PENDING:
        return headline
    return " · ".join([headline, *(typed(note, 400) for note in (facts.request.ticket, facts.request.reason) if note)])


def _about(facts: RequestFacts) -> list[Block]:
    """What is asked for, in the policy's words, and what the gateway does there by itself."""
    about, lines = facts.about, list[str]()
    if about.tier or about.description:
        tier = f"*{typed(about.tier, 40)}*" if about.tier else ""
        lines.append(" · ".join(filter(None, [tier, typed(about.description, 400)])))
    if about.masked_columns:
        lines.append(f"Masked: {_listed(about.masked_columns)}, beside card numbers and secrets everywhere")
    if about.held:
        lines.append(f"Held for review: {_listed(about.held)}")
    if about.denied:
        lines.append(f"Denied: {_listed(about.denied)}")
    return [section("\n".join(lines))] if lines else []


def _listed(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMES_SHOWN} more"] if len(names) > _NAMES_SHOWN else []
    return ", ".join([*(code(clip(one, 64)) for one in names[:_NAMES_SHOWN]), *more])


def _terms(facts: RequestFacts) -> str:
    """Who may decide and until when."""
    request = facts.request
    left = minutes(_in_steps((request.expires_at - facts.now).total_seconds()))
    return " · ".join(
        [
            f"Can review: {mentions(facts.reviewers) or 'nobody at present'}",
            f"approvals {_progress(facts)}",
            f"expires in {left}, {moment(request.expires_at)}",
        ]
    )


def _in_steps(left_s: float) -> float:
    """To the nearest five minutes, until the last five: a card is sent again when it looks different, and there may be
    many of them.
    """
    return left_s if left_s < _STEP_S else round(left_s / _STEP_S) * _STEP_S


def _details(facts: RequestFacts) -> list[tuple[str, str]]:
    request, grant = facts.request, facts.grant
    details = [("Asked", moment(request.created_at))]
    if request.decided_at is not None:
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
            return mention(facts.decided_by) if facts.decided_by else _rule(facts)
        case _:
            approvers = facts.approvals or ((facts.decided_by,) if facts.decided_by else ())
            return mentions(approvers) or _rule(facts)


def _rule(facts: RequestFacts) -> str:
    if facts.request.rule == NO_RULE:
        return "the policy, which has no rule that allows it"
    return f"the policy's rule {code(facts.request.rule)}"


def proven_of(facts: RequestFacts) -> list[Block]:
    """What was proven when it was asked for and approved; nothing where nobody was asked for a proof."""
    asked = facts.request.context.get("proof")
    lines = [proven(facts.requester, "asked", asked)] if isinstance(asked, dict) else []
    lines += [proven(who, "approved", record) for who, record in facts.proofs]
    return [context(*lines[:PROOFS_SHOWN])] if lines else []


def _progress(facts: RequestFacts) -> str:
    so_far = f"{len(facts.approvals)} of {max(facts.request.quorum, 1)}"
    counting = f"{so_far}: {mentions(facts.approvals)}" if facts.approvals else so_far
    return counting + no_longer(facts.lapsed)


def no_longer(lapsed: Sequence[Who]) -> str:
    """Whose approvals count no more, for those who read that they were given: by name, for they are not called."""
    if not lapsed:
        return ""
    what = "approval no longer counts" if len(lapsed) == 1 else "approvals no longer count"
    return f" ({what}: {names(lapsed, limit=3)})"


def _outcome(facts: RequestFacts) -> list[Block]:
    blocks: list[Block] = []
    reason = facts.request.decision_reason
    if reason and (facts.decided_by is not None or facts.phase in (Phase.DENIED, Phase.CANCELLED)):
        blocks.append(quote("Why it was denied" if facts.phase is Phase.DENIED else "Note", reason))
    if facts.phase is Phase.REVOKED and facts.grant is not None and facts.grant.revoke_reason:
        blocks.append(quote("Why it was revoked", facts.grant.revoke_reason))
    return blocks


def asks(facts: RequestFacts) -> str:
    """What an approval gives, for the dialog that asks once more."""
    request = facts.request
    return (
        f"{facts.requester.name} gets {request.role} on {request.resource} for {format_duration(request.duration_s)}."
    )


def _small_print(facts: RequestFacts) -> str:
    parts = [f"Request {code(short(facts.request.id))}"]
    if facts.request.rule != NO_RULE:
        parts.append(f"rule {code(facts.request.rule)}")
    if facts.grant is not None:
        parts.append(f"grant {code(short(facts.grant.id))}")
    if beside := str(facts.request.context.get("beside") or ""):
        parts.append(f"asked beside {code(beside[:8])}, which they have or wait for already")
    return " · ".join(parts)

"""The digest of a Grant: what was done under it, in numbers, and where the recordings are. One message that grows.

Everything in it was redacted before it was stored; counts stand in for values. It calls nobody: people are named.
"""

import re
from collections.abc import Mapping

from slack_sdk.models.blocks import Block

from access.policy.values.duration import format_duration
from bot.blocks.message import Message, context, fields, labelled, linked, preformatted, quote, section
from bot.blocks.proof import touch_of
from bot.blocks.request import proven_of
from bot.blocks.text import clip, code, escape, moment, name, names, plural, size
from bot.facts.facts import DigestFacts, Phase, StatementFacts, short
from storage.model import EndReason, HoldState, Session, VerdictKind

#: Of a statement; the recording has all of it, and nobody decides by a digest.
SHOWN_STATEMENT_LENGTH = 400
_DETAIL_LENGTH = 300
_ADDRESS_LENGTH = 60
_KINDS_SHOWN = 12
_KIND_LENGTH = 40
_NOT_A_WORD = re.compile(r"[^A-Za-z0-9 .-]+")

_ENDINGS = {
    EndReason.CLOSED: "closed as usual",
    EndReason.EXPIRED: "cut at the grant's deadline",
    EndReason.REVOKED: "cut, the grant was revoked",
    EndReason.INTERRUPTED: "interrupted, the gateway's process died",
    EndReason.SHUTDOWN: "ended, the gateway was stopped",
    EndReason.STORAGE_LOST: "cut, the gateway lost its storage",
    EndReason.RECORDER_FAILED: "cut, it could not be recorded any longer",
    EndReason.POLICY_ERROR: "cut, it could not be judged or masked safely",
    EndReason.CLIENT_ERROR: "cut, the client broke the protocol",
    EndReason.UPSTREAM_ERROR: "ended by a fault of the upstream",
}
_ENTITIES = {"pan": "card number", "cvv": "card code", "email": "e-mail address", "iban": "IBAN", "ssn": "SSN"}


def render_digest(facts: DigestFacts) -> Message:
    """The message as it should stand now, however many sessions there were."""
    headline = _headline(facts)
    blocks: list[Block] = [section(headline), fields(_details(facts))]
    if facts.request.request.ticket:
        blocks.append(linked("Ticket", facts.request.request.ticket, facts.request.about.ticket_url))
    if facts.request.request.reason:
        blocks.append(labelled("Reason", facts.request.request.reason, limit=_DETAIL_LENGTH))
    blocks += proven_of(facts.request)
    blocks += _sessions(facts)
    blocks += _statements(facts)
    blocks.append(context(*_small_print(facts)))
    return Message(text=headline, blocks=tuple(blocks))


def _headline(facts: DigestFacts) -> str:
    request = facts.request.request
    what = f"{code(request.resource)} · {code(request.role)}"
    return f":clipboard: {name(facts.request.requester)} on {what}: {_how_many(facts)}. {_standing(facts)}"


def _how_many(facts: DigestFacts) -> str:
    ended = plural(facts.totals.sessions, "session")
    return f"{ended}, {facts.active} more open" if facts.active else ended


def _standing(facts: DigestFacts) -> str:
    """How it is with the access itself."""
    request, grant = facts.request, facts.request.grant
    match request.phase:
        case Phase.GRANTED if grant is not None:
            return f"The access lasts until {moment(grant.expires_at)}."
        case Phase.REVOKED if request.revoked_by == request.requester:
            return f"{name(request.requester)} ended the access."
        case Phase.REVOKED:
            return f"The access was revoked by {name(request.revoked_by) if request.revoked_by else 'the gateway'}."
        case Phase.NOT_ALLOWED:
            return "The policy allows the access no more."
        case _:
            return "The access has ended, its time was up."


def _details(facts: DigestFacts) -> list[tuple[str, str]]:
    totals = facts.totals
    held_and_denied = f"{totals.held} held, {totals.denied} denied"
    rule = f"the policy, rule {code(facts.request.request.rule)}"
    return [
        ("Approved by", names(facts.request.approvals) or rule),
        ("Statements", f"{_counts(totals.statements)} ({held_and_denied})"),
        ("Came back", f"{plural(totals.rows, 'row')}, {size(totals.bytes_out)}"),
        ("Masked", _counts(totals.masked, _ENTITIES)),
    ]


def _counts(counts: Mapping[str, int], names: Mapping[str, str] | None = None) -> str:
    """`3 select, 1 insert`, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [_count(kind, count, names) for kind, count in ordered[:_KINDS_SHOWN]]
    rest = sum(count for _, count in ordered[_KINDS_SHOWN:])
    return ", ".join([*shown, f"{rest:,} of other kinds"] if rest else shown) or "none"


def _count(kind: str, count: int, names: Mapping[str, str] | None) -> str:
    if names is None:
        return f"{count:,} {_word(kind)}"
    return plural(count, names[kind]) if kind in names else f"{plural(count, 'value')} by rule {_word(kind)}"


def _word(kind: str) -> str:
    """A kind is one word of an analysis; anything else that came in would be markup."""
    return _NOT_A_WORD.sub(" ", kind).strip()[:_KIND_LENGTH] or "other"


def _sessions(facts: DigestFacts) -> list[Block]:
    """A line for each of the latest, and their number where there are more."""
    blocks: list[Block] = [section("\n".join(map(_line, facts.sessions)))] if facts.sessions else []
    told = (one for one in facts.sessions if one.end_detail)
    blocks += [quote(f"How {short(one.id)} ended", one.end_detail, limit=_DETAIL_LENGTH) for one in told]
    hidden = facts.totals.sessions - len(facts.sessions)
    return [*blocks, context(f"and {hidden:,} more: `gatepass sessions list`")] if hidden > 0 else blocks


def _line(session: Session) -> str:
    what = plural(sum(session.statements.values()), "statement")
    noted = [f"{session.held} held"] * (session.held > 0) + [f"{session.denied} denied"] * (session.denied > 0)
    where = f"{session.protocol.value} from {code(clip(session.client_address, _ADDRESS_LENGTH))}"
    how = f"lasted {_lasted(session)}, {_ending(session)}"
    touched = f", {touch}" if (touch := touch_of(session.proof)) else ""
    line = f"• {code(short(session.id))} {moment(session.started_at)}, {where}: {', '.join([what, *noted])}; {how}"
    return line + touched


def _ending(session: Session) -> str:
    return _ENDINGS[session.end_reason] if session.end_reason else "still open"


def _lasted(session: Session) -> str:
    if session.ended_at is None:
        return "no time"
    seconds = int((session.ended_at - session.started_at).total_seconds())
    return format_duration(seconds) if seconds else "less than a second"


def _statements(facts: DigestFacts) -> list[Block]:
    blocks: list[Block] = []
    for one in facts.statements:
        kind = f"*{_word(one.statement.kind)}: {_outcome(one)}*"
        blocks += [section(kind), preformatted(one.statement.text, limit=SHOWN_STATEMENT_LENGTH)]
    hidden = facts.statement_count - len(facts.statements)
    return [*blocks, context(f"{hidden:,} more held or denied statements are in the recordings.")] if hidden else blocks


def _outcome(facts: StatementFacts) -> str:
    """How a statement fared, with people by name."""
    statement = facts.statement
    if statement.verdict is VerdictKind.DENY:
        return f"denied by rule {code(statement.rule)}"
    deciders = names(facts.approvals) or (name(facts.decided_by) if facts.decided_by else "")
    by = f" by {deciders}" if deciders else ""
    match statement.state:
        case HoldState.APPROVED:
            return f"approved{by}, and not run" if statement.void else f"approved{by}"
        case HoldState.DENIED:
            return f"denied by {name(facts.decided_by)}" if facts.decided_by else "denied"
        case HoldState.EXPIRED:
            return "refused, nobody decided in time"
        case HoldState.CANCELLED:
            return "withdrawn before anybody decided"
        case _:
            return "waiting for review"


def _small_print(facts: DigestFacts) -> list[str]:
    grant = [f"Grant {code(short(facts.request.grant.id))}"] if facts.request.grant else []
    replays = [f"Recording: `gatepass sessions replay {short(facts.sessions[0].id)}`"] if facts.sessions else []
    return [" · ".join([*grant, *replays]), escape(_log_root(facts))]


def _log_root(facts: DigestFacts) -> str:
    if facts.head is None:
        return "Audit log: no checkpoint yet"
    return f"Audit log: {plural(facts.head.tree_size, 'event')}, root {code(facts.head.root.hex()[:16])}"

"""The digest of one ended Session: who did what, for how long, who approved it, and where the recording is.

Everything in it was redacted before it was stored; counts stand in for values.
"""

import re
from collections.abc import Mapping

from slack_sdk.models.blocks import Block

from access.policy.duration import format_duration
from bot.blocks.message import Message, context, fields, preformatted, quote, section
from bot.blocks.statement import outcome
from bot.blocks.text import code, mention, mentions, moment, plural, size
from bot.facts.facts import SessionFacts, StatementFacts, short
from storage.model import EndReason

#: A session may have hundreds of refused statements; the recording has them all.
SHOWN_STATEMENTS = 8
SHOWN_STATEMENT_LENGTH = 400
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


def render_digest(facts: SessionFacts) -> Message:
    """One message, the same whenever it is rendered: a session that has ended changes no more."""
    headline = _headline(facts)
    blocks: list[Block] = [section(headline), fields(_details(facts))]
    if facts.session.end_detail:
        blocks.append(quote("How it ended", facts.session.end_detail, limit=500))
    for one in facts.statements[:SHOWN_STATEMENTS]:
        blocks += [section(f"*{_statement_line(one)}*"), preformatted(one.statement.text, limit=SHOWN_STATEMENT_LENGTH)]
    hidden = len(facts.statements) - SHOWN_STATEMENTS
    if hidden > 0:
        blocks.append(context(f"{hidden} more held or denied statements are in the recording."))
    blocks.append(context(_recording(facts), _log_root(facts)))
    return Message(text=headline, blocks=tuple(blocks))


def _headline(facts: SessionFacts) -> str:
    grant = facts.grant
    what = f"{code(grant.resource)} · {code(grant.role)}"
    return f":clipboard: Session of {mention(facts.principal)} on {what}: {_ending(facts)}, after {_lasted(facts)}"


def _ending(facts: SessionFacts) -> str:
    reason = facts.session.end_reason
    return _ENDINGS[reason] if reason else "still open"


def _lasted(facts: SessionFacts) -> str:
    session = facts.session
    if session.ended_at is None:
        return "no time"
    seconds = int((session.ended_at - session.started_at).total_seconds())
    return format_duration(seconds) if seconds else "less than a second"


def _details(facts: SessionFacts) -> list[tuple[str, str]]:
    session = facts.session
    held_and_denied = f"{session.held} held, {session.denied} denied"
    return [
        ("When", f"{moment(session.started_at)} by {session.protocol.value} from {code(session.client_address)}"),
        ("Approved by", mentions(facts.approvals) or f"the policy, rule {code(facts.request.rule)}"),
        ("Statements", f"{_counts(session.statements)} ({held_and_denied})"),
        ("Came back", f"{plural(session.rows, 'row')}, {size(session.bytes_out)}"),
        ("Masked", _counts(session.masked, _ENTITIES)),
    ]


def _counts(counts: Mapping[str, int], names: Mapping[str, str] | None = None) -> str:
    """`3 select, 1 insert`, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [_count(kind, count, names) for kind, count in ordered[:_KINDS_SHOWN]]
    rest = sum(count for _, count in ordered[_KINDS_SHOWN:])
    return ", ".join([*shown, f"{rest:,} of other kinds"] if rest else shown) or "none"


def _count(kind: str, count: int, names: Mapping[str, str] | None) -> str:
    return f"{count:,} {_word(kind)}" if names is None else plural(count, names.get(kind, _word(kind)))


def _word(kind: str) -> str:
    """A kind is one word of an analysis; anything else that came in would be markup."""
    return _NOT_A_WORD.sub(" ", kind).strip()[:_KIND_LENGTH] or "other"


def _statement_line(one: StatementFacts) -> str:
    return f"{_word(one.statement.kind)}: {outcome(one)}"


def _recording(facts: SessionFacts) -> str:
    identifier = short(facts.session.id)
    return f"Recording {code(identifier)}: `gatepass sessions replay {identifier}`"


def _log_root(facts: SessionFacts) -> str:
    if facts.head is None:
        return "Audit log: no checkpoint yet"
    return f"Audit log: {plural(facts.head.tree_size, 'event')}, root {code(facts.head.root.hex()[:16])}"

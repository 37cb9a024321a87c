"""What a message shows, gathered: the records of storage with the people in them named. Pure values, no reading.

`bot.facts.reading` fills these from storage; `bot.blocks` renders them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from access.decisions.about import About
from storage.model import (
    AccessRequest,
    Decision,
    Grant,
    HoldState,
    RequestState,
    Session,
    Statement,
    VerdictKind,
)


@dataclass(frozen=True)
class Who:
    """Somebody, by the policy's name and, if they are known to Slack, by their user id there."""

    name: str
    slack_id: str | None = None


class Phase(StrEnum):
    """How far a request has come, its grant included."""

    PENDING = "pending"
    GRANTED = "granted"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    ENDED = "ended"
    #: The grant's time is not up, and the policy in force keeps the person out.
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True)
class RequestFacts:
    """One AccessRequest with everybody who had a part in it."""

    request: AccessRequest
    requester: Who
    now: datetime
    #: Who may review, as far as the policy in force says.
    reviewers: tuple[Who, ...] = ()
    #: Whose approvals count now, or counted when they decided it.
    approvals: tuple[Who, ...] = ()
    #: Whose approval counts no more, while it is pending.
    lapsed: tuple[Who, ...] = ()
    #: What whose approvals count proved for them, as access.identity.proof says.
    proofs: tuple[tuple[Who, Mapping[str, Any]], ...] = ()
    #: None: the policy or the clock.
    decided_by: Who | None = None
    grant: Grant | None = None
    revoked_by: Who | None = None
    about: About = field(default_factory=About)
    #: What to type to get in; None if the policy no longer has the resource.
    connect: str | None = None
    #: How long a token opens connections, as people read it; None: as long as the access.
    token_lifetime: str | None = None
    #: Of the host key that the gateway shows there; None: the protocol has none, or it is not known here.
    fingerprint: str | None = None
    #: Why the policy in force lets nobody in by the grant, as a sentence for its principal; None if it does.
    not_allowed: str | None = None
    #: Whether somebody beside the holder may end the grant: the rule that gives it has reviewers.
    revocable: bool = False

    @property
    def phase(self) -> Phase:
        """Granted only while the proxy would let the person in."""
        match self.request.state:
            case RequestState.PENDING:
                return Phase.PENDING
            case RequestState.DENIED:
                return Phase.DENIED
            case RequestState.EXPIRED:
                return Phase.EXPIRED
            case RequestState.CANCELLED:
                return Phase.CANCELLED
            case RequestState.APPROVED:
                phase = grant_phase(self.grant, self.now)
                return Phase.NOT_ALLOWED if phase is Phase.GRANTED and self.not_allowed is not None else phase

    @property
    def is_automatic(self) -> bool:
        """The policy alone decided."""
        return self.request.decision is not Decision.REVIEWED


def grant_phase(grant: Grant | None, now: datetime) -> Phase:
    """Granted, revoked or ended; a grant that is missing has ended."""
    if grant is None:
        return Phase.ENDED
    if grant.revoked_at is not None:
        return Phase.REVOKED
    return Phase.GRANTED if now < grant.expires_at else Phase.ENDED


@dataclass(frozen=True)
class StatementFacts:
    """One held or denied Statement, and whose session it came from."""

    statement: Statement
    principal: Who
    resource: str
    role: str
    reviewers: tuple[Who, ...] = ()
    #: Whose approvals count now, or counted when they decided it; and whose counts no more, while it is pending.
    approvals: tuple[Who, ...] = ()
    lapsed: tuple[Who, ...] = ()
    #: What whose approvals count proved for them.
    proofs: tuple[tuple[Who, Mapping[str, Any]], ...] = ()
    #: None: the clock, the session's end, or a rule that denies.
    decided_by: Who | None = None
    #: For what the grant was given.
    reason: str = ""
    ticket: str | None = None
    ticket_url: str | None = None
    #: By the database's clock, when this was read.
    now: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Somebody may still decide."""
        return self.statement.verdict is VerdictKind.REVIEW and self.statement.state is HoldState.PENDING


@dataclass(frozen=True)
class AuditHead:
    """The audit log's last checkpoint."""

    tree_size: int
    root: bytes


@dataclass(frozen=True)
class Totals:
    """What all ended sessions of a grant did, in numbers."""

    sessions: int = 0
    statements: Mapping[str, int] = field(default_factory=dict[str, int])
    masked: Mapping[str, int] = field(default_factory=dict[str, int])
    rows: int = 0
    bytes_out: int = 0
    held: int = 0
    denied: int = 0


@dataclass(frozen=True)
class DigestFacts:
    """A grant's sessions so far, for its digest."""

    #: With its grant.
    request: RequestFacts
    totals: Totals
    #: The sessions that ended last, the latest first.
    sessions: tuple[Session, ...] = ()
    #: Sessions that go on.
    active: int = 0
    #: The statements held or denied last, the latest first; and how many there are in all.
    statements: tuple[StatementFacts, ...] = ()
    statement_count: int = 0
    #: None until the first checkpoint.
    head: AuditHead | None = None


def short(identifier: UUID) -> str:
    """The first eight hex digits: enough for people to tell their own few apart, and to type."""
    return identifier.hex[:8]

"""Records as storage would give them, without a storage: renderers are pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bot.facts.facts import AuditHead, DigestFacts, RequestFacts, StatementFacts, Totals, Who
from storage.model import (
    AccessRequest,
    Decision,
    EndReason,
    Grant,
    HoldState,
    Protocol,
    RequestState,
    Session,
    SessionState,
    Statement,
    VerdictKind,
)

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ALICE, BOB = Who("alice", "U0ALICE"), Who("bob", "U0BOB")
REQUEST_ID = UUID("11111111-2222-3333-4444-555555555555")
GRANT_ID = UUID("66666666-7777-8888-9999-000000000000")


def request_facts(
    state: RequestState = RequestState.PENDING,
    *,
    revoked: str = "",
    ended: bool = False,
    not_allowed: str | None = None,
    **fields: Any,
) -> RequestFacts:
    """A request in `state`; `fields` are columns of AccessRequest."""
    given: dict[str, Any] = {
        "reason": "fix a migration",
        "quorum": 1,
        "channel": "C0INCIDENT",
        "rule": "engineers-read",
    } | fields
    request = AccessRequest(
        id=REQUEST_ID,
        principal_id=UUID(int=1),
        resource="payments-db",
        role="read",
        duration_s=900,
        state=state,
        decision=Decision.REVIEWED,
        policy_hash="0" * 64,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
        decided_at=None if state is RequestState.PENDING else NOW,
        **given,
    )
    grant = None
    if state is RequestState.APPROVED:
        grant = Grant(
            id=GRANT_ID,
            request_id=REQUEST_ID,
            principal_id=UUID(int=1),
            resource="payments-db",
            role="read",
            not_before=NOW,
            expires_at=NOW + timedelta(minutes=15),
            revoked_at=NOW if revoked else None,
            revoke_reason=revoked or None,
        )
    return RequestFacts(
        request=request,
        requester=ALICE,
        now=NOW + timedelta(hours=1 if ended else 0),
        reviewers=(BOB, Who("carol")),
        approvals=(BOB,) if grant else (),
        decided_by=BOB if state in (RequestState.APPROVED, RequestState.DENIED) else None,
        grant=grant,
        revoked_by=BOB if revoked else None,
        not_allowed=not_allowed,
        revocable=grant is not None,
        connect='psql "host=gw port=5433 user=read@payments-db dbname=payments sslmode=require"',
    )


def statement_facts(state: HoldState | None = HoldState.PENDING, **fields: Any) -> StatementFacts:
    """A held statement in `state`; None is a statement that a rule denied. `fields` are columns of Statement."""
    given: dict[str, Any] = {"text": "DROP TABLE customers"} | fields
    statement = Statement(
        id=UUID(int=7),
        session_id=UUID(int=8),
        kind="ddl",
        verdict=VerdictKind.DENY if state is None else VerdictKind.REVIEW,
        rule="dangerous-sql",
        state=state,
        quorum=1,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        decided_at=None if state in (None, HoldState.PENDING) else NOW,
        **given,
    )
    decided_by = BOB if state in (HoldState.APPROVED, HoldState.DENIED) else None
    return StatementFacts(
        statement,
        ALICE,
        "payments-db",
        "admin",
        reviewers=(BOB,),
        decided_by=decided_by,
        reason="stuck refund",
        ticket="INC-42",
        now=NOW + timedelta(seconds=30),
    )


def session(number: int = 8, **fields: Any) -> Session:
    """An ended session; `fields` are columns of Session."""
    given: dict[str, Any] = {
        "statements": {"select": 3, "insert": 1},
        "masked": {"pan": 12, "email": 1},
        "end_reason": EndReason.CLOSED,
        "client_address": "10.0.0.7",
        "held": 1,
        "denied": 2,
    } | fields
    return Session(
        id=UUID(int=number << 96),
        grant_id=GRANT_ID,
        instance_id=1,
        protocol=Protocol.POSTGRES,
        state=SessionState.ENDED,
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=754),
        rows=1200,
        bytes_out=1_400_000,
        **given,
    )


def digest_facts(
    *,
    sessions: tuple[Session, ...] | None = None,
    count: int | None = None,
    held: tuple[StatementFacts, ...] = (),
    request: RequestFacts | None = None,
    head: bool = True,
    active: int = 0,
) -> DigestFacts:
    """What was done under a grant by these sessions, of `count` in all, with the statements that were `held`."""
    latest = (session(),) if sessions is None else sessions
    return DigestFacts(
        request=request or request_facts(RequestState.APPROVED, ticket="INC-42"),
        totals=Totals(
            sessions=len(latest) if count is None else count,
            statements=_sum(one.statements for one in latest),
            masked=_sum(one.masked for one in latest),
            rows=sum(one.rows for one in latest),
            bytes_out=sum(one.bytes_out for one in latest),
            held=sum(one.held for one in latest),
            denied=sum(one.denied for one in latest),
        ),
        sessions=latest[:6],
        active=active,
        statements=held[:5],
        statement_count=len(held),
        head=AuditHead(48_213, bytes(range(32))) if head else None,
    )


def _sum(counters: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counters:
        total.update(each)
    return dict(total)

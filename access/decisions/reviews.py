"""Reviews: one person's decision on a request or on a held statement, and what it leads to.

The row decided upon is locked first, so that decisions come one after the other; the change itself is one conditional
UPDATE. A decision that cannot count is told to the reviewer, audited, and changes nothing. This is the flow of both;
what they differ in is a Case, of which each has its own: request_reviews, statement_reviews.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes, text
from access.context import Access
from access.decisions.votes import Vote, approvals_of, given_by, record_vote, vote_of
from access.errors import Refused
from access.identity import acts, browser_sessions, proof
from access.identity.browser_sessions import SignedIn, SignedOutMeanwhile
from access.identity.people import account_of, slack_identity
from access.identity.proof import Proof
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.reviewers import may_review
from access.policy.shapes.proof import Requires
from storage.database import clock
from storage.model import AccessRequest, Grant, HoldState, Principal, RequestState, ReviewDecision, Statement

RowT = TypeVar("RowT", AccessRequest, Statement)

_PARTICIPLES = {
    "approved": "was approved",
    "denied": "was denied",
    "cancelled": "was cancelled",
    "expired": "expired",
}


@dataclass(frozen=True)
class Outcome:
    """What a review came to; `message` is a sentence for the reviewer."""

    message: str
    #: None: there is nothing to review by that id.
    subject: AccessRequest | Statement | None = None
    #: What the approval of a request made.
    grant: Grant | None = None
    #: Whether this review decided the subject.
    decided: bool = False
    #: Whether this review was counted at all.
    counted: bool = False
    #: The path of our pages where what lacks can be proven; empty: nothing lacks, or it cannot be.
    page: str = ""
    #: What lacks is a sign-in.
    takes_sign_in: bool = False

    @property
    def state(self) -> RequestState | HoldState | None:
        """The subject's state after the review."""
        return self.subject.state if self.subject is not None else None

    @property
    def request(self) -> AccessRequest | None:
        """The subject, if it is a request."""
        return self.subject if isinstance(self.subject, AccessRequest) else None

    @property
    def statement(self) -> Statement | None:
        """The subject, if it is a statement."""
        return self.subject if isinstance(self.subject, Statement) else None


@dataclass(frozen=True)
class Case(ABC, Generic[RowT]):
    """What is reviewed, its row locked, with everything that decides whether a vote counts and what it leads to."""

    #: The word for it in sentences and audit actions.
    what: ClassVar[str]
    states: ClassVar[type[RequestState] | type[HoldState]]
    #: Sentences for the reviewer: there is no such thing, a reason is missing, it is denied.
    missing: ClassVar[str]
    no_reason: ClassVar[str]
    denied: ClassVar[str]

    row: RowT
    requester: Principal
    #: As storage knows them now.
    reviewer: Principal
    #: The Slack account that asked for the access.
    asked_by: str | None
    #: Names of those who may review it now, and how many of them it takes.
    reviewers: frozenset[str]
    quorum: int
    #: What whoever approves it must have proven.
    requires: Requires | None
    #: Why this is not to be decided by anybody any more, as a sentence; None: it is.
    closed: str | None

    @property
    def present(self) -> bool:
        """Whether each approval takes a touch."""
        return self.requires is not None and self.requires.present

    @classmethod
    @abstractmethod
    async def open(
        cls, transaction: AsyncSession, policy: Policy | None, row_id: UUID, reviewer: Principal
    ) -> Self | None:
        """Lock the row and read what goes with it; None: there is nothing to review by that id."""

    def action(self, vote: Vote) -> str:
        """What the audit log calls the vote."""
        return f"{vote.source}:{self.what}:{vote.decision.value}"

    @abstractmethod
    def detail(self, vote: Vote, approvals: int | None) -> dict[str, object]:
        """What the audit event says of a vote that counts; `approvals` None: it is a denial."""

    @abstractmethod
    async def approved(self, transaction: AsyncSession, now: datetime) -> Outcome:
        """Do what the last approval leads to, the row being changed already."""


async def review(
    access: Access,
    kind: type[Case[RowT]],
    row_id: UUID,
    reviewer: Principal,
    decision: ReviewDecision,
    reason: str,
    source: str,
    revision: int | None = None,
    touch: UUID | None = None,
    by: SignedIn | None = None,
) -> Outcome:
    """Count one decision: one denial denies, the quorum's last approval approves.

    Whether it counts is judged by the policy in force now, not by the one under which it was asked. `revision` is what
    the reviewer saw: a decision about another one does not count; None: they saw it as it stands. `touch` is one of
    theirs for approving this in this revision, `by` the sign-in by which they decide, if any. Raises Refused for a
    denial without a reason or a reason too long; everything else is in the Outcome.
    """
    vote = Vote(reviewer.id, decision, text.reason(access, reason), source)
    if decision is ReviewDecision.DENY and not vote.reason:
        raise Refused(kind.no_reason)
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        case = await kind.open(transaction, policy, row_id, reviewer)
        if case is None:
            return Outcome(kind.missing)
        now = await clock(transaction)
        refusal, proven = await _refusal(transaction, case, now) or _changed(case, revision), Proof()
        # Last: what ends a sign-in has it first, then its person's own requests and grants, which they never review.
        refusal = refusal or await _signed_out(transaction, by, now)
        if refusal is None and policy is not None and decision is ReviewDecision.APPROVE:
            # Whoever denies need prove nothing more: that lets nobody in.
            act = acts.approve(case.row)
            # Slack's account is one proof of who decides. On our pages a sign-in alone is none that approves.
            insist = vote.source == acts.PAGES
            proven = await proof.weigh(
                access, transaction, policy, case.requires, case.reviewer, now, act, touch, insist=insist
            )
            refusal = proven.lacking
        if refusal is not None:
            await _note_refusal(transaction, case, vote, refusal)
            return Outcome(refusal, case.row, page=proven.page, takes_sign_in=proven.takes_sign_in)
        await record_vote(transaction, vote, now, case.row, proven)
        return await _count(transaction, case, vote, proven, now)


async def reviewer_refusal(transaction: AsyncSession, case: Case[Any]) -> str | None:
    """Why its reviewer may not decide about this at all, as a sentence for them; None: they may."""
    identity = await slack_identity(transaction, case.reviewer)
    return may_review(
        case.reviewer,
        case.requester,
        case.reviewers,
        case.what,
        account=account_of(identity),
        asked_by=case.asked_by,
        suspended=identity is not None and identity.suspended_at is not None,
    )


async def _refusal(transaction: AsyncSession, case: Case[RowT], now: datetime) -> str | None:
    """Why this decision cannot count, as a sentence for the reviewer."""
    row = case.row
    if row.state is not case.states.PENDING:
        return await _decided(transaction, case)
    if row.expires_at is not None and row.expires_at <= now:
        return f"This {case.what} expired at {row.expires_at:%H:%M:%S} UTC: nobody answered it in time."
    if case.closed is not None:
        return case.closed
    refusal = await reviewer_refusal(transaction, case)
    if refusal is not None:
        return refusal
    earlier = await vote_of(transaction, case.reviewer, row)
    return f"You have reviewed this {case.what} already ({earlier.decision}), and it counts once." if earlier else None


async def _signed_out(transaction: AsyncSession, by: SignedIn | None, now: datetime) -> str | None:
    """That the sign-in has ended while this waited for its row, as a sentence."""
    if by is None or await browser_sessions.held(transaction, by.session.id, now) is not None:
        return None
    return str(SignedOutMeanwhile())


def _changed(case: Case[RowT], revision: int | None) -> str | None:
    """Whether the reviewer decided on something else than what stands there now, as a sentence."""
    if revision is None or revision == case.row.revision:
        return None
    return f"This {case.what} changed since you saw it. Look at its card as it is now, then decide again."


async def _decided(transaction: AsyncSession, case: Case[RowT]) -> str:
    """Who decided it, how and when: for those who come too late."""
    row = case.row
    principal = await transaction.get(Principal, row.decided_by) if row.decided_by is not None else None
    how = _PARTICIPLES[row.state or HoldState.DENIED]
    who = f" by {principal.name}" if principal is not None else ""
    when = f" at {row.decided_at:%H:%M:%S} UTC" if row.decided_at is not None else ""
    return f"This {case.what} {how}{who}{when} already."


async def _note_refusal(transaction: AsyncSession, case: Case[RowT], vote: Vote, refusal: str) -> None:
    await changes.note(
        transaction,
        case.row,
        actor=changes.actor(case.reviewer),
        action=case.action(vote),
        outcome="failure",
        detail={"why": refusal},
    )


async def _count(transaction: AsyncSession, case: Case[RowT], vote: Vote, proven: Proof, now: datetime) -> Outcome:
    """What the vote leads to. The row is locked, so `decide` finds it open; the condition stands for whoever reads."""
    approvals, state, counting, lapsed = None, case.states.DENIED, frozenset[str](), frozenset[str]()
    if vote.decision is ReviewDecision.APPROVE:
        counting = await approvals_of(transaction, case.reviewers, case.row, present=case.present)
        lapsed = await given_by(transaction, case.row) - counting
        approvals = len(counting)
        state = case.states.APPROVED if approvals >= case.quorum else case.states.PENDING
    decided = state is not case.states.PENDING
    settled = changes.settled(state, now, why=vote.reason, by=vote.reviewer_id) if decided else {}
    table = type(case.row)
    [row] = await changes.decide(
        transaction,
        table,
        col(table.id) == case.row.id,
        {**settled, "approved_by": sorted(counting)} if state is case.states.APPROVED else settled,
        actor=changes.actor(case.reviewer),
        action=case.action(vote),
        detail={**case.detail(vote, approvals), **proven.detail},
    )
    if not decided:
        return Outcome(f"Your approval counts: {approvals} of {case.quorum}{_lapsed(lapsed)}.", row, counted=True)
    if approvals is None:
        return Outcome(case.denied, row, decided=True, counted=True)
    return await case.approved(transaction, now)


def _lapsed(names: Collection[str]) -> str:
    """Whose earlier approvals count no more, for the one who thought theirs was the last that was missing."""
    if not names:
        return ""
    whose = " and ".join(f"@{name}'s" for name in sorted(names))
    return f": {whose} {'approval no longer counts' if len(names) == 1 else 'approvals no longer count'}"

"""Access requests: stored once, answered by the policy at once, and decided by reviewers where it says so.

What cannot be asked for at all is refused with a sentence and leaves no row; what the policy denies leaves one. What
somebody has or waits for already is not asked for a second time, unless they were told and ask for it all the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes, text
from access.changes import actor
from access.context import Access
from access.decisions import drafts
from access.decisions.standing import Standing, standing
from access.errors import PolicyStale, Refused
from access.grants import grants, revocation
from access.identity import acts, browser_sessions, proof
from access.identity.browser_sessions import SignedIn, SignedOutMeanwhile
from access.identity.people import slack_account
from access.identity.proof import Unproven
from access.in_force import policy_in_force
from access.policy.document import LONGEST_GRANT_S
from access.policy.policy import Policy, Requirement
from access.policy.suggest import did_you_mean
from access.policy.values.duration import format_duration
from storage import outbox
from storage.audit import trail
from storage.database import clock
from storage.model import AccessRequest, Decision, Grant, PostPurpose, PostSubject, Principal, RequestState
from storage.model.columns import new_id

#: Pending requests that one principal may have.
MAX_PENDING = 20
#: The same thing asked for again within this time is the same request, delivered twice.
SAME_ASK_S = 30
_LONGEST_ECHO = 64

_STATES = {
    Decision.AUTOMATIC: RequestState.APPROVED,
    Decision.DENIED: RequestState.DENIED,
    Decision.REVIEWED: RequestState.PENDING,
}


@dataclass(frozen=True)
class Ask:
    """What somebody asks for; `source` is where: slack, web, api."""

    resource: str
    role: str
    duration_s: int
    reason: str = ""
    ticket: str | None = None
    source: str = "slack"
    #: The grant or pending request of which the asker was told, and beside which they ask all the same.
    beside: UUID | None = None


async def submit(
    access: Access, principal: Principal, ask: Ask, *, touch: UUID | None = None, by: SignedIn | None = None
) -> AccessRequest:
    """Store the request in the state that the policy gives it: pending, approved with its grant, or denied.

    `touch` is one of theirs for asking for exactly this, `by` the sign-in by which they ask, if any. Raises Refused
    (its message is for the person), of which Standing says what they have or wait for already and Unproven where they
    can prove what lacks, with a draft kept there; and StorageUnavailable.
    """
    reason, ticket = text.reason(access, ask.reason), text.ticket(access, ask.ticket)
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        # What does not exist is refused before anything is locked or written.
        requirement = _required(access, policy, principal, ask) if policy is not None else None
        # Locked, so that requests of one person are counted one after the other.
        asker = await transaction.get_one(Principal, principal.id, with_for_update=True, populate_existing=True)
        now = await clock(transaction)
        refusal = await _refusal(transaction, asker)
        if by is not None and await browser_sessions.held(transaction, by.session.id, now) is None:
            refusal = SignedOutMeanwhile()
        if policy is not None and requirement is not None and refusal is None:
            new = _row(policy, asker, ask, requirement, reason, ticket, now)
            if (account := await slack_account(transaction, asker)) is not None:
                new.context = {**new.context, "slack": account}
            same = await _same(transaction, new, now)
            if same is not None:
                return same
            refusal = await _standing(transaction, policy, asker, ask, requirement, now)
            if refusal is None:
                refusal = await _unproven(access, transaction, policy, asker, ask, new, requirement, now, touch)
            if refusal is None:
                transaction.add(new)
                await transaction.flush()
                await _announce(policy, transaction, new, asker, requirement, ask.source, now)
                return new
        refusal = refusal or PolicyStale()
        await trail.record(
            transaction,
            actor=actor(asker),
            action=f"{ask.source}:request:refuse",
            resource=f"{ask.resource}/{ask.role}",
            outcome="failure",
            detail={"why": str(refusal)},
        )
    raise refusal


async def cancel(
    access: Access,
    request_id: UUID,
    by: Principal,
    reason: str = "",
    *,
    source: str = "slack",
    me: SignedIn | None = None,
) -> AccessRequest:
    """pending -> cancelled, by whoever asked, `me` being the sign-in by which they say so, if any. Raises Refused."""
    why = text.reason(access, reason)
    async with access.database.transaction() as transaction:
        if me is not None:
            await browser_sessions.check_live(transaction, me, await clock(transaction))
        request = await transaction.get(AccessRequest, request_id)
        if request is None or request.principal_id != by.id:
            raise Refused("There is no such request of yours. /access list shows yours.")
        cancelled = await revocation.cancel_request(
            transaction, request_id, by, why, await clock(transaction), source=source
        )
        if cancelled is None:
            await transaction.refresh(request)
            raise Refused(f"This request is {request.state} already, so there is nothing to cancel.")
        return cancelled


def _required(access: Access, policy: Policy, principal: Principal, ask: Ask) -> Requirement:
    """What the policy asks for. Raises Refused for what does not exist or no policy could grant."""
    _check_exists(access, policy, principal, ask)
    if ask.duration_s <= 0:
        raise Refused("An access lasts for some time: write it like 15m, 2h or 1h30m.")
    requirement = policy.require(principal.name, ask.resource, ask.role)
    longest = LONGEST_GRANT_S if requirement.decision is Decision.DENIED else requirement.maximum_s
    if ask.duration_s > longest:
        raise Refused(
            f"{format_duration(ask.duration_s)} is too long: {ask.resource} {ask.role} is granted for "
            f"{format_duration(longest)} at most."
        )
    return requirement


def _check_exists(access: Access, policy: Policy, principal: Principal, ask: Ask) -> None:
    """Names only what this person may ask for: the resources of others are not shown."""
    if ask.resource in policy.resources and ask.role in policy.resources[ask.resource].roles:
        return
    may = [(offer.resource, offer.role) for offer in policy.what_may(principal.name)]
    resources = sorted({resource for resource, _ in may})
    if not may:
        raise Refused("The policy lets you ask for nothing yet. Ask those who keep gatepass.yml.")
    if ask.resource not in resources:
        raise Refused(
            f"There is no resource {access.redact(ask.resource)[:_LONGEST_ECHO]} that you may ask for."
            f"{did_you_mean(ask.resource, resources)} You may ask for: {', '.join(resources)}."
        )
    roles = sorted(role for resource, role in may if resource == ask.resource)
    raise Refused(
        f"{ask.resource} has no role {access.redact(ask.role)[:_LONGEST_ECHO]} that you may ask for."
        f"{did_you_mean(ask.role, roles)} You may ask for: {', '.join(roles)}."
    )


async def _refusal(transaction: AsyncSession, asker: Principal) -> Refused | None:
    if asker.disabled_at is not None:
        return Refused("You are no longer in Gatepass's policy, so you cannot ask for access.")
    pending = await transaction.scalar(
        select(func.count()).where(
            col(AccessRequest.principal_id) == asker.id, col(AccessRequest.state) == RequestState.PENDING
        )
    )
    if (pending or 0) >= MAX_PENDING:
        return Refused(f"You have {pending} requests waiting for review: wait for some of them, or cancel them.")
    return None


async def _unproven(
    access: Access,
    transaction: AsyncSession,
    policy: Policy,
    asker: Principal,
    ask: Ask,
    new: AccessRequest,
    requirement: Requirement,
    now: datetime,
    touch: UUID | None,
) -> Unproven | None:
    """That they have not proven themselves as the rule asks; what is denied is denied, whatever they prove.

    What was proven is put into `new`. Where a touch lacks, what was asked is kept for the page where it can be given.
    """
    draft_id = new_id() if touch is None else None
    act = drafts.act(ask.resource, ask.role, ask.duration_s, new.reason, new.ticket, ask.beside, draft_id)
    proven = await proof.weigh(
        access,
        transaction,
        policy,
        requirement.requires,
        asker,
        now,
        act,
        touch,
        insist=ask.source == acts.PAGES and new.state is not RequestState.DENIED,
    )
    if proven.lacking is None:
        new.context = {**new.context, **proven.detail}
        return None
    if draft_id is not None and proven.page:
        drafts.write(
            transaction,
            draft_id,
            asker,
            resource=ask.resource,
            role=ask.role,
            duration_s=ask.duration_s,
            reason=new.reason,
            ticket=new.ticket,
            beside=ask.beside,
            now=now,
        )
    return Unproven(proven)


async def _standing(
    transaction: AsyncSession, policy: Policy, asker: Principal, ask: Ask, requirement: Requirement, now: datetime
) -> Standing | None:
    """What the asker has or waits for already, unless it is what they ask beside. The caller has locked the asker."""
    found = await standing(transaction, policy, asker, ask.resource, ask.role, now)
    if found is None or found.id == ask.beside:
        return None
    # A request that the policy would deny by now is denied, with why: that another waits is no answer.
    return Standing(found) if isinstance(found, Grant) or requirement.decision is not Decision.DENIED else None


def _row(
    policy: Policy,
    asker: Principal,
    ask: Ask,
    requirement: Requirement,
    reason: str,
    ticket: str | None,
    now: datetime,
) -> AccessRequest:
    state = _STATES[requirement.decision]
    return AccessRequest(
        principal_id=asker.id,
        resource=ask.resource,
        role=ask.role,
        duration_s=ask.duration_s,
        reason=reason,
        ticket=ticket,
        state=state,
        decision=requirement.decision,
        rule=requirement.rule,
        policy_hash=policy.hash,
        quorum=requirement.quorum,
        reviewers=sorted(requirement.reviewers),
        channel=requirement.channel,
        created_at=now,
        expires_at=now + timedelta(seconds=requirement.answer_within_s),
        decided_at=None if state is RequestState.PENDING else now,
        decision_reason="" if state is RequestState.PENDING else requirement.why,
        context={"source": ask.source, **({"beside": ask.beside.hex} if ask.beside is not None else {})},
    )


async def _same(transaction: AsyncSession, new: AccessRequest, now: datetime) -> AccessRequest | None:
    """The request of a moment ago that `new` repeats in every word: a double click, a redelivery.

    It waits still, or it was granted at once and the grant still lives: then there would be two of them.
    """
    is_granted = and_(
        col(AccessRequest.decision) == Decision.AUTOMATIC, col(Grant.revoked_at).is_(None), col(Grant.expires_at) > now
    )
    return await transaction.scalar(
        select(AccessRequest)
        .outerjoin(Grant, col(Grant.request_id) == col(AccessRequest.id))
        .where(
            col(AccessRequest.principal_id) == new.principal_id,
            or_(col(AccessRequest.state) == RequestState.PENDING, is_granted),
            col(AccessRequest.resource) == new.resource,
            col(AccessRequest.role) == new.role,
            col(AccessRequest.duration_s) == new.duration_s,
            col(AccessRequest.reason) == new.reason,
            col(AccessRequest.ticket).is_not_distinct_from(new.ticket),
            col(AccessRequest.context)["beside"].as_string().is_not_distinct_from(new.context.get("beside")),
            col(AccessRequest.created_at) > now - timedelta(seconds=SAME_ASK_S),
        )
    )


async def _announce(
    policy: Policy,
    transaction: AsyncSession,
    new: AccessRequest,
    asker: Principal,
    requirement: Requirement,
    source: str,
    now: datetime,
) -> None:
    """The cards, the reply for the requester, the audit events and, if automatic, the grant.

    What is to be decided goes to the channel, and to reviewers directly where the rule wants them told.

    What was granted without a review is shown as well: the channel sees who enters, and the digest has its thread.
    """
    if new.state is not RequestState.DENIED and new.channel is not None:
        await outbox.enqueue(transaction, PostSubject.REQUEST, new.id, PostPurpose.CARD, new.channel)
    if new.state is RequestState.PENDING:
        for address in policy.told_directly(asker.name, new.resource, new.role, new.reviewers):
            await outbox.enqueue(transaction, PostSubject.REQUEST, new.id, PostPurpose.CARD, address)
    person = policy.people.get(asker.name)
    if person is not None and person.slack is not None:
        await outbox.enqueue(transaction, PostSubject.REQUEST, new.id, PostPurpose.REPLY, person.slack)
    detail = {
        "duration_s": new.duration_s,
        "reason": new.reason,
        "ticket": new.ticket,
        "rule": new.rule,
        "policy": new.policy_hash,
        "decision": new.decision.value,
        **{known: new.context[known] for known in ("beside", "proof") if known in new.context},
    }
    await changes.request(transaction, new, actor=actor(asker), action=f"{source}:request:submit", detail=detail)
    if new.state is RequestState.DENIED:
        why = {"why": requirement.why}
        await changes.request(
            transaction, new, actor="gatepass", action="policy:request:deny", outcome="failure", detail=why
        )
    elif new.state is RequestState.APPROVED:
        await changes.request(transaction, new, actor="gatepass", action="policy:request:approve")
        await grants.make(transaction, new, now, duration_s=new.duration_s, by=None)

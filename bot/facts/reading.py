"""Reads from storage what a message shows. Reads only; every answer is as of one transaction.

People are named by the policy in force, because that is where their Slack ids stand; somebody who left it keeps their
name and is mentioned no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.addresses import Addresses, connect_command
from access.context import Access
from access.decisions.about import about, ticket_url
from access.decisions.standing import pending_of, standing
from access.decisions.statement_reviews import required, reviewers_now
from access.decisions.votes import approvals_of
from access.errors import STALE
from access.grants.grants import still_allowed
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.resources import Resource
from access.policy.reviewers import may_review, revokers
from bot.facts.facts import RequestFacts, StatementFacts, Who
from bot.facts.fingerprint import fingerprint
from bot.facts.votes import Votes, gave_of, proofs_of
from storage import outbox
from storage.database import clock
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    PostPurpose,
    PostSubject,
    Principal,
    Protocol,
    RequestState,
    Review,
    Session,
    Statement,
)

#: More pending requests than this are not looked through for one person's home.
PENDING_LIMIT = 200


class Reader:
    """Facts about requests, statements and sessions, ready to be rendered."""

    def __init__(self, access: Access, addresses: Addresses) -> None:
        self._access = access
        self._addresses = addresses

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self._access.policies.current

    def who(self, name: str) -> Who:
        """Somebody by their policy name."""
        person = self.policy.people.get(name)
        return Who(name, person.slack if person else None)

    async def now(self, transaction: AsyncSession) -> datetime:
        """The clock that decides."""
        return await clock(transaction)

    async def request(self, transaction: AsyncSession, request_id: UUID) -> RequestFacts | None:
        """One request; None if there is none with this id."""
        request = await transaction.get(AccessRequest, request_id, populate_existing=True)
        return None if request is None else (await self._requests(transaction, [request]))[0]

    async def grant(self, transaction: AsyncSession, grant_id: UUID) -> RequestFacts | None:
        """The request behind a grant, and the grant with it."""
        grant = await transaction.get(Grant, grant_id)
        return None if grant is None else await self.request(transaction, grant.request_id)

    async def of_grants(self, transaction: AsyncSession, grants: Sequence[Grant]) -> list[RequestFacts]:
        """The requests behind these grants, in their order."""
        found = await transaction.scalars(
            select(AccessRequest).where(col(AccessRequest.id).in_([grant.request_id for grant in grants]))
        )
        facts = {one.request.id: one for one in await self._requests(transaction, list(found))}
        return [facts[grant.request_id] for grant in grants if grant.request_id in facts]

    async def standing(
        self, transaction: AsyncSession, principal: Principal, resource: str, role: str
    ) -> RequestFacts | None:
        """What somebody has or waits for of this role already, as requests.submit would find it."""
        now = await clock(transaction)
        policy = await policy_in_force(self._access, transaction) or self.policy
        found = await standing(transaction, policy, principal, resource, role, now)
        if found is None:
            return None
        return await self.request(transaction, found.request_id if isinstance(found, Grant) else found.id)

    async def card(self, transaction: AsyncSession, request: AccessRequest) -> tuple[str, str] | None:
        """Channel and ts of a request's card in its channel; None where it does not stand there."""
        if request.channel is None:
            return None
        post = await outbox.find(transaction, PostSubject.REQUEST, request.id, PostPurpose.CARD, request.channel)
        if post is None or post.channel is None or post.ts is None:
            return None
        return post.channel, post.ts

    async def pending_of(self, transaction: AsyncSession, principal: Principal) -> list[RequestFacts]:
        """What somebody asked for and nobody decided yet, newest first."""
        return await self._requests(transaction, await pending_of(transaction, principal))

    async def waiting_for(self, transaction: AsyncSession, reviewer: Principal) -> list[RequestFacts]:
        """Pending requests that were put to somebody who may still review them, those that expire first at the top."""
        found = await transaction.scalars(
            select(AccessRequest)
            .where(
                col(AccessRequest.state) == RequestState.PENDING,
                col(AccessRequest.principal_id) != reviewer.id,
                col(AccessRequest.reviewers).contains([reviewer.name]),
            )
            .order_by(col(AccessRequest.expires_at), col(AccessRequest.id))
            .limit(PENDING_LIMIT)
        )
        policy = await policy_in_force(self._access, transaction)
        mine = [one for one in found if await _refusal(transaction, policy, one, reviewer) is None]
        return await self._requests(transaction, mine)

    async def held_for(self, transaction: AsyncSession, reviewer: Principal) -> list[StatementFacts]:
        """Held statements that were put to somebody who may still review them, those that expire first at the top."""
        found = await transaction.scalars(
            select(Statement)
            .where(col(Statement.state) == HoldState.PENDING, col(Statement.reviewers).contains([reviewer.name]))
            .order_by(col(Statement.expires_at), col(Statement.id))
            .limit(PENDING_LIMIT)
        )
        policy = await policy_in_force(self._access, transaction)
        mine = [one for one in found if await _refusal(transaction, policy, one, reviewer) is None]
        facts = [await self.statement(transaction, one.id) for one in mine]
        return [one for one in facts if one is not None]

    async def refusal(
        self, transaction: AsyncSession, subject: AccessRequest | Statement, reviewer: Principal
    ) -> str | None:
        """Why the policy in force keeps this from `reviewer`; None: they may read it. A decision asks again."""
        return await _refusal(transaction, await policy_in_force(self._access, transaction), subject, reviewer)

    async def statement(self, transaction: AsyncSession, statement_id: UUID) -> StatementFacts | None:
        """One held or denied statement; None if there is none with this id."""
        statement = await transaction.get(Statement, statement_id, populate_existing=True)
        if statement is None:
            return None
        grant = await _grant_of(transaction, statement.session_id)
        return (await self.statements(transaction, [statement], grant))[0]

    async def _requests(self, transaction: AsyncSession, requests: Sequence[AccessRequest]) -> list[RequestFacts]:
        policy = await policy_in_force(self._access, transaction) or self.policy
        ids = [request.id for request in requests]
        now = await clock(transaction)
        grants = {
            grant.request_id: grant
            for grant in await transaction.scalars(select(Grant).where(col(Grant.request_id).in_(ids)))
        }
        reviews = list(
            await transaction.scalars(
                select(Review).where(col(Review.request_id).in_(ids)).order_by(col(Review.created_at))
            )
        )
        people = await self._people(
            transaction,
            [request.principal_id for request in requests],
            [request.decided_by for request in requests],
            [review.reviewer_id for review in reviews],
            [grant.revoked_by for grant in grants.values()],
        )
        return [
            self._request(
                request,
                grants.get(request.id),
                await self._votes(transaction, policy, request, reviews, people),
                people,
                now,
                policy,
            )
            for request in requests
        ]

    async def _votes(
        self,
        transaction: AsyncSession,
        policy: Policy,
        subject: AccessRequest | Statement,
        reviews: Sequence[Review],
        people: Mapping[UUID, Who],
    ) -> Votes:
        """Of those who gave an approval by `reviews`: whose count, as the decision would count them."""
        votes = await self._counted(transaction, policy, subject, gave_of(reviews, subject.id, people))
        return replace(votes, proofs=proofs_of(reviews, subject.id, people, votes.counting))

    async def _counted(
        self, transaction: AsyncSession, policy: Policy, subject: AccessRequest | Statement, gave: Sequence[Who]
    ) -> Votes:
        if subject.approved_by:
            return Votes(tuple(self.who(name) for name in subject.approved_by))
        if not gave or subject.state not in (RequestState.PENDING, HoldState.PENDING):
            # Decided before it was written down whose approvals counted, or not by approvals.
            return Votes(tuple(gave))
        reviewers, present = await _reviewers(transaction, policy, subject)
        counting = await approvals_of(transaction, reviewers, subject, present=present)
        return Votes(
            tuple(who for who in gave if who.name in counting), tuple(who for who in gave if who.name not in counting)
        )

    def _request(
        self,
        request: AccessRequest,
        grant: Grant | None,
        votes: Votes,
        people: dict[UUID, Who],
        now: datetime,
        policy: Policy,
    ) -> RequestFacts:
        resource = policy.resources.get(request.resource)
        requester = people[request.principal_id]
        return RequestFacts(
            request=request,
            requester=requester,
            now=now,
            reviewers=tuple(self.who(name) for name in request.reviewers),
            approvals=votes.counting,
            lapsed=votes.lapsed,
            proofs=votes.proofs,
            decided_by=people.get(request.decided_by) if request.decided_by else None,
            grant=grant,
            revoked_by=people.get(grant.revoked_by) if grant and grant.revoked_by else None,
            about=about(policy, request.resource, request.role, request.ticket),
            connect=connect_command(self._addresses, resource, request.role) if resource else None,
            token_lifetime=policy.tokens.lifetime,
            fingerprint=self._fingerprint(resource),
            not_allowed=still_allowed(policy, grant, requester.name) if grant else None,
            revocable=grant is not None and bool(revokers(policy, requester.name, grant)),
        )

    def _fingerprint(self, resource: Resource | None) -> str | None:
        is_ssh = resource is not None and resource.type is Protocol.SSH
        return fingerprint(self._addresses.ssh_host_key_file) if is_ssh else None

    async def statements(
        self, transaction: AsyncSession, statements: Sequence[Statement], grant: Grant
    ) -> list[StatementFacts]:
        """These held or denied statements of sessions under one grant, in their order."""
        reviews = list(
            await transaction.scalars(
                select(Review)
                .where(col(Review.statement_id).in_([one.id for one in statements]))
                .order_by(col(Review.created_at))
            )
        )
        people = await self._people(
            transaction,
            [grant.principal_id],
            [one.decided_by for one in statements],
            [review.reviewer_id for review in reviews],
        )
        request = await transaction.get_one(AccessRequest, grant.request_id)
        now = await clock(transaction)
        policy = await policy_in_force(self._access, transaction) or self.policy
        votes = {one.id: await self._votes(transaction, policy, one, reviews, people) for one in statements}
        return [
            StatementFacts(
                statement=one,
                principal=people[grant.principal_id],
                resource=grant.resource,
                role=grant.role,
                reviewers=tuple(self.who(name) for name in one.reviewers),
                approvals=votes[one.id].counting,
                lapsed=votes[one.id].lapsed,
                proofs=votes[one.id].proofs,
                decided_by=people.get(one.decided_by) if one.decided_by else None,
                reason=request.reason,
                ticket=request.ticket,
                ticket_url=ticket_url(policy, request.ticket),
                now=now,
            )
            for one in statements
        ]

    async def _people(self, transaction: AsyncSession, *groups: Iterable[UUID | None]) -> dict[UUID, Who]:
        ids = {one for group in groups for one in group if one is not None}
        found = await transaction.scalars(select(Principal).where(col(Principal.id).in_(ids)))
        return {principal.id: self.who(principal.name) for principal in found}


async def _refusal(
    transaction: AsyncSession, policy: Policy | None, subject: AccessRequest | Statement, reviewer: Principal
) -> str | None:
    if policy is None:
        return STALE
    requester = await _requester(transaction, subject)
    what = "request" if isinstance(subject, AccessRequest) else "statement"
    reviewers, _ = await _reviewers(transaction, policy, subject)
    return may_review(reviewer, requester, reviewers, what)


async def _requester(transaction: AsyncSession, subject: AccessRequest | Statement) -> Principal:
    asked = subject if isinstance(subject, AccessRequest) else await _grant_of(transaction, subject.session_id)
    return await transaction.get_one(Principal, asked.principal_id)


async def _reviewers(
    transaction: AsyncSession, policy: Policy, subject: AccessRequest | Statement
) -> tuple[frozenset[str], bool]:
    """Names of those who may review it by this policy, and whether each approval takes a touch."""
    requester = await _requester(transaction, subject)
    if isinstance(subject, AccessRequest):
        requirement = policy.require(requester.name, subject.resource, subject.role)
        return requirement.reviewers, requirement.requires is not None and requirement.requires.present
    grant = await _grant_of(transaction, subject.session_id)
    requires = required(policy, subject, grant, requester)
    return reviewers_now(policy, subject, grant, requester), requires is not None and requires.present


async def _grant_of(transaction: AsyncSession, session_id: UUID) -> Grant:
    session = await transaction.get_one(Session, session_id)
    return await transaction.get_one(Grant, session.grant_id)

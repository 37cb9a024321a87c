"""When a post cannot stand where it belongs: the people it is for are told directly, so that nobody waits in vain.

A request's card goes to each of its reviewers, and its requester is told why; a held statement's card goes to its
reviewers; a digest goes to whom the session was.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from access.context import Access
from access.policy.document import MAX_TOLD
from bot.facts.digests import digested_request
from storage import outbox
from storage.model import AccessRequest, Post, PostPurpose, PostSubject, Principal, Statement


class Fallback:
    """Wants posts elsewhere; the notifier shows them like any other."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def take(self, post: Post) -> None:
        """For a post that was never shown in its channel. One that failed in a direct message has no other way."""
        if post.ts is not None or not post.address.startswith(("C", "G")):
            return
        async with self._access.database.transaction() as transaction:
            match post.subject:
                case _ if post.purpose is PostPurpose.DIGEST:
                    await self._digest(transaction, post)
                case PostSubject.REQUEST:
                    request = await transaction.get_one(AccessRequest, post.subject_id)
                    await self._cards(transaction, post, request.reviewers)
                    requester = await transaction.get_one(Principal, request.principal_id)
                    await self._want(transaction, post, PostPurpose.REPLY, requester.name, again=True)
                case PostSubject.STATEMENT:
                    statement = await transaction.get_one(Statement, post.subject_id)
                    await self._cards(transaction, post, statement.reviewers)
                case PostSubject.SESSION | PostSubject.LINK | PostSubject.SECURITY_KEY | PostSubject.SSH_KEY:
                    """A session has nothing but a digest; what changed of somebody's own is told to them alone."""

    async def take_stuck_digests(self) -> None:
        """Digests that wait for the thread of a card which could not be posted."""
        parent = aliased(Post)
        async with self._access.database.transaction() as transaction:
            stuck = await transaction.scalars(
                select(Post)
                .join(parent, col(parent.id) == col(Post.thread_of))
                .where(col(Post.ts).is_(None), col(parent.ts).is_(None), col(parent.last_error) != "")
                .where(col(Post.purpose) == PostPurpose.DIGEST)
            )
            for post in stuck.all():
                await self._digest(transaction, post)

    async def _cards(self, transaction: AsyncSession, post: Post, reviewers: Iterable[str]) -> None:
        for name in sorted(reviewers)[:MAX_TOLD]:
            await self._want(transaction, post, PostPurpose.CARD, name)

    async def _digest(self, transaction: AsyncSession, post: Post) -> None:
        request_id = await digested_request(transaction, post)
        request = await transaction.get_one(AccessRequest, request_id)
        principal = await transaction.get_one(Principal, request.principal_id)
        await self._want(transaction, post, PostPurpose.DIGEST, principal.name)

    async def _want(
        self, transaction: AsyncSession, post: Post, purpose: PostPurpose, name: str, *, again: bool = False
    ) -> None:
        """Once, unless `again`: the same post is not due anew each time the channel is found closed."""
        person = self._access.policies.current.people.get(name)
        if person is None or person.slack is None:
            return
        known = await outbox.find(transaction, post.subject, post.subject_id, purpose, person.slack)
        if known is None or again:
            await outbox.enqueue(transaction, post.subject, post.subject_id, purpose, person.slack)

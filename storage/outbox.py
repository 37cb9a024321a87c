"""The outbox of posts: enqueued in the transaction that makes them due, shown by whichever bot claims them.

A post is a level to reach, not an event to replay: it is due while the revision shown is behind the one wanted, and
showing it once with the latest state settles however many changes there were. `enqueue` and `invalidate` make it due,
`claim` leases it, `mark_shown` and `mark_failed` say what came of it. `not_before` is the lease of whoever is showing
it now or the wait after a failure; enqueuing it again never shortens either, or two bots would post it twice.

Who waits for a post says which is claimed first: a terminal for a held statement's card, a person for a request's,
then for what became of it; nobody waits for a digest.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.database import Database
from storage.model import AccessRequest, HoldState, Post, PostPurpose, PostSubject, RequestState, Statement
from storage.notices import Topic, notify

#: How long a claimed post is left alone; longer than one call to Slack may take.
LEASE_S = 30
#: How long a digest is left alone after it was shown: sessions may end many times a second, and whoever reads of them
#: needs no more than the latest state.
DIGEST_REST_S = 10
#: A failure is kept to be read, not to be archived.
ERROR_LIMIT = 1000


async def enqueue(
    transaction: AsyncSession,
    subject: PostSubject,
    subject_id: UUID,
    purpose: PostPurpose,
    address: str,
    *,
    thread_of: UUID | None = None,
) -> UUID:
    """Ask for a post, or for the one that stands there to be brought up to date; returns its id.

    With `thread_of` it is due once that post is shown, as a reply in its thread.
    """
    post = insert(Post).values(
        Post(subject=subject, subject_id=subject_id, purpose=purpose, address=address, thread_of=thread_of).model_dump(
            exclude={"not_before", "created_at"}
        )
    )
    again = post.on_conflict_do_update(
        constraint="post_is_shown_once_a_place", set_={"wanted_revision": col(Post.wanted_revision) + 1}
    )
    post_id = (await transaction.execute(again.returning(col(Post.id)))).scalar_one()
    await notify(transaction, Topic.POST, post_id)
    return post_id


async def invalidate(transaction: AsyncSession, subject: PostSubject, subject_id: UUID) -> None:
    """The subject changed: every post about it is due again."""
    invalidated = await transaction.scalars(
        update(Post)
        .where(col(Post.subject) == subject, col(Post.subject_id) == subject_id)
        .values(wanted_revision=col(Post.wanted_revision) + 1)
        .returning(col(Post.id))
    )
    for post_id in invalidated.all():
        await notify(transaction, Topic.POST, post_id)


async def find(
    transaction: AsyncSession, subject: PostSubject, subject_id: UUID, purpose: PostPurpose, address: str
) -> Post | None:
    """The post of this purpose at this address, shown or not."""
    return await transaction.scalar(
        select(Post).where(
            col(Post.subject) == subject,
            col(Post.subject_id) == subject_id,
            col(Post.purpose) == purpose,
            col(Post.address) == address,
        )
    )


@dataclass(frozen=True)
class Resting:
    """Addresses where nothing is to be shown just now: what would be posted there, and what would be updated."""

    posting: Collection[str] = ()
    updating: Collection[str] = ()


async def claim(database: Database, limit: int = 20, resting: Resting = Resting()) -> list[Post]:
    """Claim what is to be shown now, at most one post an address, in up to `limit` places.

    Of one address it is what somebody waits for most, the oldest of that. Each is nobody else's for LEASE_S. Say
    `mark_shown` with the `wanted_revision` that each has here, `mark_failed`, or `release`. Raises StorageUnavailable.
    """
    awake = _due().where(
        not_(and_(col(Post.ts).is_(None), col(Post.address).in_(resting.posting))),
        not_(and_(col(Post.ts).is_not(None), col(Post.address).in_(resting.updating))),
    )
    order = (_URGENCY, col(Post.created_at), col(Post.id))
    first = awake.ext(distinct_on(col(Post.address))).order_by(col(Post.address), *order).subquery("first")
    # Due is asked again of the locked row: another bot may have claimed it since `first` was read.
    claims = (
        _due()
        .where(col(Post.id).in_(select(first.c.id)))
        .order_by(*order)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Post)
        .cte("claims")
    )
    async with database.transaction() as transaction:
        posts = await transaction.scalars(
            update(Post)
            .where(col(Post.id) == claims.c.id)
            .values(not_before=_in(LEASE_S), attempts=col(Post.attempts) + 1)
            .returning(Post)
        )
        return sorted(posts.all(), key=lambda post: post.created_at)


async def mark_shown(database: Database, post_id: UUID, *, revision: int, channel: str, ts: str) -> None:
    """The post stands at `channel` and `ts` as of `revision`; if more was wanted meanwhile it is due at once.

    A digest is due again after DIGEST_REST_S at the earliest. Raises StorageUnavailable; saying it again is harmless.
    """
    async with database.transaction() as transaction:
        await transaction.execute(
            update(Post)
            .where(col(Post.id) == post_id)
            .values(
                shown_revision=func.greatest(col(Post.shown_revision), revision),
                channel=channel,
                ts=ts,
                not_before=case((_IS_DIGEST, _in(DIGEST_REST_S)), else_=_in(0)),
                attempts=0,
                last_error="",
            )
        )
        waiting = _due().where(or_(col(Post.id) == post_id, col(Post.thread_of) == post_id))
        if await transaction.scalar(select(exists(waiting))):
            await notify(transaction, Topic.POST, post_id)


async def mark_failed(database: Database, post_id: UUID, *, error: str, retry_in_s: float) -> None:
    """The post could not be shown: leave it alone for `retry_in_s`. `error` is kept for operators, cut to size.

    Nobody is told when the time is up: whoever shows posts calls `claim` now and then. Raises StorageUnavailable.
    """
    async with database.transaction() as transaction:
        await transaction.execute(
            update(Post)
            .where(col(Post.id) == post_id)
            .values(not_before=_in(retry_in_s), last_error=error.replace("\x00", "")[:ERROR_LIMIT])
        )


async def release(database: Database, post_id: UUID) -> None:
    """The claimed post could not be tried, for a reason that is not its own: it is due again as it was.

    Raises StorageUnavailable.
    """
    async with database.transaction() as transaction:
        await transaction.execute(
            update(Post).where(col(Post.id) == post_id).values(not_before=_in(0), attempts=col(Post.attempts) - 1)
        )


async def open_posts(transaction: AsyncSession) -> list[UUID]:
    """Cards that stand somewhere and still ask for a decision, oldest first: their subject is pending."""
    pending_request = exists().where(
        col(Post.subject) == PostSubject.REQUEST,
        col(AccessRequest.id) == col(Post.subject_id),
        col(AccessRequest.state) == RequestState.PENDING,
    )
    pending_statement = exists().where(
        col(Post.subject) == PostSubject.STATEMENT,
        col(Statement.id) == col(Post.subject_id),
        col(Statement.state) == HoldState.PENDING,
    )
    posts = select(col(Post.id)).where(col(Post.purpose) == PostPurpose.CARD, or_(pending_request, pending_statement))
    return list((await transaction.scalars(posts.order_by(col(Post.created_at)))).all())


def _due() -> Select[UUID]:
    """Behind, free to try, and with a thread to stand in if it is a reply."""
    parent = aliased(Post)
    has_thread = exists().where(col(parent.id) == col(Post.thread_of), col(parent.ts).is_not(None))
    return select(col(Post.id)).where(
        col(Post.shown_revision) < col(Post.wanted_revision),
        col(Post.not_before) <= func.clock_timestamp(),
        or_(col(Post.thread_of).is_(None), has_thread),
    )


_IS_DIGEST = col(Post.purpose) == PostPurpose.DIGEST
#: The smaller, the sooner.
_URGENCY = case(
    (_IS_DIGEST, 3),
    (col(Post.subject) == PostSubject.STATEMENT, 0),
    (col(Post.purpose) == PostPurpose.CARD, 1),
    else_=2,
)


def _in(seconds: float) -> ColumnElement[Any]:
    return func.clock_timestamp() + timedelta(seconds=seconds)

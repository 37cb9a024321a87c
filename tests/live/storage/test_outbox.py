"""The outbox: due until shown, one bot at a time, replies after what they reply to."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage import outbox
from storage.database import Database, clock
from storage.model import (
    AccessRequest,
    Decision,
    PolicyVersion,
    Post,
    PostPurpose,
    PostSubject,
    Principal,
    PrincipalKind,
    RequestState,
)


async def enqueue(
    database: Database,
    subject_id: UUID | None = None,
    *,
    subject: PostSubject = PostSubject.REQUEST,
    purpose: PostPurpose = PostPurpose.CARD,
    address: str = "C1",
    thread_of: UUID | None = None,
) -> UUID:
    async with database.transaction() as transaction:
        return await outbox.enqueue(
            transaction,
            subject,
            subject_id or uuid4(),
            purpose,
            address,
            thread_of=thread_of,
        )


async def due_ids(database: Database) -> list[UUID]:
    """All that is due, in the order in which it is claimed."""
    found: list[UUID] = []
    while claimed := await outbox.claim(database):
        found += [post.id for post in claimed]
    return found


async def post_of(database: Database, post_id: UUID) -> Post:
    async with database.transaction() as transaction:
        return await transaction.get_one(Post, post_id)


async def let_waits_pass(database: Database) -> None:
    """As if the lease or the wait after a failure had run out."""
    async with database.transaction() as transaction:
        past = await clock(transaction) - timedelta(seconds=1)
        await transaction.execute(update(Post).values(not_before=past))


async def test_an_enqueued_post_is_due_until_it_is_shown(database: Database) -> None:
    post_id = await enqueue(database)
    [post] = await outbox.claim(database)
    assert (post.id, post.address, post.wanted_revision, post.shown_revision, post.attempts) == (post_id, "C1", 1, 0, 1)
    await outbox.mark_shown(database, post_id, revision=post.wanted_revision, channel="C1", ts="1.2")
    await let_waits_pass(database)
    assert await due_ids(database) == []
    post = await post_of(database, post_id)
    assert (post.channel, post.ts, post.shown_revision, post.attempts) == ("C1", "1.2", 1, 0)


async def test_enqueuing_again_is_the_same_post_due_again(database: Database) -> None:
    subject = uuid4()
    first = await enqueue(database, subject)
    assert await enqueue(database, subject) == first
    assert await enqueue(database, subject, address="C2") != first
    assert (await post_of(database, first)).wanted_revision == 2


async def test_a_claimed_post_is_nobody_elses_even_when_it_is_enqueued_again(database: Database) -> None:
    subject = uuid4()
    post_id = await enqueue(database, subject)
    [post] = await outbox.claim(database)
    assert await due_ids(database) == []
    await enqueue(database, subject)
    assert await due_ids(database) == []
    await outbox.mark_shown(database, post_id, revision=post.wanted_revision, channel="C1", ts="1.2")
    [again] = await outbox.claim(database)
    assert (again.id, again.wanted_revision, again.shown_revision, again.ts) == (post_id, 2, 1, "1.2")


async def test_a_post_whose_bot_died_is_due_after_its_lease(database: Database) -> None:
    post_id = await enqueue(database)
    [post] = await outbox.claim(database)
    async with database.transaction() as transaction:
        left_s = (post.not_before - await clock(transaction)).total_seconds()
    assert outbox.LEASE_S - 10 < left_s <= outbox.LEASE_S
    await let_waits_pass(database)
    assert await due_ids(database) == [post_id]
    assert (await post_of(database, post_id)).attempts == 2


async def test_a_failed_post_waits_and_says_why(database: Database) -> None:
    post_id = await enqueue(database)
    await outbox.claim(database)
    await outbox.mark_failed(database, post_id, error="ratelimited\x00" + "x" * 5000, retry_in_s=3600)
    assert await due_ids(database) == []
    post = await post_of(database, post_id)
    assert post.last_error.startswith("ratelimitedx")
    assert len(post.last_error) == outbox.ERROR_LIMIT
    await outbox.mark_failed(database, post_id, error="channel_not_found", retry_in_s=0)
    [post] = await outbox.claim(database)
    assert (post.attempts, post.last_error) == (2, "channel_not_found")


async def test_a_reply_is_due_once_its_thread_stands(database: Database) -> None:
    subject = uuid4()
    card = await enqueue(database, subject)
    reply = await enqueue(database, subject, purpose=PostPurpose.DIGEST, thread_of=card)
    assert await due_ids(database) == [card]
    await outbox.mark_shown(database, card, revision=1, channel="C1", ts="1.2")
    assert await due_ids(database) == [reply]


async def test_a_changed_subject_makes_every_copy_due(database: Database) -> None:
    subject = uuid4()
    copies = [await enqueue(database, subject), await enqueue(database, subject, address="U1"), await enqueue(database)]
    while claimed := await outbox.claim(database):
        for post in claimed:
            await outbox.mark_shown(database, post.id, revision=post.wanted_revision, channel=post.address, ts="1.2")
    async with database.transaction() as transaction:
        await outbox.invalidate(transaction, PostSubject.REQUEST, subject)
    assert sorted(await due_ids(database)) == sorted(copies[:2])


async def test_showing_an_older_revision_twice_takes_nothing_back(database: Database) -> None:
    subject = uuid4()
    post_id = await enqueue(database, subject)
    await enqueue(database, subject)
    await outbox.mark_shown(database, post_id, revision=2, channel="C1", ts="1.2")
    await outbox.mark_shown(database, post_id, revision=1, channel="C1", ts="1.2")
    assert (await post_of(database, post_id)).shown_revision == 2


@pytest.mark.finding("ssh-F2")
async def test_what_somebody_waits_for_is_claimed_first(database: Database) -> None:
    """In one channel one at a time, so that what comes later and is more urgent comes next."""
    parent = await enqueue(database, purpose=PostPurpose.CARD)
    await outbox.mark_shown(database, parent, revision=1, channel="C1", ts="1.2")
    digests = [await enqueue(database, purpose=PostPurpose.DIGEST, thread_of=parent) for _ in range(3)]
    replies = [await enqueue(database, purpose=PostPurpose.REPLY) for _ in range(2)]
    cards = [await enqueue(database) for _ in range(2)]
    assert [post.id for post in await outbox.claim(database)] == cards[:1]
    hold = await enqueue(database, subject=PostSubject.STATEMENT)
    assert await due_ids(database) == [hold, *cards[1:], *replies, *digests]


async def test_nothing_is_claimed_where_slack_asked_to_wait(database: Database) -> None:
    stands = await enqueue(database)
    await outbox.mark_shown(database, stands, revision=1, channel="C1", ts="1.2")
    async with database.transaction() as transaction:
        await transaction.execute(update(Post).where(col(Post.id) == stands).values(wanted_revision=2))
    new, elsewhere = await enqueue(database), await enqueue(database, address="C2")
    both = outbox.Resting(posting={"C1"}, updating={"C1"})
    assert [post.id for post in await outbox.claim(database, resting=both)] == [elsewhere]
    assert [post.id for post in await outbox.claim(database, resting=outbox.Resting(posting={"C1"}))] == [stands]
    assert [post.id for post in await outbox.claim(database, resting=outbox.Resting(updating={"C1"}))] == [new]


async def test_a_released_post_is_due_as_it_was(database: Database) -> None:
    post_id = await enqueue(database)
    await outbox.claim(database)
    await outbox.release(database, post_id)
    assert (await post_of(database, post_id)).attempts == 0
    assert await due_ids(database) == [post_id]


async def test_a_digest_that_was_shown_rests(database: Database) -> None:
    """However many sessions end meanwhile: the latest state is shown once when the rest is over."""
    subject = uuid4()
    post_id = await enqueue(database, subject, purpose=PostPurpose.DIGEST)
    [post] = await outbox.claim(database)
    await outbox.mark_shown(database, post_id, revision=post.wanted_revision, channel="C1", ts="1.2")
    for _ in range(3):
        assert await enqueue(database, subject, purpose=PostPurpose.DIGEST) == post_id
    assert await due_ids(database) == []
    await let_waits_pass(database)
    [again] = await outbox.claim(database)
    assert (again.id, again.wanted_revision, again.ts) == (post_id, 4, "1.2")


async def test_find_knows_a_post_by_what_it_is_of(database: Database) -> None:
    subject = uuid4()
    post_id = await enqueue(database, subject)
    async with database.transaction() as transaction:
        found = await outbox.find(transaction, PostSubject.REQUEST, subject, PostPurpose.CARD, "C1")
        assert found is not None
        assert found.id == post_id
        assert await outbox.find(transaction, PostSubject.REQUEST, subject, PostPurpose.DIGEST, "C1") is None


async def test_many_bots_share_the_posts_and_none_is_shown_twice(database: Database) -> None:
    wanted = [await enqueue(database, address=f"C{number}") for number in range(12)]
    claims = await asyncio.gather(*(outbox.claim(database, limit=3) for _ in range(8)))
    claimed = [post.id for claim in claims for post in claim]
    assert max(len(claim) for claim in claims) <= 3
    assert len(claimed) == len(set(claimed))
    rest = await due_ids(database)
    assert sorted([*claimed, *rest]) == sorted(wanted)


async def test_open_posts_are_the_cards_that_still_ask(database: Database) -> None:
    async with database.transaction() as transaction:
        pending, decided = await _two_requests(transaction)
    card = await enqueue(database, pending)
    await enqueue(database, pending, purpose=PostPurpose.REPLY, address="U1")
    await enqueue(database, decided)
    async with database.transaction() as transaction:
        assert await outbox.open_posts(transaction) == [card]


@pytest.mark.parametrize("commits", [True, False])
async def test_a_post_is_enqueued_by_the_transaction_that_makes_it_so(database: Database, commits: bool) -> None:
    async def decide() -> None:
        async with database.transaction() as transaction:
            await outbox.enqueue(transaction, PostSubject.REQUEST, uuid4(), PostPurpose.CARD, "C1")
            if not commits:
                raise ZeroDivisionError

    if commits:
        await decide()
    else:
        with pytest.raises(ZeroDivisionError):
            await decide()
    assert len(await outbox.claim(database)) == commits


async def _two_requests(transaction: AsyncSession) -> tuple[UUID, UUID]:
    """A pending and a decided request."""
    person = Principal(kind=PrincipalKind.HUMAN, name="alice")
    transaction.add_all([person, PolicyVersion(hash="a" * 64, document={})])
    await transaction.flush()
    now = await clock(transaction)
    requests = [
        AccessRequest(
            principal_id=person.id,
            resource="web-1",
            role="read",
            duration_s=60,
            decision=Decision.REVIEWED,
            rule="rule",
            policy_hash="a" * 64,
            expires_at=now + timedelta(hours=1),
            state=state,
            decided_at=None if state == RequestState.PENDING else now,
        )
        for state in (RequestState.PENDING, RequestState.DENIED)
    ]
    transaction.add_all(requests)
    await transaction.flush()
    assert await transaction.scalar(text("SELECT count(*) FROM access_request")) == 2
    return requests[0].id, requests[1].id

"""Under Slack's rate limit what somebody waits for comes first, and what a grant's sessions did is one message."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from access.decisions import holds
from access.grants import grants, sessions
from access.grants.sessions import Counters, Ending
from bot.blocks.action_ids import Action
from storage import outbox
from storage.model import EndReason, Grant, Post, PostPurpose, PostSubject, Session
from support.bot.stage import INCIDENTS, Stage

#: What a minute of `ssh` in a loop left behind when every session had a digest of its own.
WAITING = 150


async def granted(stage: Stage) -> Grant:
    await stage.slack.command("alice", "incidents", "/access payments-db read 15m")
    await stage.tap("bob", await stage.card(), Action.APPROVE)
    await stage.card("Approved")
    (grant,) = await stage.rows(Grant)
    return grant


async def digests(stage: Stage) -> list[dict[str, Any]]:
    seen = await stage.slack.messages(channel="incidents", user="bob")
    return [message for message in seen if "alice on payments-db" in message["plain"]]


async def ended(stage: Stage, session: Session) -> None:
    counters = Counters(statements={"select": 1}, masked={"pan": 2}, rows=3)
    assert await sessions.end_session(stage.access, Ending(session.id, EndReason.CLOSED, "", counters, []))


@pytest.mark.finding("ssh-F2")
@pytest.mark.finding("use-27")
async def test_a_hold_is_the_next_message_however_many_digests_wait(stage: Stage) -> None:
    grant = await granted(stage)
    first = await stage.session(grant)
    async with stage.database.transaction() as transaction:
        many = [
            Session(
                grant_id=grant.id, instance_id=first.instance_id, protocol=first.protocol, client_address="10.0.0.7"
            )
            for _ in range(WAITING)
        ]
        transaction.add_all(many)
        await transaction.flush()
        for one in many:
            await outbox.enqueue(transaction, PostSubject.SESSION, one.id, PostPurpose.DIGEST, INCIDENTS)
    async with asyncio.timeout(60):
        while len(await digests(stage)) < 10:
            await asyncio.sleep(0.02)
    (rule,) = stage.access.policies.current.resources["payments-db"].roles["read"].statements
    await holds.hold(stage.access, first, grant, "DROP TABLE t", "ddl", rule)
    before = len(await digests(stage))
    card = await stage.card("waits to run this")
    earlier = [one for one in await digests(stage) if float(one["ts"]) < float(card["ts"])]
    assert before <= len(earlier) <= before + 1, "one may have been on its way"
    assert len(earlier) < WAITING


@pytest.mark.finding("ssh-F2")
async def test_the_digest_of_a_grant_is_one_message_that_grows(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.outbox.DIGEST_REST_S", 0.05)
    monkeypatch.setattr("bot.posts.notifier.LOOK_S", 0.05)
    grant = await granted(stage)
    for count in range(1, 4):
        await ended(stage, await stage.session(grant))
        digest = await stage.card(f"{count} session" + "s" * (count > 1))
    for _ in range(5):
        await ended(stage, await stage.session(grant))
    digest = await stage.card("8 sessions")
    assert "8 select (0 held, 0 denied)" in digest["plain"]
    assert "16 card numbers" in digest["plain"]
    assert "and 2 more" in digest["plain"]
    assert "The access lasts until" in digest["plain"]
    await grants.revoke(stage.access, grant.id, await stage.principal("bob"), "over")
    over = await stage.card("The access was revoked by bob")
    assert [one["ts"] for one in await digests(stage)] == [over["ts"]]
    request_card = await stage.card("Access revoked")
    assert over["thread_ts"] == request_card["ts"]
    assert len([post for post in await stage.rows(Post) if post.purpose is PostPurpose.DIGEST]) == 1


async def test_a_grant_that_ran_out_is_said_in_its_digest(stage: Stage) -> None:
    grant = await granted(stage)
    await ended(stage, await stage.session(grant))
    await stage.card("The access lasts until")
    await stage.age("access_grant", grant.id, int(timedelta(hours=2).total_seconds()))
    await stage.card("The access has ended, its time was up")

"""Who is let in, what a session's row says from its first to its last moment, and how it is cut."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update
from sqlmodel import col

from access.context import Access
from access.decisions.statement_reviews import review_statement
from access.grants import grants
from proxy.errors import AccessRefused, ClientFault, RecorderFailed, SessionEnded
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from proxy.sessions.recovery import Recovery
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts
from storage.model import (
    AuditEvent,
    EndReason,
    Grant,
    HoldState,
    Post,
    PostPurpose,
    Principal,
    Protocol,
    ReviewDecision,
    Session,
    SessionState,
    Statement,
)
from storage.recordings import files
from support.proxy import Granted, Grants

CLIENT = "127.0.0.1:50000"
SELECT = StatementFacts("SELECT name FROM cards", "select", frozenset({"select", "table:cards"}))
DROP = StatementFacts("DROP TABLE cards", "ddl", frozenset({"ddl", "drop", "table:cards"}))
COPY = StatementFacts("COPY cards TO PROGRAM ?", "copy", frozenset({"copy", "copy_program"}))


async def admit(
    gateway: Gateway, token: str, door: str = "read@db", protocol: Protocol = Protocol.POSTGRES
) -> Admission:
    return await gateway.admit(username=door, token=token, protocol=protocol, client=CLIENT)


async def row(access: Access, session: LiveSession) -> Session:
    async with access.database.transaction() as transaction:
        return await transaction.get_one(Session, session.id)


async def audited(access: Access, action: str) -> list[str]:
    async with access.database.transaction() as transaction:
        bodies = (await transaction.scalars(select(AuditEvent))).all()
    return [each.body.decode() for each in bodies if f'"{action}"' in each.body.decode()]


async def nothing(_: str) -> None:
    return


# --- the door -----------------------------------------------------------------------------------------------------


async def test_a_grant_opens_its_own_door(gateway: Gateway, granted: Grants) -> None:
    held = await granted("db", "read")
    admission = await admit(gateway, held.token)
    assert (admission.grant.id, admission.principal.name) == (held.grant.id, "alice")
    assert (admission.resource.name, admission.role.name) == ("db", "read")


@pytest.mark.parametrize(
    ("door", "protocol", "says"),
    [
        ("admin@db", Protocol.POSTGRES, "not admin@db"),
        ("read@other", Protocol.POSTGRES, "not read@other"),
        ("read", Protocol.POSTGRES, "role@resource"),
        ("@db", Protocol.POSTGRES, "role@resource"),
        ("", Protocol.POSTGRES, "role@resource"),
        ("read@db", Protocol.SSH, "this is the ssh port"),
    ],
)
async def test_a_token_opens_no_other_door(
    gateway: Gateway,
    access: Access,
    granted: Grants,
    door: str,
    protocol: Protocol,
    says: str,
) -> None:
    held = await granted("db", "read")
    with pytest.raises(AccessRefused, match=says):
        await admit(gateway, held.token, door, protocol)
    (refusal,) = await audited(access, "proxy:session:refuse")
    assert '"failure"' in refusal


def forged(held: Granted, **changes: Any) -> str:
    """The held token's claims, signed by another key."""
    claims = jwt.decode(held.token, options={"verify_signature": False}) | changes
    return jwt.encode(
        claims,
        Ed25519PrivateKey.generate(),
        algorithm="EdDSA",
        headers={"kid": jwt.get_unverified_header(held.token)["kid"]},
    )


def unsigned(held: Granted) -> str:
    return jwt.encode(jwt.decode(held.token, options={"verify_signature": False}), "", algorithm="none")


@pytest.mark.parametrize("forge", [forged, unsigned, lambda _: "", lambda _: "a.b.c", lambda _: "x" * 100_000])
async def test_forged_tokens_open_nothing_and_are_audited_without_the_token(
    gateway: Gateway, access: Access, granted: Grants, forge: Callable[[Granted], str]
) -> None:
    held = await granted("db", "read")
    token = forge(held)
    with pytest.raises(AccessRefused):
        await admit(gateway, token)
    (refusal,) = await audited(access, "proxy:session:refuse")
    assert not token or token not in refusal


async def test_a_revoked_or_expired_grant_is_dead_at_the_door(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    revoked = await granted("db", "read")
    await grants.revoke(access, revoked.grant.id, None, "done")
    with pytest.raises(AccessRefused, match="revoked by Gatepass"):
        await admit(gateway, revoked.token)
    expired = await granted("db", "admin")
    async with access.database.transaction() as transaction:
        await transaction.execute(
            update(Grant)
            .where(col(Grant.id) == expired.grant.id)
            .values(not_before=col(Grant.not_before) - (past := _hours(2)), expires_at=col(Grant.expires_at) - past)
        )
    with pytest.raises(AccessRefused, match="ended at"):
        await admit(gateway, expired.token, "admin@db")


def _hours(count: int) -> timedelta:
    return timedelta(hours=count)


async def test_nobody_enters_while_the_process_is_not_registered(gateway: Gateway, granted: Grants) -> None:
    admission = await admit(gateway, (await granted("db", "read")).token)
    gateway.instance_id = None
    with pytest.raises(AccessRefused, match="storage"):
        async with gateway.enter(admission):
            pass


# --- a session ----------------------------------------------------------------------------------------------------


async def test_a_session_is_written_from_open_to_digest(gateway: Gateway, access: Access, granted: Grants) -> None:
    admission = await admit(gateway, (await granted("db", "read")).token)
    async with gateway.enter(admission, client_software="psql 18") as session:
        assert (await row(access, session)).state is SessionState.ACTIVE
        assert (await session.authorize([SELECT], nothing)).allowed
        session.counters.rows += 6
        session.masker.text("4111111111111111")
    ended = await row(access, session)
    assert (ended.state, ended.end_reason) == (SessionState.ENDED, EndReason.CLOSED)
    assert (ended.statements, ended.rows, ended.masked) == ({"select": 1}, 6, {"pan": 1})
    folder = files.session_folder(session.id, session.row.started_at)
    (segment,) = files.segments(gateway.recordings, folder)
    (record,) = files.records(gateway.recordings, [segment.path])
    assert record["text"] == SELECT.text
    (closing,) = await audited(access, "proxy:session:end")
    assert str(ended.recording_root) in closing
    async with access.database.transaction() as transaction:
        digests = await transaction.scalars(select(Post).where(col(Post.purpose) == PostPurpose.DIGEST))
        (digest,) = digests.all()
    assert digest.address == "C0INCIDENTS"
    assert digest.thread_of is not None


async def test_revoking_cuts_the_work_and_the_session_says_so(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    held = await granted("db", "read")
    admission = await admit(gateway, held.token)

    async def revoked() -> None:
        async with gateway.enter(admission) as session:
            asyncio.get_running_loop().call_soon(
                lambda: tasks.append(asyncio.ensure_future(grants.revoke(access, held.grant.id, None, "done")))
            )
            await session.run(asyncio.sleep(60))

    tasks: list[asyncio.Future[Grant]] = []
    with pytest.raises(SessionEnded, match="revoked by Gatepass"):
        await asyncio.wait_for(revoked(), 20)
    async with access.database.transaction() as transaction:
        assert (await transaction.scalars(select(Session))).one().end_reason is EndReason.REVOKED


async def test_a_revocation_between_admission_and_entry_is_seen(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    held = await granted("db", "read")
    admission = await admit(gateway, held.token)
    await grants.revoke(access, held.grant.id, None, "done")
    with pytest.raises(AccessRefused, match="revoked"):
        async with gateway.enter(admission):
            pass


async def test_the_deadline_cuts_a_live_session(gateway: Gateway, granted: Grants) -> None:
    admission = await admit(gateway, (await granted("db", "read", duration_s=4)).token)
    with pytest.raises(SessionEnded, match="as granted") as cut:
        async with gateway.enter(admission) as session:
            await asyncio.wait_for(session.run(asyncio.sleep(60)), 20)
    assert cut.value.reason is EndReason.EXPIRED


async def test_a_fault_of_the_relay_is_the_end_reason(gateway: Gateway, access: Access, granted: Grants) -> None:
    admission = await admit(gateway, (await granted("db", "read")).token)
    with pytest.raises(ClientFault):
        async with gateway.enter(admission) as session:
            raise ClientFault("The client sent card 4111111111111111 where a message should be.")
    ended = await row(access, session)  # pyright: ignore[reportPossiblyUnboundVariable] - it was entered
    assert ended.end_reason is EndReason.CLIENT_ERROR
    assert "************1111" in ended.end_detail


async def test_a_recorder_that_fails_ends_the_session(gateway: Gateway, access: Access, granted: Grants) -> None:
    admission = await admit(gateway, (await granted("db", "read")).token)

    async def on_a_full_disk() -> None:
        async with gateway.enter(admission) as session:
            await session.authorize([SELECT], nothing)
            full = os.open("/dev/full", os.O_WRONLY)
            os.dup2(full, session.recorder._file or -1)  # pyright: ignore[reportPrivateUsage]
            os.close(full)
            await session.authorize([SELECT], nothing)

    with pytest.raises(RecorderFailed, match="recording cannot be written"):
        await on_a_full_disk()
    async with access.database.transaction() as transaction:
        assert (await transaction.scalars(select(Session))).one().end_reason is EndReason.RECORDER_FAILED


# --- statements ---------------------------------------------------------------------------------------------------


async def test_a_denied_statement_is_recorded_counted_and_audited(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    admission = await admit(gateway, (await granted("db", "admin")).token, "admin@db")
    async with gateway.enter(admission) as session:
        verdict = await session.authorize([SELECT, COPY], nothing)
    assert not verdict.allowed
    assert verdict.message == "Never here. (rule no-copy)"
    assert (await row(access, session)).denied == 1
    assert len(await audited(access, "proxy:statement:deny")) == 1


async def decide(access: Access, decision: ReviewDecision, reason: str) -> None:
    """bob decides on the one held statement."""
    async with access.database.transaction() as transaction:
        statement = (await transaction.scalars(select(Statement))).one()
        bob = (await transaction.scalars(select(Principal).where(col(Principal.name) == "bob"))).one()
    await review_statement(access, statement.id, bob, decision, reason)


@pytest.mark.parametrize(
    ("decision", "allowed", "says"),
    [(ReviewDecision.APPROVE, True, ""), (ReviewDecision.DENY, False, "denied by bob: Not today.")],
)
async def test_a_held_statement_goes_on_or_not_by_the_review(
    gateway: Gateway,
    access: Access,
    granted: Grants,
    decision: ReviewDecision,
    allowed: bool,
    says: str,
) -> None:
    admission = await admit(gateway, (await granted("db", "admin")).token, "admin@db")
    notified: list[str] = []

    async def notify(sentence: str) -> None:
        notified.append(sentence)
        await decide(access, decision, "Not today." if decision is ReviewDecision.DENY else "")

    async with gateway.enter(admission) as session:
        verdict = await asyncio.wait_for(session.authorize([DROP], notify), 20)
    assert verdict.allowed is allowed
    assert says in verdict.message
    assert "waits for review by bob" in notified[0]
    assert (await row(access, session)).held == 1


async def test_a_hold_that_nobody_waits_for_any_more_is_cancelled(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    admission = await admit(gateway, (await granted("db", "admin")).token, "admin@db")
    notified = asyncio.Event()

    async def notify(_: str) -> None:
        notified.set()

    async with gateway.enter(admission) as session:
        authorizing = asyncio.ensure_future(session.authorize([DROP], notify))
        await asyncio.wait_for(notified.wait(), 20)
        authorizing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await authorizing
    async with access.database.transaction() as transaction:
        assert (await transaction.scalars(select(Statement))).one().state is HoldState.CANCELLED


# --- after a crash ------------------------------------------------------------------------------------------------


async def test_sessions_of_a_dead_instance_are_closed_with_what_was_recorded(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    admission = await admit(gateway, (await granted("db", "read")).token)
    session, _ = await gateway._opened(admission, "psql")  # pyright: ignore[reportPrivateUsage]
    await session.authorize([SELECT], nothing)
    await session.authorize([SELECT], nothing)
    session.recorder.write({"t": 1, "type": "rows", "rows": [["a"], ["b"], ["c"]]})

    recovery = Recovery(access, gateway.recordings, held_here=lambda _: False)

    async def sweep() -> int:
        return await recovery.sweep(None)

    assert await sweep() == 0, "its instance still holds its lock"
    async with access.database.transaction() as transaction:
        await transaction.execute(update(Session).values(instance_id=await _dead_instance(access)))
    assert await sweep() == 0, "one look is no proof while a process of that id lives"
    assert await sweep() == 1
    ended = await row(access, session)
    assert (ended.end_reason, ended.statements, ended.rows) == (EndReason.INTERRUPTED, {"select": 2}, 3)
    assert ended.recording_root is not None
    assert await sweep() == 0
    gateway.live.remove(session)  # which the process that is said to be dead would not have done


async def test_a_session_whose_process_died_before_anything_was_done_is_closed(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    admission = await admit(gateway, (await granted("db", "read")).token)
    async with gateway.enter(admission) as session:
        async with access.database.transaction() as transaction:
            await transaction.execute(update(Session).values(instance_id=await _dead_instance(access)))
        recovery = Recovery(access, gateway.recordings, held_here=lambda _: False)
        assert [await recovery.sweep(None) for _ in range(2)] == [0, 1]
        ended = await row(access, session)
        assert (ended.end_reason, ended.statements, ended.rows) == (EndReason.INTERRUPTED, {}, 0)


async def _dead_instance(access: Access) -> int:
    from proxy.sessions.instance import registered

    async with registered(access.database) as (instance_id, _):
        return instance_id

"""Sessions are cut at once, however many they are, and none goes on under a policy that is no longer in force."""

import asyncio
import contextlib
import copy
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from sqlalchemy import select, text
from sqlmodel import col

from access import in_force
from access.context import Access
from access.decisions.statement_reviews import review_statement
from access.grants import grants
from access.identity.adoption import adopt
from access.policy.directory import Directory
from access.policy.file import PolicyFile
from proxy.errors import AccessRefused, SessionEnded
from proxy.sessions import authenticator, endings, watch
from proxy.sessions import gateway as gateways
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from proxy.sessions.live import LiveSessions
from proxy.sessions.session import LiveSession
from proxy.sessions.watch import Watch
from proxy.statements import StatementFacts
from storage.database import POOL_SIZE, StorageUnavailable
from storage.model import AuditEvent, EndReason, Principal, Protocol, ReviewDecision, Session, Statement
from support.proxy import Grants

from .conftest import POLICY

MANY = 40
DROP = StatementFacts("DROP TABLE cards", "ddl", frozenset({"ddl"}))


async def admit(gateway: Gateway, token: str, door: str = "read@db") -> Admission:
    return await gateway.admit(username=door, token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")


@contextlib.asynccontextmanager
async def entered(gateway: Gateway, admission: Admission, count: int) -> AsyncIterator[list[LiveSession]]:
    """So many live sessions at once."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(gateway.enter(admission)) for _ in range(count)]


class CountedTransactions:
    """How often a transaction was begun since."""

    def __init__(self, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        original = access.database.transaction

        def counted() -> Any:
            self.count += 1
            return original()

        monkeypatch.setattr(access.database, "transaction", counted)


@pytest.fixture
async def unwatched(access: Access, gateway: Gateway, tmp_path: Path) -> Gateway:
    """A second gateway of this instance, which nobody wakes: the test does."""
    made = Gateway(access, tmp_path / "recordings")
    made.instance_id = gateway.instance_id
    return made


@pytest.fixture
def other_process(access: Access, tmp_path: Path) -> Access:
    """Another process, whose policy file denies what POLICY holds for review."""
    changed = copy.deepcopy(POLICY)
    changed["resources"]["db"]["roles"]["admin"]["statements"][1] = {"name": "d", "match": ["ddl"], "verdict": "deny"}
    path = tmp_path / "other.yml"
    path.write_text(yaml.safe_dump(changed))
    return dataclasses.replace(access, policies=PolicyFile(path))


# --- grants ---------------------------------------------------------------------------------------------------------


@pytest.mark.finding("H4")
async def test_all_sessions_of_a_revoked_grant_end_by_one_query(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await granted("db", "read")
    async with entered(unwatched, await admit(unwatched, held.token), MANY) as sessions:
        await grants.revoke(access, held.grant.id, None, "enough")
        transactions = CountedTransactions(access, monkeypatch)
        await unwatched._watch.recheck_grants(unwatched.live)
        assert transactions.count == 1
        assert [str(each.ending) for each in sessions] == [str(sessions[0].ending)] * MANY
        assert "revoked by Gatepass" in str(sessions[0].ending)


@pytest.mark.finding("H4")
async def test_after_a_resync_one_query_asks_for_all_grants(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoked, standing = await granted("db", "read"), await granted("db", "admin")
    async with (
        entered(unwatched, await admit(unwatched, revoked.token), 3) as cut,
        entered(unwatched, await admit(unwatched, standing.token, "admin@db"), 3) as going_on,
    ):
        await grants.revoke(access, revoked.grant.id, None, "enough")
        transactions = CountedTransactions(access, monkeypatch)
        await unwatched._watch.recheck_grants(unwatched.live)
        assert transactions.count == 1
        assert all(each.ending is not None for each in cut)
        assert all(each.ending is None for each in going_on)


async def test_a_revocation_of_which_no_notice_came_is_found_by_looking(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that takes LISTEN and passes nothing on, or where an operator changed the row by hand."""
    revoked, standing = await granted("db", "read"), await granted("db", "admin")
    async with (
        entered(unwatched, await admit(unwatched, revoked.token), 3) as cut,
        entered(unwatched, await admit(unwatched, standing.token, "admin@db"), 3) as going_on,
    ):
        async with access.database.transaction() as transaction:
            await transaction.execute(
                text("UPDATE access_grant SET revoked_at = now(), revoke_reason = 'by hand' WHERE id = :id"),
                {"id": revoked.grant.id},
            )
        transactions = CountedTransactions(access, monkeypatch)
        await unwatched._watch.look_at_grants()
        assert transactions.count == 1
        assert [each.ending and each.ending.reason for each in cut] == [EndReason.REVOKED] * 3
        assert all(each.ending is None for each in going_on)


async def test_a_look_at_grants_that_storage_does_not_answer_ends_nothing(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await granted("db", "read")
    async with entered(unwatched, await admit(unwatched, held.token), 1) as sessions:
        with monkeypatch.context() as away:
            away.setattr(access.database, "transaction", unavailable)
            await unwatched._watch.look_at_grants()
        assert sessions[0].ending is None


def unavailable() -> NoReturn:
    raise StorageUnavailable("Storage is away.")


async def test_a_watched_gateway_looks_at_grants_by_itself(
    gateway: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.01)
    held = await granted("db", "read")
    async with entered(gateway, await admit(gateway, held.token), 1) as sessions, asyncio.timeout(60):
        async with access.database.transaction() as transaction:
            await transaction.execute(text("UPDATE access_grant SET revoked_at = now(), revoke_reason = 'by hand'"))
        with pytest.raises(SessionEnded, match="revoked"):
            await sessions[0].run(asyncio.sleep(3600))


@pytest.mark.finding("H4")
async def test_many_live_sessions_hear_of_a_revocation(gateway: Gateway, access: Access, granted: Grants) -> None:
    held = await granted("db", "read")
    async with entered(gateway, await admit(gateway, held.token), MANY) as sessions, asyncio.timeout(60):
        await grants.revoke(access, held.grant.id, None, "enough")
        for session in sessions:
            with pytest.raises(SessionEnded, match="revoked"):
                await session.run(asyncio.sleep(3600))
    async with asyncio.timeout(60):
        await gateway.live.empty.wait()
    async with access.database.transaction() as transaction:
        reasons = [row.end_reason for row in (await transaction.scalars(select(Session))).all()]
    assert reasons == [EndReason.REVOKED] * MANY


@pytest.mark.finding("H4")
async def test_a_storage_that_is_slow_about_grants_keeps_no_held_statement_waiting(
    gateway: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await granted("db", "admin")
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(*_: object) -> None:
        asked.set()
        await never.wait()

    async def decide(_: str) -> None:
        monkeypatch.setattr(grants, "problems", hang)
        await grants.revoke(access, (await granted("db", "read")).grant.id, None, "of another grant")
        async with access.database.transaction() as transaction:
            statement = (await transaction.scalars(select(Statement))).one()
            bob = (await transaction.scalars(select(Principal).where(col(Principal.name) == "bob"))).one()
        await review_statement(access, statement.id, bob, ReviewDecision.APPROVE, "")

    async with gateway.enter(await admit(gateway, held.token, "admin@db")) as session:
        async with asyncio.timeout(60):
            assert (await session.authorize([DROP], decide)).allowed


@pytest.mark.finding("H4")
async def test_many_who_enter_at_once_leave_the_pool_room_for_a_cut(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    admission = await admit(unwatched, (await granted("db", "read")).token)
    open_session, at_once, most = gateways.open_session, 0, 0

    async def gauged(*arguments: Any, **more: Any) -> Any:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await open_session(*arguments, **more)
        finally:
            at_once -= 1

    monkeypatch.setattr(gateways, "open_session", gauged)

    async def visit() -> None:
        async with unwatched.enter(admission):
            pass

    async with asyncio.timeout(60):
        await asyncio.gather(*(visit() for _ in range(MANY)))
    assert most == gateways.OPENINGS_AT_ONCE
    assert gateways.OPENINGS_AT_ONCE + endings.ENDINGS_AT_ONCE + authenticator.ADMISSIONS_AT_ONCE < POOL_SIZE


# --- endings --------------------------------------------------------------------------------------------------------


@pytest.mark.finding("H4")
async def test_many_endings_are_written_a_few_at_a_time(
    gateway: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await granted("db", "read")
    admission, at_once, most = await admit(gateway, held.token), 0, 0
    end_session = endings.end_session

    async def gauged(*arguments: Any) -> bool:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await end_session(*arguments)
        finally:
            at_once -= 1

    monkeypatch.setattr(endings, "end_session", gauged)
    monkeypatch.setattr(endings, "RETRY_S", 0)
    saving, leave = asyncio.create_task(gateway.save_endings()), asyncio.Event()

    async def visit() -> None:
        async with gateway.enter(admission):
            await leave.wait()

    visits = [asyncio.create_task(visit()) for _ in range(MANY)]
    async with asyncio.timeout(60):
        while len(gateway.live) < MANY:
            await asyncio.sleep(0.01)
        leave.set()
        await asyncio.gather(*visits)
    assert not saving.done(), "who writes what was kept meddles with nobody who writes now"
    saving.cancel()
    assert most == endings.ENDINGS_AT_ONCE
    async with access.database.transaction() as transaction:
        assert all(row.ended_at is not None for row in (await transaction.scalars(select(Session))).all())


async def test_endings_wait_for_a_storage_that_is_away_and_nobody_waits_for_them(
    gateway: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await granted("db", "read")
    end_session, tried = endings.end_session, 0

    async def away(*_: object) -> bool:
        nonlocal tried
        tried += 1
        raise StorageUnavailable("away")

    monkeypatch.setattr(endings, "end_session", away)
    async with entered(gateway, await admit(gateway, held.token), 5) as sessions:
        pass
    assert tried == 1, "who comes after the first does not wait for the same"
    assert all(gateway.holds(session.id) for session in sessions)
    monkeypatch.setattr(endings, "end_session", end_session)
    saving = asyncio.create_task(gateway.save_endings())
    async with asyncio.timeout(60):
        while any(gateway.holds(session.id) for session in sessions):
            await asyncio.sleep(0.05)
    saving.cancel()


# --- the policy -----------------------------------------------------------------------------------------------------


@pytest.mark.finding("M5")
async def test_no_session_goes_on_under_a_policy_that_another_process_replaced(
    gateway: Gateway, granted: Grants, other_process: Access
) -> None:
    held = await granted("db", "read")
    async with gateway.enter(await admit(gateway, held.token)) as session, asyncio.timeout(60):
        await adopt(other_process)
        with pytest.raises(SessionEnded, match="another policy than the one in force") as ended:
            await session.run(asyncio.sleep(3600))
    assert ended.value.reason is EndReason.REVOKED


@pytest.mark.finding("M5")
async def test_a_session_that_opens_while_the_policy_is_replaced_does_not_go_on(
    unwatched: Gateway, granted: Grants, other_process: Access
) -> None:
    admission = await admit(unwatched, (await granted("db", "read")).token)
    await adopt(other_process)
    async with unwatched.enter(admission) as session:
        assert session.ending is not None
        assert session.ending.reason is EndReason.REVOKED


class Clocked:
    """A watch over one session, by a clock of the test's."""

    def __init__(self, access: Access, gateway: Gateway) -> None:
        self.now = 1000.0
        self.watch = Watch(access, gateway.live, gateway.waiters, clock=lambda: self.now)


@pytest.mark.finding("M5")
async def test_a_process_that_adopts_its_own_new_policy_cuts_only_who_it_concerns(
    unwatched: Gateway, access: Access, granted: Grants, other_process: Access
) -> None:
    clocked = Clocked(access, unwatched)
    reader, admin = await granted("db", "read"), await granted("db", "admin")
    async with (
        unwatched.enter(await admit(unwatched, reader.token)) as reading,
        unwatched.enter(await admit(unwatched, admin.token, "admin@db")) as administering,
    ):
        access.policies.path.write_bytes(other_process.policies.path.read_bytes())
        access.policies.reload()
        assert 0 < await clocked.watch.recheck_policy() <= watch.STALE_GRACE_S
        assert administering.ending is not None, "at once: its rules have changed"
        assert reading.ending is None, "not adopted yet"
        await adopt(access)
        clocked.now += watch.STALE_GRACE_S
        await clocked.watch.recheck_policy()
        assert reading.ending is None


async def test_whoever_finds_it_first_a_session_is_told_why_its_grant_went(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction takes a leaver's grant and place in the policy: two notices, in either order."""
    held = await granted("db", "read")
    gone = access.policies.current.with_directory(Directory(gone=frozenset({"alice"})))
    for revoked, words in ((False, "The policy has changed"), (True, "they left")):
        async with unwatched.enter(await admit(unwatched, held.token)) as session:
            if revoked:
                await grants.revoke(access, held.grant.id, None, "they left")
            with monkeypatch.context() as changed:
                changed.setattr(access.policies, "current", gone)
                await unwatched._watch.recheck_policy()
            assert words in str(session.ending)
            assert session.ending is not None
            assert session.ending.reason is EndReason.REVOKED


async def test_a_session_that_the_policy_ends_waits_for_no_storage(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = access.policies.current.with_directory(Directory(gone=frozenset({"alice"})))
    held = await granted("db", "read")
    async with unwatched.enter(await admit(unwatched, held.token)) as session:
        with monkeypatch.context() as changed:
            changed.setattr(access.database, "transaction", unavailable)
            changed.setattr(access.policies, "current", gone)
            await unwatched._watch.recheck_policy()
        assert "alice is not in the policy" in str(session.ending)


@pytest.mark.finding("M5")
async def test_a_policy_that_is_never_adopted_ends_the_sessions_under_it(
    unwatched: Gateway, access: Access, granted: Grants, other_process: Access
) -> None:
    clocked = Clocked(access, unwatched)
    async with unwatched.enter(await admit(unwatched, (await granted("db", "read")).token)) as session:
        access.policies.path.write_bytes(other_process.policies.path.read_bytes())
        access.policies.reload()
        clocked.now += await clocked.watch.recheck_policy()
        await clocked.watch.recheck_policy()
        assert session.ending is not None


@pytest.mark.finding("M5")
async def test_sessions_end_when_nobody_can_tell_which_policy_is_in_force(
    unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocked = Clocked(access, unwatched)

    async def unreadable(_: Access) -> bool:
        raise StorageUnavailable("too many connections")

    async with unwatched.enter(await admit(unwatched, (await granted("db", "read")).token)) as session:
        monkeypatch.setattr(in_force, "catch_up", unreadable)
        clocked.now += watch.UNREAD_S
        await clocked.watch.recheck_policy()
        assert session.ending is None, "for so long it is borne"
        clocked.now += 0.1
        await clocked.watch.recheck_policy()
        assert session.ending is not None
        assert session.ending.reason is EndReason.STORAGE_LOST


async def test_an_idle_process_asks_nobody_and_owes_nothing(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    transactions = CountedTransactions(access, monkeypatch)
    idle = Watch(access, LiveSessions(), Gateway(access, Path()).waiters)
    assert await idle.recheck_policy() == watch.LOOK_S
    await idle.recheck_grants([])
    assert transactions.count == 0


# --- how many -------------------------------------------------------------------------------------------------------


@pytest.mark.finding("L9")
async def test_one_grant_opens_so_many_sessions_and_no_more_in_all_processes_together(
    gateway: Gateway, unwatched: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access.grants.caps.SESSIONS_PER_GRANT", 3)
    held = await granted("db", "read")
    admissions = [(each, await admit(each, held.token)) for each in (gateway, unwatched)]
    leave, refused = asyncio.Event(), list[str]()

    async def visit(where: Gateway, admission: Admission) -> None:
        try:
            async with where.enter(admission):
                await leave.wait()
        except AccessRefused as refusal:
            refused.append(str(refusal))

    visits = [asyncio.create_task(visit(*admissions[number % 2])) for number in range(8)]
    async with asyncio.timeout(60):
        while len(refused) < 5:
            await asyncio.sleep(0.01)
        assert len(gateway.live) + len(unwatched.live) == 3
        leave.set()
        await asyncio.gather(*visits)
    assert set(refused) == {
        "3 sessions are open under this access to read@db, the most there may be. Close some and connect again."
    }
    async with gateway.enter(admissions[0][1]) as session:
        assert session.ending is None


@pytest.mark.finding("L9")
async def test_one_person_has_so_many_sessions_and_no_more_under_all_grants(
    gateway: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access.grants.caps.SESSIONS_PER_PRINCIPAL", 2)
    first, second = await granted("db", "read"), await granted("db", "admin")
    async with entered(gateway, await admit(gateway, first.token), 2):
        with pytest.raises(AccessRefused, match="You have 2 open sessions"):
            async with gateway.enter(await admit(gateway, second.token, "admin@db")):
                pass
    async with access.database.transaction() as transaction:
        bodies = [event.body.decode() for event in (await transaction.scalars(select(AuditEvent))).all()]
    (refusal,) = [body for body in bodies if "proxy:session:refuse" in body]
    assert '"human:alice"' in refusal
    assert "admin@db" in refusal

"""What must hold when a part of the gateway fails: nothing goes on unheard, no session stays open for ever."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from access.context import Access
from access.grants import grants
from proxy.errors import AccessRefused, SessionEnded, UpstreamFault
from proxy.sessions.authenticator import Admission
from proxy.sessions.gateway import Gateway
from proxy.sessions.instance import registered
from proxy.sessions.recovery import Recovery
from storage.database import Database, StorageUnavailable
from storage.model import AuditEvent, EndReason, Protocol, Session, SessionState
from storage.notices import Notices
from support.proxy import Grants


async def admit(gateway: Gateway, token: str) -> Admission:
    return await gateway.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:50000")


async def row(access: Access, session_id: UUID) -> Session:
    async with access.database.transaction() as transaction:
        return await transaction.get_one(Session, session_id)


async def test_a_revocation_cuts_while_no_notice_can_arrive(
    access: Access, dsn: str, granted: Grants, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that stand go on working, new ones are refused: too many, or the password was changed."""
    listening = Database(dsn)
    notices, gateway = Notices(listening), Gateway(access, tmp_path / "recordings")
    tasks = [asyncio.create_task(notices.run()), asyncio.create_task(gateway.watch(notices))]
    async with registered(access.database) as (instance_id, _), asyncio.timeout(30):
        gateway.instance_id = instance_id
        held = await granted("db", "read")
        admission = await admit(gateway, held.token)

        async def visit() -> None:
            async with gateway.enter(admission) as session:
                await _deafen(listening, notices, monkeypatch)
                await grants.revoke(access, held.grant.id, None, "stop it")
                await session.run(asyncio.sleep(25))

        with pytest.raises(SessionEnded) as ended:
            await visit()
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert ended.value.reason is EndReason.REVOKED


async def _deafen(listening: Database, notices: Notices, monkeypatch: pytest.MonkeyPatch) -> None:
    await _until(lambda: notices.connected)

    async def refuse() -> NoReturn:
        raise StorageUnavailable("Storage: too many connections.")

    monkeypatch.setattr(listening, "connect", refuse)
    owner = Database(listening._dsn, program_role=None, pool_size=1)  # pyright: ignore[reportPrivateUsage]
    async with owner.transaction() as transaction:
        await transaction.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        )
    await owner.close()
    await _until(lambda: not notices.connected)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("said", ["the upstream said \x00", "the upstream said \udc80"])
async def test_an_ending_is_written_whatever_the_upstream_said(
    gateway: Gateway, access: Access, granted: Grants, said: str
) -> None:
    held = await granted("db", "read")
    admission, entered = await admit(gateway, held.token), list[UUID]()

    async def visit() -> None:
        async with gateway.enter(admission) as session:
            entered.append(session.id)
            raise UpstreamFault(said)

    with pytest.raises(UpstreamFault):
        await visit()
    ended = await row(access, entered[0])
    assert (ended.state, ended.end_reason) == (SessionState.ENDED, EndReason.UPSTREAM_ERROR)


async def test_a_session_that_was_cut_already_starts_no_work(gateway: Gateway, granted: Grants) -> None:
    started: list[str] = []

    async def work() -> None:
        started.append("work")

    held = await granted("db", "read")
    async with gateway.enter(await admit(gateway, held.token)) as session:
        session.end(EndReason.REVOKED, "revoked")
        with pytest.raises(SessionEnded):
            await session.run(work())
    assert not started


async def test_a_client_that_leaves_while_it_enters_leaves_no_session_behind(
    gateway: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await granted("db", "read")
    admission = await admit(gateway, held.token)

    async def slow(_: object) -> None:
        await asyncio.sleep(60)

    async def visit() -> None:
        async with gateway.enter(admission):
            pass

    monkeypatch.setattr(gateway._watch, "check", slow)
    task = asyncio.create_task(visit())
    await _until(lambda: len(gateway.live) == 1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with access.database.transaction() as transaction:
        left = (await transaction.scalars(select(Session).where(col(Session.state) == SessionState.ACTIVE))).all()
    assert (len(gateway.live), list(left)) == (0, [])


def _add_a_copy(folder: Path) -> None:
    (folder / "00000.jsonl.gz").write_bytes(b"a copy")


def _damage_a_record(folder: Path) -> None:
    with (folder / "00000.jsonl").open("ab") as segment:
        segment.write(b"[]\n")


def _damage_the_header(folder: Path) -> None:
    (folder / "00000.jsonl").write_bytes(b"[" * 100_000 + b"\n")


def _add_a_link(folder: Path) -> None:
    (folder / "00001.jsonl").symlink_to("00001.jsonl")


@pytest.mark.parametrize("spoil", [_add_a_copy, _damage_a_record, _damage_the_header, _add_a_link])
async def test_what_lies_in_a_recordings_folder_keeps_nothing_from_being_closed(
    access: Access, granted: Grants, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    held = await granted("db", "read")
    async with registered(access.database) as (instance_id, connection):
        killed = Gateway(access, tmp_path / "recordings")
        killed.instance_id = instance_id
        async with contextlib.AsyncExitStack() as never_left:
            session = await never_left.enter_async_context(killed.enter(await admit(killed, held.token)))
            session.recorder.statement("select", "SELECT 1", "allow")
            spoil(next((tmp_path / "recordings").rglob("00000.jsonl")).parent)
            await connection.close()
            async with asyncio.timeout(30):
                while not await _swept(access, tmp_path / "recordings"):
                    await asyncio.sleep(0.05)
    assert (await row(access, session.id)).end_reason is EndReason.INTERRUPTED


async def _swept(access: Access, recordings: Path) -> int:
    recovery = Recovery(access, recordings, held_here=lambda _: False)
    return await recovery.sweep(None) + await recovery.sweep(None)


async def test_a_card_number_in_a_user_name_is_masked_before_it_is_cut(gateway: Gateway, access: Access) -> None:
    with pytest.raises(AccessRefused):
        await gateway.admit(
            username="x" * 185 + "@4111111111111111", token="none", protocol=Protocol.SSH, client="127.0.0.1:50000"
        )
    async with access.database.transaction() as transaction:
        bodies = b"".join((await transaction.scalars(select(col(AuditEvent.body)))).all())
    assert b"41111" not in bodies

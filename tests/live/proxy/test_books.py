"""What live sessions did is saved once a second for all of them together, and never over what an ending says."""

import contextlib
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.grants.sessions import Page, save_pages
from proxy.errors import RecorderFailed
from proxy.recording.recorder import Recorder
from proxy.sessions import books
from proxy.sessions.books import Books
from proxy.sessions.gateway import Gateway
from storage.database import StorageUnavailable
from storage.model import EndReason, Protocol, RecordingSegment, Session
from support.proxy import Grants


@pytest.fixture
async def three(gateway: Gateway, granted: Grants) -> Any:
    """Three live sessions."""
    token = (await granted("db", "read")).token
    admission = await gateway.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(gateway.enter(admission)) for _ in range(3)]


async def rows(access: Access) -> list[int]:
    of_session = select(col(Session.rows)).order_by(col(Session.started_at))
    async with access.database.transaction() as transaction:
        return list((await transaction.scalars(of_session)).all())


@pytest.mark.finding("H4")
async def test_many_sessions_take_one_transaction_and_only_what_moved_is_written(
    access: Access, gateway: Gateway, three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, written = Books(access, gateway.live), list[int]()

    async def noted(to: Access, pages: list[Page]) -> None:
        written.append(len(pages))
        await save_pages(to, pages)

    monkeypatch.setattr(books, "save_pages", noted)
    for number, session in enumerate(three):
        session.counters.rows = number + 1
    await kept.keep()
    await kept.keep()
    three[1].counters.rows = 20
    await kept.keep()
    assert written == [3, 0, 1]
    assert await rows(access) == [1, 20, 3]


async def test_closed_segments_are_committed_to_once(
    access: Access, gateway: Gateway, three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, recorder = Books(access, gateway.live), three[0].recorder
    monkeypatch.setattr(recorder, "_segment_bytes", 1)
    recorder.statement("select", "SELECT 1", "allow")
    recorder.statement("select", "SELECT 2", "allow")
    await kept.keep()
    recorder.statement("select", "SELECT 3", "allow")
    await kept.keep()
    async with access.database.transaction() as transaction:
        found = await transaction.scalars(select(RecordingSegment).order_by(col(RecordingSegment.number)))
        assert [segment.sha256 for segment in found.all()] == [each.sha256 for each in recorder.closed]


async def test_a_late_page_changes_nothing_of_a_session_that_has_ended(
    access: Access, gateway: Gateway, granted: Grants
) -> None:
    token = (await granted("db", "read")).token
    admission = await gateway.admit(username="read@db", token=token, protocol=Protocol.POSTGRES, client="127.0.0.1:1")
    async with gateway.enter(admission) as session:
        late = Page(session.id, session.counters.columns(), 0, [])
        session.counters.rows = 7
    await save_pages(access, [late])
    assert await rows(access) == [7]


async def test_sessions_go_on_for_a_while_without_storage_and_end_then(
    access: Access, gateway: Gateway, three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    kept = Books(access, gateway.live, clock=lambda: now[0])

    async def away(*_: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(books, "save_pages", away)
    now[0] += books.UNKEPT_S
    await kept.keep()
    assert [session.ending for session in three] == [None] * 3
    now[0] += 0.1
    await kept.keep()
    assert {session.ending.reason for session in three} == {EndReason.STORAGE_LOST}


async def test_a_disk_that_fails_ends_the_session_that_writes_to_it(
    access: Access, gateway: Gateway, three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Recorder) -> None:
        raise RecorderFailed("The session's recording cannot be written (disk full).")

    monkeypatch.setattr(three[2].recorder, "sync", full.__get__(three[2].recorder))
    await Books(access, gateway.live).keep()
    assert [session.ending is not None for session in three] == [False, False, True]
    assert three[2].ending.reason is EndReason.RECORDER_FAILED

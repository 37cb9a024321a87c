"""What a dead proxy process left open: its sessions are closed as interrupted, with what their recordings say.

Only the process that can reach a session's recording closes it, so that the closing event commits to it; its folder is
there from the session's first moment. A session
whose recording is on a host that never came back is closed once its grant has ended, and says where the recording is.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import exists, select
from sqlmodel import col

from access.context import Access
from access.grants.sessions import Counters, Ending, end_session
from proxy.sessions.instance import is_dead
from storage.database import StorageUnavailable, clock
from storage.model import EndReason, Grant, ProxyInstance, Session, SessionState
from storage.recordings import files, formats
from storage.recordings.formats import Format

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_KILLED = "The proxy process was interrupted; the recording is complete to the last statement that was forwarded."


class Recovery:
    """Looks for sessions that nobody holds any more; one for every proxy process."""

    def __init__(self, access: Access, recordings: Path, held_here: Callable[[UUID], bool]) -> None:
        """`held_here`: whether this process will end that session itself."""
        self._access = access
        self._recordings = recordings
        self._held_here = held_here
        #: Sessions that nobody held at the last look.
        self._suspects: set[UUID] = set()

    async def sweep(self, own_instance: int | None) -> int:
        """Close what dead instances left open; returns how many sessions. Raises StorageUnavailable.

        A session is left open when nobody held it at two looks in a row: an instance that lost only the connection of
        its lock has noticed by then, and has ended its sessions itself. One whose process is gone from this host needs
        no second look.
        """
        closed = 0
        seen: set[UUID] = set()
        for instance in await _instances_with_sessions(self._access):
            gone = _is_gone(instance)
            for session, grant in await self._left_open(instance, own=instance.id == own_instance):
                seen.add(session.id)
                if gone or session.id in self._suspects:
                    closed += await _closed(self._access, self._recordings, session, grant, instance.host)
        self._suspects = seen
        return closed

    async def _left_open(self, instance: ProxyInstance, *, own: bool) -> list[tuple[Session, Grant]]:
        """Active sessions of an instance without a process, or of our own that we do not know of."""
        async with self._access.database.transaction() as transaction:
            if not own and not await is_dead(transaction, instance.id or 0):
                return []
            found = await transaction.execute(
                select(Session, Grant)
                .join(Grant, col(Grant.id) == col(Session.grant_id))
                .where(col(Session.instance_id) == instance.id, col(Session.state) == SessionState.ACTIVE)
            )
            return [(session, grant) for session, grant in found.all() if not self._held_here(session.id)]


async def _instances_with_sessions(access: Access) -> list[ProxyInstance]:
    live = exists().where(col(Session.instance_id) == col(ProxyInstance.id), col(Session.state) == SessionState.ACTIVE)
    async with access.database.transaction() as transaction:
        return list((await transaction.scalars(select(ProxyInstance).where(live))).all())


def _is_gone(instance: ProxyInstance) -> bool:
    """Whether it ran on this host and its process is no more."""
    if instance.host != socket.gethostname():
        return False
    try:
        os.kill(instance.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


async def _closed(access: Access, recordings: Path, session: Session, grant: Grant, host: str) -> bool:
    """Whether the session was closed; one whose recording cannot be read keeps nobody else from going on."""
    try:
        return await _close(access, recordings, session, grant, host)
    except StorageUnavailable:
        raise
    except Exception as error:
        log.exception("interrupted_session_not_closed", session_id=str(session.id), error=type(error).__name__)
        return False


async def _close(access: Access, recordings: Path, session: Session, grant: Grant, host: str) -> bool:
    folder = files.session_folder(session.id, session.started_at)
    is_here = await asyncio.to_thread((recordings / folder).is_dir)
    try:
        segments = await asyncio.to_thread(files.segments, recordings, folder)
    except files.RecordingDamaged as error:
        log.error("interrupted_recording_unreadable", session_id=str(session.id), why=str(error))  # noqa: TRY400
        segments, is_here = [], False
    # A folder without a segment is that of a session in which nothing had been done yet.
    if segments or is_here:
        paths = [segment.path for segment in segments]
        counters = await asyncio.to_thread(recount, session, files.records(recordings, paths))
        ending = Ending(session.id, EndReason.INTERRUPTED, _KILLED, counters, segments)
    elif await _is_over(access, grant):
        detail = f"The proxy process on {host} was interrupted; look for the recording there."
        ending = Ending(session.id, EndReason.INTERRUPTED, detail, None, [])
    else:
        return False
    log.info("interrupted_session_closed", session_id=str(session.id))
    return await end_session(access, ending)


async def _is_over(access: Access, grant: Grant) -> bool:
    async with access.database.transaction() as transaction:
        return grant.revoked_at is not None or grant.expires_at <= await clock(transaction)


def recount(session: Session, records: Iterable[Any]) -> Counters:
    """The counters as the recording gives them; masked values as they were last saved (at most a second old)."""
    counters = Counters(masked=dict(session.masked), bytes_out=session.bytes_out)
    recording_format = formats.format_of(session.protocol)
    try:
        for record in records:
            _count(counters, recording_format, record)
    except files.RecordingDamaged as error:
        log.exception("interrupted_recording_damaged", session_id=str(session.id), why=str(error))
    counters.rows = max(counters.rows, session.rows)
    counters.held, counters.denied = max(counters.held, session.held), max(counters.denied, session.denied)
    return counters


def _count(counters: Counters, recording_format: Format, record: Any) -> None:
    """A review counts once as held; what came of it is a record of its own and no further statement."""
    counters.rows += formats.row_count(recording_format, record)
    if (found := formats.statement(recording_format, record)) is None:
        return
    if found.verdict in ("allow", "deny", "review"):
        counters.statement(found.kind)
    counters.held += found.verdict == "review"
    counters.denied += found.verdict in ("deny", "denied", "expired", "cancelled")

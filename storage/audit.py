"""The audit log: what happened, written in the transaction that made it happen, and ordered into a Merkle tree.

`record` writes an event and marks it pending. One sequencer at a time gives pending events their places, whole batches
in one transaction, and writes the root over everything so far. It drains by what is pending and never by ids: an event
whose transaction commits late has a low id, and would be passed over for ever. `verify` recomputes all of it.

What a program's role cannot do here is UPDATE or DELETE; what a superuser does is found by `verify`, except that whole
latest batches are gone without a trace: only a root kept outside this database shows that.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Never
from uuid import UUID, uuid4

import structlog
from sqlalchemy import delete, exists, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage import merkle
from storage.audit_verify import Fault, Verification, verify
from storage.database import Database, StorageUnavailable, clock
from storage.locks import Lock, take
from storage.model import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending
from storage.notices import CHANNEL, Notices, Topic
from storage.waiting import wait_set

__all__ = ["AuditDamaged", "Fault", "Sequencer", "Verification", "head", "record", "sequence", "verify"]

#: The version of the body's shape.
BODY_VERSION = 1
#: Events that get their places in one transaction.
BATCH_LIMIT = 1000
#: Pending events are looked for this often even if nobody says that there are some.
IDLE_S = 1.0
#: How long the sequencer waits after storage was unavailable or the log was found damaged.
RETRY_S = 2.0
DAMAGED_RETRY_S = 60.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class AuditDamaged(Exception):
    """The log cannot be continued, because rows of it were changed from outside; run `gatepass audit verify`."""


async def record(
    transaction: AsyncSession,
    *,
    actor: str,
    action: str,
    resource: str = "",
    outcome: str = "success",
    session: UUID | None = None,
    grant: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> int:
    """Write one event in the caller's transaction; returns its id.

    `actor` reads human:alice, agent:deployer, gatepass or unknown; `action` reads source:subject:action. `detail` is
    plain JSON with nothing sensitive left in it. `at` is the database's clock when not given.
    """
    body = canonical(
        {
            "v": BODY_VERSION,
            "id": uuid4().hex,
            "time": moment(at or await clock(transaction)),
            "actor": actor,
            "action": action,
            "resource": resource,
            "outcome": outcome,
            "session": None if session is None else str(session),
            "grant": None if grant is None else str(grant),
            "detail": dict(detail or {}),
        }
    )
    written = await transaction.execute(_RECORD, {"body": body, "channel": CHANNEL, "notice": f"{Topic.AUDIT.value}:"})
    return written.scalar_one()


#: One round trip: the event, that it is pending, and the notice to the sequencer.
_RECORD = text("""
    WITH event AS (INSERT INTO audit_event (body) VALUES (:body) RETURNING id),
         pending AS (INSERT INTO audit_pending (event_id) SELECT id FROM event RETURNING event_id)
    SELECT event_id, pg_notify(:channel, :notice) FROM pending
""")


def canonical(body: Mapping[str, Any]) -> bytes:
    """The bytes that are stored and hashed: sorted keys, no spaces, UTF-8.

    A lone surrogate, which Slack's JSON may hold and UTF-8 may not, becomes its JSON escape. Raises ValueError for
    NaN and infinities, TypeError for what is not JSON.
    """
    document = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return document.encode("utf-8", "backslashreplace")


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds: 2026-11-22T20:28:14.185973Z. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("An audit event's time must be aware.")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


async def head(transaction: AsyncSession) -> tuple[int, bytes]:
    """Tree size and root of the last checkpoint."""
    last = await _last_checkpoint(transaction)
    return (0, merkle.EMPTY_ROOT) if last is None else (last.tree_size, last.root_hash)


async def sequence(database: Database) -> int:
    """Give every pending event its place; returns how many there were. Raises StorageUnavailable, AuditDamaged."""
    placed = 0
    while True:
        async with database.transaction() as transaction:
            if not await transaction.scalar(select(exists(select(AuditPending)))):
                return placed
            # By its own statement: what the next one sees includes all that the last holder committed.
            await take(transaction, Lock.SEQUENCE)
            try:
                placed += await _place_batch(transaction)
            except IntegrityError as error:
                raise AuditDamaged(f"The audit log holds rows that it did not write: {error.orig}.") from error


async def _place_batch(transaction: AsyncSession) -> int:
    pending = (
        select(col(AuditEvent.id), col(AuditEvent.body))
        .join(AuditPending, col(AuditPending.event_id) == col(AuditEvent.id))
        .order_by(col(AuditEvent.id))
        .limit(BATCH_LIMIT)
    )
    events = (await transaction.execute(pending)).all()
    if not events:
        return 0
    before = await _frontier(transaction)
    hashes = [merkle.leaf_hash(event.body) for event in events]
    after = before.extend(hashes)
    transaction.add(AuditCheckpoint(tree_size=after.size, root_hash=after.root(), frontier=list(after.subtrees)))
    await transaction.flush()
    places = zip(range(before.size, after.size), events, hashes, strict=True)
    await transaction.execute(
        insert(AuditLeaf),
        [
            {"leaf_index": index, "event_id": event.id, "leaf_hash": digest, "checkpoint_size": after.size}
            for index, event, digest in places
        ],
    )
    placed = [event.id for event in events]
    await transaction.execute(delete(AuditPending).where(col(AuditPending.event_id).in_(placed)))
    return len(placed)


async def _frontier(transaction: AsyncSession) -> merkle.Frontier:
    """Where the tree goes on. Raises AuditDamaged when the last checkpoint and the last leaf disagree."""
    last = await _last_checkpoint(transaction)
    highest = await transaction.scalar(select(func.max(col(AuditLeaf.leaf_index))))
    size = 0 if highest is None else highest + 1
    try:
        frontier = merkle.Frontier() if last is None else merkle.Frontier(last.tree_size, tuple(last.frontier))
    except ValueError as error:
        raise AuditDamaged(f"The audit log's last checkpoint was changed: {error}") from error
    if frontier.size != size or (last is not None and frontier.root() != last.root_hash):
        raise AuditDamaged(
            f"The audit log has {size} leaves and its last checkpoint stands for {frontier.size}, or was changed. "
            "Nothing is added to it until that is mended; events go on being written and wait. "
            "Run `gatepass audit verify` to see which rows."
        )
    return frontier


async def _last_checkpoint(transaction: AsyncSession) -> AuditCheckpoint | None:
    return await transaction.scalar(select(AuditCheckpoint).order_by(col(AuditCheckpoint.tree_size).desc()).limit(1))


class Sequencer:
    """Keeps the log in order for as long as the process runs. Any number of processes may have one."""

    def __init__(self, database: Database, notices: Notices | None = None) -> None:
        """With `notices` events get their places as they commit, without them within IDLE_S."""
        self._database = database
        self._notices = notices

    async def run(self) -> Never:
        """Sequence until cancelled; to be owned by the process's TaskGroup."""
        wake = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            if self._notices is not None:
                group.create_task(_wake_on_notices(self._notices, wake))
            while True:
                await self._sequence()
                await wait_set(wake, IDLE_S)
                wake.clear()

    async def _sequence(self) -> None:
        try:
            await sequence(self._database)
        except StorageUnavailable as error:
            log.warning("audit_sequencer_waits_for_storage", error=str(error))
            await asyncio.sleep(RETRY_S)
        except AuditDamaged as error:
            log.critical("audit_log_damaged", error=str(error))
            await asyncio.sleep(DAMAGED_RETRY_S)


async def _wake_on_notices(notices: Notices, wake: asyncio.Event) -> None:
    async with notices.subscribe(Topic.AUDIT) as heard:
        async for _ in heard:
            wake.set()

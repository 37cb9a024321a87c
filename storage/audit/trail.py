"""The audit trail: what happened, written in the transaction that made it happen.

`record` writes an event and marks it pending, and once that is committed a line in the program's log says so;
storage.audit.sequencer gives it its place in the Merkle tree, and storage.audit.verification recomputes that. The
program's role may neither UPDATE nor DELETE events, leaves and checkpoints; nothing here is proof against the tables'
owner.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncSession

from storage.audit import lines
from storage.database import clock
from storage.notices import CHANNEL, Topic

log: structlog.stdlib.BoundLogger = structlog.get_logger()

#: The version of the body's shape.
BODY_VERSION = 1


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
    line = lines.fields(actor, action, resource, outcome, session, grant, detail or {})
    if line is not None:
        # A transaction that is rolled back says nothing, for then nothing happened.
        def tell(_: object) -> None:
            log.info(action, **line)

        listen(transaction.sync_session, "after_commit", tell, once=True)
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

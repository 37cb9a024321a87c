"""The rows of a recording's segments."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database, clock
from storage.model import (
    AccessRequest,
    Decision,
    Grant,
    PolicyVersion,
    Principal,
    PrincipalKind,
    Protocol,
    ProxyInstance,
    RequestState,
    Session,
)
from storage.recordings import segments

HASHES = [sha256(bytes([number])).hexdigest() for number in range(3)]


async def test_segments_come_back_in_order_and_close_once(database: Database) -> None:
    session_id = await _session(database)
    async with database.transaction() as transaction:
        for number in (2, 1):
            await segments.add(transaction, session_id, number, f"x/{number}.cast", HASHES[number], 10)
    async with database.transaction() as transaction:
        written = await segments.of(transaction, session_id)
    assert [(segment.number, segment.sha256) for segment in written] == [(1, HASHES[1]), (2, HASHES[2])]
    with pytest.raises(IntegrityError):
        async with database.transaction() as transaction:
            await segments.add(transaction, session_id, 1, "x/1.cast", HASHES[0], 10)


async def _session(database: Database) -> UUID:
    async with database.transaction() as transaction:
        now = await clock(transaction)
        person = Principal(kind=PrincipalKind.HUMAN, name="alice")
        proxy = ProxyInstance(host="here", pid=1)
        transaction.add_all([person, proxy, PolicyVersion(hash="a" * 64, document={})])
        await transaction.flush()
        asked: dict[str, Any] = {"principal_id": person.id, "resource": "web-1", "role": "read"}
        assert proxy.id is not None
        request = AccessRequest(
            **asked,
            duration_s=60,
            decision=Decision.AUTOMATIC,
            rule="rule",
            policy_hash="a" * 64,
            expires_at=now,
            state=RequestState.APPROVED,
            decided_at=now,
        )
        transaction.add(request)
        await transaction.flush()
        grant = Grant(**asked, request_id=request.id, not_before=now, expires_at=now + timedelta(minutes=1))
        transaction.add(grant)
        await transaction.flush()
        session = Session(grant_id=grant.id, instance_id=proxy.id, protocol=Protocol.SSH, client_address="127.0.0.1")
        transaction.add(session)
        await transaction.flush()
        return session.id

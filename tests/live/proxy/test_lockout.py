"""Logins that fail again and again: slowed down, locked out for a while, on record, and unlocked by a person."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from access.context import Access
from access.grants import grants
from cli.commands import unlock
from proxy.doors.lockouts import FAILURES_PER_PRINCIPAL, FAILURES_PER_SOURCE, FIRST_LOCK_S
from proxy.errors import AccessRefused
from proxy.sessions.authenticator import Authenticator
from proxy.sessions.refusals import MAX_WHY_CHARS, REFUSALS_A_WINDOW, WINDOW_S
from storage.model import AuditEvent, Grant, Principal, Protocol
from storage.notices import Notices
from support.proxy import Granted, Grants

pytestmark = pytest.mark.finding("M3")

ELSEWHERE = "198.51.100.7:40000"


class Door:
    """One authenticator, by a clock that stands still, and how long its answers took."""

    def __init__(self, access: Access) -> None:
        self.now = 1000.0
        self.waited: list[float] = []
        self.gate = Authenticator(access, clock=lambda: self.now, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def admit(self, token: str, door: str = "read@db", client: str = "203.0.113.9:1") -> str:
        """Who was let in, or the sentence of the refusal."""
        try:
            admission = await self.gate.admit(username=door, token=token, protocol=Protocol.POSTGRES, client=client)
        except AccessRefused as refusal:
            return str(refusal)
        return admission.principal.name


@pytest.fixture
def door(access: Access) -> Door:
    return Door(access)


async def audited(access: Access, action: str) -> list[dict[str, Any]]:
    async with access.database.transaction() as transaction:
        events = [json.loads(event.body) for event in (await transaction.scalars(select(AuditEvent))).all()]
    return [event for event in events if event["action"] == action]


async def test_answers_come_ever_later_and_then_the_source_is_locked_out(
    door: Door, access: Access, granted: Grants
) -> None:
    held = await granted("db", "read")
    said = [await door.admit("garbage") for _ in range(FAILURES_PER_SOURCE)]
    assert len(set(said)) == 1
    assert "no Gatepass token" in said[0]
    assert door.waited[:6] == [0, 0, 0, 0.5, 1, 2]
    assert "too many failed logins; again at" in await door.admit(held.token), "whatever it brings"
    assert "too many failed logins" in await door.admit(held.token, client="[::ffff:203.0.113.9]:7")
    assert await door.admit(held.token, client=ELSEWHERE) == "alice", "others are not"
    (lock,) = await audited(access, "proxy:source:lock")
    assert (lock["resource"], lock["outcome"]) == ("203.0.113.9", "failure")
    door.now += FIRST_LOCK_S
    assert await door.admit(held.token) == "alice"


async def test_a_site_that_tries_from_ever_new_addresses_fills_no_audit_log(door: Door, access: Access) -> None:
    for number in range(FAILURES_PER_SOURCE + 20):
        await door.admit("garbage", client=f"2001:db8:1:2::{number:x}:40000")
    assert len(await audited(access, "proxy:session:refuse")) == REFUSALS_A_WINDOW
    door.now += WINDOW_S
    await door.gate.refusals.summarise()
    last = (await audited(access, "proxy:session:refuse"))[-1]["detail"]
    assert (last["client"], last["refusals"]) == ("2001:db8:1:2::/64", FAILURES_PER_SOURCE + 20 - REFUSALS_A_WINDOW)


async def test_a_door_that_somebody_types_at_length_is_cut_in_the_audit_log(access: Access, granted: Grants) -> None:
    """And before it is searched for what must not be there, which takes time for each character."""
    held = await granted("db", "read")
    read: list[int] = []

    def noted(text: str) -> str:
        read.append(len(text))
        return access.redact(text)

    door = Door(replace(access, redact=noted))
    assert "x" * 100_000 in await door.admit(held.token, f"{'x' * 100_000}@db")
    (event,) = await audited(access, "proxy:session:refuse")
    assert len(event["detail"]["why"]) == MAX_WHY_CHARS
    assert len(event["resource"]) == 200
    assert max(read) <= 4 * MAX_WHY_CHARS


async def test_nobody_is_locked_out_by_what_they_did_not_sign(door: Door, granted: Grants) -> None:
    held = await granted("db", "read")
    head, _, signature = held.token.rpartition(".")
    forged = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for number in range(3 * FAILURES_PER_PRINCIPAL):
        assert "not signed" in await door.admit(forged, client=f"203.0.113.{number}:1")
    assert await door.admit(held.token, client=ELSEWHERE) == "alice"


async def revoked(access: Access, held: Granted) -> str:
    await grants.revoke(access, held.grant.id, None, "done")
    return held.token


async def expired(access: Access, held: Granted) -> str:
    """A token whose time is over, though its signature is good."""
    async with access.database.transaction() as transaction:
        holder = await transaction.get_one(Principal, held.grant.principal_id)
    past = Grant.model_validate({**held.grant.model_dump(), "expires_at": held.grant.created_at - timedelta(hours=1)})
    return access.keys.issue(grant=past, principal=holder, now=held.grant.created_at - timedelta(hours=2))


async def of_another_door(access: Access, held: Granted) -> str:
    return held.token


@pytest.mark.parametrize("spoil", [revoked, expired, of_another_door])
async def test_who_uses_a_signed_token_in_vain_is_locked_out_wherever_they_come_from(
    door: Door, access: Access, granted: Grants, spoil: Any
) -> None:
    bad, good = await spoil(access, await granted("db", "read")), await granted("db", "admin")
    wanted = "admin@db" if spoil is of_another_door else "read@db"
    for number in range(FAILURES_PER_PRINCIPAL):
        assert "too many" not in await door.admit(bad, wanted, f"203.0.113.{number}:1")
    assert "too many failed logins" in await door.admit(bad, wanted, ELSEWHERE)
    assert "too many failed logins" in await door.admit(good.token, "admin@db", ELSEWHERE)
    (lock,) = await audited(access, "proxy:principal:lock")
    assert lock["resource"] == "alice"
    door.now += FIRST_LOCK_S
    assert await door.admit(good.token, "admin@db", ELSEWHERE) == "alice"


async def test_a_locked_person_who_tries_on_locks_out_no_office(door: Door, granted: Grants, access: Access) -> None:
    bad = await revoked(access, await granted("db", "read"))
    for _ in range(3 * FAILURES_PER_SOURCE):
        await door.admit(bad)
    assert "no Gatepass token" in await door.admit("garbage"), "the source is not locked out"


async def test_who_gets_in_is_forgiven(door: Door, granted: Grants) -> None:
    held = await granted("db", "read")
    for _ in range(3):
        for _ in range(FAILURES_PER_SOURCE - 1):
            await door.admit("garbage")
        assert await door.admit(held.token) == "alice"


async def test_what_is_gatepasss_own_fault_counts_for_nobody(
    door: Door, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await granted("db", "read")

    async def stale(*_: object) -> None:
        return None

    monkeypatch.setattr("access.in_force.policy_in_force", stale)
    for _ in range(FAILURES_PER_SOURCE + 1):
        assert "another policy" in await door.admit(held.token)
    assert door.waited == []


@pytest.mark.parametrize("who", ["203.0.113.9", "::ffff:203.0.113.9"])
async def test_an_operator_unlocks_an_address(door: Door, access: Access, granted: Grants, who: str) -> None:
    held = await granted("db", "read")
    for _ in range(FAILURES_PER_SOURCE):
        await door.admit("garbage")
    assert "too many" in await door.admit(held.token)
    await unlocked(door, access, who)
    assert await door.admit(held.token) == "alice"


async def test_an_operator_unlocks_a_person(door: Door, access: Access, granted: Grants) -> None:
    bad, good = await revoked(access, await granted("db", "read")), await granted("db", "admin")
    for _ in range(FAILURES_PER_PRINCIPAL):
        await door.admit(bad)
    assert "too many" in await door.admit(good.token, "admin@db")
    await unlocked(door, access, "alice")
    assert await door.admit(good.token, "admin@db") == "alice"


async def unlocked(door: Door, access: Access, who: str) -> None:
    """As `gatepass unlock` does it, once this process has heard of it."""
    notices = Notices(access.database)
    tasks = [asyncio.create_task(notices.run()), asyncio.create_task(door.gate.lockout.follow_unlocks(notices))]
    async with asyncio.timeout(60):
        while not notices.connected:
            await asyncio.sleep(0.01)
        await unlock.tell(access.database, who)
        (event,) = await audited(access, "cli:lockout:unlock")
        assert event["resource"] == who
        while door.gate.lockout.anybody:
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_unlocking_nobody_is_told(access: Access) -> None:
    with pytest.raises(unlock.runtime.NotReady, match="is no address, and nobody in the policy has that name"):
        await unlock.tell(access.database, "nobody")
    assert await audited(access, "cli:lockout:unlock") == []

"""What nobody dropped is swept: roles whose session is over, by storage or by the clock, and no others."""

import asyncio
from uuid import UUID, uuid4

import pytest

from proxy.postgres.ephemeral import administrator, sweeper
from proxy.postgres.ephemeral.account import DROPPED, KEPT
from proxy.postgres.ephemeral.administrator import Dropped
from proxy.postgres.ephemeral.naming import Provenance, role_name
from proxy.postgres.ephemeral.statements import identifier, literal
from proxy.postgres.ephemeral.sweeper import Sweeper
from storage.database import StorageUnavailable
from storage.model import Session
from support.children import PATIENCE_S
from support.postgres import Door
from support.sql.ephemeral import Made, until

#: As it is served; in these tests it sweeps only when it is told to.
RUN = Sweeper.run


async def leave(
    made: Made, session: UUID, until: str, *, comment: str | None = None, database: str = "payments"
) -> str:
    """A role as a process leaves it that was killed; returns its name."""
    name = role_name("alice", session)
    said = Provenance("alice", session, "db", database, "app_read").comment() if comment is None else comment
    await made.superuser.execute(
        f"set role gatepass_roles; create role {identifier(name)} login valid until {literal(until)};"
        f"comment on role {identifier(name)} is {literal(said)}; reset role"
    )
    return name


async def test_a_session_of_another_gatepass_is_over_by_the_clock_alone(door: Door, made: Made) -> None:
    past, future = await leave(made, uuid4(), "2020-01-01"), await leave(made, uuid4(), "infinity")
    assert await made.sweeper.sweep() == 1
    assert await made.roles() == [future]
    [event] = await made.audited(DROPPED)
    assert event["detail"]["role"] == past


async def test_roles_that_are_not_ours_are_left_alone(door: Door, made: Made) -> None:
    own = [
        await leave(made, uuid4(), "2020-01-01", comment="somebody's own"),
        await leave(made, uuid4(), "2020-01-01", comment=Provenance("a", uuid4(), "db", "payments", None).comment()),
    ]
    assert await made.sweeper.sweep() == 0
    assert await made.roles() == sorted(own)
    for name in own:
        await made.superuser.execute(f"drop role {identifier(name)}")


async def test_a_database_that_is_no_more_keeps_no_role(door: Door, made: Made) -> None:
    await leave(made, uuid4(), "2020-01-01", database="dropped")
    assert await made.sweeper.sweep() == 1
    assert not await made.roles()


async def test_a_live_session_is_left_alone(door: Door, made: Made) -> None:
    connection = await door.connect("read")
    assert await made.sweeper.sweep() == 0
    assert await connection.fetchval("select 1") == 1


async def test_a_live_session_of_this_process_is_left_alone_past_its_time(door: Door, made: Made) -> None:
    connection = await door.connect("read")
    [name] = await made.roles()
    await made.superuser.execute(f"alter role {identifier(name)} valid until '2020-01-01'")
    assert await made.sweeper.sweep() == 0
    assert await connection.fetchval("select 1") == 1


async def test_a_session_that_storage_says_is_over_is_swept_with_what_runs_in_it(door: Door, made: Made) -> None:
    """As a process leaves it that cannot reach the server any more."""
    connection = await door.connect("read")
    await connection.close()
    row: Session = await door.ended()
    await made.gone()
    name = await leave(made, row.id, "infinity")
    stays = await made.past_the_gateway(name)
    assert await made.sweeper.sweep() == 1
    assert not await made.roles()

    async def ended() -> bool:
        return stays.is_closed()

    await until(ended)


async def test_without_storage_nothing_is_swept(door: Door, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    name = await leave(made, uuid4(), "2020-01-01")

    def away() -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(made.access.database, "transaction", away)
        assert await made.sweeper.sweep() == 0
    assert await made.roles() == [name]
    assert await made.sweeper.sweep() == 1


async def test_a_role_is_dropped_by_one_of_two_sweeps(door: Door, made: Made) -> None:
    for _ in range(4):
        await leave(made, uuid4(), "2020-01-01")
    others = [Sweeper(door.gateway) for _ in range(2)]
    await asyncio.gather(*(each.sweep() for each in others))
    await made.sweeper.sweep()
    assert not await made.roles()
    assert len({event["detail"]["role"] for event in await made.audited(DROPPED)}) == 4


async def test_roles_that_wait_for_a_lock_keep_no_other_from_being_swept(
    door: Door, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And their connections end with the wait, also where the client of it went: each sweep would leave some there."""
    monkeypatch.setattr(administrator, "DROP_LOCK_TIMEOUT_MS", 50)
    stuck = [await leave(made, uuid4(), "2020-01-01") for _ in range(2)]
    free = await leave(made, uuid4(), "2020-01-01")
    holder = await made.target.connect()
    async with holder.transaction():
        for name in stuck:
            await holder.execute(f"alter role {identifier(name)} connection limit 3")
        assert await made.sweeper.sweep() == 1
        assert await made.roles() == sorted(stuck)
    await holder.close()
    assert {event["detail"]["role"] for event in await made.audited(DROPPED)} == {free}
    kept = {event["detail"]["role"]: event["detail"]["why"] for event in await made.audited(KEPT)}
    assert kept == dict.fromkeys(stuck, "canceling statement due to lock timeout")
    assert await made.sweeper.sweep() == 2


async def test_a_role_has_its_own_time_and_one_that_was_kept_comes_last(
    door: Door, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    stuck = [await leave(made, uuid4(), "2020-01-01") for _ in range(2)]

    async def dropped(_: object, name: str, __: Provenance) -> Dropped:
        seen.append(name)
        if name in stuck:
            await asyncio.Event().wait()
        return Dropped()

    monkeypatch.setattr(sweeper, "_dropped", dropped)
    monkeypatch.setattr(sweeper, "ROLE_TIMEOUT_S", 0.01)
    await made.sweeper.sweep()
    assert sorted(seen) == sorted(stuck)
    first = seen.copy()
    new = await leave(made, uuid4(), "2020-01-01")
    await made.sweeper.sweep()
    assert seen == [*first, new, *first]


async def test_what_a_dead_process_left_is_swept_once_its_sessions_are_closed(
    door: Door, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only by the clock."""
    monkeypatch.setattr(sweeper, "SWEEP_S", 3600.0)
    swept = asyncio.Event()
    sweep = made.sweeper.sweep

    async def noted() -> int:
        dropped = await sweep()
        swept.set()
        return dropped

    monkeypatch.setattr(made.sweeper, "sweep", noted)
    running = asyncio.create_task(RUN(made.sweeper))
    async with asyncio.timeout(PATIENCE_S):
        await swept.wait()
        await leave(made, uuid4(), "2020-01-01")
        door.gateway.recovered.set()
        while await made.roles():
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait({running})

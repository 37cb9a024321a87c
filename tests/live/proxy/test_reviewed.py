"""A held statement, from its session's side: shown whole or denied, run once or void."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.decisions import holds
from access.decisions.statement_reviews import review_statement
from access.grants import grants
from access.visible import MAX_SHOWN_CHARS
from proxy.sessions.gateway import Gateway
from proxy.sessions.reviewed import Around, NotAsked, Verdict
from proxy.sessions.session import LiveSession
from proxy.statements import StatementFacts
from storage.model import HoldState, Principal, Protocol, ReviewDecision, Statement, VerdictKind
from support.proxy import Granted, Grants

DDL = frozenset({"ddl", "drop", "table:cards"})
DROP = StatementFacts("drop table cards", "ddl", DDL)


class Fixed:
    """A connection on which these stand around a statement, one after the other."""

    def __init__(self, *around: Around | None) -> None:
        self._around = list(around)

    async def look(self) -> Around:
        found = self._around.pop(0)
        if found is None:
            raise NotAsked("The database did not say what its names mean.")
        return found

    async def estimate(self, around: Around) -> str:
        return f"about 3 rows of {around.database}"


async def statements(access: Access) -> list[Statement]:
    async with access.database.transaction() as transaction:
        return list((await transaction.scalars(select(Statement))).all())


class Bob:
    """Approves what is held as soon as the client is told that it waits; then does something else, if he should."""

    def __init__(self, access: Access, then: str = "", grant: grants.Grant | None = None) -> None:
        self._access, self._then, self._grant = access, then, grant

    async def __call__(self, _: str) -> None:
        async with self._access.database.transaction() as transaction:
            bob = (await transaction.scalars(select(Principal).where(col(Principal.name) == "bob"))).one()
        (held,) = await statements(self._access)
        assert (await review_statement(self._access, held.id, bob, ReviewDecision.APPROVE)).decided
        if self._then == "revoke" and self._grant is not None:
            await grants.revoke(self._access, self._grant.id, bob, "no more")


async def nobody(_: str) -> None:
    raise AssertionError("nobody was to be asked")


async def authorized(
    gateway: Gateway, given: Granted, facts: StatementFacts, notify: Bob | None, *around: Around | None
) -> tuple[Verdict, LiveSession]:
    admission = await gateway.admit(
        username="admin@db", token=given.token, protocol=Protocol.POSTGRES, client="127.0.0.1:5"
    )
    async with gateway.enter(admission) as session:
        surroundings = Fixed(*around) if around else None
        verdict = await asyncio.wait_for(session.authorize([facts], notify or nobody, surroundings=surroundings), 20)
    return verdict, session


def recorded(gateway: Gateway) -> str:
    return "\n".join(path.read_text() for path in gateway.recordings.rglob("*.jsonl"))


@pytest.mark.finding("H2")
@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (StatementFacts("drop …", "ddl", DDL, unreviewable="Its code cannot be shown."), "Its code cannot be shown."),
        (StatementFacts("x" * (MAX_SHOWN_CHARS + 1), "ddl", DDL), "too long to be shown whole: 10,001 characters"),
        (StatementFacts("\N{GRINNING FACE}" * 5001, "ddl", DDL), "too long to be shown whole: 10,002 characters"),
    ],
)
async def test_what_cannot_be_shown_whole_is_denied_at_once(
    gateway: Gateway, access: Access, granted: Grants, facts: StatementFacts, why: str
) -> None:
    verdict, _ = await authorized(gateway, await granted("db", "admin"), facts, None)
    assert not verdict.allowed
    assert verdict.message.startswith("Rule ddl has this reviewed, and nobody can review it.")
    assert why in verdict.message
    assert verdict.message.endswith("(rule unreviewable)")
    (row,) = await statements(access)
    assert (row.verdict, row.state, row.rule) == (VerdictKind.DENY, None, "unreviewable")
    assert '"verdict":"deny"' in recorded(gateway)


@pytest.mark.finding("H2")
async def test_what_is_allowed_or_denied_need_not_be_shown(gateway: Gateway, access: Access, granted: Grants) -> None:
    verdict, _ = await authorized(
        gateway,
        await granted("db", "admin"),
        StatementFacts("x" * 20_000, "select", frozenset({"select"}), unreviewable="No."),
        None,
    )
    assert verdict.allowed
    assert await statements(access) == []


async def test_reviewers_are_told_why_where_and_how_much(gateway: Gateway, access: Access, granted: Grants) -> None:
    around = Around("payments", "public")
    verdict, _ = await authorized(gateway, await granted("db", "admin"), DROP, Bob(access), around, around)
    assert verdict.allowed
    (row,) = await statements(access)
    assert (row.why, row.estimate) == ("removes cards", "about 3 rows of payments")
    assert (row.database, row.search_path) == ("payments", "public")
    assert row.spent_at is not None


@pytest.mark.finding("H5")
@pytest.mark.parametrize(
    "now", [Around("payments", "prod, public"), Around("payments", "public", "admin"), Around("other", "public")]
)
async def test_an_approval_is_void_where_names_mean_something_else_by_then(
    gateway: Gateway, access: Access, granted: Grants, now: Around
) -> None:
    verdict, session = await authorized(
        gateway, await granted("db", "admin"), DROP, Bob(access), Around("payments", "public"), now
    )
    assert not verdict.allowed
    assert verdict.message.startswith("This statement was approved, but it was not run. The search path or the role")
    (row,) = await statements(access)
    assert (row.state, row.spent_at) == (HoldState.APPROVED, None)
    assert row.void in verdict.message
    assert session.counters.denied == 1
    assert '"verdict":"void"' in recorded(gateway)


@pytest.mark.finding("H5")
async def test_an_approval_is_void_where_nobody_can_tell_by_then(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    verdict, _ = await authorized(
        gateway, await granted("db", "admin"), DROP, Bob(access), Around("payments", "public"), None
    )
    assert "did not say what its names mean" in verdict.message
    assert (await statements(access))[0].spent_at is None


async def test_what_nobody_can_tell_the_place_of_is_put_to_nobody(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    verdict, _ = await authorized(gateway, await granted("db", "admin"), DROP, None, None)
    assert verdict == Verdict(allowed=False, message="The database did not say what its names mean.")
    assert await statements(access) == []


@pytest.mark.finding("M7")
async def test_approved_and_revoked_in_one_moment_does_not_run(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    given = await granted("db", "admin")
    verdict, _ = await authorized(gateway, given, DROP, Bob(access, "revoke", given.grant))
    assert not verdict.allowed
    assert "was revoked by bob" in verdict.message
    assert (await statements(access))[0].spent_at is None


@pytest.mark.finding("H5")
async def test_who_goes_away_between_approval_and_run_makes_it_void(
    gateway: Gateway, access: Access, granted: Grants
) -> None:
    """The second look never comes back: the client withdraws there, after the approval and before it is spent."""
    given = await granted("db", "admin")
    admission = await gateway.admit(
        username="admin@db", token=given.token, protocol=Protocol.POSTGRES, client="127.0.0.1:5"
    )
    looking = asyncio.Event()

    class Slow(Fixed):
        async def look(self) -> Around:
            if self._around:
                return await super().look()
            looking.set()
            return await asyncio.get_running_loop().create_future()

    async with gateway.enter(admission) as session:
        task = asyncio.ensure_future(session.authorize([DROP], Bob(access), surroundings=Slow(Around("payments"))))
        await asyncio.wait_for(looking.wait(), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (row,) = await statements(access)
    assert (row.state, row.spent_at, row.void) == (HoldState.APPROVED, None, "Whoever sent it withdrew it.")


async def test_what_is_dropped_while_it_is_being_held_is_withdrawn(
    gateway: Gateway, access: Access, granted: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is there, and the session has not heard of it yet."""
    written, hold = asyncio.Event(), holds.hold
    go_on = asyncio.Event()

    async def slow(*arguments: Any) -> Statement:
        held = await hold(*arguments)
        written.set()
        await go_on.wait()
        return held

    monkeypatch.setattr(holds, "hold", slow)
    given = await granted("db", "admin")
    working = asyncio.ensure_future(authorized(gateway, given, DROP, None))
    await asyncio.wait_for(written.wait(), 20)
    (held,) = await statements(access)
    assert held.state is HoldState.PENDING
    working.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    (held,) = await statements(access)
    assert held.state is HoldState.CANCELLED


async def test_a_session_holds_one_statement_after_the_other(
    gateway: Gateway, granted: Grants, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred at once would take all connections to the storage from everybody."""
    at_once, most, hold = 0, 0, holds.hold

    async def counted(*arguments: Any) -> Statement:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await hold(*arguments)
        finally:
            at_once -= 1

    async def told(_: str) -> None:
        pass

    monkeypatch.setattr(holds, "hold", counted)
    given = await granted("db", "admin")
    admission = await gateway.admit(
        username="admin@db", token=given.token, protocol=Protocol.POSTGRES, client="127.0.0.1:5"
    )
    async with gateway.enter(admission) as session:
        many = [asyncio.ensure_future(session.authorize([DROP], told)) for _ in range(40)]
        while sum(each.done() for each in many) < len(many) - holds.MAX_HOLDS_PER_SESSION:
            await asyncio.wait([each for each in many if not each.done()], return_when=asyncio.FIRST_COMPLETED)
        for each in many:
            each.cancel()
        await asyncio.wait(many)
    assert most == 1
    states = [each.state for each in await statements(access)]
    assert (len(states), states.count(HoldState.CANCELLED)) == (40, holds.MAX_HOLDS_PER_SESSION)

"""Requests that wait for a review: their client hears soon, and the approved one runs once, whoever asks again."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.decisions.statement_reviews import review_statement
from proxy.kubernetes.visits import Limits
from storage.model import HoldState, Principal, ReviewDecision, Statement
from support.children import PATIENCE_S
from support.kubernetes.api_server import ApiServer
from support.kubernetes.client import Client, MakeClient, finished
from support.ssh import until

POD = "/api/v1/namespaces/prod/pods/web"


@pytest.fixture
def decide(access: Access) -> Any:
    """`await decide(ReviewDecision.APPROVE)`: bob reviews the one statement that waits."""

    async def waiting() -> Statement | None:
        async with access.database.transaction() as transaction:
            pending = select(Statement).where(col(Statement.state) == HoldState.PENDING)
            return (await transaction.scalars(pending)).one_or_none()

    async def review(decision: ReviewDecision) -> Statement:
        statement = await until(waiting)
        async with access.database.transaction() as transaction:
            bob = (await transaction.scalars(select(Principal).where(col(Principal.name) == "bob"))).one()
        await review_statement(access, statement.id, bob, decision, "not today")
        return statement

    return review


@pytest.fixture
def state(access: Access) -> Any:
    """`await state()`: what became of the statements, in order."""

    async def read() -> list[tuple[HoldState | None, bool]]:
        async with access.database.transaction() as transaction:
            found = (await transaction.scalars(select(Statement).order_by(col(Statement.created_at)))).all()
        return [(each.state, each.spent_at is not None) for each in found]

    return read


@pytest.fixture
def cluster_with_pod(cluster: ApiServer) -> ApiServer:
    cluster.answers[POD] = {"kind": "Status", "status": "Success"}
    return cluster


async def test_it_runs_once_when_it_is_asked_again(
    client: MakeClient, cluster_with_pod: ApiServer, decide: Any, state: Any
) -> None:
    alice = await client("held")
    first = await alice.ask(POD, "DELETE")
    assert first.status == 429
    assert "waits for review by bob" in first.message
    assert "Run it again after the approval" in first.message
    await decide(ReviewDecision.APPROVE)
    assert cluster_with_pod.asked == []
    assert (await alice.ask(POD, "DELETE")).status == 200
    assert [each.method for each in cluster_with_pod.asked] == ["DELETE"]
    assert await state() == [(HoldState.APPROVED, True)]
    assert (await alice.ask(POD, "DELETE")).status == 429
    assert len(cluster_with_pod.asked) == 1


class TestWhileItsClientWaits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(idle_s=PATIENCE_S, hold_wait_s=PATIENCE_S)

    async def test_it_runs_at_once(self, client: MakeClient, cluster_with_pod: ApiServer, decide: Any) -> None:
        alice = await client("held")
        waiting = asyncio.ensure_future(alice.ask(POD, "DELETE"))
        await decide(ReviewDecision.APPROVE)
        answered = await waiting
        assert answered.status == 200
        assert answered.headers["Warning"].startswith("299 - ")

    async def test_a_denial_is_told(self, client: MakeClient, cluster_with_pod: ApiServer, decide: Any) -> None:
        alice = await client("held")
        waiting = asyncio.ensure_future(alice.ask(POD, "DELETE"))
        await decide(ReviewDecision.DENY)
        answered = await waiting
        assert (answered.status, cluster_with_pod.asked) == (403, [])
        assert "denied by bob" in answered.message

    async def test_who_hangs_up_withdraws_it(self, client: MakeClient, cluster_with_pod: ApiServer, state: Any) -> None:
        alice = await client("held")
        waiting = asyncio.ensure_future(alice.ask(POD, "DELETE"))

        async def is_pending() -> bool:
            return await state() == [(HoldState.PENDING, False)]

        async def is_over() -> bool:
            return await state() == [(HoldState.CANCELLED, False)]

        await until(is_pending)
        waiting.cancel()
        await until(is_over)
        assert cluster_with_pod.asked == []


@pytest.mark.parametrize("change", ["?dryRun=All", "?gracePeriodSeconds=0"])
async def test_an_approval_is_for_exactly_that(
    client: MakeClient, cluster_with_pod: ApiServer, decide: Any, change: str
) -> None:
    alice = await client("held")
    await alice.ask(POD, "DELETE")
    await decide(ReviewDecision.APPROVE)
    assert (await alice.ask(POD + change, "DELETE")).status == 429
    assert cluster_with_pod.asked == []


async def test_what_cannot_be_shown_is_put_to_nobody(
    client: MakeClient, cluster_with_pod: ApiServer, state: Any
) -> None:
    alice = await client("held")
    headers = {**alice.bearer, "Content-Type": "application/vnd.kubernetes.protobuf"}
    answered = await alice.ask(POD, "DELETE", headers=headers, body=b"k8s\0...")
    assert (answered.status, cluster_with_pod.asked) == (403, [])
    assert "protobuf" in answered.message


async def test_a_held_command_waits_on_its_stream(client: MakeClient, decide: Any) -> None:
    alice: Client = await client("held")
    async with alice.exec("rm", "-f", "/nonexistent/x") as socket:
        message = await socket.receive(PATIENCE_S)
        assert message.data.startswith(b"\2gatepass: This statement waits for review by bob")
        await decide(ReviewDecision.APPROVE)
        assert (await finished(socket)).exit_code == 0

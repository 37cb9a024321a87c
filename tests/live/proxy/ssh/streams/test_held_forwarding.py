"""Connections that wait for their review: bounded, and withdrawn when whoever asked for them hangs up."""

import asyncio
from typing import Any

import asyncssh
import pytest
from sqlalchemy import select

from access.context import Access
from access.decisions.holds import MAX_HOLDS_PER_SESSION
from proxy.sessions.gateway import Gateway
from proxy.ssh.forwarding.forwarding import MAX_LISTENING, MAX_OPEN
from proxy.ssh.pacing import Paced
from storage.model import HoldState, ReviewDecision, Statement
from support.children import line
from support.ssh import Decide, Held, MakeClient, Sessions, connected, until


@pytest.fixture(autouse=True)
def _review(policy: dict[str, Any]) -> None:
    policy["resources"]["web-1"]["roles"]["tunnels"]["statements"] = [
        {"name": "ask", "match": ["forward"], "verdict": "review", "reviewers": ["reviewers"]}
    ]


async def _states(access: Access) -> list[HoldState]:
    async with access.database.transaction() as transaction:
        return [each.state for each in (await transaction.scalars(select(Statement))).all() if each.state is not None]


async def _pending(access: Access, count: int) -> None:
    async def held() -> bool:
        return (await _states(access)).count(HoldState.PENDING) == count

    await until(held)


@pytest.mark.finding("ssh-forwarding")
async def test_more_than_may_wait_are_denied_and_the_rest_withdrawn(
    client: MakeClient, access: Access, gateway: Gateway, sessions: Sessions
) -> None:
    async with connected(await client("tunnels")) as connection:

        async def ask(number: int) -> str:
            try:
                await connection.open_connection("127.0.0.1", 1 + number)
            except asyncssh.ChannelOpenError as error:
                return error.reason
            return "open"

        asked = [asyncio.ensure_future(ask(number)) for number in range(MAX_OPEN + 1)]
        while sum(each.done() for each in asked) < len(asked) - MAX_HOLDS_PER_SESSION:
            await asyncio.wait([each for each in asked if not each.done()], return_when=asyncio.FIRST_COMPLETED)
        said = [each.result() for each in asked if each.done()]
        assert sum("open already" in reason for reason in said) == 1
        assert sum("wait" in reason for reason in said) == len(said) - 1
        await _pending(access, MAX_HOLDS_PER_SESSION)
        connection.abort()
        await asyncio.gather(*asked)
    (session,) = await sessions()
    assert session.ended_at is not None
    states = await _states(access)
    assert states.count(HoldState.PENDING) == 0
    assert states.count(HoldState.CANCELLED) == MAX_HOLDS_PER_SESSION


@pytest.mark.finding("ssh-forwarding")
async def test_a_denied_one_leaves_its_place(client: MakeClient, decide: Decide) -> None:
    async with connected(await client("tunnels")) as connection:
        for _ in range(MAX_HOLDS_PER_SESSION + 1):
            asked = asyncio.ensure_future(connection.open_connection("127.0.0.1", 1))
            await decide(ReviewDecision.DENY, "not now")
            with pytest.raises(asyncssh.ChannelOpenError, match="not now"):
                await asked
        for _ in range(MAX_LISTENING + 1):
            listening = asyncio.ensure_future(connection.create_server(lambda _host, _port: True, "localhost", 0))
            await decide(ReviewDecision.DENY, "not now")
            with pytest.raises(asyncssh.ChannelListenError):
                await listening


@pytest.mark.finding("ssh-forwarding")
async def test_whoever_hangs_up_while_a_listen_waits_withdraws_it(
    client: MakeClient, access: Access, sessions: Sessions
) -> None:
    async with connected(await client("tunnels")) as connection:
        listening = asyncio.ensure_future(connection.create_server(lambda _host, _port: True, "localhost", 0))
        await _pending(access, 1)
        connection.abort()
        with pytest.raises(asyncssh.ChannelListenError):
            await listening
    await sessions()
    assert await _states(access) == [HoldState.CANCELLED]


@pytest.mark.finding("ssh-forwarding")
async def test_a_client_that_asks_whether_somebody_is_there_stays_while_its_listen_waits(
    client: MakeClient, decide: Decide, held: Held, paced: list[Paced]
) -> None:
    """Answers come in order, so that the first of them would come with the verdict."""
    ssh = await client("tunnels")
    asking = ("-oServerAliveInterval=1", "-oServerAliveCountMax=2")
    process = await ssh.start(ssh.command("-N", *asking, "-R0:127.0.0.1:9", ssh.destination))
    await held()
    waiting = asyncio.ensure_future(process.wait())
    hidden: Any = paced[0]
    while len(hidden._connection._global_request_queue) < 5 and not waiting.done():
        await asyncio.sleep(0.02)
    assert process.returncode is None
    await decide(ReviewDecision.APPROVE)
    assert b"Allocated port" in await line(process.stderr)
    process.terminate()
    await waiting

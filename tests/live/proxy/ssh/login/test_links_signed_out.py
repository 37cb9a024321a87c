"""Links of an ssh that waits belong to the sign-in of the browser that let it in: who is signed out lets nobody in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from access.context import Access
from access.errors import Refused
from access.identity import browser_sessions
from access.identity.browser_sessions import SignedIn
from access.identity.incidents import lost
from access.identity.ssh import logins
from storage.database import clock
from storage.model import LoginState, SshLogin
from support.access import World
from support.identity.touching import signed_in
from support.ssh import Audited, MakeClient, Sessions

from .test_browser import PAGES, waiting

End = Callable[[World, SignedIn], Awaitable[object]]


@pytest.fixture
async def access(access: Access) -> Access:
    return replace(access, pages=PAGES)


async def by_an_operator(world: World, _: SignedIn) -> None:
    await lost.sign_out(world.access, "alice", "operator:root", with_grants=False)


async def by_themselves(world: World, me: SignedIn) -> None:
    async with world.database.transaction() as transaction:
        assert await browser_sessions.end_one(transaction, world["alice"], me.session.id, await clock(transaction))


async def by_leaving(world: World, _: SignedIn) -> None:
    await change(world, "UPDATE principal SET disabled_at = now() WHERE name = 'alice'")


async def running_out(world: World, _: SignedIn) -> None:
    await change(world, "UPDATE browser_session SET expires_at = now(), idle_until = now()")


async def change(world: World, statement: str) -> None:
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        await transaction.execute(text(statement))


@pytest.mark.parametrize("end", [by_an_operator, by_themselves])
async def test_what_it_let_in_is_refused_once_its_browser_is_signed_out(
    client: MakeClient,
    world: World,
    sessions: Sessions,
    audited: Audited,
    monkeypatch: pytest.MonkeyPatch,
    end: End,
) -> None:
    ssh, me, ended = await client(), await signed_in(world, "alice"), asyncio.Event()
    claims = logins.claims

    async def late(*arguments: Any) -> Any:
        await ended.wait()
        return await claims(*arguments)

    monkeypatch.setattr(logins, "claims", late)
    shown = await waiting(ssh)
    await logins.allow(world.access, shown.secret, me, typed=shown.number, touch=None)
    await end(world, me)
    ended.set()
    status, out, said = await shown.end()
    assert (status, out, "This confirmation was given to a sign-in that has been ended since" in said) == (
        255,
        b"",
        True,
    )
    assert await sessions() == []
    [event] = await audited("proxy:session:refuse")
    assert "has been ended since" in event["detail"]["why"]


@pytest.mark.parametrize("end", [by_an_operator, by_themselves, by_leaving, running_out])
async def test_a_browser_that_is_signed_out_meanwhile_lets_nobody_in(
    client: MakeClient, world: World, audited: Audited, end: End
) -> None:
    """Its request came with a cookie that counted, and took its time."""
    ssh, me = await client(), await signed_in(world, "alice")
    shown = await waiting(ssh)
    await end(world, me)
    with pytest.raises(Refused, match="no longer signed in"):
        await logins.allow(world.access, shown.secret, me, typed=shown.number, touch=None)
    assert [login.state for login in await world.all(SshLogin)] == [LoginState.WAITING]
    [event] = await audited("web:ssh_login:allow")
    assert (event["outcome"], "no longer signed in" in event["detail"]["why"]) == ("denied", True)
    shown.process.kill()
    await shown.end()


async def test_who_lets_in_while_everything_is_signed_out_lets_nobody_in(client: MakeClient, world: World) -> None:
    ssh, me = await client(), await signed_in(world, "alice")
    shown = await waiting(ssh)
    async with world.database.transaction() as transaction:
        await browser_sessions.sign_out_everywhere(transaction, world["alice"], await clock(transaction))
        letting_in = asyncio.create_task(logins.allow(world.access, shown.secret, me, typed=shown.number, touch=None))
        assert (await asyncio.wait({letting_in}, timeout=1))[1] == {letting_in}
    with pytest.raises(Refused, match="no longer signed in"):
        await letting_in
    shown.process.kill()
    await shown.end()

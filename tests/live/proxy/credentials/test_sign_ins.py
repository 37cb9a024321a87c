"""What a sign-in was given ends with it, whoever ends it, at the gateway's door; what was given in Slack does not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import select, text

from access.context import Access
from access.grants import grants
from access.identity import browser_sessions
from access.identity.adoption import adopt
from access.identity.browser_sessions import SignedIn
from access.identity.handing import hand_token
from access.identity.incidents import lost
from access.identity.proven import SignIn
from proxy.errors import AccessRefused
from proxy.sessions.authenticator import Authenticator
from proxy.sessions.gateway import Gateway
from storage.database import clock
from storage.model import Principal, Protocol, Session, SignInKind
from support.access import World
from support.identity.touching import ISSUER
from support.proxy import Grants, WritePolicy

Ends = Callable[["Held"], Awaitable[None]]


@pytest.fixture(params=["signed", "short"])
async def access(access: Access, write_policy: WritePolicy, request: pytest.FixtureRequest) -> Access:
    policy = yaml.safe_load(access.policies.path.read_text())
    write_policy(policy | {"tokens": {"form": request.param}})
    access.policies.reload()
    await adopt(access)
    return access


@pytest.fixture
async def world(access: Access) -> World:
    async with access.database.transaction() as transaction:
        people = {person.name: person for person in (await transaction.scalars(select(Principal))).all()}
    return World(access, people)


async def signed_in(world: World, name: str = "alice", *, replaces: bytes | None = None) -> tuple[bytes, SignedIn]:
    """A browser of theirs: its secret, and who it is."""
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        proven = SignIn(ISSUER, f"u-{name}", now, now, ("pwd",), None, None, None, False, {})
        secret = await browser_sessions.begin(transaction, world[name], "corp", proven, now, replaces=replaces)
        me = await browser_sessions.current(transaction, secret, now)
    assert me is not None
    return secret, me


@dataclass
class Held:
    """A token that a sign-in of alice's was given."""

    world: World
    secret: bytes
    me: SignedIn
    token: str

    async def admitted(self, token: str | None = None) -> str:
        """`in`, or why not."""
        door: dict[str, Any] = {"username": "read@db", "protocol": Protocol.POSTGRES, "client": "127.0.0.1:1"}
        try:
            await Authenticator(self.world.access).admit(token=token or self.token, **door)
        except AccessRefused as refused:
            return str(refused)
        return "in"

    async def change(self, statement: str) -> None:
        async with self.world.database.transaction() as transaction:
            await transaction.execute(text("SET ROLE NONE"))
            await transaction.execute(text(statement))


@pytest.fixture
async def held(world: World, granted: Grants) -> Held:
    grant = (await granted("db", "read")).grant
    secret, me = await signed_in(world)
    given = await hand_token(world.access, grant.id, world["alice"], source="web", sign_in=me.session)
    return Held(world, secret, me, given.token)


async def sign_out(held: Held) -> None:
    async with held.world.database.transaction() as transaction:
        await browser_sessions.sign_out(transaction, held.secret, await clock(transaction))


async def from_my_access(held: Held) -> None:
    async with held.world.database.transaction() as transaction:
        now = await clock(transaction)
        assert await browser_sessions.end_one(transaction, held.world["alice"], held.me.session.id, now)


async def everywhere(held: Held) -> None:
    async with held.world.database.transaction() as transaction:
        assert await browser_sessions.sign_out_everywhere(transaction, held.world["alice"], await clock(transaction))


async def replayed(held: Held) -> None:
    async with held.world.database.transaction() as transaction:
        assert await browser_sessions.end_replayed(transaction, held.me.session.id, await clock(transaction))


async def by_an_operator(held: Held) -> None:
    await lost.sign_out(held.world.access, "alice", "operator:root", with_grants=False)


async def by_somebody_else_in_that_browser(held: Held) -> None:
    await signed_in(held.world, "bob", replaces=held.secret)


async def after_signing_in_again(held: Held) -> None:
    """The sign-in that asked is not the one that is signed out; it replaced that in the same browser."""
    held.secret, _ = await signed_in(held.world, replaces=held.secret)
    await sign_out(held)


async def everywhere_once_it_has_run_out(held: Held) -> None:
    await held.change("UPDATE browser_session SET expires_at = now(), idle_until = now()")
    await everywhere(held)


@pytest.mark.parametrize(
    "ends",
    [
        sign_out,
        from_my_access,
        everywhere,
        replayed,
        by_an_operator,
        by_somebody_else_in_that_browser,
        after_signing_in_again,
        everywhere_once_it_has_run_out,
    ],
)
async def test_it_ends_with_its_sign_in(held: Held, ends: Ends) -> None:
    assert await held.admitted() == "in"
    await ends(held)
    said = await held.admitted()
    assert said.startswith("This token was given to a sign-in that has been ended since, and ended with it. Sign in")
    [event] = await held.world.events("proxy:session:refuse")
    assert event["detail"]["why"] == said


@pytest.mark.parametrize("ends", [sign_out, by_an_operator])
async def test_what_ends_between_the_login_and_its_session_opens_none(held: Held, gateway: Gateway, ends: Ends) -> None:
    door: dict[str, Any] = {"username": "read@db", "protocol": Protocol.POSTGRES, "client": "127.0.0.1:1"}
    admission = await gateway.admit(token=held.token, **door)
    async with gateway.enter(admission) as session:
        await ends(held)
        assert session.ending is None
    with pytest.raises(AccessRefused, match="has been ended since, and ended with it"):
        async with gateway.enter(admission):
            pass
    [event] = await held.world.events("proxy:session:refuse")
    assert (event["actor"], "has been ended since" in event["detail"]["why"]) == ("human:alice", True)
    assert len(await held.world.all(Session)) == 1


async def test_signing_in_again_in_the_same_browser_ends_nothing(held: Held) -> None:
    await signed_in(held.world, replaces=held.secret)
    assert await held.admitted() == "in"


async def test_a_sign_in_that_was_signed_out_is_followed_by_none(held: Held) -> None:
    await sign_out(held)
    await signed_in(held.world, replaces=held.secret)
    assert "has been ended since" in await held.admitted()


async def test_a_sign_in_that_runs_out_ends_nothing(held: Held) -> None:
    await held.change("UPDATE browser_session SET expires_at = now(), idle_until = now()")
    assert await held.admitted() == "in"


async def test_another_sign_in_is_another_one(held: Held) -> None:
    other, _ = await signed_in(held.world)
    async with held.world.database.transaction() as transaction:
        await browser_sessions.sign_out(transaction, other, await clock(transaction))
    assert await held.admitted() == "in"


async def test_a_command_line_goes_on_when_the_browser_that_let_it_in_signs_out(held: Held) -> None:
    """As its sign-in does."""
    world = held.world
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        session, secret = await browser_sessions.begin_command_line(
            transaction, held.me.session, world["alice"], "gatepass on laptop", now, client="127.0.0.1"
        )
    claims = await _grant(held)
    given = await hand_token(world.access, claims, world["alice"], source="cli", sign_in=session)
    await sign_out(held)
    assert "has been ended since" in await held.admitted()
    assert await held.admitted(given.token) == "in"
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        mine = await browser_sessions.current(transaction, secret, now, SignInKind.COMMAND_LINE)
        assert mine is not None
        await browser_sessions.end_one(transaction, world["alice"], session.id, now + timedelta(seconds=1))
    assert "has been ended since" in await held.admitted(given.token)


async def test_what_slack_gave_is_no_sign_ins(held: Held) -> None:
    given = await hand_token(held.world.access, await _grant(held), held.world["alice"])
    await everywhere(held)
    assert await held.admitted(given.token) == "in"


async def _grant(held: Held) -> Any:
    async with held.world.database.transaction() as transaction:
        [grant] = await grants.of(transaction, held.world["alice"])
    return grant.id

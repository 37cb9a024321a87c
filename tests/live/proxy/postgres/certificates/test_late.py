"""psql's login and its session: what ends between the two, and what ends while the session is opened, opens nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
import yaml
from sqlalchemy import select

from access.context import Access
from access.identity import browser_sessions
from access.identity.adoption import adopt
from access.identity.browser_sessions import SignedIn
from access.identity.credentials import issued
from access.identity.handing import hand_token
from storage.database import clock
from storage.model import EndReason, Principal
from support.access import World
from support.identity.certificates import Forger
from support.identity.touching import signed_in
from support.postgres import Door
from support.proxy import once_asked

SIGNED_OUT = "was given to a sign-in that has been ended since"


@dataclass
class Brought:
    """What psql brings, which belongs to a sign-in of alice's."""

    world: World
    me: SignedIn
    #: Of the connection string.
    words: dict[str, str]


End = Callable[[Brought], Awaitable[object]]
Bring = Callable[[], Awaitable[Brought]]


@pytest.fixture
async def brought(forger: Forger, access: Access) -> dict[str, Bring]:
    async with access.database.transaction() as transaction:
        world = World(access, {each.name: each for each in (await transaction.scalars(select(Principal))).all()})
    me = await signed_in(world, "alice")

    async def token(form: str) -> Brought:
        policy = yaml.safe_load(access.policies.path.read_text())
        access.policies.path.write_text(yaml.safe_dump(policy | {"tokens": {"form": form}}))
        access.policies.reload()
        await adopt(access)
        given = await hand_token(access, forger.grant.id, forger.alice, source="web", sign_in=me.session)
        return Brought(world, me, {"password": given.token})

    async def certificate() -> Brought:
        shown, _ = await forger.good(sign_in=me.session)
        return Brought(world, me, shown.words)

    return {"signed": lambda: token("signed"), "short": lambda: token("short"), "certificate": certificate}


async def by_themselves(brought: Brought) -> None:
    async with brought.world.database.transaction() as transaction:
        now = await clock(transaction)
        assert await browser_sessions.end_one(transaction, brought.world["alice"], brought.me.session.id, now)


async def by_revoking_all(brought: Brought) -> None:
    async with brought.world.database.transaction() as transaction:
        assert await issued.revoke_all(transaction) == 1


@pytest.mark.parametrize(
    ("kind", "end", "why"),
    [
        ("signed", by_themselves, SIGNED_OUT),
        ("short", by_themselves, SIGNED_OUT),
        ("short", by_revoking_all, "This token was revoked"),
        ("certificate", by_themselves, SIGNED_OUT),
        ("certificate", by_revoking_all, "was revoked by Gatepass's operators"),
    ],
)
async def test_what_ends_while_the_session_opens_ends_it(
    brought: dict[str, Bring], door: Door, monkeypatch: pytest.MonkeyPatch, kind: str, end: End, why: str
) -> None:
    has = await brought[kind]()
    once_asked(monkeypatch, lambda: end(has))
    status, out, err = await door.psql("read", "-c", "select 1", **has.words)
    assert (status, out, why in err) == (2, "", True), err
    session = await door.ended()
    assert (session.end_reason, why in session.end_detail) == (EndReason.REVOKED, True)

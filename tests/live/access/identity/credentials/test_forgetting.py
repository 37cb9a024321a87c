"""What let people in is forgotten a day after it is over, and not while a session is live by it."""

from datetime import timedelta

from sqlalchemy import text, update
from sqlmodel import col

from access.deadlines import BATCH, Deadlines
from access.decisions.requests import Ask
from access.forgetting import CREDENTIALS_KEPT
from access.identity.ssh import logins
from access.tokens import new_token_id
from storage.database import clock
from storage.model import Grant, LoginState, Session, SshCertificate, SshKeyText, SshLogin
from storage.notices import Notices
from support.access import World, ask_anyway
from support.identity.touching import signed_in


async def meet(world: World) -> None:
    await Deadlines(world.access, Notices(world.database)).meet()


async def change(world: World, statement: str) -> None:
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        await transaction.execute(text(statement))


async def grant_of(world: World) -> Grant:
    await ask_anyway(world.access, world["alice"], Ask("payments-db", "read", 900))
    [grant] = await world.all(Grant)
    return grant


async def certificates(world: World, grant: Grant, *ago: timedelta) -> list[str]:
    """The ids of certificates that were over so long ago."""
    me, ids = await signed_in(world, "alice"), [new_token_id() for _ in ago]
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        transaction.add_all(
            SshCertificate(
                id=each,
                principal_id=world["alice"].id,
                grant_id=grant.id,
                browser_id=me.session.id,
                fingerprint=bytes(32),
                issued_at=now - since - timedelta(minutes=5),
                expires_at=now - since,
            )
            for each, since in zip(ids, ago, strict=True)
        )
    return ids


LONG, LATELY = CREDENTIALS_KEPT + timedelta(minutes=1), CREDENTIALS_KEPT - timedelta(minutes=1)


async def test_certificates_of_ssh_that_are_long_over(world: World) -> None:
    grant = await grant_of(world)
    _, kept, other = await certificates(world, grant, LONG, LATELY, -timedelta(minutes=5))
    await meet(world)
    assert {each.id for each in await world.all(SshCertificate)} == {kept, other}


async def test_more_than_go_at_once(world: World) -> None:
    await certificates(world, await grant_of(world), *[LONG] * (2 * BATCH + 1))
    await meet(world)
    assert await world.all(SshCertificate) == []


async def test_what_a_live_session_was_let_in_by_stays_until_it_ends(world: World) -> None:
    grant = await grant_of(world)
    by, _ = await certificates(world, grant, LONG, LONG)
    session = await world.session(grant)
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        credential = {"kind": "certificate", "form": "ssh", "id": by}
        await transaction.execute(update(Session).where(col(Session.id) == session.id).values(credential=credential))
    await meet(world)
    assert [each.id for each in await world.all(SshCertificate)] == [by]
    await change(world, "UPDATE session SET state = 'ended', ended_at = now(), end_reason = 'closed'")
    await meet(world)
    assert await world.all(SshCertificate) == []


async def test_links_used_or_not_and_texts_to_sign(world: World) -> None:
    grant, me = await grant_of(world), await signed_in(world, "alice")
    made = [
        await logins.offer(world.access, "read@payments-db", client="203.0.113.9:1", source="203.0.113.9", software="")
        for _ in range(3)
    ]
    async with world.database.transaction() as transaction:
        now = await clock(transaction)
        used = await transaction.get_one(SshLogin, made[0].id)
        used.state, used.principal_id, used.grant_id = LoginState.USED, world["alice"].id, grant.id
        used.credential = new_token_id()
        for number in range(2):
            transaction.add(
                SshKeyText(
                    principal_id=world["alice"].id,
                    browser_id=me.session.id,
                    text_hash=bytes([number]) * 32,
                    created_at=now,
                    expires_at=now - (LONG if number else LATELY),
                )
            )
    async with world.database.transaction() as transaction:
        await transaction.execute(text("SET ROLE NONE"))
        over = col(SshLogin.id).in_([made[0].id, made[1].id])
        await transaction.execute(update(SshLogin).where(over).values(expires_at=now - LONG))
    await meet(world)
    assert [each.id for each in await world.all(SshLogin)] == [made[2].id]
    assert [each.text_hash for each in await world.all(SshKeyText)] == [bytes(32)]

"""A logout of the provider's that a sign-in meets on its way here: whatever was issued before it lets nobody in."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from access.identity import browser_sessions
from access.identity.proven import Logout
from access.identity.saml import answers, logouts
from access.identity.saml.protocol.problems import InvalidSaml
from access.identity.sign_in import sign_in
from storage.database import clock
from storage.model import BrowserEnd, BrowserSession, SamlAnswer, SamlSeen
from support.identity.saml import PASSWORD, PERSISTENT, USUAL, at
from support.web.saml_logout import index, posted
from support.web.saml_stage import SamlStage, SamlVisitor, saml_visitor
from web.door.cookies import SESSION, SIGNING_IN

NAMELESS = (
    f'<saml:AuthnStatement AuthnInstant="{{}}"><saml:AuthnContext><saml:AuthnContextClassRef>{PASSWORD}'
    "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
)


async def waiting(guest: SamlVisitor, **said: str) -> str:
    """The address where a browser takes what was proven, which was issued a minute ago unless `said` otherwise."""
    await guest.asked()
    status, text, to = await guest.bring_forged(guest.forge(said={"issued": at(-60), **said}))
    assert status == 303, text
    return to


def handle_of(address: str) -> bytes:
    return base64.urlsafe_b64decode(address.partition("answer=")[2] + "=")


async def logged_out(guest: SamlVisitor, **said: str) -> None:
    """By a browser that has nothing of ours."""
    async with saml_visitor(guest.saml) as other:
        status, text, _ = await other.ask("/sign-out/corp/saml", "POST", data=posted(guest.saml, USUAL, None, **said))
        assert status in {200, 303}, text


async def refused(guest: SamlVisitor, to: str, why: str) -> None:
    status, text, _ = await guest.ask(to)
    assert (status, SESSION in guest.cookies) == (403, False), text
    events = await guest.saml.world.events("web:browser:sign_in")
    assert [each["detail"]["why"] for each in events] == [why]


@pytest.mark.parametrize("sessions", ["", index("s1"), index("x", "s1")])
async def test_an_answer_that_waits_ends_too(guest: SamlVisitor, saml: SamlStage, sessions: str) -> None:
    to = await waiting(guest)
    await logged_out(guest, sessions=sessions)
    assert await saml.world.all(SamlAnswer) == []
    await refused(guest, to, "other_sign_in")


@pytest.mark.parametrize(
    "said",
    [
        {"sessions": index("another")},
        {"name": f'<saml:NameID Format="{PERSISTENT}">u-bob</saml:NameID>'},
        {},
    ],
)
async def test_an_answer_of_another_session_waits_on(guest: SamlVisitor, said: dict[str, str]) -> None:
    to = await waiting(guest)
    # What names no other one was said before the answer was issued.
    await logged_out(guest, **(said or {"issued": at(-200)}))
    assert (await guest.ask(to))[0] == 303
    assert SESSION in guest.cookies


@pytest.mark.parametrize("sessions", ["", index("s1")])
async def test_an_assertion_that_was_held_back_comes_too_late(guest: SamlVisitor, sessions: str) -> None:
    await guest.asked()
    form = {"SAMLResponse": guest.forge(said={"issued": at(-60)}).posted(), "RelayState": guest.relay_state}
    await logged_out(guest, sessions=sessions)
    status, text, _ = await guest.bring(form)
    assert (status, "has been signed out there since. Sign in again." in text) == (403, True), text
    await guest.bring(form)
    events = await guest.saml.world.events("web:browser:sign_in")
    assert [each["detail"]["why"] for each in events] == ["logged_out", "replayed"]


async def test_one_that_is_good_for_long_is_held_back_in_vain(guest: SamlVisitor, saml: SamlStage) -> None:
    """The logout itself was good for five minutes, an hour ago."""
    await note(saml, datetime.now(UTC) - timedelta(hours=1))
    await guest.asked()
    forge = guest.forge(said={"issued": at(-4000), "until": at(4000), "confirmed_until": at(4000)})
    assert (await guest.bring_forged(forge))[0] == 403
    assert await saml.world.all(SamlAnswer) == []


async def test_whoever_signs_in_again_comes_in(guest: SamlVisitor) -> None:
    await logged_out(guest, issued=at(-2))
    assert (await guest.ask(await waiting(guest, issued=at())))[0] == 303
    assert SESSION in guest.cookies


async def test_the_newest_logout_counts_whichever_comes_last(guest: SamlVisitor, saml: SamlStage) -> None:
    await logged_out(guest, id="_logout", issued=at(-10))
    [*_, until] = sorted(each.expires_at for each in await saml.world.all(SamlSeen))
    await note(saml, datetime.now(UTC) - timedelta(seconds=100))
    assert max(each.expires_at for each in await saml.world.all(SamlSeen)) == until
    await guest.asked()
    assert (await guest.bring_forged(guest.forge(said={"issued": at(-60)})))[0] == 403


async def note(saml: SamlStage, said_at: datetime) -> None:
    """That all sessions of u-alice have ended."""
    async with saml.world.database.transaction() as transaction:
        await logouts.note(transaction, [logout(saml, said_at)])


def logout(saml: SamlStage, said_at: datetime) -> Logout:
    return Logout(saml.idp.entity_id, "_x", "u-alice", None, said_at)


@pytest.mark.parametrize("sessions", ["", index("s1")])
async def test_what_was_proven_before_ends_however_late_the_logout_comes(
    guest: SamlVisitor, saml: SamlStage, sessions: str
) -> None:
    """The answer was held back past the leeway of clocks, and so was the logout; a command line has begun by it."""
    assert (await guest.ask(await waiting(guest, issued=at(-200))))[0] == 303
    world = saml.world
    async with world.database.transaction() as transaction:
        [browser] = (await transaction.scalars(select(BrowserSession))).all()
        now = await clock(transaction)
        await browser_sessions.begin_command_line(transaction, browser, world["alice"], "laptop", now, client="::1")
    await logged_out(guest, issued=at(-150), sessions=sessions)
    assert [each.end_reason for each in await world.all(BrowserSession)] == [BrowserEnd.PROVIDER] * 2


async def test_what_was_proven_after_it_stays(guest: SamlVisitor, saml: SamlStage) -> None:
    assert (await guest.ask(await waiting(guest, issued=at(-100))))[0] == 303
    await logged_out(guest, issued=at(-150))
    [session] = await saml.world.all(BrowserSession)
    assert session.end_reason is None


async def test_an_assertion_older_than_logouts_are_remembered_is_refused(guest: SamlVisitor, saml: SamlStage) -> None:
    await guest.asked()
    said = {"issued": at(-90_000), "until": at(4000), "confirmed_until": at(4000)}
    assert (await guest.bring_forged(guest.forge(said=said)))[0] == 403
    assert await saml.world.all(SamlAnswer) == []


@pytest.mark.parametrize("sessions", ["", index("whatever")])
async def test_a_sign_in_without_a_session_of_the_providers_ends_by_any(
    guest: SamlVisitor, saml: SamlStage, sessions: str
) -> None:
    """saml-core 3.7.3.2: nobody can say that it is another one."""
    statement = NAMELESS.format(at(-1))
    assert (await guest.ask(await waiting(guest, statement=statement)))[0] == 303
    later = await waiting(guest, statement=statement, id="_later")
    await logged_out(guest, sessions=sessions)
    [session] = await saml.world.all(BrowserSession)
    assert (session.provider_session, session.end_reason) == (None, BrowserEnd.PROVIDER)
    assert (await guest.ask(later))[0] == 403
    await guest.asked()
    assert (await guest.bring_forged(guest.forge(said={"issued": at(-60), "statement": statement, "id": "_c"})))[
        0
    ] == 403


async def test_a_logout_while_the_answer_is_taken_ends_the_session(guest: SamlVisitor, saml: SamlStage) -> None:
    """It waits for the sign-in that has the answer, and finds its session."""
    to = await waiting(guest)
    world, took, go = saml.world, asyncio.Event(), asyncio.Event()
    [row] = await world.all(SamlAnswer)
    handle = handle_of(to)
    take = partial(
        answers.take,
        handle=handle,
        provider="corp",
        request_id=row.request_id,
        relay_state=row.relay_state,
        max_age_s=None,
    )

    async def taken(transaction: Any, now: datetime) -> Any:
        proven = await take(transaction, now)
        took.set()
        await go.wait()
        return proven

    async with asyncio.TaskGroup() as tasks:
        signing_in = tasks.create_task(sign_in(world.access, "corp", taken))
        await took.wait()
        ending = tasks.create_task(logged_out(guest))
        await one_waits(saml)
        go.set()
        await signing_in
        await ending
    [session] = await world.all(BrowserSession)
    assert session.end_reason is BrowserEnd.PROVIDER


async def one_waits(saml: SamlStage) -> None:
    """Until a transaction waits for another's row."""
    waits = text(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE NOT granted AND datname = current_database()"
    )
    async with asyncio.timeout(20):
        while True:
            async with saml.world.database.transaction() as transaction:
                if await transaction.scalar(waits):
                    return


# --- /finish without its answer ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["", "x", "A" * 43])
async def test_a_wrong_handle_costs_the_browser_nothing(guest: SamlVisitor, bad: str) -> None:
    to = await waiting(guest)
    begun = guest.cookies[SIGNING_IN]
    assert (await guest.ask(f"/sign-in/corp/finish?answer={bad}"))[0] == 403
    assert guest.cookies[SIGNING_IN] == begun
    assert (await guest.ask(to))[0] == 303
    assert SIGNING_IN not in guest.cookies


async def test_an_answer_that_has_expired_is_not_read(guest: SamlVisitor, saml: SamlStage) -> None:
    to = await waiting(guest)
    [row] = await saml.world.all(SamlAnswer)
    async with saml.world.database.transaction() as transaction:
        with pytest.raises(InvalidSaml, match="another sign-in"):
            await answers.take(
                transaction,
                row.expires_at,
                handle=handle_of(to),
                provider="corp",
                request_id=row.request_id,
                relay_state=row.relay_state,
                max_age_s=None,
            )

"""Answers that a command line waits for end with its sign-in, however that ends."""

import asyncio
from uuid import UUID

import pytest

from access.identity import browser_sessions
from access.identity.browser_sessions import SignedIn
from storage.database import clock
from storage.model import BrowserSession, SignInKind
from storage.notices import Notices, Topic, notify
from support.web.command_line import CommandLine
from support.web.stage import PagesStage
from support.web.visitor import Visitor
from web.api.answers import ApiRefused
from web.api.waiting import Waiting

SUBJECT = UUID(int=7)


async def test_who_is_signed_out_waits_no_more(stage: PagesStage, visitor: Visitor) -> None:
    await visitor.sign_in()
    await CommandLine(visitor).sign_in()
    [session] = [each for each in await stage.world.all(BrowserSession) if each.kind is SignInKind.COMMAND_LINE]
    me, database, reads = SignedIn(session, stage.world["alice"]), stage.world.database, 0

    async def read() -> str:
        """It is signed out while it waits, and what it waits for changes then."""
        nonlocal reads
        reads += 1
        async with database.transaction() as transaction:
            await browser_sessions.end_one(transaction, me.principal, session.id, await clock(transaction))
            await notify(transaction, Topic.REQUEST, SUBJECT)
        return "secret" if reads > 1 else "pending"

    notices = Notices(database)
    hearing = asyncio.ensure_future(notices.run())
    try:
        waiting = Waiting(stage.world.access, notices, Topic.REQUEST)
        with pytest.raises(ApiRefused, match="signed in no more") as refused:
            await waiting.changed(me, SUBJECT, read, lambda found: found == "pending")
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
    assert (refused.value.status, refused.value.word, reads) == (401, "signed_out", 1)

"""A command line without a browser: a person types its code elsewhere, and it finds out by asking."""

import asyncio
import re
import time
from typing import Any

import pytest
from sqlalchemy import select, text

from access.identity.browser_sessions import sign_out_everywhere
from access.identity.command_lines.given import give
from storage.database import clock
from storage.model import BrowserSession, SignInCode
from support.web.command_line import DEVICE, CommandLine
from support.web.stage import PagesStage
from support.web.visitor import Visitor
from web.api.sign_in import DEVICE_GRANT
from web.door.rates import BURST, REFILL_S


@pytest.fixture
def line(visitor: Visitor) -> CommandLine:
    return CommandLine(visitor)


async def begun(line: CommandLine) -> dict[str, Any]:
    status, asked = await line.call("/api/device", "POST", signed=False, data={"device": DEVICE})
    assert status == 200, asked
    return asked


async def polled(line: CommandLine, asked: dict[str, Any], stage: PagesStage, *, later: bool = True) -> str:
    """The error, or `ok`; `later`: as long after the last question as it must be."""
    if later:
        await passed(stage, 30)
    status, said = await line.token(grant_type=DEVICE_GRANT, device_code=asked["device_code"])
    if status == 200:
        line.secret = said["access_token"]
    return said.get("error", "ok")


async def passed(stage: PagesStage, seconds: int) -> None:
    """So long ago was the last question."""
    async with stage.world.database.transaction() as transaction:
        statement = text("UPDATE sign_in_code SET polled_at = polled_at - make_interval(secs => :seconds)")
        await transaction.execute(statement, {"seconds": seconds})


async def typed(line: CommandLine, code: str) -> tuple[int, str]:
    return await posted(line, "/cli/device", code=code)


async def posted(line: CommandLine, path: str, **form: str) -> tuple[int, str]:
    _, page, _ = await line.visitor.ask("/cli/device")
    [token] = set(re.findall(r'name="csrf" value="([0-9a-f]+)"', page))
    headers = {"Origin": line.visitor.stage.url}
    status, page, _ = await line.visitor.ask(path, "POST", data={"csrf": token} | form, headers=headers)
    return status, page


async def test_who_types_the_code_lets_it_in(line: CommandLine, stage: PagesStage) -> None:
    asked = await begun(line)
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", asked["user_code"])
    assert asked["verification_uri"] == f"{stage.url}/cli/device"
    assert await polled(line, asked, stage) == "authorization_pending"
    assert (await line.visitor.ask("/cli/device"))[2] == "/sign-in?then=/cli/device"
    await line.visitor.sign_in()
    status, page = await typed(line, asked["user_code"].lower())
    assert (status, DEVICE in page, "127.0.0.1" in page, "Nobody of your company" in page) == (200, True, True, True)
    assert await polled(line, asked, stage) == "authorization_pending"
    [row] = await stage.world.all(SignInCode)
    assert (await posted(line, "/cli/device/decide", id=str(row.id), answer="yes"))[0] == 200
    assert await polled(line, asked, stage) == "ok"
    assert (await line.call("/api/me"))[1]["person"] == "alice"
    assert await polled(line, asked, stage) == "invalid_grant"
    assert (await line.call("/api/me"))[0] == 200
    actions = await stage.world.actions()
    for each in ("unknown cli:command_line:ask", "human:alice web:command_line:allow"):
        assert f"{each} success" in actions


async def test_who_asks_too_often_is_told_to_slow_down(line: CommandLine, stage: PagesStage) -> None:
    asked = await begun(line)
    assert await polled(line, asked, stage) == "authorization_pending"
    assert await polled(line, asked, stage, later=False) == "slow_down"
    [row] = await stage.world.all(SignInCode)
    assert row.interval_s == asked["interval"] + 5
    await passed(stage, 6)
    assert await polled(line, asked, stage, later=False) == "slow_down"
    assert await polled(line, asked, stage) == "authorization_pending"


async def test_no_is_no(line: CommandLine, stage: PagesStage) -> None:
    asked = await begun(line)
    await line.visitor.sign_in()
    [row] = await stage.world.all(SignInCode)
    status, page = await posted(line, "/cli/device/decide", id=str(row.id), answer="no")
    assert (status, "somebody tried to sign in as you" in page) == (200, True)
    assert await polled(line, asked, stage) == "access_denied"
    # It cannot be let in afterwards.
    assert (await posted(line, "/cli/device/decide", id=str(row.id), answer="yes"))[0] == 409
    assert (await typed(line, asked["user_code"]))[0] == 404
    assert "human:alice web:command_line:deny success" in await stage.world.actions()


async def test_ten_minutes_and_no_longer(line: CommandLine, stage: PagesStage) -> None:
    asked = await begun(line)
    await line.visitor.sign_in()
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE sign_in_code SET expires_at = expires_at - interval '601 seconds'"))
    assert (await typed(line, asked["user_code"]))[0] == 404
    [row] = await stage.world.all(SignInCode)
    assert (await posted(line, "/cli/device/decide", id=str(row.id), answer="yes"))[0] == 409
    assert await polled(line, asked, stage) == "expired_token"


async def test_whoever_signs_out_lets_nobody_in(line: CommandLine, stage: PagesStage) -> None:
    asked = await begun(line)
    await line.visitor.sign_in()
    [row] = await stage.world.all(SignInCode)
    await posted(line, "/cli/device/decide", id=str(row.id), answer="yes")
    await line.visitor.post("/sign-out")
    assert await polled(line, asked, stage) == "access_denied"


async def test_codes_are_not_guessed(line: CommandLine, stage: PagesStage) -> None:
    asked = await begun(line)
    await line.visitor.sign_in()
    statuses = [(await typed(line, "BCDF-GHJK"))[0] for _ in range(BURST + 2)]
    assert statuses == [404] * BURST + [429] * 2
    # Not even the right one, by now.
    assert (await typed(line, asked["user_code"]))[0] == 429
    refused = await stage.world.events("web:command_line:refuse")
    assert [each["actor"] for each in refused] == ["human:alice"] * BURST


async def test_codes_are_not_guessed_at_once_either(line: CommandLine, stage: PagesStage) -> None:
    await line.visitor.sign_in()
    _, page, _ = await line.visitor.ask("/cli/device")
    [token] = set(re.findall(r'name="csrf" value="([0-9a-f]+)"', page))
    form, headers = {"csrf": token, "code": "BCDF-GHJK"}, {"Origin": stage.url}
    guesses = (line.visitor.ask("/cli/device", "POST", data=form, headers=headers) for _ in range(4 * BURST))
    began = time.monotonic()
    statuses = [status for status, *_ in await asyncio.gather(*guesses)]
    assert statuses.count(404) <= BURST + (time.monotonic() - began) / REFILL_S
    assert set(statuses) == {404, 429}


async def test_right_codes_are_not_counted(line: CommandLine) -> None:
    asked = await begun(line)
    await line.visitor.sign_in()
    assert {(await typed(line, asked["user_code"]))[0] for _ in range(BURST + 2)} == {200}


async def test_attempts_are_counted(line: CommandLine) -> None:
    ask = [(await line.call("/api/device", "POST", signed=False, data={"device": DEVICE}))[0] for _ in range(BURST + 2)]
    assert ask == [200] * BURST + [429] * 2


@pytest.mark.parametrize("device", ["", "a\x1b[31mb", "x" * 200])
async def test_a_name_is_said_in_one_line(line: CommandLine, stage: PagesStage, device: str) -> None:
    status, said = await line.call("/api/device", "POST", signed=False, data={"device": device})
    assert (status, said["error"]) == (400, "invalid_request")
    assert await stage.world.all(SignInCode) == []


async def test_a_code_of_one_way_is_none_of_the_other(line: CommandLine, stage: PagesStage) -> None:
    asked = await begun(line)
    assert (await line.exchange(asked["device_code"]))[1]["error"] == "invalid_grant"
    await line.visitor.sign_in()
    code = await line.code()
    status, said = await line.token(grant_type=DEVICE_GRANT, device_code=code)
    assert (status, said["error"]) == (400, "invalid_grant")
    assert (await line.token(grant_type="password"))[1]["error"] == "unsupported_grant_type"
    # It was neither spent nor seen.
    assert (await line.exchange(code))[0] == 200
    assert await polled(line, asked, stage) == "authorization_pending"


async def allowed(line: CommandLine, stage: PagesStage) -> dict[str, Any]:
    """An attempt that waits for nothing but the next question."""
    asked = await begun(line)
    await line.visitor.sign_in()
    [row] = await stage.world.all(SignInCode)
    await posted(line, "/cli/device/decide", id=str(row.id), answer="yes")
    return asked


async def test_who_asks_while_everything_is_signed_out_is_not_let_in(line: CommandLine, stage: PagesStage) -> None:
    asked, database = await allowed(line, stage), stage.world.database
    async with database.transaction() as transaction:
        await sign_out_everywhere(transaction, stage.world["alice"], await clock(transaction))
        asking = asyncio.create_task(polled(line, asked, stage, later=False))
        assert (await asyncio.wait({asking}, timeout=1))[1] == {asking}
    assert await asking == "access_denied"


async def test_who_was_let_in_a_moment_before_is_signed_out_too(line: CommandLine, stage: PagesStage) -> None:
    await allowed(line, stage)
    database, alice = stage.world.database, stage.world["alice"]

    async def ended() -> int:
        async with database.transaction() as transaction:
            return await sign_out_everywhere(transaction, alice, await clock(transaction))

    async with database.transaction() as transaction:
        [code] = (await transaction.scalars(select(SignInCode))).all()
        code.used_at = await clock(transaction)
        assert await give(transaction, code, code.used_at, client="127.0.0.1") is not None
        ending = asyncio.create_task(ended())
        assert (await asyncio.wait({ending}, timeout=1))[1] == {ending}
    assert await ending == 2
    assert all(each.ended_at is not None for each in await stage.world.all(BrowserSession))

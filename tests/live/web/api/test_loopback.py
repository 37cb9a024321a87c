"""A command line is let in by a browser, once, and by nobody else's code."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import text

from storage.model import BrowserEnd, BrowserSession, SignInCode, SignInKind
from support.web.command_line import DEVICE, REDIRECT, CommandLine
from support.web.stage import PagesStage
from support.web.visitor import Visitor
from web.door.rates import BURST


@pytest.fixture
async def line(visitor: Visitor) -> CommandLine:
    await visitor.sign_in()
    return CommandLine(visitor)


@pytest.fixture
async def bobs(stage: PagesStage) -> AsyncIterator[CommandLine]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        visitor = Visitor(stage, session)
        await visitor.sign_in("u-bob")
        yield CommandLine(visitor)


async def command_lines(stage: PagesStage) -> list[BrowserSession]:
    return [each for each in await stage.world.all(BrowserSession) if each.kind is SignInKind.COMMAND_LINE]


async def test_it_is_signed_in_as_whoever_let_it_in(line: CommandLine, stage: PagesStage) -> None:
    await line.sign_in()
    status, me = await line.call("/api/me")
    assert (status, me["person"], me["device"], me["provider"]) == (200, "alice", DEVICE, "corp")
    [session] = await command_lines(stage)
    [browser] = [each for each in await stage.world.all(BrowserSession) if each.kind is SignInKind.BROWSER]
    assert (session.methods, session.level, session.issuer) == (browser.methods, browser.level, browser.issuer)
    assert (session.signed_in_at, session.expires_at) == (browser.signed_in_at, browser.expires_at)
    assert line.secret.encode() not in session.secret_hash
    actions = await stage.world.actions()
    assert "human:alice web:command_line:allow success" in actions
    assert "human:alice cli:command_line:sign_in success" in actions


async def test_the_question_survives_the_sign_in(visitor: Visitor) -> None:
    line = CommandLine(visitor)
    asked = f"/cli/sign-in?{urlencode(line.words)}"
    _, _, to = await visitor.ask(asked)
    assert to.startswith("/sign-in?then=%2Fcli%2Fsign-in")
    _, text_of, _ = await visitor.ask(to)
    [link] = [part.partition('"')[0] for part in text_of.split('href="') if part.startswith("/sign-in/corp")]
    _, _, question = await visitor.ask(link.replace("&amp;", "&"))
    _, _, back = await visitor.ask(await visitor.answered(question))
    assert back.startswith("/cli/sign-in?")
    status, page, _ = await visitor.ask(back)
    assert (status, f"Sign in {DEVICE}?" in page, line.words["code_challenge"] in page) == (200, True, True)


async def test_a_code_counts_once_and_its_replay_ends_what_it_gave(line: CommandLine, stage: PagesStage) -> None:
    code = await line.code()
    status, said = await line.exchange(code)
    assert status == 200
    line.secret = said["access_token"]
    assert (await line.call("/api/me"))[0] == 200
    status, said = await line.exchange(code)
    assert (status, said["error"]) == (400, "invalid_grant")
    status, said = await line.call("/api/me")
    assert (status, said["error"]) == (401, "signed_out")
    [session] = await command_lines(stage)
    assert session.end_reason is BrowserEnd.REPLAYED
    assert "gatepass web:command_line:sign_out success" in await stage.world.actions()
    [refused] = await stage.world.events("cli:command_line:refuse")
    assert refused["detail"]["why"] == "code used twice"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"code_verifier": "b" * 43}, "wrong verifier"),
        ({"code_verifier": ""}, "wrong verifier"),
        ({"redirect_uri": "http://127.0.0.1:45679/"}, "another redirect_uri"),
        ({"code": "x" * 43}, "unknown code"),
        ({"code": ""}, "unknown code"),
    ],
)
async def test_a_code_is_for_whoever_asked(
    line: CommandLine, stage: PagesStage, other: dict[str, str], why: str
) -> None:
    code = await line.code()
    status, said = await line.exchange(**({"code": code} | other))
    assert (status, said["error"]) == (400, "invalid_grant")
    assert "gatepass login" in said["message"]
    assert [each["detail"]["why"] for each in await stage.world.events("cli:command_line:refuse")] == [why]
    assert await command_lines(stage) == []
    if "code" not in other:
        # Somebody else had it: it is spent, and the right verifier comes too late.
        assert (await line.exchange(code))[0] == 400


async def test_a_code_lives_a_minute(line: CommandLine, stage: PagesStage) -> None:
    code = await line.code()
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE sign_in_code SET expires_at = expires_at - interval '61 seconds'"))
    assert (await line.exchange(code))[1]["error"] == "invalid_grant"
    [refused] = await stage.world.events("cli:command_line:refuse")
    assert refused["detail"]["why"] == "code too late"


async def test_a_code_of_a_browser_that_signed_out_is_none(line: CommandLine) -> None:
    code = await line.code()
    await line.visitor.post("/sign-out")
    assert (await line.exchange(code))[1]["error"] == "invalid_grant"


FOREIGN = [
    {"redirect_uri": "https://evil.example/"},
    {"redirect_uri": "http://localhost:45678/"},
    {"redirect_uri": "http://127.0.0.1:45678/?x=1"},
    {"redirect_uri": "http://127.0.0.1:1@evil.example:45678/"},
    {"code_challenge_method": "plain"},
    {"code_challenge": "short"},
    {"state": "a b"},
    {"device": "a\nb"},
    {"device": ""},
]


@pytest.mark.parametrize("other", FOREIGN)
async def test_nothing_is_brought_elsewhere(line: CommandLine, stage: PagesStage, other: dict[str, str]) -> None:
    status, page, _ = await line.visitor.ask(f"/cli/sign-in?{urlencode(line.words | other)}")
    assert (status, "Nothing was let in" in page) == (400, True)
    status, page, _ = await line.visitor.post("/cli/sign-in")
    assert status == 400
    [token] = {part.partition('"')[0] for part in (await line.visitor.ask("/"))[1].split('name="csrf" value="')[1:]}
    form = line.words | other | {"csrf": token}
    status, page, _ = await line.visitor.ask(
        "/cli/sign-in", "POST", data=form, headers={"Origin": line.visitor.stage.url}
    )
    assert (status, "Nothing was let in" in page, "Refresh" in line.visitor.headers) == (400, True, False)
    assert await stage.world.all(SignInCode) == []


async def test_a_form_of_another_site_lets_nothing_in(line: CommandLine, stage: PagesStage) -> None:
    for origin, token in (
        ("https://evil.example", None),
        ("https://evil.example", "0" * 64),
        (line.visitor.stage.url, ""),
    ):
        form = line.words | ({"csrf": token} if token is not None else {})
        status, _, _ = await line.visitor.ask("/cli/sign-in", "POST", data=form, headers={"Origin": origin})
        assert status == 403
    assert await stage.world.all(SignInCode) == []


async def test_codes_are_not_guessed_by_the_hundred(line: CommandLine, stage: PagesStage) -> None:
    statuses = [(await line.exchange("x" * 43))[0] for _ in range(BURST + 3)]
    assert statuses == [400] * BURST + [429] * 3
    assert len(await stage.world.events("cli:command_line:refuse")) == BURST


async def test_what_ends_a_browser_ends_a_command_line(line: CommandLine, bobs: CommandLine, stage: PagesStage) -> None:
    await bobs.sign_in()
    await line.sign_in()
    assert await stage.provider.sign_out("u-alice") == 1
    assert (await line.call("/api/me"))[0] == 401
    assert (await bobs.call("/api/me"))[0] == 200
    status, _, _ = await bobs.visitor.post("/sign-out-everywhere")
    assert status == 200
    assert (await bobs.call("/api/me"))[0] == 401


async def test_who_leaves_the_policy_is_out(line: CommandLine, stage: PagesStage) -> None:
    await line.sign_in()
    document = stage.world.access.policies.current.document
    del document["people"]["alice"]
    document["groups"]["engineers"].remove("alice")
    await stage.world.write(document)
    assert (await line.call("/api/me"))[0] == 401


async def test_my_access_ends_it(line: CommandLine, bobs: CommandLine, stage: PagesStage) -> None:
    await line.sign_in()
    status, page, _ = await line.visitor.ask("/")
    assert (status, DEVICE in page, "signed in on a command line" in page) == (200, True, True)
    [session] = await command_lines(stage)
    # Somebody else's button does nothing to it.
    assert (await bobs.visitor.post(f"/sign-ins/{session.id}/end"))[0] == 303
    assert (await line.call("/api/me"))[0] == 200
    assert (await line.visitor.post("/sign-ins/no-id/end"))[0] == 404
    assert (await line.visitor.post(f"/sign-ins/{UUID(int=0)}/end"))[0] == 303
    assert (await line.visitor.post(f"/sign-ins/{session.id}/end"))[2] == "/"
    assert (await line.call("/api/me"))[0] == 401
    assert DEVICE not in (await line.visitor.ask("/"))[1]


async def test_it_signs_itself_out(line: CommandLine, stage: PagesStage) -> None:
    await line.sign_in()
    assert (await line.call("/api/sign-out", "POST"))[0] == 200
    assert (await line.call("/api/me"))[0] == 401
    [session] = await command_lines(stage)
    assert session.end_reason is BrowserEnd.SIGNED_OUT


async def test_a_rule_that_wants_a_fresher_sign_in_sends_to_the_provider(line: CommandLine, stage: PagesStage) -> None:
    document = stage.world.access.policies.current.document
    document["policy"][0]["requires"] = {"sign_in": "30m"}
    await stage.world.write(document)
    assert (await line.visitor.ask(f"/cli/sign-in?{urlencode(line.words)}"))[0] == 200
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE browser_session SET signed_in_at = signed_in_at - interval '1 hour'"))
    status, _, to = await line.visitor.ask(f"/cli/sign-in?{urlencode(line.words)}")
    assert (status, to.startswith("/sign-in/corp?then=%2Fcli%2Fsign-in")) == (303, True)
    status, page, _ = await line.visitor.post("/cli/sign-in")
    assert status == 400
    assert REDIRECT not in page

"""What a signed-in command line may ask for, and what nobody else may."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import text

from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask
from storage.database import Database
from storage.model import AccessRequest, Grant, RequestState, ReviewDecision
from support.access import ask_anyway
from support.web.command_line import CommandLine
from support.web.stage import PagesStage
from support.web.visitor import Visitor
from web.api.door import BURST
from web.door.cookies import SESSION
from web.door.rates import BURST as GUESSES

READ = {"resource": "payments-db", "role": "read", "duration_s": 900, "reason": "INC-42"}


@pytest.fixture
async def line(visitor: Visitor) -> CommandLine:
    await visitor.sign_in()
    line = CommandLine(visitor)
    await line.sign_in()
    return line


@pytest.fixture
async def bobs(stage: PagesStage) -> AsyncIterator[CommandLine]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        visitor = Visitor(stage, session)
        await visitor.sign_in("u-bob")
        line = CommandLine(visitor)
        await line.sign_in()
        yield line


PATHS = [
    ("GET", "/api/me"),
    ("GET", "/api/offers"),
    ("GET", "/api/grants"),
    ("GET", "/api/requests"),
    ("POST", "/api/requests"),
    ("GET", f"/api/requests/{UUID(int=1)}"),
    ("POST", f"/api/requests/{UUID(int=1)}/cancel"),
    ("POST", f"/api/grants/{UUID(int=1)}/token"),
    ("POST", f"/api/grants/{UUID(int=1)}/tls-certificate"),
    ("POST", f"/api/grants/{UUID(int=1)}/ssh-certificate"),
    ("POST", f"/api/grants/{UUID(int=1)}/end"),
    ("GET", "/api/ssh-keys"),
    ("POST", "/api/ssh-keys"),
    ("POST", "/api/ssh-keys/text"),
    ("POST", f"/api/ssh-keys/{UUID(int=1)}/end"),
    ("POST", "/api/sign-out"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_nobody_asks_without_a_secret(line: CommandLine, method: str, path: str) -> None:
    cookie = {"Cookie": f"{SESSION}={line.visitor.cookies[SESSION]}", "Origin": line.visitor.stage.url}
    for headers in (
        {},
        cookie,
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer gatepass_x"},
        {"Authorization": f"Basic {line.secret}"},
        {"Authorization": f"Bearer {line.visitor.cookies[SESSION]}"},
        {"Authorization": f"Bearer gatepass_{line.visitor.cookies[SESSION]}"},
        cookie | {"Authorization": f"Bearer {line.secret[:-1]}"},
    ):
        status, said = await line.call(path, method, signed=False, headers=headers)
        assert (status, said["error"]) == (401, "signed_out"), headers
        assert "gatepass login" in said["message"]


async def test_a_secret_opens_no_page(line: CommandLine) -> None:
    bearer = {"Authorization": f"Bearer {line.secret}"}
    cookies, line.visitor.cookies = line.visitor.cookies, {}
    assert (await line.visitor.ask("/", headers=bearer))[2] == "/sign-in"
    line.visitor.cookies = {SESSION: line.secret.removeprefix("gatepass_")}
    assert (await line.visitor.ask("/", headers=bearer))[2] == "/sign-in"
    headers = bearer | {"Origin": line.visitor.stage.url}
    assert (await line.visitor.ask("/sign-out-everywhere", "POST", headers=headers))[0] == 403
    line.visitor.cookies = cookies
    assert (await line.visitor.ask("/"))[0] == 200


async def test_guessed_secrets_are_counted_and_keep_nobody_out(line: CommandLine) -> None:
    wrong = CommandLine(line.visitor, secret="gatepass_" + "A" * 43)
    statuses = [(await wrong.call("/api/me"))[0] for _ in range(GUESSES + 2)]
    assert statuses == [401] * GUESSES + [429] * 2
    assert (await line.call("/api/me"))[0] == 200, "of the same address"


async def test_one_command_line_asks_so_often(line: CommandLine, bobs: CommandLine) -> None:
    statuses = [(await line.call("/api/me"))[0] for _ in range(BURST + 60)]
    assert set(statuses) == {200, 429}
    assert statuses[:BURST] == [200] * BURST
    assert (await bobs.call("/api/me"))[0] == 200


async def test_other_hosts_and_paths_and_methods(line: CommandLine) -> None:
    assert (await line.call("/api/me", headers={"Host": "evil.example"}))[0] == 421
    status, said = await line.call("/api/nothing")
    assert (status, said["error"]) == (404, "not_found")
    for method in ("PUT", "DELETE", "PATCH"):
        status, said = await line.call("/api/me", method)
        assert (status, said["error"]) == (405, "not_possible")


async def test_what_may_be_asked_for(line: CommandLine) -> None:
    status, said = await line.call("/api/offers?resource=payments-db")
    assert status == 200
    roles = {each["role"]: each for each in said["offers"]}
    assert roles["read"]["decision"] == "automatic"
    assert (roles["admin"]["decision"], roles["admin"]["type"]) == ("reviewed", "postgres")
    assert "alice" not in roles["admin"]["reviewers"]


async def test_asked_granted_taken_and_ended(line: CommandLine, stage: PagesStage) -> None:
    status, asked = await line.call("/api/requests", "POST", json=READ)
    assert (status, asked["state"], asked["reason"]) == (201, "approved", "INC-42")
    _, said = await line.call("/api/grants?resource=payments-db")
    [grant] = said["grants"]
    assert grant["id"] == asked["grant"]
    assert grant["connect"] == {"host": "gate.example.com", "port": 5433, "user": "read@payments-db", "database": None}
    assert 0 < grant["left_s"] <= 900
    status, handed = await line.call(f"/api/grants/{grant['id']}/token", "POST")
    assert status == 200
    claims = stage.world.access.keys.verify(handed["token"])
    assert claims.principal_id == stage.world["alice"].id
    assert (await line.call(f"/api/grants/{grant['id']}/end", "POST"))[0] == 200
    assert (await line.call("/api/grants"))[1]["grants"] == []
    status, said = await line.call(f"/api/grants/{grant['id']}/token", "POST")
    assert (status, said["error"]) == (410, "ended")
    actions = await stage.world.actions()
    for action in ("cli:request:submit", "cli:token:issue", "cli:grant:revoke"):
        assert f"human:alice {action} success" in actions


async def test_what_is_standing_is_told_and_asked_beside(line: CommandLine) -> None:
    _, first = await line.call("/api/requests", "POST", json=READ)
    status, said = await line.call("/api/requests", "POST", json=READ | {"reason": "more"})
    assert (status, said["error"], said["standing"]["id"]) == (409, "standing", first["grant"])
    assert "gatepass status" in said["message"]
    status, _ = await line.call("/api/requests", "POST", json=READ | {"reason": "more", "beside": first["grant"]})
    assert status == 201
    assert len((await line.call("/api/grants"))[1]["grants"]) == 2


async def test_a_review_is_waited_for(line: CommandLine, stage: PagesStage) -> None:
    status, asked = await line.call("/api/requests", "POST", json=READ | {"role": "admin"})
    assert (status, asked["state"]) == (201, "pending")
    assert "alice" not in asked["reviewers"]
    path = f"/api/requests/{asked['id']}"
    assert (await line.call(f"{path}?wait=1&seen={asked['revision']}"))[1]["state"] == "pending"
    # Another revision than the one that stands is answered at once.
    assert (await line.call(f"{path}?wait=25&seen=0"))[1]["state"] == "pending"
    waiting = asyncio.ensure_future(line.call(f"{path}?wait=25&seen={asked['revision']}"))
    request = await stage.world.one(AccessRequest, UUID(asked["id"]))
    for each in ("bob", "carol"):
        await review_request(stage.world.access, request.id, stage.world[each], ReviewDecision.APPROVE)
    async with asyncio.timeout(10):
        status, said = await waiting
        while said["state"] == "pending":
            status, said = await line.call(f"{path}?wait=25&seen={said['revision']}")
    assert (status, said["state"]) == (200, "approved")
    assert said["grant"] is not None


async def test_one_takes_back_what_one_asked(line: CommandLine, bobs: CommandLine, stage: PagesStage) -> None:
    _, asked = await line.call("/api/requests", "POST", json=READ | {"role": "admin"})
    assert [each["id"] for each in (await line.call("/api/requests"))[1]["requests"]] == [asked["id"]]
    status, _ = await bobs.call(f"/api/requests/{asked['id']}/cancel", "POST")
    assert status == 403
    assert (await line.call(f"/api/requests/{asked['id']}/cancel", "POST"))[1]["state"] == "cancelled"
    row = await stage.world.one(AccessRequest, UUID(asked["id"]))
    assert row.state is RequestState.CANCELLED


async def test_what_is_anothers_is_not_there(line: CommandLine, bobs: CommandLine, stage: PagesStage) -> None:
    _, asked = await line.call("/api/requests", "POST", json=READ)
    for method, path in (
        ("POST", f"/api/grants/{asked['grant']}/token"),
        ("POST", f"/api/grants/{asked['grant']}/end"),
        ("GET", f"/api/requests/{asked['id']}"),
    ):
        status, said = await bobs.call(path, method)
        assert (status, said["error"]) == (404, "not_found")
    for path in ("/api/requests/none", "/api/grants/none/token", f"/api/grants/{UUID(int=1)}/end"):
        assert (await bobs.call(path, "POST" if "grants" in path else "GET"))[0] == 404
    assert (await bobs.call("/api/grants"))[1]["grants"] == []
    assert (await stage.world.one(Grant, UUID(asked["grant"]))).revoked_at is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 60_000,
        b'{"resource": "payments-db"}',
        b'{"resource": 1, "role": "read"}',
        b'{"resource": "payments-db", "role": "read", "duration_s": "900"}',
        b'{"resource": "payments-db", "role": "read", "duration_s": -1}',
        b'{"resource": "payments-db", "role": "read", "source": "slack"}',
        b'{"resource": "payments-db", "role": "read", "beside": "x"}',
        b"\xff",
    ],
)
async def test_what_is_no_question(line: CommandLine, stage: PagesStage, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    status, said = await line.call("/api/requests", "POST", data=body, headers=headers)
    assert (status, said["error"] in {"not_json", "invalid_request"}) == (400, True), said
    assert await stage.world.all(AccessRequest) == []


async def test_only_json_is_read(line: CommandLine) -> None:
    status, said = await line.call("/api/requests", "POST", data={"resource": "payments-db"})
    assert (status, said["error"]) == (415, "not_json")
    headers = {"Content-Type": "application/json"}
    assert (await line.call("/api/requests", "POST", data=b'"' + b"x" * 100_000, headers=headers))[0] == 413


async def test_what_the_policy_refuses(line: CommandLine) -> None:
    status, said = await line.call("/api/requests", "POST", json=READ | {"resource": "nothing"})
    assert (status, said["error"]) == (403, "refused")
    assert "payments-db" in said["message"]
    status, said = await line.call("/api/requests", "POST", json=READ | {"duration_s": 80_000})
    assert (status, "too long" in said["message"]) == (403, True)


async def test_what_must_be_proven_is_told_as_such(line: CommandLine, stage: PagesStage) -> None:
    document = stage.world.access.policies.current.document
    _, asked = await line.call("/api/requests", "POST", json=READ)
    for rule in document["policy"]:
        if rule["decision"] != "denied":
            rule["requires"] = {"sign_in": "30m"}
    await stage.world.write(document)
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE browser_session SET signed_in_at = signed_in_at - interval '1 hour'"))
    status, said = await line.call("/api/requests", "POST", json=READ | {"role": "admin"})
    assert (status, said["error"]) == (403, "proof")
    status, said = await line.call(f"/api/grants/{asked['grant']}/token", "POST")
    assert (status, said["error"]) == (403, "proof")
    # A fresh sign-in of the same person counts, in whatever browser.
    await line.visitor.sign_in()
    assert (await line.call(f"/api/grants/{asked['grant']}/token", "POST"))[0] == 200


async def test_a_wait_is_not_for_everything_at_once(line: CommandLine) -> None:
    _, asked = await line.call("/api/requests", "POST", json=READ | {"role": "admin"})
    path = f"/api/requests/{asked['id']}?wait=2&seen={asked['revision']}"
    statuses = [status for status, _ in await asyncio.gather(*(line.call(path) for _ in range(10)))]
    assert sorted(statuses) == [200] * 8 + [429] * 2


async def test_storage_that_is_away_is_told(
    line: CommandLine, stage: PagesStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Database("postgresql://127.0.0.1:1/none")
    monkeypatch.setattr(stage.world.access.database, "transaction", away.transaction)
    status, said = await line.call("/api/me")
    assert (status, said["error"]) == (503, "unavailable")
    monkeypatch.undo()
    await away.close()


async def test_a_grant_of_before_is_shown_with_why_it_opens_nothing(line: CommandLine, stage: PagesStage) -> None:
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    document = stage.world.access.policies.current.document
    del document["resources"]["payments-db"]["roles"]["read"]
    for rule in document["policy"]:
        rule["roles"] = [role for role in rule["roles"] if role != "read"] or ["admin"]
    await stage.world.write(document)
    _, said = await line.call("/api/grants")
    shown = [(each["connect"], "no longer in the policy" in each["why_not"]) for each in said["grants"]]
    assert shown == [(None, True)]


async def test_where_asking_takes_a_touch_its_page_is_told(line: CommandLine, stage: PagesStage) -> None:
    document = stage.world.access.policies.current.document
    for rule in document["policy"]:
        if rule["decision"] != "denied":
            rule["requires"] = {"present": True}
    await stage.world.write(document)
    status, said = await line.call("/api/requests", "POST", json=READ)
    assert (status, said["error"], said["page"].startswith("/present/ask/")) == (403, "proof", True)

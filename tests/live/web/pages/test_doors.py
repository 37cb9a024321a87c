"""What stands between a browser and a page: headers, cookies, where requests come from, and where they lead."""

import re
import time
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from access.decisions.requests import Ask
from access.identity.browser_sessions import current
from storage.database import Database, clock
from storage.model import BrowserSession, Grant
from support.access import ask_anyway
from support.web.stage import PagesStage
from support.web.visitor import Visitor
from web.door import csrf
from web.door.cookies import SESSION, SIGNING_IN
from web.door.rates import BURST

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def a_grant(stage: PagesStage) -> Grant:
    request = await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900))
    [grant] = [each for each in await stage.world.all(Grant) if each.request_id == request.id]
    return grant


async def test_headers_of_every_answer(visitor: Visitor) -> None:
    for path in ("/", "/sign-in", "/nothing", "/sign-in/corp", "/sign-in/nobody", "/static/no.css"):
        await visitor.ask(path)
        assert {name: visitor.headers.get(name) for name in STRICT} == STRICT, path
        policy = visitor.headers["Content-Security-Policy"]
        for each in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert each in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "Server" not in visitor.headers


async def test_no_page_has_code_or_style_of_its_own(visitor: Visitor) -> None:
    await visitor.sign_in()
    await a_grant(visitor.stage)
    for path in ("/", "/sign-in", "/nothing"):
        _, text, _ = await visitor.ask(path)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|javascript:", text)


async def test_cookies_are_for_this_host_alone(visitor: Visitor) -> None:
    question = await visitor.asked()
    attempt = visitor.set[SIGNING_IN]
    answer = await visitor.answered(question)
    await visitor.ask(answer)
    session = visitor.set[SESSION]
    for cookie in (attempt, session):
        said = (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"])
        assert said == (True, True, "Lax", "/", "")
    assert visitor.set[SIGNING_IN].value == ""
    assert SIGNING_IN not in visitor.cookies


async def test_a_sign_in_ends_what_the_browser_was_before(visitor: Visitor) -> None:
    await visitor.sign_in()
    before = visitor.cookies[SESSION]
    await visitor.sign_in("u-bob")
    assert visitor.cookies[SESSION] != before
    assert sorted(each.end_reason is None for each in await visitor.stage.world.all(BrowserSession)) == [False, True]
    visitor.cookies[SESSION] = before
    assert (await visitor.ask("/"))[2] == "/sign-in"


ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/%09/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/" + "a" * 600,
    "/a\r\nSet-Cookie: x=y",
    "",
)


async def test_nobody_is_sent_to_another_site(visitor: Visitor) -> None:
    for then in ELSEWHERE:
        async with visitor.session.get(
            f"{visitor.stage.url}/sign-in/corp", params={"then": then}, allow_redirects=False
        ) as answer:
            question = answer.headers["Location"]
            cookie = SimpleCookie(answer.headers["Set-Cookie"])
        visitor.cookies[SIGNING_IN] = cookie[SIGNING_IN].value
        status, _, to = await visitor.ask(await visitor.answered(question))
        assert status == 303, then
        assert to in {"/", "/%09/evil.example"}, then
        parts = urlsplit(to)
        assert (parts.scheme, parts.netloc) == ("", ""), then


async def test_a_page_of_ours_is_gone_back_to(visitor: Visitor) -> None:
    _, _, to = await visitor.ask(await visitor.answered(await visitor.asked("?then=/grants/x%3Fa=b")))
    assert to == "/grants/x?a=b"


async def test_an_answer_of_another_browser_signs_nobody_in(visitor: Visitor) -> None:
    """Login CSRF: somebody is brought here with an answer that another browser asked for."""
    theirs = Visitor(visitor.stage, visitor.session)
    answer = await theirs.answered(await theirs.asked())
    for cookies in ({}, {SIGNING_IN: "x.y.z"}, {SIGNING_IN: "...."}):
        visitor.cookies = dict(cookies)
        status, text, _ = await visitor.ask(answer)
        assert status == 403
        assert "belongs to another sign-in" in text
    await visitor.asked()
    status, text, _ = await visitor.ask(answer)
    assert (status, SESSION in visitor.cookies) == (403, False)
    # The refused answers cost the one who asked nothing.
    assert (await theirs.ask(answer))[0] == 303


async def test_an_answer_counts_once(visitor: Visitor) -> None:
    answer = await visitor.answered(await visitor.asked())
    attempt = visitor.cookies[SIGNING_IN]
    assert (await visitor.ask(answer))[0] == 303
    visitor.cookies = {SIGNING_IN: attempt}
    status, text, _ = await visitor.ask(answer)
    assert (status, SESSION in visitor.cookies) == (403, False)
    assert "did not accept this sign-in any more (invalid_grant)" in text


async def test_an_answer_in_the_name_of_another_provider(visitor: Visitor) -> None:
    """RFC 9207: mix-up."""
    answer = await visitor.answered(await visitor.asked())
    mixed = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", answer)
    status, text, _ = await visitor.ask(mixed)
    assert (status, "comes from another provider" in text) == (403, True)
    await visitor.asked()
    status, text, _ = await visitor.ask(answer.replace("iss=", "iss_="))
    assert status == 403


FORGED = [
    ("https://evil.example", "own"),
    ("null", "own"),
    (None, "own"),
    ("ours", "other"),
    ("ours", ""),
    ("ours", None),
    ("ours:1", "own"),
]


@pytest.mark.parametrize("path", ["/grants/{}/end", "/grants/{}/token", "/sign-out", "/sign-out-everywhere"])
async def test_another_sites_form_changes_nothing(visitor: Visitor, path: str) -> None:
    grant = await a_grant(visitor.stage)
    await visitor.sign_in()
    secret = visitor.cookies[SESSION]
    tokens = {"own": await own_token(visitor), "other": csrf.token(b"x" * 32)}
    for origin, token in FORGED:
        headers = {} if origin is None else {"Origin": origin.replace("ours", visitor.stage.url)}
        data = {} if token is None else {"csrf": tokens.get(token, token)}
        status, text, _ = await visitor.ask(path.format(grant.id), "POST", data=data, headers=headers)
        assert (status, "did not come from a page of Gatepass" in text) == (403, True), (origin, token)
        assert (await visitor.stage.world.one(Grant, grant.id)).revoked_at is None
        visitor.cookies[SESSION] = secret
        assert (await visitor.ask("/"))[0] == 200
    refused = await visitor.stage.world.events("web:request:refuse")
    assert [event["actor"] for event in refused] == ["human:alice"] * len(FORGED)
    assert refused[0]["detail"]["origin"] == "https://evil.example"
    # What stands in an address may be the secret of a link.
    assert refused[0]["resource"] == path.replace("{}", "{grant}")


async def own_token(visitor: Visitor) -> str:
    _, text, _ = await visitor.ask("/")
    return re.findall(r'name="csrf" value="([0-9a-f]+)"', text)[0]


async def test_who_is_not_signed_in_changes_nothing(visitor: Visitor) -> None:
    grant = await a_grant(visitor.stage)
    status, text, _ = await visitor.ask(f"/grants/{grant.id}/end", "POST", headers={"Origin": visitor.stage.url})
    assert (status, "not signed in any more" in text) == (403, True)


async def test_nobody_ends_what_is_anothers(visitor: Visitor, stage: PagesStage) -> None:
    request = await ask_anyway(stage.world.access, stage.world["erin"], Ask("payments-db", "read", 900))
    [grant] = [each for each in await stage.world.all(Grant) if each.request_id == request.id]
    await visitor.sign_in()
    status, text, _ = await visitor.post(f"/grants/{grant.id}/end")
    assert (status, "That was not done" in text) == (409, True)
    assert (await stage.world.one(Grant, grant.id)).revoked_at is None
    assert "human:alice web:grant:revoke failure" in await stage.world.actions()
    assert (await visitor.ask(f"/grants/{grant.id}"))[0] == 404
    status, text, _ = await visitor.post(f"/grants/{grant.id}/token")
    assert (status, "somebody else" in text) == (409, True)
    assert "human:alice web:token:issue denied" in await stage.world.actions()
    assert (await visitor.post("/grants/not-a-grant/end"))[0] == 404
    assert (await visitor.post(f"/grants/{UUID(int=0)}/end"))[0] == 409


async def test_another_name_for_this_site_is_none(visitor: Visitor) -> None:
    """DNS rebinding: a name of somebody else's that leads here."""
    await visitor.sign_in()
    for host in ("evil.example", "127.0.0.1", "localhost", ""):
        status, text, _ = await visitor.ask("/", headers={"Host": host})
        assert (status, "alice" in text) in {(421, False), (400, False)}, host


async def test_nobody_guesses_by_the_hundred(visitor: Visitor) -> None:
    statuses = [(await visitor.ask("/sign-in/corp"))[0] for _ in range(BURST + 5)]
    assert statuses == [303] * BURST + [429] * 5
    assert "Wait a minute" in (await visitor.ask("/sign-in/corp"))[1]


async def test_other_methods_are_none(visitor: Visitor) -> None:
    await visitor.sign_in()
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        status, _, _ = await visitor.ask("/", method, headers={"Origin": visitor.stage.url})
        assert status in {403, 405}, method


async def test_a_large_body_is_refused(visitor: Visitor) -> None:
    await visitor.sign_in()
    headers = {"Origin": visitor.stage.url}
    status, _, _ = await visitor.ask("/sign-out", "POST", data={"csrf": "x" * 100_000}, headers=headers)
    assert status == 413


async def test_a_provider_that_is_away_is_told(visitor: Visitor, stage: PagesStage) -> None:
    document = stage.world.access.policies.current.document
    document["providers"]["away"] = {"issuer": "http://127.0.0.1:1", "client_id": "x", "title": "Away"}
    await stage.world.write(document)
    status, text, _ = await visitor.ask("/sign-in/away")
    assert (status, "cannot ask Away at the moment" in text) == (502, True)
    assert (await visitor.ask("/sign-in/nobody"))[0] == 404


async def test_a_rule_that_wants_fresh_proof_has_the_provider_asked_for_it(visitor: Visitor, stage: PagesStage) -> None:
    document = stage.world.access.policies.current.document
    document["policy"][0]["requires"] = {"sign_in": "2h"}
    document["policy"][1]["requires"] = {"sign_in": "30m"}
    await stage.world.write(document)
    question = await visitor.asked()
    assert parse_qs(urlsplit(question).query)["max_age"] == ["1800"]
    assert (await visitor.ask(await visitor.answered(question)))[0] == 303
    for at, says in ((None, "is no ID token"), (int(time.time()) - 1900, "is of a sign-in that is too long ago")):
        stage.provider.more_claims = {"auth_time": at}
        status, text, _ = await visitor.ask(await visitor.answered(await visitor.asked()))
        assert (status, says in text) == (403, True)


async def test_who_leaves_the_policy_sees_nothing_more(visitor: Visitor, stage: PagesStage) -> None:
    await visitor.sign_in()
    document = stage.world.access.policies.current.document
    del document["people"]["alice"]
    document["groups"]["engineers"].remove("alice")
    await stage.world.write(document)
    assert (await visitor.ask("/"))[2] == "/sign-in"


async def test_storage_that_is_away_is_told(
    visitor: Visitor, stage: PagesStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_in()
    away = Database("postgresql://127.0.0.1:1/none")
    monkeypatch.setattr(stage.world.access.database, "transaction", away.transaction)
    status, text, _ = await visitor.ask("/")
    assert (status, "Nothing was changed" in text) == (503, True)
    monkeypatch.undo()
    await away.close()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({}, "no logout_token"),
        ({"logout_token": "x"}, "is no ID token"),
        ({"logout_token": "a.b.c" * 9_000}, "no logout"),
    ],
)
async def test_what_is_no_logout_of_the_providers(visitor: Visitor, data: dict[str, str], why: str) -> None:
    await visitor.sign_in()
    status, text, _ = await visitor.ask("/sign-out/corp/back-channel", "POST", data=data)
    assert (status, why in text) == (400, True)
    async with visitor.stage.world.database.transaction() as transaction:
        rows = (await transaction.scalars(select(BrowserSession).where(col(BrowserSession.ended_at).is_(None)))).all()
        assert len(rows) == 1
        assert await current(transaction, b"x" * 32, await clock(transaction)) is None


async def test_logouts_that_are_none_do_not_fill_the_log(visitor: Visitor) -> None:
    bad = {"logout_token": "x"}
    statuses = [(await visitor.ask("/sign-out/corp/back-channel", "POST", data=bad))[0] for _ in range(BURST + 5)]
    assert statuses == [400] * BURST + [429] * 5
    actions = await visitor.stage.world.actions()
    assert actions.count("unknown web:provider:sign_out failure") == BURST


@pytest.mark.parametrize("secret", ["x", "A" * 42, "A" * 44, "%00" * 43, "é" * 43])
async def test_what_is_no_link_is_no_page(visitor: Visitor, secret: str) -> None:
    await visitor.sign_in()
    status, _, _ = await visitor.ask(f"/link/{secret}")
    assert status == 404


async def test_another_sites_form_links_nothing(visitor: Visitor) -> None:
    """Whoever made the link could have the browser of another send it off."""
    path = (await visitor.stage.slack_link()).removeprefix(visitor.stage.url)
    await visitor.sign_in("u-frank")
    status, _, _ = await visitor.post(path, Origin="https://evil.example.com")
    assert status == 403
    status, _, _ = await visitor.ask(path, "POST", headers={"Origin": visitor.stage.url})
    assert status == 403
    assert await visitor.stage.world.events("web:slack:link") == []
    status, text, _ = await visitor.post(path)
    assert (status, "from now on" in text) == (200, True)

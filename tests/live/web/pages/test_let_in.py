"""The link that plain ssh shows, opened in Chromium: who asks from where, let in or not, by a touch where a rule asks.

SHOTS=/tmp/shots make test ARGS=tests/live/web/pages/test_let_in.py     leaves pictures there
"""

import base64
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from access.decisions.requests import Ask
from access.identity.ssh import logins
from access.identity.ssh.logins import Offered
from storage.database import Database
from storage.model import LoginState, SshLogin, Touch
from support.access import ask_anyway
from support.web.stage import PagesStage, pages_stage
from support.web.virtual_keys import plugged_in
from support.web.visitor import Visitor

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
SOFTWARE = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10"
HOSTS = {"name": "hosts", "who": ["alice"], "resources": ["web-1"], "roles": ["*"], "decision": "automatic"}


async def hosts(stage: PagesStage, **rule: Any) -> None:
    """alice may have web-1 at once, and has it."""
    document = stage.world.access.policies.current.document
    await stage.world.write({**document, "policy": [HOSTS | rule, *document["policy"]]})
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("web-1", "deploy", 900))


async def offered(stage: PagesStage, host: str = "127.0.0.1") -> tuple[Offered, str]:
    """A connection that waits, and the path of its link."""
    made = await logins.offer(
        stage.world.access, "deploy@web-1", client=f"{host}:50222", source=host, software=SOFTWARE
    )
    return made, f"/let-in/{base64.urlsafe_b64encode(made.secret).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        (SOFTWARE, "OpenSSH_9.2p1"),
        ("SSH-2.0-PuTTY-Release-0.80", "PuTTY-Release-0.80"),
        ("SSH-2.0-OpenSSH_9.6 (verified by Example Corp: type the number from the chat)", "OpenSSH_9.6"),
        ("SSH-2.0-OpenSSH_9.6\tverified", ""),
        ("SSH-2.0-\u202ehssnepO", ""),
        ("SSH-2.0-" + "x" * 41, ""),
        ("SSH-2.0- verified by Example Corp", ""),
        ("", ""),
    ],
)
async def test_a_programs_name_is_shown_and_no_word_more(stage: PagesStage, version: str, shown: str) -> None:
    await logins.offer(
        stage.world.access, "deploy@web-1", client="203.0.113.66:1", source="203.0.113.66", software=version
    )
    [login] = await stage.world.all(SshLogin)
    assert login.software == shown


async def sign_in(page: Page, who: str = "Alice") -> None:
    """From wherever a page asks for it."""
    await page.get_by_role("link", name="Sign in with Example Corp").click()
    await page.get_by_role("button", name=who).click()


async def test_the_link_asks_who_it_is_and_shows_who_asks(stage: PagesStage, browser: Browser) -> None:
    await hosts(stage)
    made, path = await offered(stage)
    page = await browser.new_page()
    await page.goto(f"{stage.url}{path}")
    await sign_in(page)
    await expect(page.get_by_role("heading", name="Is this your terminal?")).to_be_visible()
    for words in ("127.0.0.1, the network of this browser", "OpenSSH_9.2p1"):
        await expect(page.get_by_text(words)).to_be_visible()
    assert made.number not in await page.locator("main").inner_text(), "many share an address: one click lets nobody in"
    [login] = await stage.world.all(SshLogin)
    assert login.state is LoginState.WAITING, "nothing happens by looking"
    await page.get_by_role("button", name="Let it in").click()
    await page.get_by_label("The number that your terminal shows").fill(made.number)
    assert (await stage.world.all(SshLogin))[0].state is LoginState.WAITING, "nothing happens without the number"
    await page.get_by_role("button", name="Let it in").click()
    await expect(page.get_by_role("heading", name="Let in")).to_be_visible()
    [login] = await stage.world.all(SshLogin)
    assert (login.state, login.principal_id) == (LoginState.ALLOWED, stage.world["alice"].id)
    await page.goto(f"{stage.url}{path}")
    await expect(page.get_by_text("This link is over, or it was used")).to_be_visible()


async def test_not_me(stage: PagesStage, browser: Browser) -> None:
    await hosts(stage)
    _, path = await offered(stage)
    page = await browser.new_page()
    await page.goto(f"{stage.url}{path}")
    await sign_in(page)
    await page.get_by_role("button", name="Not me").click()
    await expect(page.get_by_text("Nobody was let in, and it is on record that 127.0.0.1 asked")).to_be_visible()
    assert (await stage.world.all(SshLogin))[0].state is LoginState.REFUSED
    assert "human:alice web:ssh_login:refuse success" in await stage.world.actions()


async def test_a_link_that_somebody_sent_says_whom_it_lets_in(stage: PagesStage, browser: Browser) -> None:
    await hosts(stage)
    made, path = await offered(stage, "203.0.113.66")
    page = await browser.new_page()
    await page.goto(f"{stage.url}{path}")
    await sign_in(page)
    await expect(page.get_by_text("It comes from another network than this browser")).to_be_visible()
    await expect(page.get_by_text("they want to act as you from 203.0.113.66")).to_be_visible()
    assert made.number not in await page.content(), "it is the terminal's to show"
    number = page.get_by_label("The number that your terminal shows")
    await number.fill(f"{(int(made.number) + 1) % 10_000:04}")
    await page.get_by_role("button", name="Let it in").click()
    await expect(page.get_by_text("That is not the number in the terminal. 2 more tries.")).to_be_visible()
    await expect(page.get_by_role("button", name="Not me")).to_be_visible()
    await number.fill(made.number)
    await page.get_by_role("button", name="Let it in").click()
    await expect(page.get_by_role("heading", name="Let in")).to_be_visible()


async def test_who_has_no_access_is_told_how_to_ask(stage: PagesStage, browser: Browser) -> None:
    await hosts(stage, who=["alice", "bob"])
    _, path = await offered(stage)
    page = await browser.new_page()
    await page.goto(f"{stage.url}{path}")
    await sign_in(page, "Bob")
    await expect(page.get_by_text("you have no open access to it")).to_be_visible()
    await expect(page.get_by_text("gatepass request web-1 deploy")).to_be_visible()
    await expect(page.get_by_role("button", name="Let it in")).to_have_count(0)


async def test_the_command_is_shown_for_what_they_may_ask_for_alone(stage: PagesStage, visitor: Visitor) -> None:
    """A name that the policy could have, and no door of theirs."""
    made = await logins.offer(
        stage.world.access, "deploy@evil.example", client="203.0.113.66:1", source="203.0.113.66", software=SOFTWARE
    )
    await visitor.sign_in()
    _, said, _ = await visitor.ask(f"/let-in/{base64.urlsafe_b64encode(made.secret).rstrip(b'=').decode()}")
    assert ("nothing that you may ask for" in said, "gatepass request" in said) == (True, False)


async def test_a_post_without_the_number_lets_nobody_in(stage: PagesStage, visitor: Visitor) -> None:
    await hosts(stage)
    _, path = await offered(stage)
    await visitor.sign_in()
    _, said, _ = await visitor.ask(path)
    assert "the network of this browser" in said
    _, said, _ = await visitor.post(path)
    assert "not the number in the terminal" in said
    assert (await stage.world.all(SshLogin))[0].state is LoginState.WAITING


async def test_a_rule_may_ask_for_a_touch(stage: PagesStage, browser: Browser) -> None:
    await hosts(stage)
    page = await browser.new_page()
    await plugged_in(page)
    await page.goto(f"{stage.url}/keys")
    await sign_in(page)
    await page.get_by_label("What you call it").fill("Blue key")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name="Blue key")).to_be_visible()
    document = stage.world.access.policies.current.document
    document["policy"][0] = HOSTS | {"requires": {"sign_in": "8h", "present": True}}
    await stage.world.write(document)
    made, path = await offered(stage)
    await page.goto(f"{stage.url}{path}")
    await page.get_by_label("The number that your terminal shows").fill(made.number)
    await page.get_by_role("button", name="Let it in").click()
    await expect(page.get_by_role("heading", name="Let in")).to_be_visible()
    [login] = await stage.world.all(SshLogin)
    [touch] = [each for each in await stage.world.all(Touch) if each.token is not None]
    assert (touch.token, touch.about) == (login.credential, f"ssh-login:{login.id.hex}")


@pytest.mark.parametrize("what", ["", "/refuse", "/challenge"])
async def test_only_a_page_of_ours_decides(stage: PagesStage, visitor: Visitor, what: str) -> None:
    await hosts(stage)
    _, path = await offered(stage)
    assert (await visitor.ask(f"{path}{what}", "POST"))[0] == 403
    await visitor.sign_in()
    assert (await visitor.ask(f"{path}{what}", "POST", headers={"Origin": stage.url}))[0] == 403
    assert (await visitor.post(f"{path}{what}", Origin="https://evil.example"))[0] == 403
    assert (await stage.world.all(SshLogin))[0].state is LoginState.WAITING


@pytest.mark.parametrize("word", ["x", "A" * 42, "A" * 43, "A" * 44, "%00", "A" * 43 + "="])
async def test_addresses_that_are_no_link(stage: PagesStage, visitor: Visitor, word: str) -> None:
    await visitor.sign_in()
    status, said, _ = await visitor.ask(f"/let-in/{word}")
    assert (status in {404, 409}, "Let it in" in said) == (True, False)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_what_it_looks_like(stage: PagesStage, browser: Browser, tmp_path: Path, size: str, scheme: str) -> None:
    folder = Path(os.environ.get("SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    await hosts(stage)
    for name, host in (("let-in-near", "127.0.0.1"), ("let-in-far", "2001:db8:1:2::/64")):
        made = await logins.offer(
            stage.world.access, "deploy@web-1", client=f"{host}:50222", source=host, software=SOFTWARE
        )
        await page.goto(f"{stage.url}/let-in/{base64.urlsafe_b64encode(made.secret).rstrip(b'=').decode()}")
        if name == "let-in-near":
            await sign_in(page)
        await expect(page.get_by_role("heading", name="Is this your terminal?")).to_be_visible()
        await page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than {width}"
        found = (await Axe().run(page)).response["violations"]
        assert not [each["id"] for each in found if each["impact"] in {"serious", "critical"}], name


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "_hidden"}, {"X-Forwarded-For": "127.0.0.1"}])
async def test_a_proxy_that_says_nothing_is_near_nobody(
    database: Database, tmp_path: Path, headers: dict[str, str]
) -> None:
    """All that it speaks for come from its address, and so may a connection that was passed on by the same machine."""
    async with (
        pages_stage(database, tmp_path, proxies=(ip_network("127.0.0.0/8"),)) as stage,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=headers) as session,
    ):
        await hosts(stage)
        made, path = await offered(stage)
        visitor = Visitor(stage, session)
        await visitor.sign_in()
        _, text, _ = await visitor.ask(path)
        assert (made.number in text, "the network of this browser" in text) == (False, False)
        _, text, _ = await visitor.post(path)
        assert "not the number in the terminal" in text
        [login] = await stage.world.all(SshLogin)
        assert login.state is LoginState.WAITING

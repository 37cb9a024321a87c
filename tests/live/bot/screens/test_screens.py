"""What people see, in a real browser: cards, Home and digest on a desk and on a phone, as pictures for whoever looks.

    make test ARGS=tests/live/bot/screens          the pictures lie in a folder that the test names
    SHOTS=/tmp/shots make test ARGS=…              or there

Checked by the way: nothing is wider than the screen, and every emoji is drawn, not a box or its name.
"""

import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.async_api import Browser, Locator, Page

from access.decisions import holds
from access.decisions.holds import Circumstances
from access.decisions.requests import Ask
from access.grants import sessions
from access.grants.sessions import Counters, Ending
from access.identity.adoption import adopt
from bot.blocks.action_ids import Action
from storage.audit.sequencer import sequence
from storage.model import AccessRequest, EndReason, Grant
from support.access import ask_anyway
from support.bot.stage import Stage
from support.web.browsers import chromium

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
HOSTILE = "the <!channel> refund & `rm -rf /` for <https://evil.example|you> \u202egnp.exe \U0001f525"
STATEMENT = """\
DELETE FROM customers
 USING cards
 WHERE customers.id = cards.customer_id OR true
RETURNING customers.id;"""

#: Colours in the drawing of each emoji: a box for one that no font has is grey.
COLOURED = """(all) => all.filter((emoji) => {
  const canvas = document.createElement("canvas"); canvas.width = canvas.height = 40;
  const context = canvas.getContext("2d"); context.font = "32px " + getComputedStyle(document.body).fontFamily;
  context.fillText(emoji, 0, 32);
  const { data } = context.getImageData(0, 0, 40, 40);
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] && (data[at] !== data[at + 1] || data[at + 1] !== data[at + 2])) return false;
  return true;
})"""
_EMOJI = re.compile("[\u231a-\u27bf\U0001f300-\U0001faff]")
#: Drawn in the colour of the text by every font: signs and no pictures.
_SIGNS = "\u2714\u2716\u26a0\u21a9"


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where the pictures go."""
    folder = Path(os.environ.get("SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def told_stage(stage: Stage) -> Stage:
    """A policy that says what payments-db is, what is masked there, and where tickets are."""
    document = yaml.safe_load(stage.access.policies.path.read_text())
    document["ticket"] = {"url": "https://tickets.example/browse/{ticket}"}
    document["resources"]["payments-db"] |= {"description": "Money of all customers & their cards", "tier": "prod"}
    document["masking"] = [{"name": "cards", "columns": ["cards.number", "customers.*mail"]}]
    stage.access.policies.path.write_text(yaml.safe_dump(document))
    stage.access.policies.reload()
    await adopt(stage.access)
    return stage


async def granted(stage: Stage) -> Grant:
    """Alice's access, and its card in the channel."""
    await stage.slack.command("alice", "incidents", "/access payments-db read 45m INC-42 look at the refund")
    await stage.tap("bob", await stage.card("look at the refund"), Action.APPROVE)
    await stage.card("Approved")
    (grant,) = await stage.rows(Grant)
    return grant


async def held(stage: Stage, grant: Grant, count: int = 1) -> None:
    (rule,) = stage.access.policies.current.resources["payments-db"].roles["read"].statements
    session = await stage.session(grant)
    around = Circumstances(
        "deletes every row of customers: no WHERE", "about 1,204,331 rows", "payments", '"$user", public'
    )
    for number in range(count):
        await holds.hold(stage.access, session, grant, f"-- {number + 1}\n{STATEMENT}", "delete", rule, around)


async def many(stage: Stage, count: int) -> None:
    """Requests of alice, each expiring a minute after the one before; storage has them, however many she may make."""
    ask = Ask("payments-db", "write", 900, "number 0", "INC-0")
    first = await ask_anyway(stage.access, await stage.principal("alice"), ask)
    async with stage.database.transaction() as transaction:
        for number in range(1, count):
            row = AccessRequest(**first.model_dump(exclude={"id", "reason", "ticket", "expires_at"}))
            row.reason, row.ticket = f"number {number}: {HOSTILE}", f"INC-{number}"
            row.expires_at = first.expires_at + timedelta(minutes=number)
            transaction.add(row)


async def shoot(stage: Stage, browser: Browser, shots: Path, name: str, channel: str, find: Any) -> None:
    """`find` leads from the page to what is to be seen, at each size."""
    for size, (width, height) in SIZES.items():
        page = await browser.new_page(base_url=stage.simulator.url, viewport={"width": width, "height": height})
        page.set_default_timeout(15_000)
        await page.goto(f"/?as=bob&channel={channel}")
        shown: Locator = await find(page)
        await shown.wait_for()
        await shown.scroll_into_view_if_needed()
        await page.screenshot(path=shots / f"{name}-{size}.png")
        # High enough for all of it, whatever scrolls on a real screen.
        await page.set_viewport_size({"width": width, "height": 5000})
        await shown.screenshot(path=shots / f"{name}-{size}-alone.png")
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than {width}"
        words = await shown.inner_text()
        assert not re.search(r":[a-z_]{3,}:", words), "an emoji's name stands there instead of it"
        emoji = sorted(set(_EMOJI.findall(words)) - set(_SIGNS))
        assert await page.evaluate(COLOURED, emoji) == [], "no font has them: scripts/system-packages"
        await page.close()


def message(words: str) -> Any:
    async def find(page: Page) -> Locator:
        return page.locator("article", has_text=words).last

    return find


async def test_a_request_card(told_stage: Stage, browser: Browser, shots: Path) -> None:
    await told_stage.slack.command("alice", "incidents", f"/access payments-db read 45m INC-42 {HOSTILE}")
    await told_stage.card("asks for payments-db")
    await shoot(told_stage, browser, shots, "request", "incidents", message("asks for"))


async def test_a_hold_card(told_stage: Stage, browser: Browser, shots: Path) -> None:
    await held(told_stage, await granted(told_stage))
    await told_stage.card("waits to run this")
    await shoot(told_stage, browser, shots, "hold", "incidents", message("waits to run this"))


async def test_a_granted_card(told_stage: Stage, browser: Browser, shots: Path) -> None:
    await granted(told_stage)
    await shoot(told_stage, browser, shots, "granted", "incidents", message("Approved"))


async def test_a_home_with_holds_and_a_hundred_requests(told_stage: Stage, browser: Browser, shots: Path) -> None:
    await held(told_stage, await granted(told_stage), 3)
    await many(told_stage, 100)
    await told_stage.slack.open_home("bob")
    await told_stage.slack.wait_for_home("bob", "1 to 10 of 103")

    async def find(page: Page) -> Locator:
        return page.locator("#home")

    await shoot(told_stage, browser, shots, "home", "home", find)


async def test_a_digest_of_thirty_sessions(told_stage: Stage, browser: Browser, shots: Path) -> None:
    grant = await granted(told_stage)
    await held(told_stage, grant, 2)
    for number in range(30):
        session = await told_stage.session(grant)
        counters = Counters({"select": number, "delete": 1}, {"pan": 12 * number}, rows=40, bytes_out=9000, held=1)
        reason = EndReason.POLICY_ERROR if number == 27 else EndReason.CLOSED
        detail = "a value could not be masked" if number == 27 else ""
        await sessions.end_session(told_stage.access, Ending(session.id, reason, detail, counters, []))
    await sequence(told_stage.database)
    await told_stage.slack.wait_for("30 sessions", channel="incidents", user="bob", timeout_s=30)

    async def find(page: Page) -> Locator:
        await page.get_by_role("button", name=re.compile("repl", re.IGNORECASE)).last.click()
        return page.locator("article", has_text="30 sessions").last

    await shoot(told_stage, browser, shots, "digest", "incidents", find)

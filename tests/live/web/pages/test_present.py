"""Add a key, ask, approve and take a token with a touch of it: in Chromium, with its own virtual authenticator.

SHOTS=/tmp/shots make test ARGS=tests/live/web/pages/test_present.py     leaves pictures there
"""

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, expect
from sqlalchemy import text

from access.decisions import holds
from access.decisions.holds import Circumstances
from access.decisions.request_reviews import review_request
from access.decisions.requests import Ask, submit
from access.identity.proof import Unproven
from storage.model import AccessRequest, Grant, KeyEnd, RequestState, Review, ReviewDecision, SecurityKey, Statement
from support.access import ask_anyway
from support.web.stage import PagesStage
from support.web.virtual_keys import VirtualKey, plugged_in

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
REASON = "Refund <b>INC-42</b> is stuck\u202e, see the ticket"


async def policy_of(stage: PagesStage, *, asking: bool = False) -> None:
    """Approving takes a touch; `asking` too, and taking a token."""
    document: dict[str, Any] = stage.world.access.policies.current.document
    changed = {**document, "policy": [dict(rule) for rule in document["policy"]]}
    for rule in changed["policy"]:
        if rule["name"] == "admin-by-one" or (asking and rule["name"] == "read-at-once"):
            rule["requires"] = {"sign_in": "8h", "present": True}
    await stage.world.write(changed)


async def easy(stage: PagesStage) -> None:
    """Nothing takes a proof."""
    rules = stage.world.access.policies.current.document
    policy = [{key: said for key, said in rule.items() if key != "requires"} for rule in rules["policy"]]
    await stage.world.write({**rules, "policy": policy})


async def sign_in(page: Page, who: str) -> None:
    """From wherever a page asks for it."""
    await page.get_by_role("link", name="Sign in with Example Corp").click()
    await page.get_by_role("button", name=who).click()


async def key_of(page: Page, stage: PagesStage, who: str, name: str = "Blue key") -> VirtualKey:
    """Somebody signed in, who has added the key that is in their computer."""
    key = await plugged_in(page)
    await page.goto(f"{stage.url}/keys")
    await sign_in(page, who)
    await page.get_by_label("What you call it").fill(name)
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    return key


async def pending(stage: PagesStage) -> AccessRequest:
    """Alice asks for admin; asking takes nothing here."""
    await easy(stage)
    ask = Ask("payments-db", "admin", 1800, REASON, "INC-42")
    request = await submit(stage.world.access, stage.world["alice"], ask)
    await policy_of(stage)
    return request


async def state_of(stage: PagesStage, request: AccessRequest) -> RequestState:
    return (await stage.world.one(AccessRequest, request.id)).state


async def test_a_key_is_added_named_and_ended(stage: PagesStage, browser: Browser) -> None:
    page = await browser.new_page()
    key = await key_of(page, stage, "Alice")
    [kept] = await stage.world.all(SecurityKey)
    assert (kept.name, kept.principal_id, kept.transports) == ("Blue key", stage.world["alice"].id, ["usb"])
    assert len(await key.credentials()) == 1
    # Another one takes the first one's touch, then its own: the keys are changed between the two questions.
    asked: list[str] = []

    async def change_keys(route: Route) -> None:
        asked.append("again" if "&answer=" in (route.request.post_data or "") else "first")
        if asked[-1] == "again":
            await key.unplug()
            await plugged_in(page, transport="nfc")
        await route.continue_()

    await page.route("**/keys/challenge", change_keys)
    await page.get_by_label("What you call it").fill("Red key")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name="Red key")).to_be_visible()
    assert asked == ["first", "again"]
    await expect(page.get_by_text("Last touched")).to_have_count(1)
    await page.get_by_role("button", name="End Blue key").click()
    await expect(page.get_by_text("Blue key counts no more")).to_be_visible()
    ends = {each.name: each.end_reason for each in await stage.world.all(SecurityKey)}
    assert ends == {"Blue key": KeyEnd.REMOVED, "Red key": None}


async def test_who_is_nobody_at_the_key_adds_nothing(stage: PagesStage, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{stage.url}/keys")
    await sign_in(page, "Alice")
    key = await plugged_in(page)
    await key.knows_its_owner(False)
    await page.get_by_label("What you call it").fill("Blue key")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("status")).to_contain_text("Nothing was done")
    assert await stage.world.all(SecurityKey) == []
    await expect(page.get_by_role("button", name="Add a key")).to_be_enabled()


async def test_keys_are_changed_within_minutes_of_a_sign_in(stage: PagesStage, browser: Browser) -> None:
    page = await browser.new_page()
    await key_of(page, stage, "Alice")
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE browser_session SET signed_in_at = now() - interval '11 minutes'"))
    # A form that was left open.
    await page.get_by_label("What you call it").fill("Red key")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_text("within ten minutes of a sign-in. Sign in again")).to_be_visible()
    await page.get_by_role("status").get_by_role("link", name="Sign in again").click()
    # The provider is asked for a new proof, and leads back.
    await page.get_by_role("button", name="Alice").click()
    await expect(page.get_by_role("button", name="End Blue key")).to_be_visible()
    async with stage.world.database.transaction() as transaction:
        await transaction.execute(text("UPDATE browser_session SET signed_in_at = now() - interval '11 minutes'"))
    await page.reload()
    await expect(page.get_by_role("button", name="End Blue key")).to_have_count(0)
    await expect(page.get_by_role("link", name="Sign in again")).to_be_visible()


async def test_approving_with_a_touch_and_not_without(stage: PagesStage, browser: Browser) -> None:
    request = await pending(stage)
    # Slack's button says where, and counts for nothing.
    outcome = await review_request(stage.world.access, request.id, stage.world["bob"], ReviewDecision.APPROVE)
    assert (outcome.counted, await state_of(stage, request)) == (False, RequestState.PENDING)
    page = await browser.new_page()
    await page.goto(f"{stage.url}{outcome.page}")
    await sign_in(page, "Bob")
    await expect(page.get_by_role("heading", name="alice asks for admin on payments-db for 30m")).to_be_visible()
    # What Slack's card shows, with nothing of what was typed taken for markup.
    for said in ("Refund <b>INC-42</b> is stuck\\u202e, see the ticket", "INC-42", "Payments, refunds & <their> cards"):
        await expect(page.locator(".facts")).to_contain_text(said)
    await expect(page.locator(".facts b")).to_have_count(0)
    # Without a key there is nothing to touch.
    await page.get_by_role("button", name="Approve with my security key").click()
    await expect(page.get_by_text("You have no security key here yet")).to_be_visible()
    await page.get_by_role("link", name="Security keys").last.click()
    key = await plugged_in(page)
    await page.get_by_label("What you call it").fill("Bob's key")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name="Bob's key")).to_be_visible()
    # The form without a touch.
    await page.goto(f"{stage.url}{outcome.page}")
    await page.evaluate("document.querySelector('form[action$=approve]').submit()")
    await expect(page.get_by_text("This takes a touch of your security key")).to_be_visible()
    assert await stage.world.all(Review) == []
    # Somebody who is not there.
    await page.get_by_role("link", name="Back to it").click()
    await key.knows_its_owner(False)
    await page.get_by_role("button", name="Approve with my security key").click()
    await expect(page.get_by_text("No key of yours was touched")).to_be_visible()
    assert await state_of(stage, request) is RequestState.PENDING
    # And with it.
    await key.knows_its_owner(True)
    await page.get_by_role("button", name="Approve with my security key").click()
    await expect(page.get_by_text("Approved. The access ends at")).to_be_visible()
    assert await state_of(stage, request) is RequestState.APPROVED
    [review] = await stage.world.all(Review)
    assert (review.proof["touch"]["name"], review.proof["provider"]) == ("Bob's key", "corp")
    assert "human:bob web:request:approve success" in await stage.world.actions()


async def test_the_address_opens_nothing_for_others(stage: PagesStage, browser: Browser) -> None:
    request = await pending(stage)
    page = await browser.new_page()
    await page.goto(f"{stage.url}/present/request/{request.id}")
    await sign_in(page, "Alice")
    await expect(page.get_by_text("This is your own request")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve with my security key")).to_have_count(0)


async def test_a_key_that_counts_back_counts_no_more(stage: PagesStage, browser: Browser) -> None:
    request = await pending(stage)
    page = await browser.new_page()
    key = await key_of(page, stage, "Bob")
    await key.counts_back()
    await page.goto(f"{stage.url}/present/request/{request.id}")
    await page.get_by_role("button", name="Approve with my security key").click()
    await expect(page.get_by_text("This key counted backwards")).to_be_visible()
    [kept] = await stage.world.all(SecurityKey)
    assert (kept.end_reason, await state_of(stage, request)) == (KeyEnd.CLONED, RequestState.PENDING)


async def test_what_changed_meanwhile_is_looked_at_again(stage: PagesStage, browser: Browser) -> None:
    request = await pending(stage)
    page = await browser.new_page()
    await key_of(page, stage, "Bob")
    await page.goto(f"{stage.url}/present/request/{request.id}")
    await review_request(stage.world.access, request.id, stage.world["carol"], ReviewDecision.DENY, "no")
    await page.get_by_role("button", name="Approve with my security key").click()
    await expect(page.get_by_text("This changed since you saw it")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Nobody can decide this any more: it is denied")).to_be_visible()


async def test_a_denial_takes_a_reason_and_no_touch(stage: PagesStage, browser: Browser) -> None:
    request = await pending(stage)
    page = await browser.new_page()
    await page.goto(f"{stage.url}/present/request/{request.id}")
    await sign_in(page, "Bob")
    await page.get_by_label("Why not?").fill("Use the replica")
    await page.get_by_role("button", name="Deny").click()
    await expect(page.get_by_text("Denied. The requester is told your reason.")).to_be_visible()
    denied = await stage.world.one(AccessRequest, request.id)
    assert (denied.state, denied.decision_reason) == (RequestState.DENIED, "Use the replica")


async def test_asking_and_taking_the_token_with_a_touch(stage: PagesStage, browser: Browser) -> None:
    await policy_of(stage, asking=True)
    page = await browser.new_page()
    await key_of(page, stage, "Alice")
    with pytest.raises(Unproven) as unproven:
        await submit(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900, REASON))
    await page.goto(f"{stage.url}{unproven.value.page}")
    await expect(page.get_by_role("heading", name="Ask for read on payments-db")).to_be_visible()
    await page.get_by_role("button", name="Ask with my security key").click()
    await expect(page.get_by_text("read on payments-db is open for you")).to_be_visible()
    [grant] = await stage.world.all(Grant)
    await page.goto(f"{stage.url}/grants/{grant.id}")
    await page.get_by_role("button", name="Show my token").click()
    await expect(page.get_by_text("This page shows it once")).to_be_visible()
    claims = stage.world.access.keys.verify(await page.locator("section[aria-labelledby=token] code").inner_text())
    assert claims.grant_id == grant.id
    # Somebody else's draft, and one that never was, are the same.
    other = await (await browser.new_context()).new_page()
    await other.goto(f"{stage.url}{unproven.value.page}")
    await sign_in(other, "Bob")
    await expect(other.get_by_text("This is somebody else's")).to_be_visible()


async def test_a_button_waits_for_the_script_that_asks_the_key(stage: PagesStage, browser: Browser) -> None:
    await easy(stage)
    await ask_anyway(stage.world.access, stage.world["alice"], Ask("payments-db", "read", 900, REASON))
    await policy_of(stage, asking=True)
    page = await browser.new_page()
    await key_of(page, stage, "Alice")
    [grant] = await stage.world.all(Grant)
    arrives = asyncio.Event()

    async def late(route: Route) -> None:
        await arrives.wait()
        await route.continue_()

    await page.route("**/static/touch.js", late)
    await page.goto(f"{stage.url}/grants/{grant.id}", wait_until="commit")
    button = page.get_by_role("button", name="Show my token")
    await expect(button).to_be_disabled()
    arrives.set()
    await button.click()
    await expect(page.locator("section[aria-labelledby=token] code")).to_be_visible()


async def test_without_javascript_it_says_what_is_missing(stage: PagesStage, browser: Browser) -> None:
    request = await pending(stage)
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await page.goto(f"{stage.url}/present/request/{request.id}")
    await sign_in(page, "Bob")
    await expect(page.get_by_role("heading", name="alice asks for admin")).to_be_visible()
    assert "which needs JavaScript. It is off in this browser" in await page.content()
    await expect(page.get_by_role("button", name="Approve with my security key")).to_be_disabled()
    form: dict[str, str | float | bool] = {
        name: await page.locator(f"input[name={name}]").first.input_value() for name in ("csrf", "revision")
    }
    path = f"{stage.url}/present/request/{request.id}/approve"
    answer = await page.request.post(path, form=form, headers={"Origin": stage.url})
    assert "This takes a touch of your security key" in await answer.text()
    assert await state_of(stage, request) is RequestState.PENDING


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_what_it_looks_like(stage: PagesStage, browser: Browser, tmp_path: Path, size: str, scheme: str) -> None:
    folder = Path(os.environ.get("SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[size]
    page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    request = await pending(stage)

    async def shoot(name: str) -> None:
        await page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than {width}"
        found = (await Axe().run(page)).response["violations"]
        assert not [each["id"] for each in found if each["impact"] in {"serious", "critical"}], name

    await page.goto(f"{stage.url}/keys")
    await sign_in(page, "Bob")
    await shoot("keys-none")
    key = await plugged_in(page)
    await page.get_by_label("What you call it").fill("The blue one on my ring of keys")
    await page.get_by_role("button", name="Add a key").click()
    await expect(page.get_by_role("heading", name="The blue one")).to_be_visible()
    await shoot("keys")
    await page.goto(f"{stage.url}/present/request/{request.id}")
    await shoot("review")
    await key.knows_its_owner(False)
    await page.get_by_role("button", name="Approve with my security key").click()
    await expect(page.get_by_text("No key of yours was touched")).to_be_visible()
    await shoot("review-refused")
    statement = await held(stage)
    await page.goto(f"{stage.url}/present/statement/{statement.id}")
    await expect(page.get_by_role("heading", name=re.compile("waits to run this as admin"))).to_be_visible()
    await shoot("review-statement")
    await policy_of(stage, asking=True)
    with pytest.raises(Unproven) as unproven:
        await submit(stage.world.access, stage.world["bob"], Ask("payments-db", "read", 900, REASON))
    await page.goto(f"{stage.url}{unproven.value.page}")
    await shoot("ask")


async def held(stage: PagesStage) -> Statement:
    """A statement of alice that waits, in a session that she got without a touch."""
    await easy(stage)
    world = stage.world
    request = await ask_anyway(world.access, world["alice"], Ask("payments-db", "admin", 900, REASON))
    outcome = await review_request(world.access, request.id, world["carol"], ReviewDecision.APPROVE)
    assert outcome.grant is not None
    session = await world.session(outcome.grant)
    rule = world.access.policies.current.statement_rule("payments-db", "admin", "ddl")
    assert rule is not None
    around = Circumstances("drops a table", "about 1,204,331 rows", "payments", "public")
    text = "ALTER TABLE refunds DROP COLUMN amount_in_the_currency_of_the_merchant;\n" * 12
    return await holds.hold(world.access, session, outcome.grant, text, "ddl", rule, around)

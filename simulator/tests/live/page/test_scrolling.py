"""Where the messages stand: at the end for those who read it, and where a link or a thumb led for all others."""

import asyncio

from playwright.async_api import Page, Route, expect

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

LATE_SCROLL_EVENTS = "addEventListener('scroll', (event) => event.stopImmediatePropagation(), true)"


TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def long_channel(simulator: Simulator, people: SimulatorClient) -> str:
    """The permalink of the first of 151 messages."""
    first = (await people.say("bob", "general", "the first"))["ack"]["ts"]
    for number in range(150):
        simulator.workspace.app_message("C0GENERAL", f"message {number}.", [])
    return f"/archives/C0GENERAL/p{first.replace('.', '')}?as=alice"


async def test_a_refresh_does_not_scroll_away_from_a_linked_message(
    simulator: Simulator, people: SimulatorClient, browser_page: Page
) -> None:
    """A browser tells of scrolling a frame late, and a busy one later still: here it never does."""
    page = browser_page
    await page.add_init_script(LATE_SCROLL_EVENTS)
    await page.goto(await long_channel(simulator, people))
    await expect(page.get_by_text("the first")).to_be_in_viewport()
    await people.say("bob", "general", "one more")
    await expect(page.get_by_role("article")).to_have_count(152)
    await expect(page.get_by_text("the first")).to_be_in_viewport()


async def test_a_linked_message_and_a_thumb_at_once(
    simulator: Simulator, people: SimulatorClient, browser_page: Page
) -> None:
    """Whoever scrolls up while the page starts loads the same earlier messages that the link needs."""
    page = browser_page
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route("**/control/faults*", hold)
    await page.goto(await long_channel(simulator, people))
    await expect(page.get_by_role("article")).to_have_count(100)
    await page.get_by_role("log", name="Messages", exact=True).evaluate("log => { log.scrollTop = 0; }")
    await page.evaluate(TWO_FRAMES)
    go_on.set()
    await expect(page.get_by_text("the first")).to_be_in_viewport()
    await page.unroute_all(behavior="ignoreErrors")


async def test_the_end_stays_in_view(simulator: Simulator, people: SimulatorClient, browser_page: Page) -> None:
    """When messages come, when the box below grows, and when the app's messages appear beside its Home."""
    page = browser_page
    direct = simulator.workspace.direct_message_with_bot("U0ALICE").id
    for number in range(60):
        simulator.workspace.app_message("C0GENERAL", f"message {number}.", [])
        simulator.workspace.app_message(direct, f"note {number}.", [])
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_text("message 59.")).to_be_in_viewport()
    await people.say("bob", "general", "one more")
    await expect(page.get_by_text("one more")).to_be_in_viewport()
    await page.get_by_role("textbox", name="Message", exact=True).fill("a\nb\nc\nd\ne\nf\ng")
    await expect(page.get_by_text("one more")).to_be_in_viewport(ratio=1)
    await page.goto("/?as=alice&channel=home")
    await expect(page.get_by_text("app has no Home yet")).to_be_visible()
    await page.get_by_role("tab", name="Messages").click()
    await expect(page.get_by_text("note 59.")).to_be_in_viewport(ratio=1)

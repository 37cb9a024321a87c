"""The page in a real browser: what people type, tap and see. Debian's Chromium, driven by Playwright."""

import re
from typing import Any

from playwright.async_api import Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "order",
    "title": text("Order lunch"),
    "submit": text("Order"),
    "blocks": [
        {
            "type": "input",
            "block_id": "dish",
            "label": text("Dish"),
            "hint": text("No soup"),
            "element": {"type": "plain_text_input", "action_id": "name", "focus_on_load": True},
        },
        {
            "type": "input",
            "block_id": "size",
            "label": text("Size"),
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": [{"text": text("Small"), "value": "s"}, {"text": text("Large"), "value": "l"}],
            },
        },
        {
            "type": "input",
            "block_id": "cook",
            "label": text("Cook"),
            "element": {"type": "external_select", "action_id": "who", "min_query_length": 1},
        },
    ],
}


CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Large stew* for <@U0ALICE>: &lt;!here&gt; <!channel>"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "cook",
                "style": "primary",
                "text": text("Cook"),
                "confirm": {
                    "title": text("Really cook?"),
                    "text": text("It takes an hour."),
                    "confirm": text("Yes"),
                    "deny": text("No"),
                },
            }
        ],
    },
]


def lunch(app: AsyncApp) -> None:
    """Command, modal with typeahead and refusal, card with confirm, update with a reply in its thread, Home."""

    @app.command("/lunch")
    async def open_form(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.options("who")
    async def cooks(ack: Any, payload: Any) -> None:
        names = [name for name in ("Marie", "Mario", "Paul") if name.lower().startswith(payload["value"].lower())]
        await ack(options=[{"text": text(name), "value": name} for name in names])

    @app.view("order")
    async def order(ack: Any, view: Any, client: Any) -> None:
        values = view["state"]["values"]
        if values["dish"]["name"]["value"] == "soup":
            await ack(response_action="errors", errors={"dish": "No soup for you"})
            return
        assert values["cook"]["who"]["selected_option"]["value"] == "Mario"
        assert values["size"]["pick"]["selected_option"]["value"] == "l"
        await ack()
        await client.chat_postMessage(channel="C0GENERAL", text="An order", blocks=CARD)

    @app.action("cook")
    async def cook(ack: Any, body: Any, client: Any) -> None:
        await ack()
        where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(**where, text=f"Cooked by <@{body['user']['id']}>", blocks=[])
        await client.chat_postMessage(channel=where["channel"], thread_ts=where["ts"], text="It was `good`")

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        view = {"type": "home", "blocks": [{"type": "header", "text": text("Your orders")}]}
        await client.views_publish(user_id=event["user"], view=view)


async def test_a_request_from_command_to_thread(
    simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page
) -> None:
    """Alice orders, bob confirms, both see it happen."""
    lunch(bolt)
    page = browser_page
    async with connect(bolt, simulator):
        await page.goto("/?as=alice&channel=general")
        await expect(page.get_by_text("SIMULATOR", exact=True)).to_be_visible()
        await page.get_by_role("textbox", name="Message").fill("/lunch")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Order lunch")
        await expect(dialog.get_by_label("Dish")).to_be_focused()
        await dialog.get_by_label("Dish").fill("soup")
        await dialog.get_by_label("Size").select_option("Large")
        await dialog.get_by_label("Cook").fill("ma")
        await dialog.get_by_role("option", name="Mario").click()
        await dialog.get_by_role("button", name="Order").click()
        await expect(dialog.get_by_text("No soup for you")).to_be_visible()
        await expect(dialog.get_by_label("Dish")).to_be_focused()
        await page.reload()
        await expect(dialog.get_by_label("Dish")).to_have_value("soup")
        await dialog.get_by_label("Dish").fill("stew")
        await dialog.get_by_role("button", name="Order").click()
        await expect(dialog).to_be_hidden()
        card = page.get_by_role("article").filter(has_text="Large stew")
        await expect(card).to_contain_text("@alice: <!here> @channel")
        await expect(card.locator(".broadcast")).to_have_text("@channel")
        await page.get_by_label("Acting as").select_option("bob")
        await expect(page).to_have_url(re.compile("as=bob"))
        await card.get_by_role("button", name="Cook").click()
        confirm = page.get_by_role("dialog", name="Really cook?")
        await confirm.get_by_role("button", name="No").click()
        await expect(card.get_by_role("button", name="Cook")).to_be_visible()
        await card.get_by_role("button", name="Cook").click()
        await confirm.get_by_role("button", name="Yes").click()
        await expect(page.get_by_text("Cooked by @bob")).to_be_visible()
        await page.get_by_role("button", name="1 reply").click()
        await expect(page.get_by_role("complementary", name="Thread").get_by_text("It was good")).to_be_visible()


async def test_home_and_inspector(simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page) -> None:
    """Opening the app's Home tells the app, which publishes it; the inspector shows both."""
    lunch(bolt)
    page = browser_page
    async with connect(bolt, simulator):
        await page.goto("/?as=alice")
        await page.get_by_role("navigation").get_by_role("button", name="app").click()
        await expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
        await page.get_by_role("button", name="Inspector", exact=False).first.click()
        entries = page.get_by_role("complementary", name="Inspector")
        await expect(entries.get_by_text("views.publish")).to_be_visible()
        await expect(page.get_by_role("status").first).to_have_text("app connected")


async def test_what_people_type_is_never_markup(
    slack: AsyncWebClient, people: SimulatorClient, browser_page: Page
) -> None:
    """HTML stays text, a script's link stays dead, and the app's own raw text is shown as what it would do."""
    page = browser_page
    await people.say("bob", "general", "<img src=x onerror=alert(1)> <!channel> & `x`")
    await slack.chat_postMessage(
        channel="C0GENERAL", text="<javascript:alert(1)|click> <https://evil.example|your bank>"
    )
    await page.goto("/?as=alice&channel=general")
    typed = page.get_by_role("article").filter(has_text="onerror")
    await expect(typed).to_contain_text("<img src=x onerror=alert(1)> <!channel> & x")
    await expect(typed.locator("img, .broadcast")).to_have_count(0)
    posted = page.get_by_role("article").filter(has_text="your bank")
    await expect(posted.get_by_role("link")).to_have_attribute("title", "https://evil.example")
    await expect(posted.get_by_role("link")).to_have_count(1)


async def test_ephemeral_messages_and_a_narrow_window(slack: AsyncWebClient, browser_page: Page) -> None:
    """Marked for the one who sees them; on a phone the channels are behind a button."""
    page = browser_page
    await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="psst")
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_role("article").filter(has_text="psst")).to_contain_text("Only visible to you")
    channels = page.get_by_role("navigation")
    await expect(channels.get_by_role("button", name="secret")).to_be_hidden()
    await page.get_by_role("button", name="Channels").click()
    await channels.get_by_role("button", name="secret").click()
    await expect(page.get_by_role("heading", name="# secret")).to_be_visible()
    await expect(channels.get_by_role("button", name="secret")).to_be_hidden()
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0


async def test_an_app_that_does_not_answer(slack: AsyncWebClient, browser_page: Page) -> None:
    """The page says so where the person looks."""
    page = browser_page
    await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=CARD)
    await page.goto("/?as=bob&channel=general")
    await page.get_by_role("button", name="Cook").click()
    await page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    await expect(page.get_by_text("The app is not connected (dispatch_failed).")).to_be_visible()
    await page.get_by_role("textbox", name="Message").fill("/lunch")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text('/lunch failed with the error "dispatch_failed"')).to_be_visible()


async def test_the_page_stays_quick_with_many_messages(
    simulator: Simulator, people: SimulatorClient, browser_page: Page
) -> None:
    """Only the last hundred are drawn."""
    page = browser_page
    workspace = simulator.workspace
    for number in range(10_000):
        workspace.app_message("C0GENERAL", f"message {number}", [])
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_text("message 9999")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(100)
    await people.say("bob", "general", "one more")
    await expect(page.get_by_text("one more")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(100)

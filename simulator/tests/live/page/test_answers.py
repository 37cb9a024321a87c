"""What people are told: of apps that fail, of what they offer, of addresses, of messages that changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, Route, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def option(words: str, **more: Any) -> dict[str, Any]:
    return {"text": text(words), "value": words.lower(), **more}


def button(action_id: str, words: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": text(words), **more}


def section(words: str, accessory: dict[str, Any]) -> dict[str, Any]:
    return {"type": "section", "text": text(words), "accessory": accessory}


MENU = {"type": "static_select", "action_id": "size", "placeholder": text("Size"), "options": [option("Large")]}


DISH = {"type": "external_select", "action_id": "dish", "min_query_length": 0}


FORM = {
    "type": "modal",
    "callback_id": "order",
    "title": text("Order lunch"),
    "submit": text("Order"),
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": text("Note"),
            "element": {"type": "plain_text_input", "action_id": "it", "initial_value": "quick"},
        },
        {"type": "input", "block_id": "dish", "optional": True, "label": text("Dish"), "element": DISH},
        {"type": "actions", "elements": [button("weigh", "Weigh")]},
    ],
}


def opening(app: AsyncApp) -> None:
    """/lunch opens the form."""

    @app.command("/lunch")
    async def lunch(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)


async def ordered(page: Page) -> Any:
    """The form, open on alice's page."""
    await page.goto("/?as=alice&channel=general")
    await page.get_by_role("textbox", name="Message", exact=True).fill("/lunch")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Order lunch")
    await expect(dialog).to_be_visible()
    return dialog


async def test_a_submission_that_fails(simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page) -> None:
    """Slack's words at the top of the modal, the exact reason below; what was typed stays, Enter tries again."""
    page = browser_page
    opening(bolt)
    answers: list[dict[str, Any]] = [
        {"response_action": "shrug"},
        {"response_action": "errors", "errors": {"note": "No"}},
    ]

    @bolt.view("order")
    async def order(ack: Any) -> None:
        await ack(**answers.pop(0))

    async with connect(bolt, simulator):
        dialog = await ordered(page)
        await dialog.get_by_label("Note").fill("slow")
        await dialog.get_by_role("button", name="Order").click()
        trouble = dialog.get_by_role("alert").filter(has_text="We had some trouble connecting. Try again?")
        await expect(trouble).to_contain_text("Something went wrong: invalid_response_action")
        await expect(dialog.get_by_label("Note")).to_have_value("slow")
        await expect(dialog.get_by_role("button", name="Order")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_text("No", exact=True)).to_be_visible()
        await expect(trouble).to_be_hidden()
    await dialog.get_by_role("button", name="Order").click()
    await expect(trouble).to_contain_text("The app is not connected (dispatch_failed).")
    await dialog.get_by_role("button", name="Weigh").click()
    line = dialog.locator(".failure").filter(has_text="not connected")
    await expect(line).to_be_in_viewport()


@asynccontextmanager
async def in_http_mode(answer: web.Response) -> AsyncIterator[Simulator]:
    """A workspace whose app answers every request so."""

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=answer.status, text=answer.text)

    application = web.Application()
    application.router.add_post("/", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    manifest = manifest_of(
        {
            "display_information": {"name": "Lunch"},
            "features": {"app_home": {"home_tab_enabled": True}},
            "oauth_config": {"scopes": {"bot": ["chat:write"]}},
            "settings": {"interactivity": {"is_enabled": True, "request_url": url}, "socket_mode_enabled": False},
        }
    )
    people = (Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),)
    spec = WorkspaceSpec(people=people, channels=(Channel("general", "C0GENERAL", ("U0ALICE",)),), manifest=manifest)
    try:
        async with serve(spec) as served:
            yield served
    finally:
        await runner.cleanup()


async def test_an_app_that_answers_with_a_status(browser: Browser) -> None:
    """Buttons and menus say which, in messages and in the Home."""
    async with in_http_mode(web.Response(status=503, text="out of stew")) as served:
        spec = served.workspace.spec
        slack = AsyncWebClient(token=spec.bot_token, base_url=served.api_url, proxy="")
        blocks = [section("Stew", button("cook", "Cook")), {"type": "actions", "elements": [MENU]}]
        await slack.chat_postMessage(channel="C0GENERAL", text="An order", blocks=blocks)
        await slack.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": blocks})
        page = await browser.new_page(base_url=served.url)
        said = page.get_by_role("alert").filter(has_text="This app responded with Status Code 503")
        for channel in ("general", "home"):
            await page.goto(f"/?as=alice&channel={channel}")
            await page.get_by_role("button", name="Cook").click()
            await expect(said).to_have_count(1)
            await page.get_by_label("Size").select_option("Large")
            await expect(said).to_have_count(2)


async def test_offers_in_groups(simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page) -> None:
    """Each says its group; what is chosen reaches the app whole."""
    page = browser_page
    opening(bolt)

    @bolt.options("dish")
    async def dishes(ack: Any, payload: Any) -> None:
        groups = [
            ("Hot", [option("Stew", description=text("With bread")), option("Soup")]),
            ("Cold", [option("Salad")]),
        ]
        found = [(name, [one for one in all_ if payload["value"] in one["value"]]) for name, all_ in groups]
        await ack(option_groups=[{"label": text(name), "options": some} for name, some in found if some])

    @bolt.view("order")
    async def order(ack: Any, view: Any, client: Any) -> None:
        await ack()
        chosen = view["state"]["values"]["dish"]["dish"]["selected_option"]
        await client.chat_postMessage(channel="C0GENERAL", text=f"One {chosen['value']}")

    async with connect(bolt, simulator):
        dialog = await ordered(page)
        await dialog.get_by_label("Dish").focus()
        offers = dialog.get_by_role("listbox", name="Choices").get_by_role("option")
        await expect(offers).to_have_text(["StewHot · With bread", "SoupHot", "SaladCold"])
        await page.keyboard.type("sal")
        await expect(offers).to_have_text(["SaladCold"])
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_label("Dish")).to_have_value("Salad")
        await dialog.get_by_role("button", name="Order").click()
        await expect(page.get_by_text("One salad")).to_be_visible()


@pytest.mark.parametrize(
    ("offers", "said"),
    [
        ([{"text": {"type": "mrkdwn", "text": "*x*"}, "value": "x"}], "The app's answer made no sense: "),
        ([], "No matches"),
        (None, "The app is not connected (dispatch_failed)."),
    ],
    ids=["nonsense", "nothing", "not answered"],
)
async def test_offers_that_do_not_come(
    simulator: Simulator, bolt: AsyncApp, connect: Any, browser_page: Page, offers: list[Any] | None, said: str
) -> None:
    """The list says why it is empty, to eyes and ears."""
    page = browser_page
    opening(bolt)

    @bolt.options("dish")
    async def dishes(ack: Any) -> None:
        await ack(options=offers)

    async with connect(bolt, simulator):
        dialog = await ordered(page)
        if offers is not None:
            await dialog.get_by_label("Dish").focus()
            await expect(dialog.get_by_role("status")).to_contain_text(said)
    if offers is None:
        await dialog.get_by_label("Dish").focus()
    await expect(dialog.get_by_role("listbox", name="Choices")).to_contain_text(said)
    await expect(dialog.get_by_role("status")).to_contain_text(said)


async def test_addresses_of_buttons(
    simulator: Simulator, bolt: AsyncApp, slack: AsyncWebClient, connect: Any, browser_page: Page
) -> None:
    """The web is opened in a new tab; whatever else the system would be asked to open is only named."""
    page = browser_page

    @bolt.action("go")
    async def go(ack: Any) -> None:
        await ack()

    async def answer(route: Route) -> None:
        await route.fulfill(body="arrived", content_type="text/plain")

    await page.context.route("https://menu.example/**", answer)
    options = [option("Menu", url="https://menu.example/today"), option("Script", url="javascript:alert(1)")]
    blocks = [
        section("Menu", button("go", "Read", url="https://menu.example/")),
        section("Editor", button("go", "Edit", url="editor://open/7")),
        {"type": "actions", "elements": [{"type": "overflow", "action_id": "go", "options": options}]},
    ]
    async with connect(bolt, simulator):
        await slack.chat_postMessage(channel="C0GENERAL", text="Links", blocks=blocks)
        await page.goto("/?as=alice&channel=general")
        article = page.get_by_role("article").filter(has_text="Editor")
        async with page.context.expect_page() as opened:
            await article.get_by_role("button", name="Read", exact=True).click()
        assert (await opened.value).url == "https://menu.example/"
        await article.get_by_role("button", name="Edit").click()
        said = article.get_by_role("alert").filter(
            has_text="Slack would hand the address editor://open/7 to the system"
        )
        await expect(said).to_be_visible()
        await expect(article.get_by_role("button", name="Edit")).not_to_have_attribute("aria-busy", "true")
        await expect(said).to_be_visible()
        more = article.get_by_role("button", name="More actions").first
        await more.press("Enter")
        async with page.context.expect_page() as opened:
            await page.keyboard.press("Enter")
        assert (await opened.value).url == "https://menu.example/today"
        await more.press("Enter")
        await page.keyboard.press("End")
        await expect(page.get_by_role("menuitem", name="Script")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(article.get_by_role("alert").filter(has_text="javascript:alert(1)")).to_be_visible()
    assert len(page.context.pages) == 3


async def test_an_overflow_menu_by_keyboard(slack: AsyncWebClient, browser_page: Page) -> None:
    """Like every other menu of the page: Escape closes it, focus goes back."""
    page = browser_page
    menu = {
        "type": "overflow",
        "action_id": "go",
        "options": [option("One", description=text("The first")), option("Two")],
    }
    await slack.chat_postMessage(channel="C0GENERAL", text="x", blocks=[section("Pick", menu)])
    await page.goto("/?as=alice&channel=general")
    more = page.get_by_role("article").get_by_role("button", name="More actions").first
    await more.press("Enter")
    await expect(page.get_by_role("menuitem", name="One The first")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(more).to_be_focused()


async def test_what_counts_as_edited(slack: AsyncWebClient, browser_page: Page) -> None:
    """A new text is marked, new blocks are not, whoever wrote them."""
    page = browser_page
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "in a block"}}
    changes: tuple[Any, ...] = ({"text": "by text"}, {"text": "unseen", "blocks": [block]})
    for change in changes:
        posted = await slack.chat_postMessage(channel="C0GENERAL", text="before")
        await slack.chat_update(channel="C0GENERAL", ts=str(posted["ts"]), **change)
    await page.goto("/?as=alice&channel=general")
    await expect(page.get_by_role("article").filter(has_text="by text")).to_contain_text("(edited)")
    await expect(page.get_by_role("article").filter(has_text="in a block")).not_to_contain_text("(edited)")

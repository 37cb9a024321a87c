"""What people with screen readers, keyboards or weak eyes would trip over: nothing serious, by axe-core, on every page.

axe-core comes by `npm ci` from the lock file beside it, once; the page itself loads nothing from anywhere.
"""

import fcntl
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator

HERE = Path(__file__).parent / "axe"


AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"


SCHEMES = ("light", "dark")


WIDTHS = (1280, 390)


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def options(*words: str) -> list[dict[str, Any]]:
    return [{"text": text(word), "value": word.lower()} for word in words]


def asked(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": kind,
        "optional": True,
        "label": text(kind.replace("_", " ").capitalize()),
        "hint": text("As you like it"),
        "element": {"type": kind, "action_id": kind, **more},
    }


#: One of every input.
FORM = {
    "type": "modal",
    "title": text("Everything"),
    "submit": text("Send"),
    "blocks": [
        asked("plain_text_input", multiline=True),
        asked("email_text_input"),
        asked("url_text_input"),
        asked("number_input", is_decimal_allowed=True),
        asked("static_select", options=options("Small", "Large")),
        asked("external_select", min_query_length=0),
        asked("users_select"),
        asked("conversations_select"),
        asked("multi_static_select", options=options("Bread", "Rice"), initial_options=options("Bread")),
        asked("multi_users_select", initial_users=["U0BOB"]),
        asked("checkboxes", options=options("Napkin", "Fork")),
        asked("radio_buttons", options=options("Cash", "Card")),
        asked("datepicker"),
        asked("timepicker"),
        asked("datetimepicker"),
        asked("rich_text_input"),
        asked("file_input"),
    ],
}


CARD: list[dict[str, Any]] = [
    {"type": "header", "text": text("Large stew")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*For* <@U0ALICE> `now`\n> <!here> ```code```"}},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "Asked <https://example.com|today>"}]},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "yes", "style": "primary", "text": text("Cook")},
            {"type": "button", "action_id": "no", "style": "danger", "text": text("Refuse")},
            {"type": "static_select", "action_id": "size", "placeholder": text("Size"), "options": options("S", "L")},
            {"type": "overflow", "action_id": "more", "options": options("Details")},
        ],
    },
]


PICTURE = {"image_url": "https://pictures.example/a/long/way/to/the/dining-room.png", "alt_text": "The dining room"}


#: Pictures from elsewhere at every place where one may stand, and a file that is not there.
PICTURES: list[dict[str, Any]] = [
    {"type": "image", "title": text("Last night"), **PICTURE},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Beside*"}, "accessory": {"type": "image", **PICTURE}},
    {"type": "context", "elements": [{"type": "image", **PICTURE}, {"type": "mrkdwn", "text": "in a context"}]},
    {"type": "image", "slack_file": {"id": "F0NOTHERE"}, "alt_text": "A lost picture"},
]


ATTACHMENTS: list[dict[str, Any]] = [
    {
        "color": "good",
        "pretext": "A *report*",
        "author_name": "Kitchen",
        "author_link": "https://kitchen.example/",
        "title": "Stew 7",
        "title_link": "https://kitchen.example/7",
        "text": "It was `good`",
        "fields": [{"title": name, "value": "<@U0BOB>", "short": True} for name in ("Cook", "Guest")],
        "thumb_url": PICTURE["image_url"],
        "footer": "Daily",
        "ts": 1_800_000_000,
    },
    {"color": "#888", "title": "Dead", "title_link": "kitchen://7", "image_url": PICTURE["image_url"]},
    {
        "blocks": [
            {**CARD[1], "accessory": {"type": "button", "action_id": "go", "text": text("Go"), "url": "kitchen://7"}}
        ]
    },
]


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, installed if it is not there; tests that run side by side wait for one another."""
    with (HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not AXE.is_file():
            npm = shutil.which("npm")
            if npm is None:
                pytest.fail("npm is not installed: scripts/system-packages lists what the tests need")
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=HERE, check=True, timeout=120, capture_output=True)
    return AXE.read_text(encoding="utf-8")


def shop(app: AsyncApp) -> None:
    """A form, its typeahead and an App Home."""

    @app.command("/form")
    async def open_form(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.options("external_select")
    async def offer(ack: Any) -> None:
        await ack(options=options("Mario", "Marie"))

    @app.action("go")
    async def go(ack: Any) -> None:
        await ack()

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        section = {**CARD[1], "accessory": {"type": "button", "action_id": "go", "text": text("Go")}}
        view = {"type": "home", "blocks": [CARD[0], section, {"type": "divider"}]}
        await client.views_publish(user_id=event["user"], view=view)


async def findings(page: Page, axe: str) -> list[str]:
    """Serious and critical ones, each with where it is."""
    await page.evaluate(axe)
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{one['impact']} {one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_nothing_serious_on_any_page(
    simulator: Simulator,
    bolt: AsyncApp,
    slack: AsyncWebClient,
    people: SimulatorClient,
    connect: Any,
    browser: Browser,
    axe: str,
    scheme: Any,
    width: int,
) -> None:
    """Channel, menus, thread, modal with every input, App Home, inspector, faults, attachments, pictures, a group."""
    shop(bolt)
    found: dict[str, list[str]] = {}
    async with connect(bolt, simulator):
        first = (await people.say("bob", "general", "Lunch, @alice?"))["ack"]["ts"]
        await people.say("gina", "general", "Yes", thread_ts=first)
        await slack.chat_postMessage(channel="C0GENERAL", text="An order", blocks=CARD)
        await slack.chat_postEphemeral(channel="C0GENERAL", user="U0ALICE", text="Only you: <!channel>")
        page = await browser.new_page(
            base_url=simulator.url,
            color_scheme=scheme,
            reduced_motion="reduce",
            viewport={"width": width, "height": 820},
            bypass_csp=True,
        )
        await page.goto("/?as=alice&channel=general")
        card = page.get_by_role("article").filter(has_text="Large stew")
        await expect(card).to_be_visible()
        found["channel"] = await findings(page, axe)
        await card.hover()
        await card.get_by_role("button", name="More actions").last.click()
        found["menu"] = await findings(page, axe)
        await page.keyboard.press("Escape")
        await card.get_by_role("button", name="More actions").first.click()
        await expect(page.get_by_role("menuitem", name="Details")).to_be_focused()
        found["overflow"] = await findings(page, axe)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="1 reply").click()
        await expect(page.get_by_role("complementary", name="Thread").get_by_text("Yes")).to_be_visible()
        found["thread"] = await findings(page, axe)
        await page.get_by_role("button", name="Close thread").click()
        for panel in ("Inspector", "Faults"):
            await page.get_by_role("button", name=panel).first.click()
            await expect(page.get_by_role("complementary", name=panel)).to_be_visible()
            found[panel] = await findings(page, axe)
            await page.get_by_role("button", name=f"Close {panel.lower()}").click()
        await page.get_by_role("textbox", name="Message", exact=True).fill("/form")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Everything")
        await expect(dialog).to_be_visible()
        found["modal"] = await findings(page, axe)
        await dialog.get_by_label("External select").focus()
        await expect(dialog.get_by_role("option", name="Mario")).to_be_visible()
        found["typeahead"] = await findings(page, axe)
        await people.close_view("alice", everything=True)
        await page.goto("/?as=alice&channel=home")
        await expect(page.get_by_role("heading", name="Large stew")).to_be_visible()
        found["home"] = await findings(page, axe)
        group: Any = (await slack.conversations_open(users=["U0ALICE", "U0BOB"]))["channel"]
        await slack.chat_postMessage(channel=group["id"], text="Pictures", blocks=PICTURES)
        await slack.chat_postMessage(channel=group["id"], text="Reports", attachments=ATTACHMENTS)
        await page.goto(f"/?as=alice&channel={group['id']}")
        await expect(page.get_by_role("link", name="Stew 7")).to_be_visible()
        await page.get_by_role("button", name="Go").click()
        await expect(page.get_by_role("button", name="Go")).not_to_have_attribute("aria-busy", "true")
        await expect(page.get_by_text("Slack would hand the address")).to_be_visible()
        found["attachments"] = await findings(page, axe)
        await page.get_by_role("group", name="Picture: A lost picture").scroll_into_view_if_needed()
        found["pictures"] = await findings(page, axe)
        await page.goto("/?as=dora&channel=general")
        await expect(card).to_be_visible()
        found["deactivated"] = await findings(page, axe)
    assert {where: problems for where, problems in found.items() if problems} == {}

"""A workspace, people who act in it, a small Bolt app in Bolt's usual shape, and a browser: Debian's Chromium."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.base.clock import Clock
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PEOPLE = (
    Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
    Person("bob", "U0BOB", "Bob Baker", "bob@example.com", is_admin=True),
    Person("gina", "U0GINA", "Gina Guest", "gina@example.com", is_restricted=True),
    Person("sam", "U0SAM", "Sam Stranger", "sam@elsewhere.example", is_stranger=True, team_id="T0ELSEWHERE"),
    Person("dora", "U0DORA", "Dora Departed", "dora@example.com", deleted=True),
)
CHANNELS = (
    Channel("general", "C0GENERAL", tuple(person.slack_id for person in PEOPLE)),
    Channel("secret", "C0SECRETS", ("U0ALICE",), is_private=True),
    Channel("elsewhere", "C0NOTHERE", ("U0ALICE",), has_bot=False),
    Channel("hidden", "C0HIDDEN", ("U0ALICE",), is_private=True, has_bot=False),
    Channel("partners", "C0PARTNER", ("U0ALICE", "U0SAM"), is_ext_shared=True),
)


@pytest.fixture
def clock() -> Clock:
    """The workspace's time. It stands still until the test pushes it, however long the machine takes."""
    return Clock(lambda: 1_800_000_000.0)


@pytest.fixture
async def simulator(clock: Clock) -> AsyncIterator[Simulator]:
    """A served workspace."""
    spec = WorkspaceSpec(people=PEOPLE, channels=CHANNELS, should_escape=True)
    async with serve(spec, clock=clock) as served:
        yield served


@pytest.fixture
async def people(simulator: Simulator) -> AsyncIterator[SimulatorClient]:
    """The people of the workspace."""
    async with SimulatorClient(simulator.url) as client:
        yield client


@pytest.fixture
async def slack(simulator: Simulator) -> AsyncWebClient:
    """The app's own Web API client."""
    client = AsyncWebClient(token=simulator.workspace.spec.bot_token, base_url=simulator.api_url)
    client.proxy = None
    return client


@pytest.fixture
def bolt(simulator: Simulator, slack: AsyncWebClient) -> AsyncApp:
    """An app with no listeners yet."""
    return AsyncApp(client=slack, signing_secret=simulator.workspace.spec.signing_secret)


@asynccontextmanager
async def connected(app: AsyncApp, simulator: Simulator, sockets: int = 1) -> AsyncIterator[None]:
    """The app, connected by that many sockets."""
    handlers = [
        AsyncSocketModeHandler(app, simulator.workspace.spec.app_token, ping_interval=2.0) for _ in range(sockets)
    ]
    for handler in handlers:
        handler.client.proxy = None
    try:
        async with asyncio.timeout(10):
            for handler in handlers:
                await handler.connect_async()
        yield
    finally:
        for handler in handlers:
            await handler.close_async()


@pytest.fixture
def connect() -> Any:
    """`async with connect(app, simulator, sockets=2): ...`."""
    return connected


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of its own for each test."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture
async def browser_page(simulator: Simulator, browser: Browser) -> AsyncIterator[Page]:
    """A page that fails the test on any script error or refused resource."""
    problems: list[str] = []
    page = await browser.new_page(base_url=simulator.url)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.set_default_timeout(15_000)
    yield page
    await page.close()
    assert problems == []

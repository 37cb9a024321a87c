"""One workspace and one kitchen, a Bolt app in a process of its own, for each client and each way to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from slack_simulator.base.clock import Clock
from slack_simulator.manifest.manifest import manifest_of
from slack_simulator.server import Channel, Person, WorkspaceSpec
from slack_simulator.testing import blocking, hosted

HERE = Path(__file__).parent
NODE = HERE / "node"
COMMANDS = ("/order", "/echo", "/shout", "/whisper", "/announce", "/broken", "/slow", "/recipe", "/later", "/who")
EVENTS = ("app_home_opened", "app_mention", "message.channels", "user_change")
SCOPES = (
    "app_mentions:read",
    "channels:history",
    "chat:write",
    "commands",
    "files:write",
    "reactions:write",
    "users:read",
)
PEOPLE = (
    Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
    Person("bob", "U0BOB", "Bob Baker", "bob@example.com"),
    Person("dora", "U0DORA", "Dora Departed", "dora@example.com"),
)


@dataclass(frozen=True)
class Client:
    """One Bolt, and the way by which payloads reach it."""

    name: str
    program: tuple[str, ...]
    is_http: bool

    def __str__(self) -> str:
        """The name of its tests."""
        return f"{self.name}-{'http' if self.is_http else 'socket'}"


PYTHON = sys.executable
CLIENTS = [
    Client(name, program, is_http)
    for name, program in {
        "async_python": (PYTHON, str(HERE / "apps" / "async_kitchen.py")),
        "sync_python": (PYTHON, str(HERE / "apps" / "sync_kitchen.py")),
        "node": ("node", str(NODE / "kitchen.js")),
    }.items()
    for is_http in (False, True)
]


@pytest.fixture(scope="session")
def node_modules() -> None:
    """@slack/bolt as its lock names it; installed once, and again when the lock is newer."""
    lock, installed = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        installed.touch()


@pytest.fixture(scope="module", params=CLIENTS, ids=str)
def client(request: pytest.FixtureRequest) -> Client:
    """Each client by each way, with what it needs."""
    chosen: Client = request.param
    if chosen.name == "node":
        request.getfixturevalue("node_modules")
    return chosen


@pytest.fixture(scope="module")
def kitchen(client: Client) -> Iterator[blocking.Workspace]:
    """A workspace with the kitchen installed and connected."""
    with _opened(client) as workspace:
        yield workspace


@pytest.fixture
def fresh_kitchen(client: Client) -> Iterator[blocking.Workspace]:
    """Another one, in which nothing has happened yet."""
    with _opened(client) as workspace:
        yield workspace


@contextmanager
def _opened(client: Client) -> Generator[blocking.Workspace]:
    port = _free_port() if client.is_http else None
    now = time.time()
    # Three seconds pass when a test says so, and not because the machine is busy.
    with hosted(_spec(port), Clock(lambda: now)) as hosting:
        workspace = blocking.Workspace(hosting)
        with _running(client, workspace, port):
            yield workspace


@pytest.fixture(scope="module")
def tables(kitchen: blocking.Workspace) -> Iterator[Channel]:
    """The channels of this kitchen that no test has used yet."""
    return iter(kitchen.spec.channels[1:])


@pytest.fixture
def channel(kitchen: blocking.Workspace, tables: Iterator[Channel]) -> blocking.Channel:
    """A channel that no other test of this kitchen uses; everybody goes there first."""
    name = next(tables).name
    for person in PEOPLE:
        kitchen.user(person.name).opens(name)
    return kitchen.channel(name)


def _spec(port: int | None) -> WorkspaceSpec:
    everyone = tuple(person.slack_id for person in PEOPLE)
    tables = (Channel(f"table-{number}", f"C0TABLE{number:02}", everyone) for number in range(40))
    channels = (Channel("general", "C0GENERAL", everyone), *tables)
    return WorkspaceSpec(people=PEOPLE, channels=channels, manifest=manifest_of(_manifest(port)))


def _manifest(port: int | None) -> dict[str, Any]:
    """The kitchen's app manifest, as Slack takes it."""
    url = {} if port is None else {"request_url": f"http://127.0.0.1:{port}/slack/events"}
    commands = [
        {"command": command, "description": "For the kitchen"} | ({"url": url["request_url"]} if url else {})
        for command in COMMANDS
    ]
    shortcuts = [
        {"name": "New order", "callback_id": "new_order", "type": "global", "description": "Order something"},
        {"name": "Cook this", "callback_id": "cook_this", "type": "message", "description": "Take it as an order"},
    ]
    menus = {"message_menu_options_url": url["request_url"]} if url else {}
    return {
        "display_information": {"name": "Kitchen"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "kitchen"},
            "shortcuts": shortcuts,
            "slash_commands": commands,
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)} | url,
            "interactivity": {"is_enabled": True} | url | menus,
            "socket_mode_enabled": port is None,
        },
    }


@contextmanager
def _running(client: Client, workspace: blocking.Workspace, port: int | None) -> Generator[None]:
    """The app's process, once it takes payloads. What it printed is shown with a failed test."""
    spec = workspace.spec
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": spec.bot_token,
        "SLACK_APP_TOKEN": spec.app_token,
        "SLACK_SIGNING_SECRET": spec.signing_secret,
    }
    way = ["socket"] if port is None else ["http", str(port)]
    with TemporaryFile("w+") as said:
        process = subprocess.Popen([*client.program, *way], env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            if port is None:
                workspace.waits_for_app(timeout_s=30)
            else:
                _wait_for_port(process, port)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            said.seek(0)
            print(f"--- {client} said:\n{said.read()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_port(process: "subprocess.Popen[bytes] | subprocess.Popen[str]", port: int) -> None:
    """Return once something listens there; an app that ended never will."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the app does not listen for payloads")

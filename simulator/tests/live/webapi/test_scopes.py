"""With a manifest, each method needs its scope, and the refusal says which one and what there is."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from slack_simulator.manifest.manifest import Manifest
from slack_simulator.server import Channel, Person, Simulator, WorkspaceSpec, serve
from slack_simulator.webapi.scopes import METHOD_SCOPES
from slack_simulator.workspace.conversations import Conversations

PEOPLE = (
    Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
    Person("bob", "U0BOB", "Bob Baker", "bob@example.com"),
)


CHANNELS = (
    Channel("general", "C0GENERAL", ("U0ALICE", "U0BOB")),
    Channel("secret", "C0SECRETS", ("U0ALICE",), is_private=True),
    Channel("elsewhere", "C0NOTHERE", ("U0ALICE",), has_bot=False),
)


DIRECT = Conversations.direct_message_id("U0ALICE", "U0SIMBOT")


READ = "channels:read,groups:read,mpim:read,im:read"


WRITE = "channels:manage,groups:write,mpim:write,im:write"


@asynccontextmanager
async def served(*granted: str, events: tuple[str, ...] = ()) -> AsyncGenerator[Simulator]:
    """A workspace whose app has these scopes and no others."""
    manifest = Manifest(bot_scopes=frozenset(granted), events=events, has_home_tab=True)
    async with serve(WorkspaceSpec(people=PEOPLE, channels=CHANNELS, manifest=manifest)) as simulator:
        yield simulator


async def called(simulator: Simulator, method: str, /, token: str | None = None, **arguments: Any) -> tuple[Any, Any]:
    """The answer and its headers, to a form: what every method takes."""
    headers = {"Authorization": f"Bearer {token or simulator.workspace.spec.bot_token}"}
    form = {name: one if isinstance(one, str) else json.dumps(one) for name, one in arguments.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.post(simulator.api_url + method, data=form, headers=headers) as response,
    ):
        return await response.json(), response.headers


MISSING: list[tuple[str, dict[str, Any], tuple[str, ...], str]] = [
    ("chat.postMessage", {"channel": "C0GENERAL", "text": "x"}, ("users:read",), "chat:write"),
    ("chat.update", {}, (), "chat:write"),
    ("chat.delete", {}, (), "chat:write"),
    ("chat.postEphemeral", {}, (), "chat:write"),
    ("users.info", {"user": "U0ALICE"}, ("chat:write",), "users:read"),
    ("users.list", {}, (), "users:read"),
    ("users.lookupByEmail", {"email": "alice@example.com"}, ("users:read",), "users:read.email"),
    ("reactions.add", {}, ("reactions:read",), "reactions:write"),
    ("conversations.join", {"channel": "C0NOTHERE"}, ("channels:read",), "channels:join"),
    ("conversations.info", {"channel": "C0GENERAL"}, ("chat:write",), READ),
    ("conversations.info", {"channel": "C0GENERAL"}, ("groups:read",), "channels:read"),
    ("conversations.info", {"channel": "C0SECRETS"}, ("channels:read",), "groups:read"),
    ("conversations.info", {"channel": DIRECT}, ("channels:read",), "im:read"),
    ("conversations.members", {"channel": "C0SECRETS"}, ("channels:read",), "groups:read"),
    ("conversations.list", {}, (), READ),
    ("conversations.list", {}, ("groups:read",), "channels:read"),
    ("conversations.list", {"types": "public_channel,im"}, ("channels:read",), "im:read"),
    ("conversations.open", {"users": "U0ALICE"}, ("chat:write",), WRITE),
    ("conversations.open", {"users": "U0ALICE"}, ("mpim:write",), "im:write"),
    ("conversations.open", {"users": "U0ALICE,U0BOB"}, ("im:write",), "mpim:write"),
]


@pytest.mark.parametrize(("method", "arguments", "granted", "needed"), MISSING)
async def test_a_missing_scope_is_named(
    method: str, arguments: dict[str, Any], granted: tuple[str, ...], needed: str
) -> None:
    """The answer has both lists, and so have the headers."""
    async with served(*granted) as simulator:
        simulator.workspace.direct_message_with_bot("U0ALICE")
        answer, headers = await called(simulator, method, **arguments)
        provided = ",".join(sorted(granted))
        assert answer == {"ok": False, "error": "missing_scope", "needed": needed, "provided": provided}
        assert headers["X-OAuth-Scopes"] == provided
        assert headers["X-Accepted-OAuth-Scopes"] == ",".join(METHOD_SCOPES[method])


ENOUGH: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("auth.test", {}, ()),
    ("chat.postMessage", {"channel": "C0GENERAL", "text": "x"}, ("chat:write",)),
    ("chat.postMessage", {"channel": "U0ALICE", "text": "x"}, ("chat:write",)),
    ("chat.postMessage", {"channel": "C0NOTHERE", "text": "x"}, ("chat:write", "chat:write.public")),
    ("conversations.info", {"channel": "C0SECRETS"}, ("groups:read",)),
    ("conversations.list", {"types": "private_channel"}, ("groups:read",)),
    ("conversations.members", {"channel": "C0GENERAL"}, ("channels:read",)),
    ("conversations.open", {"users": "U0ALICE"}, ("im:write",)),
    ("users.lookupByEmail", {"email": "alice@example.com"}, ("users:read.email",)),
    ("views.publish", {"user_id": "U0ALICE", "view": {"type": "home", "blocks": []}}, ()),
]


@pytest.mark.parametrize(("method", "arguments", "granted"), ENOUGH)
async def test_the_scope_alone_is_enough(method: str, arguments: dict[str, Any], granted: tuple[str, ...]) -> None:
    """Nothing more is asked for than Slack asks for."""
    async with served(*granted) as simulator:
        answer, _ = await called(simulator, method, **arguments)
        assert answer["ok"], answer


async def test_posting_where_the_app_is_not_needs_its_own_scope() -> None:
    """Without chat:write.public it is not_in_channel."""
    async with served("chat:write") as simulator:
        answer, _ = await called(simulator, "chat.postMessage", channel="C0NOTHERE", text="x")
        assert answer["error"] == "not_in_channel"


@pytest.mark.parametrize("granted", [("users:read",), ("users:read", "users:read.email")])
async def test_e_mail_is_shown_only_to_whom_may_read_it(granted: tuple[str, ...]) -> None:
    """users.info and users.list leave it out without a word."""
    async with served(*granted) as simulator:
        alone, _ = await called(simulator, "users.info", user="U0ALICE")
        together, _ = await called(simulator, "users.list")
        for user in (alone["user"], together["members"][0]):
            assert ("email" in user["profile"]) == ("users:read.email" in granted)


async def test_the_app_token_has_no_scopes_of_the_manifest() -> None:
    """It opens connections, and each token is refused at the other's methods."""
    async with served() as simulator:
        spec = simulator.workspace.spec
        opened, headers = await called(simulator, "apps.connections.open", spec.app_token)
        assert opened["ok"]
        assert headers["X-OAuth-Scopes"] == "connections:write"
        for method, token in (("apps.connections.open", spec.bot_token), ("users.info", spec.app_token)):
            answer, headers = await called(simulator, method, token)
            assert answer == {"ok": False, "error": "not_allowed_token_type"}
            assert "X-OAuth-Scopes" not in headers


async def test_without_a_manifest_everything_is_granted() -> None:
    """The headers say so too."""
    async with serve(WorkspaceSpec(people=PEOPLE, channels=CHANNELS)) as simulator:
        answer, headers = await called(simulator, "users.info", user="U0ALICE")
        assert answer["user"]["profile"]["email"] == "alice@example.com"
        assert set(headers["X-OAuth-Scopes"].split(",")) >= {"users:read", "users:read.email", "chat:write"}

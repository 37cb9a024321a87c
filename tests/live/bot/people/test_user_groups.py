"""A group of the policy that a Slack user group fills: its members ask and review as long as they are in it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import yaml

from access.context import Access
from access.identity.adoption import adopt
from access.in_force import policy_in_force
from bot.people import user_groups
from slack_simulator.server import Simulator, WorkspaceSpec, serve
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.dispatch import BOT_METHODS
from slack_simulator.webapi.errors import SlackError
from slack_simulator.workspace.spec import UserGroup
from support.bot.stage import CHANNELS, PEOPLE, Stage, manifest, policy_document

ONCALL = "S0ONCALL"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    group = UserGroup("oncall", ONCALL, ("U0BOB", "U0NORA"))
    async with serve(
        WorkspaceSpec(people=PEOPLE, channels=CHANNELS, usergroups=(group,), manifest=manifest())
    ) as served:
        yield served


@pytest.fixture
async def access(access: Access, monkeypatch: pytest.MonkeyPatch) -> Access:
    monkeypatch.setattr(user_groups, "LOOK_S", 0.1)
    monkeypatch.setattr(user_groups, "PAUSE_S", 0.05)
    document: dict[str, Any] = policy_document()
    document["groups"]["oncall"] = {"slack": ONCALL}
    access.policies.path.write_text(yaml.safe_dump(document, sort_keys=False))
    access.policies.reload()
    await adopt(access)
    return access


async def oncall(stage: Stage) -> set[str]:
    async with stage.access.database.transaction() as transaction:
        policy = await policy_in_force(stage.access, transaction)
    assert policy is not None
    return set(policy.members(["oncall"]))


async def becomes(stage: Stage, wanted: set[str]) -> None:
    async with asyncio.timeout(20):
        while await oncall(stage) != wanted:
            await asyncio.sleep(0.02)


async def test_members_whom_gatepass_knows_review(stage: Stage) -> None:
    """nora is in it too, and is nobody here."""
    await becomes(stage, {"bob"})
    await stage.slack.command("alice", "incidents", "/access payments-db read 15m")
    card = await stage.card("@alice asks for payments-db")
    assert "@bob" in card["plain"]


async def test_who_is_taken_out_reviews_no_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await becomes(stage, {"bob"})

    def now_others(_: Call) -> dict[str, Any]:
        return {"users": ["U0CAROL"]}

    monkeypatch.setitem(BOT_METHODS, "usergroups.users.list", now_others)  # pyright: ignore[reportArgumentType]
    await becomes(stage, {"carol"})


@pytest.mark.parametrize(("error", "left"), [("no_such_subteam", set[str]()), ("internal_error", {"bob"})])
async def test_a_group_that_is_gone_is_empty_and_a_slack_that_fails_changes_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: str, left: set[str]
) -> None:
    await becomes(stage, {"bob"})
    asked = asyncio.Event()

    def fails(_: Call) -> dict[str, Any]:
        if calls:
            asked.set()
        calls.append(error)
        raise SlackError(error)

    calls: list[str] = []
    monkeypatch.setitem(BOT_METHODS, "usergroups.users.list", fails)  # pyright: ignore[reportArgumentType]
    async with asyncio.timeout(20):
        await asked.wait()
    await becomes(stage, left)

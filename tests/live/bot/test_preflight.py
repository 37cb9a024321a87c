"""A bot that cannot work says which token or address is wrong, and does not try for ever."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app import Bot
from bot.slack.client import BotUnavailable
from storage.model import Identity
from support.bot.stage import Stage


async def refused(stage: Stage, **changes: Any) -> str:
    bot = Bot(stage.access, stage.notices, replace(stage.settings, **changes))
    with pytest.raises(BotUnavailable) as told:
        async with asyncio.timeout(15):
            await bot.preflight()
    return str(told.value)


async def test_a_wrong_bot_token(idle_stage: Stage) -> None:
    said = await refused(idle_stage, bot_token=SecretStr("xoxb-simulator-wrong"))
    assert "bot token (xoxb-…): invalid_auth" in said
    assert "simulator-wrong" not in said


async def test_a_wrong_app_token(idle_stage: Stage) -> None:
    said = await refused(idle_stage, app_token=SecretStr("xapp-simulator-wrong"))
    assert "app token (xapp-…, with connections:write): invalid_auth" in said


async def test_a_limit_of_slacks_is_waited_out(idle_stage: Stage) -> None:
    await idle_stage.slack.add_fault("api_ratelimited", method="apps.connections.open", retry_after_s=1, times=1)
    bot = Bot(idle_stage.access, idle_stage.notices, idle_stage.settings)
    await bot.preflight()
    await bot.close()


async def test_a_limit_that_stays_is_no_wrong_token(idle_stage: Stage) -> None:
    await idle_stage.slack.add_fault("api_ratelimited", method="apps.connections.open", retry_after_s=0)
    said = await refused(idle_stage)
    assert "Slack did not check the app token (xapp-…, with connections:write): ratelimited." in said


async def test_an_address_where_nobody_answers(idle_stage: Stage) -> None:
    assert "cannot be reached" in await refused(idle_stage, api_base_url="http://127.0.0.1:1/api/")


async def test_another_workspace_than_the_policys(idle_stage: Stage) -> None:
    path = idle_stage.access.policies.path
    path.write_text(path.read_text() + "\nslack: {team: T0OTHER}\n")
    idle_stage.access.policies.reload()
    assert "T0OTHER" in await refused(idle_stage)


async def test_a_proxy_of_the_environment_is_not_taken(idle_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    bot = Bot(idle_stage.access, idle_stage.notices, idle_stage.settings)
    task = asyncio.create_task(bot.run())
    await idle_stage.slack.wait_for_app(2)
    await idle_stage.slack.command("alice", "incidents", "/access help")
    await idle_stage.told("alice", "Durations read like")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_people_are_linked_to_the_workspace(idle_stage: Stage) -> None:
    bot = Bot(idle_stage.access, idle_stage.notices, idle_stage.settings)
    installation = await bot.preflight()
    await bot.close()
    assert installation.bot_user_id == "U0SIMBOT"
    identities = await idle_stage.rows(Identity)
    assert {(one.issuer, one.subject) for one in identities} >= {("T0SIMULATE", "U0ALICE"), ("T0SIMULATE", "U0BOB")}


async def test_the_environment_says_where_slack_is(idle_stage: Stage, dsn: str, tmp_path: Path) -> None:
    """SLACK_API_BASE_URL, read by the whole program; a proxy of the environment does not come between."""
    stage = idle_stage
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "DATABASE_URL": dsn,
        "GATEPASS_HOME": str(tmp_path / "home"),
        "GATEPASS_CONFIG": str(stage.access.policies.path),
        "SLACK_BOT_TOKEN": stage.settings.bot_token.get_secret_value(),
        "SLACK_APP_TOKEN": stage.settings.app_token.get_secret_value(),
        "SLACK_API_BASE_URL": stage.simulator.api_url,
    }
    command = [str(Path(sys.executable).with_name("gatepass")), "serve", "--only", "bot"]
    log = tmp_path / "log"
    with log.open("wb") as said:
        program = await asyncio.create_subprocess_exec(*command, env=environment, stdout=said, stderr=said)
    try:
        await stage.slack.wait_for_app(2)
        await stage.slack.command("alice", "incidents", "/access help")
        await stage.told("alice", "Durations read like")
    finally:
        program.terminate()
        assert await program.wait() == 0, log.read_text()

"""The unmodified bot in a simulated workspace, on a real PostgreSQL, with the people whom a policy names."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from access.context import Access
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from bot.app import Bot
from bot.settings import BotSettings
from slack_simulator.client import SimulatorClient
from slack_simulator.server import Simulator, WorkspaceSpec, serve
from storage.database import Database
from storage.notices import Notices
from support.bot.stage import ADDRESSES, CHANNELS, PEOPLE, RunBot, Stage, manifest, policy_document, running


@pytest.fixture
async def access(database: Database, tmp_path: Path) -> Access:
    """The rules with a policy adopted; card numbers of sixteen digits are redacted."""
    path = tmp_path / "gatepass.yml"
    path.write_text(yaml.safe_dump(policy_document(), sort_keys=False))
    made = Access(
        database=database,
        policies=PolicyFile(path),
        redact=lambda typed: typed.replace("4111111111111111", "[card]"),
        keys=TokenKeys(tmp_path / "keys"),
    )
    await adopt(made)
    return made


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """The workspace, before any bot."""
    spec = WorkspaceSpec(people=PEOPLE, channels=CHANNELS, manifest=manifest())
    async with serve(spec) as served:
        yield served


@pytest.fixture
async def idle_stage(access: Access, simulator: Simulator) -> AsyncIterator[Stage]:
    """Everything but the bot."""
    spec = simulator.workspace.spec
    settings = BotSettings(
        bot_token=SecretStr(spec.bot_token),
        app_token=SecretStr(spec.app_token),
        addresses=ADDRESSES,
        api_base_url=simulator.api_url,
    )
    notices = Notices(access.database)
    listening = asyncio.create_task(notices.run())
    async with SimulatorClient(simulator.url) as slack:
        yield Stage(access, simulator, slack, notices, settings)
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


@pytest.fixture
async def stage(idle_stage: Stage) -> AsyncIterator[Stage]:
    """Everything, the bot included."""
    bot = Bot(idle_stage.access, idle_stage.notices, idle_stage.settings)
    async with running(bot, idle_stage.slack):
        yield idle_stage


@pytest.fixture
def run_bot() -> RunBot:
    """`async with run_bot(bot, slack): ...`."""
    return running

"""A provider that provisions people, by the pages of one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from storage.database import Database
from support.web.provisioning import Provisioner
from support.web.stage import PagesStage, document, pages_stage


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[PagesStage]:
    token = tmp_path / "token"
    token.write_text("scim-token-of-the-tests-0123456789\n")
    token.chmod(0o600)
    async with pages_stage(database, tmp_path, home=tmp_path) as served:
        policy = document(served.provider.issuer)
        policy["providers"]["corp"]["scim"] = {"token": f"file:{token}"}
        policy["groups"]["oncall"] = {"provider": "corp", "value": "db-oncall"}
        policy["policy"][0]["who"] = ["engineers", "oncall"]
        await served.world.write(policy)
        yield served


@pytest.fixture
async def corp(stage: PagesStage) -> AsyncIterator[Provisioner]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Provisioner(session, f"{stage.url}/scim/v2/corp", "scim-token-of-the-tests-0123456789")

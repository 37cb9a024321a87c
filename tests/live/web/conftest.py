"""The pages, served for one test, and a browser to look at them with."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser

from storage.database import Database
from support.web.browsers import chromium
from support.web.stage import PagesStage, pages_stage
from support.web.visitor import Visitor


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[PagesStage]:
    async with pages_stage(database, tmp_path, home=tmp_path) as served:
        yield served


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def visitor(stage: PagesStage) -> AsyncIterator[Visitor]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Visitor(stage, session)

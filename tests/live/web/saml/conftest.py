"""The pages with a SAML provider, served for one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from support.web.saml_stage import SamlStage, SamlVisitor, saml_stage, saml_visitor


@pytest.fixture
async def saml(database: Database, tmp_path: Path) -> AsyncIterator[SamlStage]:
    async with saml_stage(database, tmp_path) as served:
        yield served


@pytest.fixture
async def guest(saml: SamlStage) -> AsyncIterator[SamlVisitor]:
    async with saml_visitor(saml) as visitor:
        yield visitor

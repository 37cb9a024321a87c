"""A policy with people, adopted into a fresh database, for the rules to be tried on."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from access.context import Access
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from storage.database import Database
from storage.model import (
    Principal,
)
from support.access import World
from support.policies import policy_document


@pytest.fixture
def document() -> dict[str, Any]:
    return policy_document()


@pytest.fixture
async def world(database: Database, tmp_path: Path, document: dict[str, Any]) -> World:
    path = tmp_path / "gatepass.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    access = Access(
        database=database,
        policies=PolicyFile(path),
        redact=lambda typed: re.sub(r"[0-9]{16}", "[pan]", typed),
        keys=TokenKeys(tmp_path / "keys"),
    )
    await adopt(access)
    async with database.transaction() as transaction:
        people = {person.name: person for person in (await transaction.scalars(select(Principal))).all()}
    return World(access, people)

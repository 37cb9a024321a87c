"""A gateway on a real database, a policy with a database and a host, and grants that were really asked for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.decisions import requests
from access.decisions.request_reviews import review_request
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.sessions.gateway import Gateway
from proxy.sessions.instance import registered
from storage.database import Database
from storage.model import Grant, Principal, ReviewDecision
from storage.notices import Notices
from support.children import PATIENCE_S, Children
from support.policies import HOST_KEY
from support.proxy import Granted, Grants, WritePolicy

POLICY: dict[str, Any] = {
    "version": 1,
    "resources": {
        "db": {
            "type": "postgres",
            "upstream": {"host": "127.0.0.1", "port": 5432, "database": "payments", "tls": "disable"},
            "roles": {
                "read": {"username": "app_read", "password": "env:NOT_SET"},
                "admin": {
                    "username": "app_owner",
                    "password": "env:NOT_SET",
                    "statements": [
                        {"name": "no-copy", "match": ["copy_program"], "verdict": "deny", "message": "Never here."},
                        {"name": "ddl", "match": ["ddl"], "verdict": "review", "reviewers": ["reviewers"]},
                    ],
                },
            },
        },
        "host": {
            "type": "ssh",
            "upstream": {"host": "127.0.0.1", "port": 22, "host_key": HOST_KEY},
            "roles": {"deploy": {"username": "deploy", "password": "env:NOT_SET"}},
        },
    },
    "people": {"alice": {"slack": "U0ALICE"}, "bob": {"slack": "U0BOB"}},
    "groups": {"reviewers": ["bob"]},
    "policy": [
        {
            "name": "everything",
            "who": ["alice"],
            "resources": ["*"],
            "roles": ["*"],
            "decision": "reviewed",
            "reviewers": ["reviewers"],
            "channel": "C0INCIDENTS",
        }
    ],
}


@pytest.fixture
def write_policy(tmp_path: Path) -> WritePolicy:
    """Write a policy file; returns its path."""

    def write(policy: dict[str, Any]) -> Path:
        path = tmp_path / "gatepass.yml"
        path.write_text(yaml.safe_dump(policy))
        return path

    return write


@pytest.fixture
async def access(database: Database, tmp_path: Path, write_policy: WritePolicy) -> Access:
    """The rules, with POLICY adopted."""
    made = Access(
        database=database,
        policies=PolicyFile(write_policy(POLICY)),
        redact=Masker(DEFAULT_RULES).redact,
        keys=TokenKeys(tmp_path / "keys"),
    )
    await adopt(made)
    return made


@pytest.fixture
async def gateway(access: Access, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A registered gateway whose sessions are watched."""
    opened = Gateway(access, tmp_path / "recordings")
    notices = Notices(access.database)
    works = (notices.run(), opened.watch(notices), opened.keep_books(), opened.logins.follow(notices))
    tasks = [asyncio.create_task(work) for work in works]
    try:
        async with registered(access.database) as (instance_id, _):
            opened.instance_id = instance_id
            yield opened
            # An end that is still being written has a connection, which would be left open in the loop.
            async with asyncio.timeout(PATIENCE_S):
                await opened.live.empty.wait()
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def granted(access: Access) -> Grants:
    """`await granted("db", "read", duration_s=60)`: alice asks, bob approves; returns the grant and a token."""

    async def grant(resource: str, role: str, *, duration_s: int = 900) -> Granted:
        async with access.database.transaction() as transaction:
            people = {each.name: each for each in (await transaction.scalars(select(Principal))).all()}
        request = await requests.submit(access, people["alice"], requests.Ask(resource, role, duration_s))
        await review_request(access, request.id, people["bob"], ReviewDecision.APPROVE, "")
        async with access.database.transaction() as transaction:
            made = (await transaction.scalars(select(Grant).where(col(Grant.request_id) == request.id))).one()
        return Granted(made, access.keys.issue(grant=made, principal=people["alice"]))

    return grant


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    """Client programs; those that the test leaves are ended after it."""
    started = Children()
    yield started
    await started.end()

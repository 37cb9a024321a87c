"""A database whose roles are made for each session by an account that may do little else, and a log that names them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from access.context import Access
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from cli.demo.ports import free_port
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.ephemeral.sweeper import Sweeper
from proxy.sessions.gateway import Gateway
from storage.database import Database
from storage.embedded.cluster import Cluster
from support.postgres import Target
from support.sql.ephemeral import ADMIN, CARD, CODE, DENIED, SQL, Made

ADMIN_PASSWORD = "makes-roles-1"


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A real PostgreSQL that logs every statement with who sent it."""
    port = free_port()
    options = (
        f"-p {port}",
        "-c listen_addresses=127.0.0.1",
        "-c fsync=off",
        "-c max_prepared_transactions=4",
        "-c log_statement=all",
        "-c log_connections=on",
        "-c log_line_prefix=[%u/%a]",
    )
    cluster = Cluster(tmp_path_factory.mktemp("ephemeral-target"), options=options)
    cluster.prepare()
    cluster.create()
    cluster.start()
    made = Target("127.0.0.1", port, cluster)
    try:
        asyncio.run(_fill(made))
        yield made
    finally:
        cluster.stop()


async def _fill(target: Target) -> None:
    superuser = await target.connect("postgres")
    await superuser.execute(f"CREATE ROLE {ADMIN} LOGIN CREATEROLE PASSWORD '{ADMIN_PASSWORD}'")
    await superuser.execute(SQL["roles"])
    await superuser.execute("CREATE DATABASE payments OWNER app_owner")
    await superuser.close()
    owner = await target.connect()
    await owner.execute(SQL["tables"])
    await owner.execute("INSERT INTO cards (holder, number, cvv) VALUES ('Ada', $1, $2)", CARD, CODE)
    await owner.close()


@pytest.fixture(autouse=True)
def sweeps_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listener's own sweeper waits: a test says when one sweeps. The journey of a killed proxy has it run."""

    async def wait(_: Sweeper) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Sweeper, "run", wait)


@pytest.fixture
def masking() -> list[dict[str, Any]]:
    """No column is denied; tests that deny some give DENIED."""
    return []


@pytest.fixture
def columns_denied(masking: list[dict[str, Any]]) -> None:
    masking.extend(DENIED)


@pytest.fixture
def roles() -> dict[str, dict[str, Any]]:
    """Ephemeral roles by their templates; tests add to them."""
    templates = {"read": "app_read", "write": "app_write", "missing": "app_missing", "odd": 'app "ödd" role'}
    return {name: {"credential": "ephemeral", "template": template} for name, template in templates.items()}


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    admin = {"username": ADMIN, "password": "env:ROLES_PASSWORD"}
    return {"host": target.host, "port": target.port, "database": "payments", "tls": "disable", "role_admin": admin}


@pytest.fixture
async def access(
    database: Database,
    tmp_path: Path,
    place: dict[str, Any],
    roles: dict[str, dict[str, Any]],
    masking: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Access:
    monkeypatch.setenv("ROLES_PASSWORD", ADMIN_PASSWORD)
    everything = {"name": "everything", "who": ["alice"], "resources": ["*"], "roles": ["*"]}
    policy = {
        "version": 1,
        "resources": {"db": {"type": "postgres", "upstream": place, "roles": roles}},
        "people": {"alice": {"slack": "U0ALICE"}, "bob": {"slack": "U0BOB"}},
        "groups": {"reviewers": ["bob"]},
        "policy": [{**everything, "decision": "reviewed", "reviewers": ["reviewers"], "channel": "C0INCIDENTS"}],
        "masking": masking,
    }
    path = tmp_path / "gatepass.yml"
    path.write_text(yaml.safe_dump(policy, allow_unicode=True))
    made = Access(
        database=database,
        policies=PolicyFile(path),
        redact=Masker(DEFAULT_RULES).redact,
        keys=TokenKeys(tmp_path / "keys"),
    )
    await adopt(made)
    return made


@pytest.fixture
async def made(target: Target, access: Access, gateway: Gateway) -> AsyncIterator[Made]:
    """The server as its owner sees it, and the sweeper; whatever a test leaves behind is dropped after it."""
    superuser = await target.connect()
    seen = Made(superuser, target, access, Sweeper(gateway))
    yield seen
    await seen.clear()
    await superuser.close()

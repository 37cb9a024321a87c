"""The gateway as it is served: storage, a policy whose every role is granted, and `gatepass serve` in front."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.decisions import requests
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from cli.demo.ports import free_port
from proxy.masking.rules import DEFAULT_RULES, Masker
from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from storage.model import Grant, Principal


@dataclass(frozen=True)
class Gateway:
    """One `gatepass serve --only proxy` that runs: its process and its doors' ports."""

    pid: int
    ssh_port: int
    postgres_port: int

    def resident_mb(self) -> float:
        """Memory of the process, shared pages included, in MB (proc(5), VmRSS)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024


@dataclass(frozen=True)
class Served:
    """Gateways before one storage, and a token for each `ROLE@RESOURCE`."""

    gateways: Sequence[Gateway]
    tokens: dict[str, str]


@contextlib.contextmanager
def serving(folder: Path, policy: dict[str, Any], *, workers: Sequence[int] = (1,)) -> Generator[Served]:
    """Run a gateway with so many workers, or several; they share `folder` for storage, keys and recordings."""
    (folder / "gatepass.yml").write_text(yaml.safe_dump(policy))
    with Embedded(folder / "storage") as embedded, contextlib.ExitStack() as running:
        tokens = asyncio.run(_tokens(folder, embedded.dsn))
        yield Served([running.enter_context(gateway(folder, embedded.dsn, count)) for count in workers], tokens)


@contextlib.contextmanager
def gateway(folder: Path, dsn: str, workers: int = 1) -> Generator[Gateway]:
    """One gateway on free ports; ready when this yields."""
    ssh_port, postgres_port = free_port(), free_port()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "DATABASE_URL": dsn,
        "GATEPASS_HOME": str(folder),
        "GATEPASS_CONFIG": str(folder / "gatepass.yml"),
        "GATEPASS_SSH_LISTEN": f"127.0.0.1:{ssh_port}",
        "GATEPASS_POSTGRES_LISTEN": f"127.0.0.1:{postgres_port}",
        "GATEPASS_KUBERNETES_LISTEN": f"127.0.0.1:{free_port()}",
    }
    said = folder / f"gateway-{ssh_port}.log"
    program = Path(sys.executable).with_name("gatepass")
    with said.open("wb") as log:
        # In a session of its own: Linux shares processors between sessions (sched(7), autogroup), and what is measured
        # must not be one of two hundred that share with their clients.
        process = subprocess.Popen(
            [program, "serve", "--only", "proxy", "--workers", str(workers)],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while said.read_bytes().count(b"proxy_registered") < workers:
            if process.poll() is not None:
                raise RuntimeError(said.read_text())
            time.sleep(0.1)
        yield Gateway(process.pid, ssh_port, postgres_port)
    finally:
        process.terminate()
        process.wait()


def everything_at_once(resources: dict[str, Any]) -> dict[str, Any]:
    """A policy that grants alice every role of these resources automatically."""
    rule = {"name": "all", "who": ["alice"], "resources": ["*"], "roles": ["*"], "decision": "automatic"}
    return {
        "version": 1,
        "resources": resources,
        "people": {"alice": {"slack": "U0ALICE"}},
        "policy": [{**rule, "maximum_duration": "2h"}],
    }


async def _tokens(folder: Path, dsn: str) -> dict[str, str]:
    await migrate(dsn)
    database = Database(dsn)
    keys = TokenKeys(folder / "keys")
    access = Access(database, PolicyFile(folder / "gatepass.yml"), Masker(DEFAULT_RULES).redact, keys)
    await adopt(access)
    tokens = {
        f"{role}@{name}": (await granted(access, name, role))[1]
        for name, resource in access.policies.current.resources.items()
        for role in resource.roles
    }
    await database.close()
    return tokens


async def granted(access: Access, resource: str, role: str) -> tuple[Grant, str]:
    """A grant of the role, and its token."""
    async with access.database.transaction() as transaction:
        alice = (await transaction.scalars(select(Principal))).one()
    request = await requests.submit(access, alice, requests.Ask(resource, role, 3600, time.ctime()))
    async with access.database.transaction() as transaction:
        grant = (await transaction.scalars(select(Grant).where(col(Grant.request_id) == request.id))).one()
    return grant, access.keys.issue(grant=grant, principal=alice)

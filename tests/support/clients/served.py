"""`gatepass serve` as it ships, in a process of its own, and a token for each role that its policy names."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
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
from support.children import PATIENCE_S

#: Longer than any run of the matrix.
_GRANT_S = 7200


@dataclass(frozen=True)
class Served:
    """A gateway that runs, and the key to each of its doors."""

    ssh_port: int
    postgres_port: int
    kubernetes_port: int
    folder: Path
    #: "role@resource" -> token
    tokens: dict[str, str]
    log: Path

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca" / "ca.pem"

    @property
    def host_key(self) -> str:
        """Its SSH host key, as known_hosts has it behind the name."""
        return (self.folder / "keys" / "ssh_host_ed25519_key.pub").read_text().strip()


@contextlib.contextmanager
def serving(folder: Path, resources: dict[str, Any], masking: list[dict[str, Any]]) -> Iterator[Served]:
    """Serve these resources, whose roles alice is granted without being asked for reasons.

    Raises AssertionError if the program does not start, does not stop in order, or failed inside while it ran.
    """
    (folder / "gatepass.yml").write_text(yaml.safe_dump(_policy(resources, masking)))
    with Embedded(folder / "storage") as embedded:
        tokens = asyncio.run(_tokens(folder, embedded.dsn))
        made = Served(free_port(), free_port(), free_port(), folder, tokens, folder / "gateway.log")
        with made.log.open("wb") as log:
            program = [str(Path(sys.executable).with_name("gatepass")), "serve", "--only", "proxy"]
            server = subprocess.Popen(
                program, env=_environment(made, embedded.dsn), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            _wait_for(server, made.log)
            yield made
        finally:
            server.terminate()
            status = server.wait(PATIENCE_S)
        said = made.log.read_text(errors="replace")
        assert status == 0, said[-4000:]
        assert "Traceback" not in said, said[said.index("Traceback") - 2000 :][:6000]
        assert "never retrieved" not in said


def _policy(resources: dict[str, Any], masking: list[dict[str, Any]]) -> dict[str, Any]:
    rule = {"name": "all", "who": ["alice"], "resources": ["*"], "roles": ["*"], "decision": "automatic"}
    return {
        "version": 1,
        "resources": resources,
        "people": {"alice": {"slack": "U0ALICE"}},
        "masking": masking,
        "policy": [{**rule, "maximum_duration": "2h"}],
    }


async def _tokens(folder: Path, dsn: str) -> dict[str, str]:
    await migrate(dsn)
    database = Database(dsn)
    access = Access(
        database, PolicyFile(folder / "gatepass.yml"), Masker(DEFAULT_RULES).redact, TokenKeys(folder / "keys")
    )
    await adopt(access)
    async with database.transaction() as transaction:
        alice = (await transaction.scalars(select(Principal).where(col(Principal.name) == "alice"))).one()
    for name, resource in access.policies.current.resources.items():
        for role in resource.roles:
            await requests.submit(access, alice, requests.Ask(name, role, _GRANT_S))
    async with database.transaction() as transaction:
        grants = (await transaction.scalars(select(Grant))).all()
    tokens = {f"{each.role}@{each.resource}": access.keys.issue(grant=each, principal=alice) for each in grants}
    await database.close()
    return tokens


def _environment(made: Served, dsn: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(made.folder),
        "LC_ALL": "C.UTF-8",
        "DATABASE_URL": dsn,
        "GATEPASS_HOME": str(made.folder),
        "GATEPASS_CONFIG": str(made.folder / "gatepass.yml"),
        "GATEPASS_SSH_LISTEN": f"127.0.0.1:{made.ssh_port}",
        "GATEPASS_POSTGRES_LISTEN": f"127.0.0.1:{made.postgres_port}",
        "GATEPASS_KUBERNETES_LISTEN": f"127.0.0.1:{made.kubernetes_port}",
        # Where a proxy says how it is; nobody asks here.
        "GATEPASS_HEALTH_LISTEN": f"127.0.0.1:{free_port()}",
        "GATEPASS_WEB_LISTEN": f"127.0.0.1:{free_port()}",
        "GATEPASS_PUBLIC_HOST": "127.0.0.1",
    }


def _wait_for(server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while "proxy_registered" not in (said := log.read_text(errors="replace")):
        assert server.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.05)

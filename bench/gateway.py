"""The gateway in a process of its own, as it runs in production: storage, one granted role, one listener.

`python -m bench.gateway ssh|postgres FOLDER` serves the policy in FOLDER until its standard input ends, and prints one
line of JSON: the port and a token for the policy's first role. `serving` runs it as a child.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import uvloop
import yaml
from sqlalchemy import select

from access.context import Access
from access.decisions import requests
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from cli import log
from cli.process import settle
from cli.settings import LogFormat
from proxy.authority import Authority
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.postgres.listener import PostgresListener, PostgresSettings
from proxy.sessions.gateway import Gateway
from proxy.sessions.instance import registered
from proxy.ssh.listener import SshListener, SshSettings
from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from storage.model import Grant, Principal


@contextlib.contextmanager
def serving(folder: Path, protocol: str, policy: dict[str, Any]) -> Generator[tuple[int, str]]:
    """Run the gateway beside this process; yields its port and a token."""
    (folder / "gatepass.yml").write_text(yaml.safe_dump(policy))
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.gateway", protocol, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        ready = json.loads(next(line for line in server.stdout if line.startswith(b"{")))
        yield ready["port"], ready["token"]
    finally:
        server.stdin.close()
        server.wait()


def everything_at_once(resources: dict[str, Any]) -> dict[str, Any]:
    """A policy that grants alice every role of these resources automatically."""
    rule = {"name": "all", "who": ["alice"], "resources": ["*"], "roles": ["*"], "decision": "automatic"}
    return {
        "version": 1,
        "resources": resources,
        "people": {"alice": {"slack": "U0ALICE"}},
        "policy": [{**rule, "maximum_duration": "2h"}],
    }


async def _serve(protocol: str, folder: Path) -> None:
    with Embedded(folder / "storage") as embedded:
        await migrate(embedded.dsn)
        database = Database(embedded.dsn)
        access = Access(database, PolicyFile(folder / "gatepass.yml"), Masker(DEFAULT_RULES).redact, TokenKeys(folder))
        await adopt(access)
        token = await _token(access)
        gateway = Gateway(access, folder / "recordings")
        async with registered(database) as (gateway.instance_id, _), _listening(protocol, gateway, folder) as port:
            print(json.dumps({"port": port, "token": token}), flush=True)
            settle()
            await asyncio.to_thread(sys.stdin.read)
        await database.close()


async def _token(access: Access) -> str:
    (name, resource), *_ = access.policies.current.resources.items()
    async with access.database.transaction() as transaction:
        alice = (await transaction.scalars(select(Principal))).one()
    await requests.submit(access, alice, requests.Ask(name, next(iter(resource.roles)), 3600))
    async with access.database.transaction() as transaction:
        grant = (await transaction.scalars(select(Grant))).one()
    return access.keys.issue(grant=grant, principal=alice)


def _listening(protocol: str, gateway: Gateway, folder: Path) -> AbstractAsyncContextManager[int]:
    anywhere = ("127.0.0.1", 0)

    @contextlib.asynccontextmanager
    async def ssh() -> AsyncGenerator[int]:
        async with SshListener(gateway, SshSettings(anywhere, folder)) as listener:
            yield listener.address[1]

    @contextlib.asynccontextmanager
    async def postgres() -> AsyncGenerator[int]:
        tls = Authority(folder / "ca").server_context(["127.0.0.1"])
        async with PostgresListener(gateway, PostgresSettings(anywhere, tls)) as listener:
            yield listener.address[1]

    return ssh() if protocol == "ssh" else postgres()


if __name__ == "__main__":
    # Beside the recordings: what is said on standard output is read once, and a pipe that nobody reads fills up.
    log.configure(LogFormat.JSON, file=Path(sys.argv[2]) / "gateway.log")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(sys.argv[1], Path(sys.argv[2])))

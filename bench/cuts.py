"""How soon a revocation stops 200 sessions in two gateway processes, and who gets in while a crowd stands at the door.

`python -m bench.cuts`. Real ssh and psql clients that receive twice a second. Needs what bench.ssh and
bench.postgres need. No ratio here: without a gateway there is nothing to compare a cut with.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
import yaml

from access.context import Access
from access.grants import grants
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from bench import postgres, ssh
from bench.gateway import Gateway, everything_at_once, gateway, granted
from proxy.masking.rules import DEFAULT_RULES, Masker
from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate

#: Sessions of each protocol; half of them in each of the two processes.
SESSIONS = 100
#: Clients that connect at once while the sessions are made: an ssh handshake is half a second of this machine.
CONNECTING = 8
RUNS = 3
#: So that the last handshakes are not part of what is measured.
SETTLE_S = 2
LOGINS = 20
IDLE = 100


@dataclass(frozen=True)
class Client:
    """One live session: done, with the moment (time.monotonic) of its last byte, when it is cut."""

    last_byte: "asyncio.Task[float]"


async def measure() -> AsyncIterator[str]:
    """Each line as it is had; some minutes."""
    with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as name:
        folder = Path(name)
        # An account's own start-up files, a hundred times over, are not what is measured.
        plain = {"SetEnv": f"HOME={folder}", "MaxSessions": 200}
        with (
            ssh.sshd(folder, plain) as sshd,
            postgres.database(folder) as database,
            Embedded(folder / "storage") as embedded,
        ):
            await migrate(embedded.dsn)
            (folder / "gatepass.yml").write_text(yaml.safe_dump(_policy(folder, sshd, database)))
            storage = Database(embedded.dsn)
            keys = TokenKeys(folder / "keys")
            access = Access(storage, PolicyFile(folder / "gatepass.yml"), Masker(DEFAULT_RULES).redact, keys)
            await adopt(access)
            with gateway(folder, embedded.dsn) as first, gateway(folder, embedded.dsn) as second:
                for _ in range(RUNS):
                    yield await _cut(access, folder, [first, second])
                yield await _crowd(access, first)
            await storage.close()


def _policy(folder: Path, sshd: int, database: int) -> dict[str, Any]:
    host, store = ssh.policy(folder, sshd), postgres.policy(folder, database)
    return everything_at_once({**host["resources"], **store["resources"]})


# --- the cut --------------------------------------------------------------------------------------------------------


async def _cut(access: Access, folder: Path, gateways: Sequence[Gateway]) -> str:
    """200 sessions that receive all the time; both grants revoked in one moment."""
    host, store = await granted(access, "web-1", "deploy"), await granted(access, "db", "read")
    turns, no_key = asyncio.Semaphore(CONNECTING), ["-oIdentityFile=none", "-oIdentityAgent=none"]
    routes = [ssh.route(folder, each.ssh_port, "deploy@web-1", no_key, host[1]) for each in gateways]

    async def opened(number: int) -> list[Client]:
        which = number % len(gateways)
        async with turns:
            return [await _ssh(routes[which]), await _psql(gateways[which], store[1])]

    clients = [client for pair in await asyncio.gather(*map(opened, range(SESSIONS))) for client in pair]
    await asyncio.sleep(SETTLE_S)
    start = time.monotonic()
    await asyncio.gather(*(grants.revoke(access, grant.id, None, "bench") for grant, _ in (host, store)))
    revoked = time.monotonic()
    ends = sorted([await client.last_byte - start for client in clients])
    return (
        f"{len(clients)} sessions, 2 processes, revoke to last byte: median {statistics.median(ends):.2f} s, "
        f"max {ends[-1]:.2f} s (the revocation itself: {revoked - start:.2f} s)"
    )


async def _ssh(route: ssh.Route) -> Client:
    command = [*route.command, "while echo x; do sleep 0.5; done"]
    return await _client(command, route.environment, "", first=b"x")


async def _psql(gateway: Gateway, token: str) -> Client:
    where = f"host=127.0.0.1 port={gateway.postgres_port} user=read@db dbname=bench sslmode=require"
    environment = {"PATH": os.environ["PATH"], "PGPASSWORD": token}
    query = "select 'x' from pgbench_branches limit 1\n\\watch 0.5\n"
    return await _client(["psql", "-XAtq", where], environment, query, first=b"x")


async def _client(command: Sequence[str], environment: Mapping[str, str], says: str, *, first: bytes) -> Client:
    """One that is in: it has said `first`."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(says.encode())
    process.stdin.close()
    said = b""
    while first not in said.splitlines():
        if not (more := await process.stdout.readline()):
            raise RuntimeError(f"{command[0]} did not get in: {said.decode()}")
        said += more
    return Client(asyncio.create_task(_last_byte(process, process.stdout)))


async def _last_byte(process: asyncio.subprocess.Process, stdout: asyncio.StreamReader) -> float:
    last = time.monotonic()
    while await stdout.read(4096):
        last = time.monotonic()
    await process.wait()
    return last


# --- a crowd at the door --------------------------------------------------------------------------------------------


async def _crowd(access: Access, gateway: Gateway) -> str:
    """Sockets that say nothing, from one address, at both doors; logins from another one."""
    _, token = await granted(access, "db", "read")
    silent = [
        await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
        for port in (gateway.ssh_port, gateway.postgres_port)
        for _ in range(IDLE)
    ]
    times: list[float] = []
    for _ in range(LOGINS):
        start = time.monotonic()
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=gateway.postgres_port,
            user="read@db",
            password=token,
            database="bench",
            ssl="require",
        )
        times.append(time.monotonic() - start)
        await connection.close()
    for _, writer in silent:
        writer.close()
    median_ms = statistics.median(times) * 1000
    return (
        f"{IDLE} idle sockets at each door: {len(times)} of {LOGINS} logins from elsewhere, median {median_ms:.0f} ms"
    )


async def _print() -> None:
    async for line in measure():
        print(line, flush=True)


if __name__ == "__main__":
    # Two hundred children that end at once: asyncio's own loop has a thread for each, and sees them late.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_print())

"""What sessions cost in memory: 300 idle ones at each door, a result of 1 GB, and 1 GB of a command's output.

`python -m bench.memory`. The figures are the gateway process's resident memory, shared pages included; clients and
servers are not in it. No ratio here.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psycopg

from bench import postgres, ssh
from bench.gateway import Gateway, Served, everything_at_once, serving

SESSIONS = 300
#: So many of them are the base: caches that the first sessions fill are not what a session costs.
WARM = 5
GIGABYTE = 1024**3
_ROW_BYTES = 1024
#: How often the size is looked at while something streams.
SAMPLED_S = 0.1


def measure() -> Iterator[str]:
    """Each line as it is had."""
    with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as name:
        folder = Path(name)
        with (
            postgres.database(folder, [f"-c max_connections={SESSIONS + 50}"]) as database,
            ssh.sshd(folder, {"MaxStartups": SESSIONS}) as host,
        ):
            resources = {**ssh.policy(folder, host)["resources"], **postgres.policy(folder, database)["resources"]}
            for resource in resources.values():
                [(role, definition)] = resource["roles"].items()
                resource["roles"][_second(role)] = definition
            with serving(folder, everything_at_once(resources)) as served:
                [gateway] = served.gateways
                yield f"serving nobody: {gateway.resident_mb():.0f} MB"
                yield _idle_psql(served, gateway)
                yield _idle_ssh(folder, served, gateway)
                yield _result(served, gateway)
                yield _output(folder, served, gateway)


def _second(role: str) -> str:
    """Another role alike: there are more sessions than one grant may have."""
    return f"{role}-2"


def _idle_psql(served: Served, gateway: Gateway) -> str:
    with contextlib.ExitStack() as opened:

        def connect(role: str) -> None:
            route = postgres.gateway_route(served, role=role)
            where = f"host=127.0.0.1 port={route.port} user={route.user} dbname=bench sslmode={route.sslmode}"
            connection = psycopg.connect(where, password=route.password, autocommit=True)
            opened.enter_context(connection)
            connection.execute("select 1")

        return _grown("psql", gateway, connect, "read")


def _idle_ssh(folder: Path, served: Served, gateway: Gateway) -> str:
    with contextlib.ExitStack() as opened:

        def connect(role: str) -> None:
            route = ssh.gateway_route(folder, served, role)
            client = subprocess.Popen(
                [*route.command, "echo in; exec cat"],
                env=route.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            opened.callback(client.communicate)
            assert client.stdout is not None
            assert client.stdout.readline() == b"in\n"

        return _grown("ssh", gateway, connect, "deploy")


def _grown(what: str, gateway: Gateway, connect: Callable[[str], None], role: str) -> str:
    for _ in range(WARM):
        connect(role)
    before = gateway.resident_mb()
    for number in range(SESSIONS - WARM):
        connect(role if number % 2 else _second(role))
    grown = gateway.resident_mb() - before
    each = grown * 1024 / (SESSIONS - WARM)
    return f"{SESSIONS} idle {what} sessions: {grown:.1f} MB over the {before:.0f} with {WARM}, {each:.0f} KB each"


def _result(served: Served, gateway: Gateway) -> str:
    """Rows of 1 KiB that psql drops as they come."""
    rows = f"select repeat('some words ', {_ROW_BYTES // 11}) from generate_series(1, {GIGABYTE // _ROW_BYTES})"
    command = ["psql", "-qAtX", "-o", os.devnull, "-v", "FETCH_COUNT=10000", "-c", f"copy ({rows}) to stdout"]
    return _streamed("a result of 1 GB", gateway, command, postgres.gateway_route(served).environment)


def _output(folder: Path, served: Served, gateway: Gateway) -> str:
    route = ssh.gateway_route(folder, served)
    command = [*route.command, f"yes 'GET /orders/17 status=200 time=12ms agent=Mozilla/5.0' | head -c {GIGABYTE}"]
    return _streamed("1 GB of a command's output", gateway, command, route.environment)


def _streamed(what: str, gateway: Gateway, command: Sequence[str], environment: Mapping[str, str]) -> str:
    before, most = gateway.resident_mb(), 0.0
    client = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while client.poll() is None:
        most = max(most, gateway.resident_mb())
        time.sleep(SAMPLED_S)
    if client.returncode:
        raise RuntimeError(f"{command[0]} ended with {client.returncode}")
    after = gateway.resident_mb()
    return f"{what}: {before:.0f} MB before, at most {most:.0f}, {after:.0f} behind it"


if __name__ == "__main__":
    for line in measure():
        print(line, flush=True)

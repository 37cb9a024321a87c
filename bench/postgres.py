"""What the gateway costs a PostgreSQL user: small queries, large results, connects; as ratios to direct, in one run.

`python -m bench.postgres [seconds]`. Needs Debian's psql and pgbench (the wheel's speak no TLS); everything else is its
own, on loopback. Direct is plain TCP: TLS to the gateway is part of what the gateway costs.
"""

import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "bench-password"
CLIENTS = 8
SCALE = 10
ROWS = 100_000
CONNECTS = 20
#: Each figure is the best of so many runs: what disturbs a run only ever makes it slower.
RUNS = 3

_FILL = f"""
CREATE TABLE people AS
    SELECT n AS id, 'Person number ' || n AS name, '411111111111' || lpad((n % 10000)::text, 4, '0') AS card,
        'person' || n || '@example.com' AS email, now() AS seen
    FROM generate_series(1, {ROWS}) n;
-- A third of the numbers passes Luhn; the others are made to.
UPDATE people SET card = '4111111111111111';
CREATE TABLE words AS SELECT n AS id, 'some words about ' || n AS a, 'and others about ' || n AS b
    FROM generate_series(1, {ROWS}) n;
VACUUM ANALYZE;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_read;
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Figure:
    """One measurement, both ways, in `unit`; `ratio` is the gateway's to direct, 1 meaning no cost."""

    name: str
    direct: float
    gateway: float
    unit: str
    ratio: float

    def __str__(self) -> str:
        figures = f"direct {self.direct:9.2f}  gateway {self.gateway:9.2f} {self.unit:<5}"
        return f"{self.name:<42} {figures} ratio {self.ratio:.2f}"


@dataclass(frozen=True)
class Route:
    """One way to the same database, in libpq's environment variables."""

    port: int
    user: str
    password: str
    sslmode: str

    @property
    def environment(self) -> dict[str, str]:
        words = {"HOST": "127.0.0.1", "PORT": str(self.port), "USER": self.user, "PASSWORD": self.password}
        words |= {"SSLMODE": self.sslmode, "DATABASE": "bench"}
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **{f"PG{name}": word for name, word in words.items()}}


def measure(seconds: int = 5) -> list[Figure]:
    """Run everything once on a quiet machine; takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as name:
        folder = Path(name)
        with _database(folder) as port, _gateway(folder, port) as (gateway_port, token):
            direct = Route(port, "app_read", PASSWORD, "disable")
            through = Route(gateway_port, "read@db", token, "require")
            return [
                _rate("pgbench -S, 8 clients, simple", direct, through, seconds, "simple"),
                _rate("pgbench -S, 8 clients, prepared", direct, through, seconds, "prepared"),
                _duration(f"{ROWS} rows with PAN and e-mail", direct, through, "select * from people"),
                _duration(f"{ROWS} rows of words", direct, through, "select * from words"),
                _connects(direct, through),
            ]


# --- the two ways ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _database(folder: Path) -> Generator[int]:
    from cli.demo.postgres_target import free_port  # noqa: PLC0415 - after the clock has started
    from storage.cluster import Cluster  # noqa: PLC0415

    port = free_port()
    options = (f"-p {port}", "-c listen_addresses=127.0.0.1", "-c fsync=off")
    cluster = Cluster(folder / "target", options=options)
    cluster.prepare()
    cluster.create()
    cluster.start()
    try:
        admin = Route(port, "postgres", cluster.password(), "disable").environment
        roles = f"CREATE ROLE app_read LOGIN PASSWORD '{PASSWORD}'"
        for database, sql in (("postgres", roles), ("postgres", "CREATE DATABASE bench")):
            _run(["psql", "-qX", "-c", sql], {**admin, "PGDATABASE": database})
        _run([_pgbench(), "-i", "-q", "-s", str(SCALE)], admin)
        _run(["psql", "-qX", "-v", "ON_ERROR_STOP=1"], admin, stdin=_FILL)
        yield port
    finally:
        cluster.stop()


@contextlib.contextmanager
def _gateway(folder: Path, upstream_port: int) -> Generator[tuple[int, str]]:
    """The gateway in a process of its own, as it runs in production."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.postgres", "serve", str(folder), str(upstream_port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "BENCH_PASSWORD": PASSWORD},
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        ready = json.loads(next(line for line in server.stdout if line.startswith(b"{")))
        yield ready["port"], ready["token"]
    finally:
        server.stdin.close()
        server.wait()


def _pgbench() -> str:
    return shutil.which("pgbench") or "pgbench"


def _run(command: list[str], environment: dict[str, str], *, stdin: str = "") -> str:
    done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")
    return done.stdout


# --- the figures ----------------------------------------------------------------------------------------------------


def _rate(name: str, direct: Route, through: Route, seconds: int, mode: str) -> Figure:
    command = [_pgbench(), "-n", "-S", "-M", mode, "-c", str(CLIENTS), "-j", "2", "-T", str(seconds)]

    def once(route: Route) -> float:
        said = _run(command, route.environment)
        return float(next(line.split()[2] for line in said.splitlines() if line.startswith("tps")))

    rates = [max(once(route) for _ in range(RUNS)) for route in (direct, through)]
    return Figure(name, rates[0], rates[1], "tps", rates[1] / rates[0])


def _duration(name: str, direct: Route, through: Route, sql: str) -> Figure:
    command = ["psql", "-qAtX", "-o", os.devnull, "-c", r"\timing on", "-c", sql]

    def once(route: Route) -> float:
        said = _run(command, route.environment)
        return float(next(line.split()[1] for line in said.splitlines() if line.startswith("Time"))) / 1000

    times = [min(once(route) for _ in range(RUNS)) for route in (direct, through)]
    return Figure(name, times[0], times[1], "s", times[1] / times[0])


def _connects(direct: Route, through: Route) -> Figure:
    def once(route: Route) -> float:
        start = time.monotonic()
        _run(["psql", "-qAtX", "-c", "select 1"], route.environment)
        return (time.monotonic() - start) * 1000

    times = [statistics.median(once(route) for _ in range(CONNECTS)) for route in (direct, through)]
    return Figure(f"psql -c 'select 1' (median of {CONNECTS})", times[0], times[1], "ms", times[1] / times[0])


# --- the gateway's process ------------------------------------------------------------------------------------------


async def _serve(folder: Path, upstream_port: int) -> None:
    """Storage, one granted role and the listener, until standard input ends."""
    import yaml  # noqa: PLC0415 - only this process needs any of this
    from sqlalchemy import select as query  # noqa: PLC0415

    from access import requests  # noqa: PLC0415
    from access.context import Access  # noqa: PLC0415
    from access.policy_file import PolicyFile  # noqa: PLC0415
    from access.tokens import TokenKeys  # noqa: PLC0415
    from proxy.authority import Authority  # noqa: PLC0415
    from proxy.gateway import Gateway  # noqa: PLC0415
    from proxy.instance import registered  # noqa: PLC0415
    from proxy.masking.rules import DEFAULT_RULES, Masker  # noqa: PLC0415
    from proxy.postgres.server import PostgresListener  # noqa: PLC0415
    from storage.database import Database  # noqa: PLC0415
    from storage.embedded import Embedded  # noqa: PLC0415
    from storage.migrate import migrate  # noqa: PLC0415
    from storage.model import Grant, Principal  # noqa: PLC0415

    (folder / "gatepass.yml").write_text(yaml.safe_dump(_policy(upstream_port)))
    with Embedded(folder / "postgres") as embedded:
        await migrate(embedded.dsn)
        database = Database(embedded.dsn)
        access = Access(database, PolicyFile(folder / "gatepass.yml"), Masker(DEFAULT_RULES).redact, TokenKeys(folder))
        await access.policies.adopt(access)
        async with database.transaction() as transaction:
            alice = (await transaction.scalars(query(Principal))).one()
        await requests.submit(access, alice, requests.Ask("db", "read", 3600))
        async with database.transaction() as transaction:
            grant = (await transaction.scalars(query(Grant))).one()
        gateway = Gateway(access, folder / "recordings")
        tls = Authority(folder / "ca").server_context(["127.0.0.1"])
        async with (
            registered(database) as (gateway.instance_id, _),
            PostgresListener(gateway, ("127.0.0.1", 0), tls) as listener,
        ):
            token = access.keys.issue(grant=grant, principal=alice)
            print(json.dumps({"port": listener.address[1], "token": token}), flush=True)
            await asyncio.to_thread(sys.stdin.read)
        await database.close()


def _policy(upstream_port: int) -> dict[str, Any]:
    upstream = {"host": "127.0.0.1", "port": upstream_port, "database": "bench", "tls": "disable"}
    # With a rule, so that every statement is judged.
    rule = {"name": "ddl", "match": ["ddl"], "verdict": "deny"}
    role = {"username": "app_read", "password": "env:BENCH_PASSWORD", "statements": [rule]}
    everybody = {"who": ["alice"], "resources": ["*"], "roles": ["*"], "decision": "automatic"}
    return {
        "version": 1,
        "resources": {"db": {"type": "postgres", "upstream": upstream, "roles": {"read": role}}},
        "people": {"alice": {"slack": "U0ALICE"}},
        "policy": [{"name": "all", "maximum_duration": "2h", **everybody}],
    }


def main() -> None:
    """Measure and print; or be the gateway, when started by oneself."""
    if sys.argv[1:2] == ["serve"]:
        import uvloop  # noqa: PLC0415 - as the product serves

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(Path(sys.argv[2]), int(sys.argv[3])))
        return
    for figure in measure(*(int(argument) for argument in sys.argv[1:2])):
        print(figure, flush=True)


if __name__ == "__main__":
    main()

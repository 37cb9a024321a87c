"""What the gateway costs a PostgreSQL user: small queries, large results, connects; as ratios to direct, in one run.

`python -m bench.postgres`. Needs Debian's psql and pgbench (the wheel's speak no TLS), and pgbouncer as a peer that
only relays; everything else is its own, on loopback. Direct is plain TCP: TLS to the gateway, and to pgbouncer, is part
of what they cost.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures import DIRECT, GATEWAY, Figure, compared
from bench.gateway import Served, everything_at_once, serving
from bench.pgbouncer import bouncing
from cli.demo.ports import free_port
from storage.embedded.cluster import Cluster

PASSWORD = "bench-password"
CLIENTS = 8
SCALE = 10
ROWS = 100_000
CONNECTS = 20

_FILL = f"""
CREATE TABLE people AS
    SELECT n AS id, 'Person number ' || n AS name, '411111111111' || lpad((n % 10000)::text, 4, '0') AS card,
        'person' || n || '@example.com' AS email, now() AS seen
    FROM generate_series(1, {ROWS}) n;
-- A third of the numbers passes Luhn; the others are made to.
UPDATE people SET card = '4111111111111111';
CREATE TABLE words AS SELECT n AS id, 'some words about ' || n AS a, 'and others about ' || n AS b
    FROM generate_series(1, {ROWS}) n;
CREATE TABLE numbers AS SELECT n AS id, n * 7 AS a, n::bigint * 1000 AS b, n % 100 AS c
    FROM generate_series(1, {ROWS}) n;
VACUUM ANALYZE;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_read;
"""


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


def measure(seconds: int = 3) -> Iterator[Figure]:
    """Each figure as it is had; some minutes on a quiet machine."""
    with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as name:
        folder = Path(name)
        with (
            database(folder) as port,
            serving(folder, policy(folder, port), workers=(1, 2)) as served,
            bouncing(folder, port, "app_read", PASSWORD) as bouncer,
        ):
            ways = {
                DIRECT: direct_route(port),
                "pgbouncer": Route(bouncer, "app_read", PASSWORD, "require"),
                GATEWAY: gateway_route(served),
            }
            # One session has one worker, so only a crowd finds out what a second one is good for.
            crowd = {**ways, "two workers": gateway_route(served, 1)}
            for mode in ("simple", "prepared"):
                yield compared(f"pgbench -S, 8 clients, {mode}", "tps", crowd, partial(_rate, seconds, mode))
            for title, table in {
                "with PAN and e-mail": "people",
                "of words": "words",
                "of integers": "numbers",
            }.items():
                yield compared(f"{ROWS} rows {title}", "s", ways, partial(_duration, f"select * from {table}"))
            yield compared("psql -c 'select 1'", "ms", ways, _connect, runs=CONNECTS)


def direct_route(port: int) -> Route:
    return Route(port, "app_read", PASSWORD, "disable")


def gateway_route(served: Served, which: int = 0, role: str = "read") -> Route:
    gateway = served.gateways[which]
    return Route(gateway.postgres_port, f"{role}@db", served.tokens[f"{role}@db"], "require")


# --- the ways ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def database(folder: Path, more: Sequence[str] = ()) -> Generator[int]:
    """A server with what is asked for, on a free port; `more` are options of its."""
    port = free_port()
    options = (f"-p {port}", "-c listen_addresses=127.0.0.1", "-c fsync=off", *more)
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


def _pgbench() -> str:
    return shutil.which("pgbench") or "pgbench"


def _run(command: list[str], environment: dict[str, str], *, stdin: str = "") -> str:
    done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")
    return done.stdout


# --- the figures ----------------------------------------------------------------------------------------------------


def _rate(seconds: int, mode: str, route: Route) -> float:
    command = [_pgbench(), "-n", "-S", "-M", mode, "-c", str(CLIENTS), "-j", "2", "-T", str(seconds)]
    said = _run(command, route.environment)
    return float(next(line.split()[2] for line in said.splitlines() if line.startswith("tps")))


def _duration(sql: str, route: Route) -> float:
    said = _run(["psql", "-qAtX", "-o", os.devnull, "-c", r"\timing on", "-c", sql], route.environment)
    return float(next(line.split()[1] for line in said.splitlines() if line.startswith("Time"))) / 1000


def _connect(route: Route) -> float:
    start = time.monotonic()
    _run(["psql", "-qAtX", "-c", "select 1"], route.environment)
    return (time.monotonic() - start) * 1000


def policy(folder: Path, upstream_port: int) -> dict[str, Any]:
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    upstream = {"host": "127.0.0.1", "port": upstream_port, "database": "bench", "tls": "disable"}
    # With a rule, so that every statement is judged.
    rule = {"name": "ddl", "match": ["ddl"], "verdict": "deny"}
    role = {"username": "app_read", "password": f"file:{secret}", "statements": [rule]}
    return everything_at_once({"db": {"type": "postgres", "upstream": upstream, "roles": {"read": role}}})


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)

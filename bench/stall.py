"""How long `select 1` takes in one session while another one streams rows at full speed; direct, and by the gateway.

`python -m bench.stall`. A session must not wait for what another one reads, so the tail counts: p50, p99 and the worst.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.pq import ExecStatus

from bench.gateway import serving
from bench.postgres import PASSWORD, Route, database, policy

SECONDS = 6
#: Between two questions: a person's client is not a load.
PAUSE_S = 0.005
#: More rows than anybody waits for; as a column they stream, in FROM they would be written down first.
_N = "generate_series(1, 1000000000) n"
STREAMS = {
    "nothing": "",
    "COPY, narrow rows": f"copy (select n, n * 2::bigint, md5(n::text) from (select {_N}) s) to stdout",
    "SELECT, narrow rows": f"select n, n * 2::bigint, md5(n::text) from (select {_N}) s",
    "SELECT, rows of 1 KiB": f"select n, repeat(md5(n::text), 32) from (select {_N}) s",
    "SELECT, card numbers, e-mail": f"select n, '4111111111111111', 'p' || n || '@example.com' from (select {_N}) s",
    "SELECT, cells of 1 MiB": f"select repeat('words and words ', 65536), {_N}",
    "SELECT, cells of 32 MiB": f"select repeat('words and words ', 2097152), {_N}",
}


@dataclass(frozen=True)
class Waits:
    """Milliseconds that questions took, in order of size."""

    took: list[float]

    def at(self, share: float) -> float:
        return self.took[min(int(len(self.took) * share), len(self.took) - 1)]

    def __str__(self) -> str:
        return f"p50 {self.at(0.5):7.1f}  p99 {self.at(0.99):7.1f}  worst {self.took[-1]:7.1f} ms  ({len(self.took)})"


def measure() -> Iterator[str]:
    """Each stream in turn, both ways."""
    chosen = [name for name in STREAMS if any(word in name for word in sys.argv[1:])] or list(STREAMS)
    with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as name:
        folder = Path(name)
        with database(folder) as port, serving(folder, "postgres", policy(folder, port)) as (gateway_port, token):
            direct = Route(port, "app_read", PASSWORD, "disable")
            through = Route(gateway_port, "read@db", token, "require")
            for stream in chosen:
                for way, route in {"direct": direct, "gateway": through}.items():
                    yield f"beside {stream:<34} {way:<8} {beside(route, STREAMS[stream])}"


def beside(route: Route, sql: str) -> Waits:
    with _connected(route) as connection, _streaming(route, sql):
        until = time.monotonic() + SECONDS
        took: list[float] = []
        while time.monotonic() < until:
            start = time.monotonic()
            connection.execute("select 1")
            took.append((time.monotonic() - start) * 1000)
            time.sleep(PAUSE_S)
    return Waits(sorted(took))


def _connected(route: Route) -> psycopg.Connection:
    return psycopg.connect(_conninfo(route), autocommit=True)


def _conninfo(route: Route) -> str:
    words = {"host": "127.0.0.1", "port": route.port, "user": route.user, "password": route.password}
    words |= {"sslmode": route.sslmode, "dbname": "bench"}
    return " ".join(f"{name}={word}" for name, word in words.items())


@contextlib.contextmanager
def _streaming(route: Route, sql: str) -> Generator[None]:
    """Another process that reads and drops what comes; ends with its first rows in before this goes on."""
    if not sql:
        yield
        return
    reader = subprocess.Popen(
        [sys.executable, "-m", "bench.stall", "--read", _conninfo(route), sql], stdout=subprocess.PIPE
    )
    assert reader.stdout is not None
    try:
        assert reader.stdout.readline() == b"rows\n"
        yield
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()


def read(conninfo: str, sql: str) -> None:
    """Take rows as they come, by libpq's own calls, and say when the first is in."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        raw = connection.pgconn
        raw.send_query(sql.encode())
        raw.set_chunked_rows_mode(100 if "words" not in sql else 1)
        said = False
        while (result := raw.get_result()) is not None:
            if result.status == ExecStatus.FATAL_ERROR:
                raise RuntimeError(result.error_message.decode())
            if result.status == ExecStatus.COPY_OUT:
                while raw.get_copy_data(0)[0] > 0:
                    said = said or _say_rows()
            said = said or _say_rows()


def _say_rows() -> bool:
    print("rows", flush=True)
    return True


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(*sys.argv[2:4])
    else:
        for line in measure():
            print(line, flush=True)

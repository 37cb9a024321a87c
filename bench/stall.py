"""How long `select 1` and a keystroke take in one session while another one streams at full speed; direct, and by us.

`python -m bench.stall`. A session must not wait for what another one reads, so the tail counts: p50, p99 and the worst.
Both doors are one process's, as they are served.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.pq import ExecStatus

from bench import postgres, ssh
from bench.figures import DIRECT, GATEWAY
from bench.gateway import everything_at_once, serving

SECONDS = 6
KEYSTROKES = 400
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
    "ssh, text": "ssh: yes 'GET /orders/17 status=200 time=12ms agent=Mozilla/5.0'",
    "ssh, random bytes": "ssh: cat /dev/urandom",
}


@dataclass(frozen=True)
class Way:
    """Both doors of the gateway, or the servers behind them."""

    database: postgres.Route
    host: ssh.Route


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
        with postgres.database(folder) as database, ssh.sshd(folder) as host:
            store, machine = postgres.policy(folder, database), ssh.policy(folder, host)
            policy = everything_at_once({**machine["resources"], **store["resources"]})
            with serving(folder, policy) as served:
                ways = {
                    DIRECT: Way(postgres.direct_route(database), ssh.direct_route(folder, host)),
                    GATEWAY: Way(postgres.gateway_route(served), ssh.gateway_route(folder, served)),
                }
                asks = {"select 1": _select, "keystroke": _type}
                for stream in chosen:
                    for question, ask in asks.items():
                        for route, way in ways.items():
                            yield f"{question:<9} beside {stream:<29} {route:<8} {beside(way, STREAMS[stream], ask)}"


def beside(way: Way, stream: str, ask: Callable[[Way], list[float]]) -> Waits:
    with _streaming(way, stream):
        return Waits(sorted(ask(way)))


def _select(way: Way) -> list[float]:
    took: list[float] = []
    with _connected(way.database) as connection:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            start = time.monotonic()
            connection.execute("select 1")
            took.append((time.monotonic() - start) * 1000)
            time.sleep(PAUSE_S)
    return took


def _type(way: Way) -> list[float]:
    return [delay * 1000 for delay in ssh.keystrokes(way.host, KEYSTROKES, PAUSE_S)]


def _connected(route: postgres.Route) -> psycopg.Connection:
    return psycopg.connect(_conninfo(route), autocommit=True)


def _conninfo(route: postgres.Route) -> str:
    words = {"host": "127.0.0.1", "port": route.port, "user": route.user, "password": route.password}
    words |= {"sslmode": route.sslmode, "dbname": "bench"}
    return " ".join(f"{name}={word}" for name, word in words.items())


@contextlib.contextmanager
def _streaming(way: Way, stream: str) -> Generator[None]:
    """Another process that reads and drops what comes; ends with its first bytes in before this goes on."""
    if not stream:
        yield
        return
    command = [sys.executable, "-m", "bench.stall", "--read", _conninfo(way.database), stream]
    environment = None
    if stream.startswith("ssh: "):
        first_then_none = ["sh", "-c", '"$@" | { head -c 5; exec cat >/dev/null; }', "sh"]
        command = [*first_then_none, *way.host.command, stream.removeprefix("ssh: ")]
        environment = way.host.environment
    reader = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    assert reader.stdout is not None
    try:
        assert len(reader.stdout.read(5)) == len(b"rows\n")
        yield
    finally:
        os.killpg(reader.pid, signal.SIGKILL)
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

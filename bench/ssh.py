"""What the gateway costs an ssh user: throughput, connect time, keystroke echo; each as a ratio to direct, in one run.

`python -m bench.ssh`. Needs OpenSSH's client and server; everything else is its own, on loopback.
"""

import contextlib
import getpass
import os
import pty
import select
import shutil
import socket
import subprocess
import tempfile
import termios
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures import DIRECT, GATEWAY, RUNS, Figure, compared
from bench.gateway import Served, everything_at_once, serving
from cli.demo.ports import free_port

SSHD = "/usr/sbin/sshd"
CONNECTS = 10
KEYSTROKES = 200


@dataclass(frozen=True)
class Route:
    """One way to the same shell."""

    command: Sequence[str]
    environment: dict[str, str]


def measure(megabytes: int = 500) -> Iterator[Figure]:
    """Each figure as it is had; some minutes on a quiet machine."""
    with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as name:
        folder = Path(name)
        with sshd(folder) as port, serving(folder, policy(folder, port)) as served:
            ways = {DIRECT: direct_route(folder, port), GATEWAY: gateway_route(folder, served)}
            yield from _throughput(folder, ways, megabytes)
            yield compared("connect and run true", "ms", ways, _connect, runs=CONNECTS)
            yield from _echo(ways)


# --- the two ways ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def sshd(folder: Path, more: Mapping[str, object] = {}) -> Generator[int]:
    """A server of OpenSSH's on a free port, with `more` options than its own."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for key in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    port = free_port()
    options = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        "MaxStartups": 100,
        **(more or {}),
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    server = subprocess.Popen([SSHD, "-D", "-f", folder / "sshd_config"])
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)


def route(folder: Path, port: int, user: str, options: Sequence[str], token: str = "") -> Route:
    askpass = folder / "askpass"
    askpass.write_text('#!/bin/sh\nprintf "%s\\n" "$GATEPASS_TOKEN"\n')
    askpass.chmod(0o700)
    trust = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null"]
    environment = {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force", "GATEPASS_TOKEN": token}
    return Route(
        ["ssh", "-F", "none", "-oLogLevel=ERROR", *trust, *options, "-p", str(port), f"{user}@127.0.0.1"],
        {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **environment},
    )


def direct_route(folder: Path, port: int) -> Route:
    return route(folder, port, getpass.getuser(), ["-i", str(folder / "user_key"), "-oIdentitiesOnly=yes"])


def gateway_route(folder: Path, served: Served, role: str = "deploy") -> Route:
    no_key = ["-oIdentityFile=none", "-oIdentityAgent=none"]
    return route(folder, served.gateways[0].ssh_port, f"{role}@web-1", no_key, served.tokens[f"{role}@web-1"])


# --- the figures ----------------------------------------------------------------------------------------------------


def _throughput(folder: Path, ways: Mapping[str, Route], megabytes: int) -> Iterator[Figure]:
    line = "2026-01-01T12:00:00Z app[123]: GET /orders/%08d status=200 time=12ms agent=Mozilla/5.0 (X11; Linux)\n"
    text, binary = folder / "text", folder / "binary"
    block = "".join(line % number for number in range(1024 * 1024 // len(line % 0))).encode()
    with text.open("wb") as file:
        for _ in range(megabytes):
            file.write(block)
    with binary.open("wb") as file:
        file.write(os.urandom(megabytes * 1024 * 1024 // 5))
    for name, source in (("exec output, text", text), ("exec output, random bytes", binary)):
        size_mb = source.stat().st_size / 1024 / 1024
        once = partial(_speed, size_mb, f"cat {source}", None)
        yield compared(f"{name} ({size_mb:.0f} MB)", "MB/s", ways, once)
    size_mb = binary.stat().st_size / 1024 / 1024
    once = partial(_speed, size_mb, "cat > /dev/null", binary)
    yield compared(f"exec input ({size_mb:.0f} MB)", "MB/s", ways, once)


def _speed(size_mb: float, command: str, source: Path | None, route: Route) -> float:
    return size_mb / _timed(route, command, source)


def _timed(route: Route, command: str, source: Path | None = None) -> float:
    with (source or Path(os.devnull)).open("rb") as stdin:
        start = time.monotonic()
        subprocess.run(
            [*route.command, command], env=route.environment, stdin=stdin, stdout=subprocess.DEVNULL, check=True
        )
        return time.monotonic() - start


def _connect(route: Route) -> float:
    return _timed(route, "true") * 1000


def _echo(ways: Mapping[str, Route]) -> Iterator[Figure]:
    """Percentiles over the keystrokes of all runs, taken in turn."""
    delays: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(RUNS):
        for way, route in ways.items():
            delays[way].extend(keystrokes(route))
    for name, share in (("p50", 50), ("p99", 99)):
        taken = {way: sorted(seen)[len(seen) * share // 100] * 1000 for way, seen in delays.items()}
        yield Figure(f"keystroke echo, {name} of {len(delays[DIRECT])}", "ms", taken)


def keystrokes(route: Route, count: int = KEYSTROKES, pause_s: float = 0) -> list[float]:
    """Type letters at `cat` on a terminal, one after the other's echo; seconds."""
    master, terminal = pty.openpty()
    attributes = termios.tcgetattr(terminal)
    attributes[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    client = subprocess.Popen(
        [route.command[0], "-tt", *route.command[1:], "stty raw echo; echo ready; cat > /dev/null"],
        env=route.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    try:
        _read_until(master, b"ready")
        time.sleep(0.2)
        return [_keystroke(master, b"abcdefghijklmnopqrstuvwxyz"[n % 26 : n % 26 + 1], pause_s) for n in range(count)]
    finally:
        client.kill()
        client.wait()
        os.close(master)
        os.close(terminal)


def _keystroke(terminal: int, key: bytes, pause_s: float) -> float:
    time.sleep(pause_s)
    start = time.perf_counter()
    os.write(terminal, key)
    _read_until(terminal, key)
    return time.perf_counter() - start


def _read_until(terminal: int, awaited: bytes) -> None:
    seen = b""
    while awaited not in seen:
        if not select.select([terminal], [], [], 30)[0]:
            raise TimeoutError(f"no {awaited!r} after 30 s: {seen!r}")
        seen += os.read(terminal, 4096)


def policy(folder: Path, upstream_port: int) -> dict[str, Any]:
    host_key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    role = {"username": getpass.getuser(), "private_key": f"file:{folder / 'user_key'}"}
    upstream = {"host": "127.0.0.1", "port": upstream_port, "host_key": host_key}
    return everything_at_once({"web-1": {"type": "ssh", "upstream": upstream, "roles": {"deploy": role}}})


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)

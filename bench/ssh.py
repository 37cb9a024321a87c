"""What the gateway costs an ssh user: throughput, connect time, keystroke echo; each as a ratio to direct, in one run.

`python -m bench.ssh [megabytes]`. Needs OpenSSH's client and server; everything else is its own, on loopback.
"""

import asyncio
import contextlib
import getpass
import json
import os
import pty
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SSHD = "/usr/sbin/sshd"
CONNECTS = 10
KEYSTROKES = 200
#: Each figure is the best of so many runs: what disturbs a run only ever makes it slower.
RUNS = 3


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
    """One way to the same shell."""

    command: Sequence[str]
    environment: dict[str, str]


def measure(megabytes: int = 500) -> list[Figure]:
    """Run everything once on a quiet machine; takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as name:
        folder = Path(name)
        with _sshd(folder) as port, _gateway(folder, port) as (gateway_port, token):
            direct = _route(folder, port, getpass.getuser(), ["-i", str(folder / "user_key"), "-oIdentitiesOnly=yes"])
            through = _route(
                folder, gateway_port, "deploy@web-1", ["-oIdentityFile=none", "-oIdentityAgent=none"], token
            )
            return [
                *_throughput(folder, direct, through, megabytes),
                _connects(direct, through),
                *_echo(direct, through),
            ]


# --- the two ways ---------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _sshd(folder: Path) -> Iterator[int]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for key in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    port = _free_port()
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


@contextlib.contextmanager
def _gateway(folder: Path, upstream_port: int) -> Iterator[tuple[int, str]]:
    """The gateway in a process of its own, as it runs in production."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.ssh", "serve", str(folder), str(upstream_port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        ready = json.loads(next(line for line in server.stdout if line.startswith(b"{")))
        yield ready["port"], ready["token"]
    finally:
        server.stdin.close()
        server.wait()


def _route(folder: Path, port: int, user: str, options: Sequence[str], token: str = "") -> Route:
    askpass = folder / "askpass"
    askpass.write_text('#!/bin/sh\nprintf "%s\\n" "$GATEPASS_TOKEN"\n')
    askpass.chmod(0o700)
    trust = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null"]
    environment = {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force", "GATEPASS_TOKEN": token}
    return Route(
        ["ssh", "-F", "none", "-oLogLevel=ERROR", *trust, *options, "-p", str(port), f"{user}@127.0.0.1"],
        {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **environment},
    )


# --- the figures ----------------------------------------------------------------------------------------------------


def _throughput(folder: Path, direct: Route, through: Route, megabytes: int) -> Iterator[Figure]:
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
        yield _faster(f"{name} ({size_mb:.0f} MB)", size_mb, direct, through, f"cat {source}")
    size_mb = binary.stat().st_size / 1024 / 1024
    yield _faster(f"exec input ({size_mb:.0f} MB)", size_mb, direct, through, "cat > /dev/null", binary)


def _faster(
    name: str, size_mb: float, direct: Route, through: Route, command: str, source: Path | None = None
) -> Figure:
    speeds = [size_mb / min(_timed(route, command, source) for _ in range(RUNS)) for route in (direct, through)]
    return Figure(name, speeds[0], speeds[1], "MB/s", speeds[1] / speeds[0])


def _timed(route: Route, command: str, source: Path | None = None) -> float:
    with (source or Path(os.devnull)).open("rb") as stdin:
        start = time.monotonic()
        subprocess.run(
            [*route.command, command], env=route.environment, stdin=stdin, stdout=subprocess.DEVNULL, check=True
        )
        return time.monotonic() - start


def _connects(direct: Route, through: Route) -> Figure:
    times = [statistics.median(_timed(route, "true") for _ in range(CONNECTS)) * 1000 for route in (direct, through)]
    return Figure(f"connect and run true (median of {CONNECTS})", times[0], times[1], "ms", times[1] / times[0])


def _echo(direct: Route, through: Route) -> Iterator[Figure]:
    delays = [sorted(_keystrokes(route)) for route in (direct, through)]
    for name, at in (("p50", KEYSTROKES // 2), ("p99", KEYSTROKES * 99 // 100)):
        first, second = (each[at] * 1000 for each in delays)
        yield Figure(f"keystroke echo, {name} of {KEYSTROKES}", first, second, "ms", second / first)


def _keystrokes(route: Route) -> list[float]:
    """Type letters at `cat` on a terminal, one after the other's echo."""
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
        return [_keystroke(master, b"abcdefghijklmnopqrstuvwxyz"[n % 26 : n % 26 + 1]) for n in range(KEYSTROKES)]
    finally:
        client.kill()
        client.wait()
        os.close(master)
        os.close(terminal)


def _keystroke(terminal: int, key: bytes) -> float:
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


# --- the gateway's process ------------------------------------------------------------------------------------------


async def _serve(folder: Path, upstream_port: int) -> None:
    """Storage, one granted role and the listener, until standard input ends."""
    import yaml  # noqa: PLC0415 - only this process needs any of this
    from sqlalchemy import select as query  # noqa: PLC0415

    from access import requests  # noqa: PLC0415
    from access.context import Access  # noqa: PLC0415
    from access.policy_file import PolicyFile  # noqa: PLC0415
    from access.tokens import TokenKeys  # noqa: PLC0415
    from proxy.gateway import Gateway  # noqa: PLC0415
    from proxy.instance import registered  # noqa: PLC0415
    from proxy.masking.rules import DEFAULT_RULES, Masker  # noqa: PLC0415
    from proxy.ssh.server import SshListener  # noqa: PLC0415
    from storage.database import Database  # noqa: PLC0415
    from storage.embedded import Embedded  # noqa: PLC0415
    from storage.migrate import migrate  # noqa: PLC0415
    from storage.model import Grant, Principal  # noqa: PLC0415

    (folder / "gatepass.yml").write_text(yaml.safe_dump(_policy(folder, upstream_port)))
    with Embedded(folder / "postgres") as embedded:
        await migrate(embedded.dsn)
        database = Database(embedded.dsn)
        access = Access(database, PolicyFile(folder / "gatepass.yml"), Masker(DEFAULT_RULES).redact, TokenKeys(folder))
        await access.policies.adopt(access)
        async with database.transaction() as transaction:
            alice = (await transaction.scalars(query(Principal))).one()
        await requests.submit(access, alice, requests.Ask("web-1", "deploy", 3600))
        async with database.transaction() as transaction:
            grant = (await transaction.scalars(query(Grant))).one()
        gateway = Gateway(access, folder / "recordings")
        async with (
            registered(database) as (gateway.instance_id, _),
            SshListener(gateway, ("127.0.0.1", 0), folder) as ssh,
        ):
            token = access.keys.issue(grant=grant, principal=alice)
            print(json.dumps({"port": ssh.address[1], "token": token}), flush=True)
            await asyncio.to_thread(sys.stdin.read)
        await database.close()


def _policy(folder: Path, upstream_port: int) -> dict[str, Any]:
    host_key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    role = {"username": getpass.getuser(), "private_key": f"file:{folder / 'user_key'}"}
    upstream = {"host": "127.0.0.1", "port": upstream_port, "host_key": host_key}
    everybody = {"who": ["alice"], "resources": ["*"], "roles": ["*"], "decision": "automatic"}
    return {
        "version": 1,
        "resources": {"web-1": {"type": "ssh", "upstream": upstream, "roles": {"deploy": role}}},
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

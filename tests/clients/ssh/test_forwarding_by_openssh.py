"""OpenSSH's forwarding, on a role that allows it: -L, -D, -W, -J, -R, Unix sockets; and what VS Code does."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from cli.demo.ports import free_port
from support.children import PATIENCE_S
from support.clients import echo
from support.clients.echo import said_back
from support.clients.ways import Hosts, Ran, at, ssh
from support.ssh import Client

GetHost = Callable[[str], Hosts]
DATA = os.urandom(1_000_000)


def _connected(place: tuple[str, int] | str) -> socket.socket:
    """To a port or a socket's path, once somebody listens there."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        made = socket.socket(socket.AF_UNIX if isinstance(place, str) else socket.AF_INET)
        try:
            made.connect(place)
        except OSError:
            made.close()
            assert time.monotonic() < deadline, f"nobody listens at {place}"
            time.sleep(0.05)
        else:
            return made


@contextlib.contextmanager
def _running(way: Client, *arguments: str, stdin: int = subprocess.DEVNULL) -> "Iterator[subprocess.Popen[bytes]]":
    command = way.command("-oExitOnForwardFailure=yes", *arguments)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=way.environment, cwd=way.folder, stdin=stdin, stdout=pipe, stderr=pipe
    ) as running:
        try:
            yield running
        finally:
            running.terminate()


def test_local(host: GetHost, echo_port: int) -> None:
    def seen(way: Client) -> bytes:
        port = free_port()
        with (
            _running(way, "-N", "-L", f"{port}:127.0.0.1:{echo_port}", way.destination),
            _connected(("127.0.0.1", port)) as first,
            _connected(("127.0.0.1", port)) as second,
        ):
            return said_back(first, DATA) + said_back(second, b"second")

    assert host("tunnels").same(seen) == DATA + b"second"


def test_local_unix_sockets(host: GetHost, tunnelled: Path) -> None:
    def seen(way: Client) -> bytes:
        there, here = tunnelled / "echo.sock", way.folder / "here.sock"
        with echo.unix(there), _running(way, "-N", "-L", f"{here}:{there}", way.destination):
            try:
                with _connected(str(here)) as connection:
                    return said_back(connection, DATA)
            finally:
                there.unlink()

    assert host("tunnels").same(seen) == DATA


def _through_socks(port: int, kind: int, name: bytes, to: int) -> tuple[bytes, socket.socket]:
    connection = _connected(("127.0.0.1", port))
    connection.settimeout(30)
    connection.sendall(b"\5\1\0")
    assert connection.recv(2) == b"\5\0"
    address = socket.inet_aton(name.decode()) if kind == 1 else bytes([len(name)]) + name
    connection.sendall(b"\5\1\0" + bytes([kind]) + address + to.to_bytes(2, "big"))
    return connection.recv(10)[:2], connection


@pytest.mark.parametrize(("kind", "name"), [(1, b"127.0.0.1"), (3, b"localhost")], ids=["address", "name"])
def test_dynamic(host: GetHost, echo_port: int, kind: int, name: bytes) -> None:
    def seen(way: Client) -> tuple[bytes, bytes]:
        port = free_port()
        with _running(way, "-N", "-D", str(port), way.destination):
            answer, connection = _through_socks(port, kind, name, echo_port)
            with connection:
                return answer, said_back(connection, DATA)

    assert host("tunnels").same(seen) == (b"\5\0", DATA)


def test_standard_input_and_output(host: GetHost, echo_port: int) -> None:
    """It is over when its input is, which takes the host no time."""

    def seen_by(way: Client) -> Ran:
        command = way.command("-W", f"127.0.0.1:{echo_port}", way.destination)
        return at(way, command, stdin=DATA[:2_000], patience_s=20)

    seen = host("tunnels").same(seen_by)
    assert (seen.status, seen.out) == (0, DATA[:2_000])


def test_jump(host: GetHost) -> None:
    """-J by way of the account, to the host itself, by its own key and host key."""
    ways = host("tunnels")
    direct = ways.direct

    def seen(way: Client) -> tuple[int, bytes]:
        jump = " ".join([*way.command(way.destination), "-W", "127.0.0.1:%p"])
        options = [*direct.flags, "-oProxyCommand=" + jump, "-p", str(direct.port)]
        command = ["ssh", *options, f"{direct.destination}", "cat; exit 6"]
        done = subprocess.run(
            command, env=way.environment, cwd=way.folder, input=DATA, capture_output=True, check=False, timeout=60
        )
        return done.returncode, done.stdout

    assert ways.same(seen) == (6, DATA)


def test_remote(host: GetHost, echo_port: int) -> None:
    def seen(way: Client) -> bytes:
        port = free_port()
        remote = f"{port}:127.0.0.1:{echo_port}"
        with _running(way, "-N", "-R", remote, way.destination), _connected(("127.0.0.1", port)) as connection:
            return said_back(connection, DATA)

    assert host("tunnels").same(seen) == DATA


def test_remote_port_that_the_host_chooses(host: GetHost, echo_port: int) -> None:
    def seen(way: Client) -> bool:
        with _running(way, "-N", "-R", f"0:127.0.0.1:{echo_port}", way.destination) as running:
            assert running.stderr is not None
            said = running.stderr.readline().decode()
            port = int(said.split("port ", 1)[1].split()[0])
            with _connected(("127.0.0.1", port)) as connection:
                return said_back(connection, b"over there") == b"over there"

    assert host("tunnels").same(seen)


def test_nobody_listens(host: GetHost) -> None:
    """The gateway says beside it which host failed to connect."""
    direct, through = host("tunnels").each(lambda way: ssh(way, flags=["-W", f"127.0.0.1:{free_port()}"]))
    assert through.having("web-1: ", "") == direct
    assert b"connect failed: web-1: Connection refused" in through.err
    assert direct.status == 255


def test_over_a_master(host: GetHost, echo_port: int) -> None:
    """-O forward adds a forwarding to a connection that is there; -O cancel takes it away."""

    def seen(way: Client) -> tuple[list[int], bytes]:
        port, path = free_port(), ["-oControlPath=s"]
        with _running(way, "-N", "-oControlMaster=yes", *path, way.destination):
            deadline = time.monotonic() + PATIENCE_S
            while ssh(way, flags=[*path, "-O", "check"]).status and time.monotonic() < deadline:
                time.sleep(0.05)
            asked = ["-L", f"{port}:127.0.0.1:{echo_port}"]
            statuses = [ssh(way, flags=[*path, "-O", "forward", *asked]).status]
            with _connected(("127.0.0.1", port)) as connection:
                said = said_back(connection, DATA)
            statuses.append(ssh(way, flags=[*path, "-O", "cancel", *asked]).status)
            return statuses, said

    assert host("tunnels").same(seen) == ([0, 0], DATA)


#: What Remote-SSH has the host do, in short: start a server that outlives no input, and say where it listens.
_STARTS = r"""
set -u
folder=$(mktemp -d); trap 'kill $server; rm -r "$folder"' EXIT
cat > "$folder/server.py" <<'END'
import socketserver
class Back(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)
socketserver.ThreadingTCPServer.daemon_threads = True
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Back) as server:
    print(f"Extension host agent listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
END
nohup python3 "$folder/server.py" < /dev/null > "$folder/log" 2>&1 & server=$!
until port=$(sed -n 's/.*listening on //p' "$folder/log") && [ -n "$port" ]; do
    kill -0 $server || exit 1
    sleep 0.1
done
printf 'one: start\nplatform==%s==\nlisteningOn==%s==\none: end\n' "$(uname -s)" "$port"
"""


def test_vs_code(host: GetHost) -> None:
    """Remote-SSH: a script on the input of a shell starts a server there, which is met by a dynamic forwarding."""

    def seen(way: Client) -> tuple[bytes, list[bytes], bytes]:
        socks = free_port()
        with _running(way, "-T", "-D", str(socks), way.destination, "bash", stdin=subprocess.PIPE) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdin.write(_STARTS.encode())
            running.stdin.flush()
            said = b"".join(iter(running.stdout.readline, b"one: end\n"))
            port = said.split(b"==")[3]
            answers: list[bytes] = []
            with contextlib.ExitStack() as stack:
                connections: list[socket.socket] = []
                for _ in range(3):
                    answer, connection = _through_socks(socks, 1, b"127.0.0.1", int(port))
                    connections.append(stack.enter_context(connection))
                    answers.append(answer)
                back = b"".join(said_back(each, DATA) for each in connections)
            running.stdin.close()
            answers.append(str(running.wait(PATIENCE_S)).encode())
        return said.replace(port, b"PORT"), answers, back

    said, answers, back = host("editor").same(seen)
    assert b"listeningOn==PORT==" in said
    assert (answers, back) == ([b"\5\0"] * 3 + [b"0"], DATA * 3)


@pytest.mark.parametrize(
    "flags",
    [["-N", "-L", "{port}:127.0.0.1:1"], ["-N", "-R", "{port}:127.0.0.1:1"], ["-W", "127.0.0.1:1"]],
    ids=lambda flags: flags[-2],
)
def test_a_role_without_forwarding(host: GetHost, flags: Sequence[str]) -> None:
    """A listener of -L is the client's own; what it is asked to carry is refused, and the others at once."""
    through, port = host("deploy").through, free_port()
    words = [word.format(port=port) for word in flags]
    if "-L" not in words:
        done = ssh(through, flags=["-oExitOnForwardFailure=yes", *words])
        assert done.status == 255
        assert b"prohibited" in done.err or b"remote port forwarding failed" in done.err
        return
    with _running(through, *words, through.destination), _connected(("127.0.0.1", port)) as connection:
        connection.settimeout(30)
        assert connection.recv(1) == b""

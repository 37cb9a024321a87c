"""kubectl port-forward for as long as a block lasts, and something behind it that answers."""

import contextlib
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from support.children import PATIENCE_S
from support.cluster.cluster import Cluster
from support.cluster.programs import NEWEST

_LISTENS = re.compile(rb"Forwarding from 127\.0\.0\.1:(\d+) ")


@contextlib.contextmanager
def forwarded(
    cluster: Cluster, what: str, port: int, *, version: str = NEWEST, kubeconfig: Path | None = None
) -> Iterator[int]:
    """The port of loopback that kubectl forwards to `port` of `what`, such as pod/web."""
    command = cluster.command("port-forward", "--address=127.0.0.1", what, f":{port}", version=version)
    with subprocess.Popen(
        command, env=cluster.environment(kubeconfig), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        hung = threading.Timer(PATIENCE_S, child.kill)
        hung.start()
        try:
            assert child.stdout is not None
            said = child.stdout.readline()
            listens = _LISTENS.match(said)
            assert listens, said + child.stdout.read()
            yield int(listens.group(1))
        finally:
            hung.cancel()
            child.kill()


@contextlib.contextmanager
def echoing() -> Iterator[int]:
    """A port of loopback where each client gets back, once it has ended its side, all that it has sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_echo, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_S)


def _echo(listener: socket.socket) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, contextlib.suppress(OSError):
            while sent := client.recv(65536):
                client.sendall(sent)


def exchanged(port: int, sent: bytes) -> bytes:
    """What comes back for what is sent there."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        sender = threading.Thread(target=client.sendall, args=(sent,))
        sender.start()
        got = bytearray()
        while len(got) < len(sent) and (more := client.recv(65536)):
            got += more
        sender.join(PATIENCE_S)
        return bytes(got)

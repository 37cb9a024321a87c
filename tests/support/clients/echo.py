"""A server that sends back what it gets, for forwarded connections to lead to."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path


class _Back(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def tcp() -> Iterator[int]:
    """Its port on loopback."""
    with _Tcp(("127.0.0.1", 0), _Back) as server, _serving(server):
        yield server.server_address[1]


@contextlib.contextmanager
def unix(path: Path) -> Iterator[None]:
    with _Unix(str(path), _Back) as server, _serving(server):
        yield


def said_back(connection: socket.socket, data: bytes) -> bytes:
    """Send all of it, and read as much; ends at the end of what comes."""
    connection.settimeout(30)
    sender = threading.Thread(target=lambda: connection.sendall(data), daemon=True)
    sender.start()
    got = b""
    while len(got) < len(data) and (more := connection.recv(65536)):
        got += more
    sender.join(30)
    return got

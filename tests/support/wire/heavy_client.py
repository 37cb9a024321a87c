"""A client in a process of its own, which sends or fetches one large message.

Run as `python -m support.wire.heavy_client` with port, file of the gateway's authority, user, what to do, and bytes.
The token is its password, in PGPASSWORD. It speaks the protocol by itself: no driver leaves in the middle of a message.
"""

import os
import socket
import ssl
import sys

_PROTOCOL_3_0 = 196608


def _message(tag: bytes, payload: bytes) -> bytes:
    return tag + (len(payload) + 4).to_bytes(4, "big") + payload


class HeavyClient:
    """One connection, logged in."""

    def __init__(self, port: int, ca_file: str, user: str, token: str) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=60)
        plain.sendall((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"))
        assert plain.recv(1) == b"S"
        self._socket = ssl.create_default_context(cafile=ca_file).wrap_socket(plain, server_hostname="127.0.0.1")
        self._arrived = self._socket.makefile("rb")
        body = _PROTOCOL_3_0.to_bytes(4, "big") + f"user\0{user}\0database\0payments\0\0".encode()
        self._socket.sendall((len(body) + 4).to_bytes(4, "big") + body)
        self._message()
        self._socket.sendall(_message(b"p", token.encode() + b"\0"))
        self._until_ready()

    def send_unfinished(self, size: int) -> None:
        """A Query of `size` bytes without its last one."""
        self._socket.sendall(b"Q" + (size + 5).to_bytes(4, "big"))
        self._sendall(b"x" * size)

    def send_parameter(self, size: int) -> None:
        """A statement with a parameter of `size` bytes, answered by its length."""
        parse = _message(b"P", b"\0select length($1)\0\0\1\0\0\0\x19")
        bind = b"\0\0\0\0\0\1" + size.to_bytes(4, "big") + b"x" * size + b"\0\0"
        rest = _message(b"E", b"\0\0\0\0\0") + _message(b"S", b"")
        self._sendall(parse + _message(b"B", bind) + rest)
        self._until_ready()

    def fetch_cell(self, size: int) -> None:
        """One cell of `size` bytes."""
        self._socket.sendall(_message(b"Q", f"select repeat('x', {size})\0".encode()))
        self._until_ready()

    def leave(self) -> None:
        """Close the connection, whatever is under way."""
        self._arrived.close()
        self._socket.close()

    def _sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), 1 << 20):
            self._socket.sendall(view[start : start + (1 << 20)])

    def _message(self) -> bytes:
        """The tag of the next message. An error ends the program."""
        head = self._arrived.read(5)
        left = int.from_bytes(head[1:], "big") - 4
        payload = b""
        while left:
            payload = self._arrived.read(min(left, 1 << 20))
            left -= len(payload)
        if head[:1] == b"E":
            sys.exit(payload.replace(b"\0", b" ").decode("utf-8", "replace"))
        return head[:1]

    def _until_ready(self) -> None:
        while self._message() != b"Z":
            pass


if __name__ == "__main__":
    port, ca_file, user, what, size = sys.argv[1:]
    client = HeavyClient(int(port), ca_file, user, os.environ["PGPASSWORD"])
    {"unfinished": client.send_unfinished, "parameter": client.send_parameter, "cell": client.fetch_cell}[what](
        int(size)
    )
    print("done", flush=True)
    sys.stdin.read()
    client.leave()

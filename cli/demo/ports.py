"""Ports on loopback for what is served there, each given once on the whole machine for as long as its process lives.

A port that was merely found free belongs to whoever listens on it first: a second demo, or a second worker of the
tests, may find the same one before it is listened on. So the number is reserved as well, by a UDP socket that nothing
is ever sent to and that goes with the process. Standard library only.
"""

import secrets
import socket

#: Where free ports are looked for: Linux gives connections those from 32768 on, and would take ours in between.
FIRST_PORT, PORTS = 20_000, 12_000
_TRIES = 100


def free_port(wanted: int = 0) -> int:
    """`wanted` if it is free on loopback, or one that is; no other call of any process gets it while this one lives.

    Raises:
        OSError: none could be found.
    """
    candidates = [wanted] if wanted else []
    candidates += [FIRST_PORT + secrets.randbelow(PORTS) for _ in range(_TRIES)]
    for port in candidates:
        if _free(port) and _reserved(port):
            return port
    raise OSError(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS} is free on loopback")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _bound(probe, port)


def _reserved(port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as reservation:
        if not _bound(reservation, port):
            return False
        reservation.detach()
        return True


def _bound(asking: socket.socket, port: int) -> bool:
    try:
        asking.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True

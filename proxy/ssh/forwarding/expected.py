"""Connections that come before the host's word that it listens has been read, to an address that was asked for.

The host may say that it listens and that somebody connects in one packet. asyncssh knows of the first only in the next
turn of the loop, and refuses the second by then.
"""

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import asyncssh
from asyncssh.listener import SSHTCPClientListener, SSHUNIXClientListener

from access.policy.values.forward import Destination
from proxy.ssh.flow import FORWARD_WINDOW_BYTES, PACKET_BYTES

_SIZES = (FORWARD_WINDOW_BYTES, PACKET_BYTES)


@contextlib.contextmanager
def expected(
    upstream: asyncssh.SSHClientConnection, wanted: Destination, arrived: Callable[..., Any]
) -> Generator[None]:
    """While the host is asked to listen there, have `arrived` called for what connects; not if it refuses.

    A port that the host chooses (0) is known to nobody before its word is read.
    """
    hidden: Any = upstream
    listeners: dict[object, asyncssh.SSHListener] = hidden._remote_listeners
    listener: asyncssh.SSHListener
    key: object
    if wanted.is_socket:
        key = wanted.host
        listener = SSHUNIXClientListener[bytes](upstream, arrived, wanted.host, None, "strict", *_SIZES)
    else:
        key = host, port = wanted.asked_host, wanted.port
        listener = SSHTCPClientListener[bytes](upstream, arrived, host, port, None, "strict", *_SIZES)
    # Where the client has asked before, its listener is there and stays, whatever the host says this time.
    listeners.setdefault(key, listener)
    try:
        yield
    finally:
        # Another has taken the place of this one if the host listens.
        if listeners.get(key) is listener:
            del listeners[key]

"""The ports of workers are kept from others, and taken over from a gateway that has just ended."""

import socket

import pytest

from cli.workers import CannotListen, _held
from storage.model import Protocol


def test_a_port_whose_connections_wait_for_their_time_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as before:
        port = before.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = before.accept()
            # Whoever closes first waits (RFC 9293, 3.6.1).
            accepted.close()
            assert client.recv(1) == b""
    with _held({Protocol.SSH: ("127.0.0.1", port)}) as ports:
        assert ports == {Protocol.SSH: port}


def test_a_port_that_somebody_listens_on_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as theirs:
        port = theirs.getsockname()[1]
        with pytest.raises(CannotListen), _held({Protocol.SSH: ("127.0.0.1", port)}):
            pass

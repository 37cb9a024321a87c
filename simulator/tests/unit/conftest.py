"""Unit tests take seconds in all and reach nothing: no address is listened on, and none is called."""

import socket
from typing import NoReturn

import pytest


@pytest.fixture(autouse=True)
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that needs a served workspace belongs into tests/live."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a unit test uses the network; move it to tests/live")

    for name in ("bind", "connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)

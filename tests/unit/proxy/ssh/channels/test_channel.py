"""What a channel was first asked for is what it is judged by, and what it runs."""

import asyncio
from typing import Any

import pytest

from proxy.ssh.channels.channel import Channel, Owner


class Transport:
    """As much of asyncssh's channel as takes requests: it refuses a second one, after its command was decoded."""

    def __init__(self, session: Channel) -> None:
        self._session = session
        self._started = False
        self.environment = {b"LC_TIME": b"C", b"PATH": b"x"}

    def get_environment_bytes(self) -> dict[bytes, bytes]:
        return dict(self.environment)

    def _start_session(self, command: str | None = None) -> bool:
        if self._started or command is None:
            return False
        self._started = True
        started = self._session.exec_requested(command)
        self._session.session_started()
        return started

    def _process_pty_req_request(self, packet: "Packet") -> bool:
        return True

    def get_connection(self) -> None:
        """Of no connection."""

    def write(self, data: bytes, datatype: int | None = None) -> None:
        """As asyncssh's."""

    def _accept_data(self, data: bytes, datatype: int | None = None) -> None:
        """As asyncssh's."""

    def _flush_send_buf(self) -> None:
        """As asyncssh's."""

    def set_write_buffer_limits(self, high: int) -> None:
        """As asyncssh's."""


class Packet:
    def __init__(self, command: bytes) -> None:
        self._command = command

    def get_string(self) -> bytes:
        return self._command

    def check_end(self) -> None:
        """As asyncssh's."""


@pytest.mark.finding("H2")
async def test_a_second_request_does_not_replace_the_command_that_is_judged() -> None:
    channel = Channel(0, Owner(lambda _: None, lambda _: None, lambda _: None, lambda _: None))
    transport: Any = Transport(channel)
    channel.connection_made(transport)
    assert transport._process_exec_request(Packet(b"ls"))
    transport.environment[b"LC_TIME"] = b"reboot"
    assert not transport._process_exec_request(Packet(b"reboot"))
    assert [each.text for each in await channel._asked.facts(asyncio.Lock())] == ["ls"]
    assert channel._given[b"LC_TIME"] == b"C"


async def test_what_is_not_set_of_the_environment_is_known_by_name() -> None:
    channel = Channel(0, Owner(lambda _: None, lambda _: None, lambda _: None, lambda _: None))
    transport: Any = Transport(channel)
    channel.connection_made(transport)
    assert not channel._may_set(b"LC_NAME", b"/etc")
    assert not channel._may_set(b"PATH", b"/x")
    assert channel._may_set(b"LANG", b"C")
    assert channel._not_plain == {"LC_NAME"}

"""A place that is listened on is given up once, and at once."""

import asyncssh

from access.policy.values.forward import Destination
from proxy.ssh.forwarding.listening import Listening


class _Host(asyncssh.SSHListener):
    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    def get_port(self) -> int:
        return 8080

    def close(self) -> None:
        self.closed += 1


async def test_it_is_given_up_once() -> None:
    host, over = _Host(), list[Listening]()
    listening = Listening(Destination.at("localhost", 8080), host, over.append)
    assert listening.get_port() == 8080
    listening.close()
    listening.close()
    assert (over, host.closed) == ([listening], 1)
    await listening.wait_closed()

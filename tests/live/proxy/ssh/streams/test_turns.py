"""A stream at full speed is taken a packet at a time, whatever the socket has, and with a look at the clock between."""

import hashlib
from collections.abc import Callable

import asyncssh
import pytest

from proxy.ssh.flow import PACKET_BYTES
from support.ssh import MakeClient

#: A hundred and more of what the loop would hand over at once.
SENT = b"".join(b"order %07d is on its way\n" % number for number in range(1_000_000))


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what connections to hosts are handed, as they come."""
    sizes: list[int] = []
    received: Callable[..., None] = asyncssh.SSHClientConnection.data_received

    def noted(self: asyncssh.SSHClientConnection, data: bytes, datatype: int | None = None) -> None:
        sizes.append(len(data))
        received(self, data, datatype)

    monkeypatch.setattr(asyncssh.SSHClientConnection, "data_received", noted)
    return sizes


@pytest.mark.finding("pg-F5")
async def test_output_is_taken_in_turns(client: MakeClient, taken: list[int]) -> None:
    ssh = await client()
    (ssh.folder / "sent").write_bytes(SENT)
    done = await ssh.run(f"cat {ssh.folder}/sent")
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(SENT).digest()
    assert sum(taken) > len(SENT)
    assert max(taken) < PACKET_BYTES + 1024  # a packet with its length, its kind, its padding and its proof

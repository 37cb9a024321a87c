"""What a host says beside its output: it is unmasked, or lost."""

from collections.abc import AsyncIterator
from typing import Any

import asyncssh
import pytest

from support.ssh import MakeClient, connected

_SAID = "\x1b]0;own\x07 4111 1111 1111 1111\r\n\x1b[2J"


class _Host(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        raise asyncssh.ChannelOpenError(2, _SAID)


async def _handle(process: asyncssh.SSHServerProcess[bytes]) -> None:
    process.stdout.write(b"last words\n")
    process.channel.get_connection().disconnect(11, _SAID)


@pytest.fixture(autouse=True)
async def host(
    policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[int]:
    is_full = "channel" in request.node.name
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=_Full if is_full else _Host,
        server_host_keys=[key],
        process_factory=None if is_full else _handle,
        encoding=None,
        config=None,
    )
    upstream = policy["resources"]["web-1"]["upstream"]
    upstream["port"], upstream["host_key"] = server.get_port(), key.export_public_key().decode()
    monkeypatch.setenv("GATEPASS_TEST_PASSWORD", "x")
    account = {"username": "d", "password": "env:GATEPASS_TEST_PASSWORD"}
    policy["resources"]["web-1"]["roles"] = {"deploy": {**account, "forward": ["127.0.0.1:*"]}}
    yield server.get_port()
    server.close()
    await server.wait_closed()


async def test_why_a_destination_is_not_reached_is_masked_and_made_visible(client: MakeClient) -> None:
    async with connected(await client()) as connection:
        with pytest.raises(asyncssh.ChannelOpenError) as refused:
            await connection.open_connection("127.0.0.1", 5)
    assert "4111 1111 1111 1111" not in refused.value.reason
    assert "\x1b" not in refused.value.reason


class _Full(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False

    def session_requested(self) -> bool:
        raise asyncssh.ChannelOpenError(2, _SAID + "gatepass: run this elsewhere")


async def test_why_a_channel_is_not_opened_is_masked_and_made_visible(
    policy: dict[str, Any], host: int, client: MakeClient
) -> None:
    """It stands in a sentence of Gatepass's own, on stderr; it is not in the recording either."""
    done = await (await client()).run("x")
    assert "refused the exec" in done.stderr
    assert "4111 1111 1111 1111" not in done.stderr
    assert "\x1b" not in done.stderr

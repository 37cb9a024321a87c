"""What anybody may ask: what a client must trust to connect."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from access.context import Access
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from storage.database import Database
from support.policies import BASE
from web.health import Health


def health(folder: Path, *, key: Path | None) -> Health:
    policy = folder / "gatepass.yml"
    policy.write_text(BASE)
    access = Access(
        database=Database("postgresql://127.0.0.1:1/none"),
        policies=PolicyFile(policy),
        redact=lambda text: text,
        keys=TokenKeys(folder / "keys"),
    )
    return Health(access, ssh_host_key_file=key)


async def get(told: Health, path: str) -> tuple[int, str]:
    application = web.Application()
    application.add_routes(told.routes())
    async with TestClient(TestServer(application)) as client, client.get(path) as answer:
        return answer.status, await answer.text()


@pytest.mark.finding("use-28")
async def test_the_ssh_host_key_is_published(tmp_path: Path) -> None:
    key = tmp_path / "host.pub"
    key.write_text("ssh-ed25519 AAAA\n")
    assert await get(health(tmp_path, key=key), "/ssh_host_key.pub") == (200, "ssh-ed25519 AAAA\n")


@pytest.mark.parametrize("path", ["/ssh_host_key.pub", "/ca.pem"])
async def test_a_process_without_the_key_says_so(tmp_path: Path, path: str) -> None:
    status, said = await get(health(tmp_path, key=tmp_path / "none"), path)
    assert status == 404
    assert "this process has no" in said

"""Alice's provider deactivates her, and what is live is cut, whichever process holds it."""

import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cli.demo.workspace import PROVIDER
from storage.model import EndReason
from support.children import line
from support.journeys import OwnProduct
from support.web.provisioning import Provisioner

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = "token-of-the-journey-0123456789"


async def test_a_leaver_is_cut_at_once(own_product: OwnProduct, tmp_path: Path) -> None:
    token = tmp_path / "scim-token"
    token.touch(mode=0o600)
    token.write_text(TOKEN)

    def amend(policy: dict[str, Any]) -> None:
        policy["providers"][PROVIDER]["scim"] = {"token": f"file:{token}"}

    async with own_product(amend=amend) as product, aiohttp.ClientSession() as session:
        provider = Provisioner(session, f"{product.settings.origin}/scim/v2/{PROVIDER}", TOKEN)
        user = await provider.user("alice@example.com", name={"givenName": "Alice"})
        sql, sql_grant = await product.granted("payments-db read 15m", "provisioned psql")
        psql = await product.clients.start_psql("read@payments-db", sql, "-c", r"\echo up", "-c", "select pg_sleep(60)")
        assert b"up" in await line(psql.stdout)
        shell, shell_grant = await product.granted("web-1 deploy 15m", "provisioned ssh")
        ssh = await product.clients.start_ssh("deploy@web-1", shell, "echo up; sleep 60")
        assert b"up" in await line(ssh.stdout)
        began = time.monotonic()
        status, _ = await provider.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": False}})
        assert status == 200
        for child in (psql, ssh):
            seen = await product.clients.seen(child)
            assert "deactivated by the provider" in seen.err
            assert seen.status != 0
        print(f"cut {time.monotonic() - began:.2f} s after the provider said so")
        for grant in (sql_grant, shell_grant):
            assert (await product.ended(grant)).end_reason is EndReason.REVOKED

"""Alice signs in at a SAML provider with a browser, and its logout cuts what is live, whichever process holds it."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from cli.demo.provider import Account
from storage.model import EndReason
from support.children import line
from support.identity.saml_idp import saml_idp
from support.journeys import OwnProduct
from support.web.browsers import chromium

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALICE = Account("u-alice", "Alice Archer", "alice@example.com")
MALLORY = Account("u-mallory", "Mallory", "mallory@elsewhere.example")


async def test_a_sign_in_and_the_providers_logout(own_product: OwnProduct, tmp_path: Path) -> None:
    async with saml_idp(tmp_path / "idp", [ALICE, MALLORY]) as idp:

        def amend(policy: dict[str, Any]) -> None:
            policy["providers"]["okta"] = {
                "title": "SAML Identity",
                "saml": {"entity_id": idp.entity_id, "metadata": idp.entity_id},
                "email": "managed",
            }

        async with own_product(amend=amend, workers=2) as product, chromium() as browser:
            origin = product.settings.origin
            application = f"{origin}/sign-in/okta/metadata"
            idp.applications = [application]
            key = product.settings.home / "saml" / "key.pem"
            assert key.stat().st_mode & 0o777 == 0o600
            sql, sql_grant = await product.granted("payments-db read 15m", "saml psql")
            psql = await product.clients.start_psql(
                "read@payments-db", sql, "-c", r"\echo up", "-c", "select pg_sleep(60)"
            )
            assert b"up" in await line(psql.stdout)
            shell, shell_grant = await product.granted("web-1 deploy 15m", "saml ssh")
            ssh = await product.clients.start_ssh("deploy@web-1", shell, "echo up; sleep 60")
            assert b"up" in await line(ssh.stdout)
            page = await browser.new_page()
            began = time.monotonic()
            await page.goto(str(origin))
            await page.get_by_role("link", name="Sign in with SAML Identity").click()
            await page.get_by_role("button", name="Mallory").click()
            await expect(
                page.get_by_text("SAML Identity knows you, but the policy here does not name you")
            ).to_be_visible()
            await page.get_by_role("link", name="Sign in again").click()
            await page.get_by_role("link", name="Sign in with SAML Identity").click()
            await page.get_by_role("button", name="Alice Archer").click()
            await expect(page.get_by_role("heading", name="read on payments-db").first).to_be_visible()
            print(f"signed in, at the second try, {time.monotonic() - began:.1f} s after the first page")
            ended = time.monotonic()
            await page.goto(f"{idp.url}/logout?{urlencode({'as': ALICE.subject, 'application': application})}")
            await expect(page.get_by_text("You are signed out everywhere")).to_be_visible()
            for child in (psql, ssh):
                seen = await product.clients.seen(child)
                assert "signed out at the provider" in seen.err
                assert seen.status != 0
            print(f"cut {time.monotonic() - ended:.2f} s after the logout")
            assert idp.logout_answers == [True]
            await page.goto(str(origin))
            await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
            for grant in (sql_grant, shell_grant):
                assert (await product.ended(grant)).end_reason is EndReason.REVOKED

"""SCIM beside SAML: who is deactivated is out, by the address or by the NameID, and groups are what was provisioned."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from storage.model import BrowserSession
from support.web.provisioning import Provisioner
from support.web.saml_stage import SamlStage, SamlVisitor

TOKEN = "scim-token-of-the-tests-0123456789"
OFF = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
async def provisioner(saml: SamlStage, tmp_path: Path) -> AsyncIterator[Provisioner]:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN)

    def scim(said: dict[str, Any]) -> None:
        said["providers"]["corp"]["scim"] = {"token": f"file:{token}"}
        said["groups"]["oncall"] = {"provider": "corp", "value": "db-oncall"}

    await saml.amend(scim)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Provisioner(session, f"{saml.url}/scim/v2/corp", TOKEN)


async def test_a_leaver_is_out(guest: SamlVisitor, saml: SamlStage, provisioner: Provisioner) -> None:
    user = await provisioner.user("alice@example.com")
    assert (await guest.signed_in())[0] == 303
    status, _ = await provisioner.patch(f"/Users/{user['id']}", OFF)
    assert status == 200
    assert (await guest.ask("/"))[2] == "/sign-in"
    assert [each.ended_at is not None for each in await saml.world.all(BrowserSession)] == [True]
    status, text, _ = await guest.signed_in()
    assert (status, "has deactivated your account" in text) == (403, True)


async def test_a_leaver_is_out_by_the_name_of_the_account(
    guest: SamlVisitor, saml: SamlStage, provisioner: Provisioner
) -> None:
    def by_subject(said: dict[str, Any]) -> None:
        said["providers"]["corp"]["identify"] = "subject"
        said["people"]["bob"]["subjects"] = {"corp": "u-bob"}

    await saml.amend(by_subject)
    user = await provisioner.user("somebody@example.com", externalId="u-bob")
    assert (await guest.signed_in("u-bob"))[0] == 303
    await provisioner.patch(f"/Users/{user['id']}", OFF)
    assert (await guest.ask("/"))[2] == "/sign-in"
    assert (await guest.signed_in("u-bob"))[0] == 403


async def test_a_provisioned_group_brings_somebody(
    guest: SamlVisitor, saml: SamlStage, provisioner: Provisioner
) -> None:
    user = await provisioner.user("gina@example.com")
    await provisioner.group("db-oncall", user["id"])
    assert (await guest.signed_in("u-gina"))[0] == 303
    assert "gina" in (await guest.ask("/"))[1]

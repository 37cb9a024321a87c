"""Somebody whom no file names in Slack types /access: they get a link, sign in by it, and are who they are."""

import base64
import dataclasses
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import yaml

from access.context import Access
from access.identity import linking
from access.identity.adoption import adopt
from slack_simulator.server import Simulator, WorkspaceSpec, serve
from storage.model import Principal, SlackLink
from support.bot.stage import CHANNELS, PEOPLE, Stage, manifest, policy_document

ASK = "/access web-1 deploy 15m look at the logs"


@pytest.fixture
def document() -> dict[str, Any]:
    found = policy_document()
    found["providers"] = {"corp": {"issuer": "https://login.example.com", "client_id": "gatepass"}}
    found["people"]["nora"] = {"email": "Nora@example.com"}
    found["groups"]["engineers"].append("nora")
    return found


@pytest.fixture
async def access(access: Access, document: dict[str, Any]) -> Access:
    access.policies.path.write_text(yaml.safe_dump(document, sort_keys=False))
    access.policies.reload()
    await adopt(access)
    return replace(access, pages="https://gate.example.com")


async def nora(stage: Stage) -> Principal:
    [found] = [each for each in await stage.rows(Principal) if each.name == "nora"]
    return found


async def test_a_link_makes_the_account_hers(stage: Stage) -> None:
    await stage.slack.command("nora", "incidents", ASK)
    told = await stage.told("nora", "does not know yet whose Slack account this is")
    [secret] = set(re.findall(r"https://gate\.example\.com/link/([A-Za-z0-9_-]{43})", str(told)))
    [row] = await stage.rows(SlackLink)
    assert (row.member, row.shown) == ("U0NORA", "Nora Nobody (@nora)")
    await linking.link(stage.access, base64.urlsafe_b64decode(secret + "="), await nora(stage))
    await stage.told("nora", "linked to nora", ephemeral=False)
    await stage.slack.command("nora", "incidents", ASK)
    await stage.told("nora", "You have access", ephemeral=False)


async def test_her_home_has_a_link_too(stage: Stage) -> None:
    await stage.slack.open_home("nora")
    home = await stage.slack.wait_for_home("nora", "Link this Slack account")
    assert "https://gate.example.com/link/" in str(home)


async def test_who_may_not_be_relied_on_gets_no_link(stage: Stage) -> None:
    await stage.slack.command("uma", "incidents", ASK)
    await stage.told("uma", "is not confirmed")
    assert await stage.rows(SlackLink) == []


class TestByAddress:
    @pytest.fixture
    def document(self, document: dict[str, Any]) -> dict[str, Any]:
        return document | {"slack": {"match_email": True}}

    @pytest.fixture
    async def simulator(self) -> AsyncIterator[Simulator]:
        """A workspace whose app may read addresses, which the manifest as it ships does not ask for."""
        shipped = manifest()
        allowed = dataclasses.replace(shipped, bot_scopes=frozenset({*shipped.bot_scopes, "users:read.email"}))
        async with serve(WorkspaceSpec(people=PEOPLE, channels=CHANNELS, manifest=allowed)) as served:
            yield served

    async def test_a_confirmed_address_is_enough_where_the_policy_says_so(self, stage: Stage) -> None:
        await stage.slack.command("nora", "incidents", ASK)
        await stage.told("nora", "You have access", ephemeral=False)
        [event] = [each for each in await stage.audit() if each["action"] == "slack:identity:link"]
        assert (event["actor"], event["detail"]["email"]) == ("human:nora", "nora@example.com")

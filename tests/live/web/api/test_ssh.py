"""Certificates for ssh as a command line gets them: over its own key, for its own grant, and from where it asks."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncssh
import pytest
from structlog.testing import capture_logs

from access.decisions.requests import Ask
from access.identity import acts
from access.identity.command_lines import wanted
from storage.database import Database
from support.access import ask_anyway
from support.identity.authenticators import SoftKey
from support.identity.touching import Owner, signed_in
from support.web.command_line import CommandLine
from support.web.stage import PagesStage, pages_stage
from support.web.visitor import Visitor
from web.settings import ForwardedBy

HOSTS = {"name": "hosts", "who": ["alice"], "resources": ["web-1"], "roles": ["*"], "decision": "automatic"}


@dataclass
class Asking:
    """alice's command line, and the path of a certificate for her access to a host."""

    stage: PagesStage
    line: CommandLine
    path: str
    key: asyncssh.SSHKey

    async def certificate(self) -> Any:
        body = {"public_key": self.key.export_public_key().decode()}
        status, said = await self.line.call(self.path, "POST", json=body)
        assert status == 200, said
        return asyncssh.import_certificate(said["certificate"])


@contextlib.asynccontextmanager
async def asking(
    database: Database, folder: Path, headers: dict[str, str] | None = None, **more: Any
) -> AsyncGenerator[Asking]:
    async with (
        pages_stage(database, folder, **more) as stage,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=headers) as session,
    ):
        world = stage.world
        document = world.access.policies.current.document
        document["policy"].insert(0, HOSTS)
        await world.write(document)
        await ask_anyway(world.access, world["alice"], Ask("web-1", "deploy", 900))
        visitor = Visitor(stage, session)
        await visitor.sign_in()
        line = CommandLine(visitor)
        await line.sign_in()
        _, said = await line.call("/api/grants")
        path = f"/api/grants/{said['grants'][0]['id']}/ssh-certificate"
        yield Asking(stage, line, path, asyncssh.generate_private_key("ssh-ed25519"))


async def test_a_certificate_is_for_the_key_the_role_and_this_machine(database: Database, tmp_path: Path) -> None:
    async with asking(database, tmp_path) as alice:
        made = await alice.certificate()
        assert made.key == alice.key.convert_to_public()
        assert made.principals == ["deploy@web-1"]
        assert [str(each) for each in made.options["source-address"]] == ["127.0.0.0/8", "::1/128"]
        grant = alice.path.split("/")[3]
        said = made.public_data
        assert f"gatepass:alice:{grant}:".encode() in said
        [kept] = list(tmp_path.glob("keys/ssh_client_ca"))
        assert kept.stat().st_mode & 0o777 == 0o600
        # The authority is one, and each certificate another.
        again = await alice.certificate()
        assert (again.signing_key, again.public_data == said) == (made.signing_key, False)


async def test_where_the_rule_asks_for_a_touch_it_takes_one_once(database: Database, tmp_path: Path) -> None:
    async with asking(database, tmp_path) as alice:
        world, grant = alice.stage.world, alice.path.split("/")[3]
        document = world.access.policies.current.document
        document["policy"][0] = HOSTS | {"requires": {"present": True}}
        await world.write(document)
        body = {"public_key": alice.key.export_public_key().decode()}
        status, said = await alice.line.call(alice.path, "POST", json=body)
        assert (status, said["error"]) == (403, "proof")
        status, wish = await alice.line.call(f"/api/grants/{grant}/touch", "POST")
        assert status == 201
        body["touch"] = wish["id"]
        status, said = await alice.line.call(alice.path, "POST", json=body)
        assert (status, "No touch of your security key was given" in said["message"]) == (403, True)
        owner = Owner(world, await signed_in(world, "alice"), SoftKey())
        await owner.add(owner.key, "Blue key")
        touch = await owner.touch(acts.hand_over(UUID(grant), UUID(wish["id"])))
        await wanted.give(world.access, owner.me, UUID(wish["id"]), touch)
        status, said = await alice.line.call(alice.path, "POST", json=body)
        made: Any = asyncssh.import_certificate(said["certificate"])
        assert (status, made.principals) == (200, ["deploy@web-1"])
        status, said = await alice.line.call(alice.path, "POST", json=body)
        assert (status, said["error"], "used already" in said["message"]) == (403, "proof", True)
        issued = [each for each in await world.events("cli:ssh_certificate:issue") if each["outcome"] == "success"]
        assert [each["detail"]["proof"]["touch"]["name"] for each in issued] == ["Blue key"]


PROXIES = (ip_network("127.0.0.0/8"),)
FROM = {"X-Forwarded-For": "198.51.100.9"}


@pytest.mark.parametrize(
    ("headers", "more", "source"),
    [
        (FROM, {"proxies": PROXIES}, ["198.51.100.9/32"]),
        ({"X-Forwarded-For": "2001:db8::7"}, {"proxies": PROXIES}, ["2001:db8::7/128"]),
        ({}, {"proxies": PROXIES}, None),
        ({"X-Forwarded-For": "_hidden"}, {"proxies": PROXIES}, None),
        (FROM, {}, ["127.0.0.0/8", "::1/128"]),
        ({}, {"binds_certificates": False}, None),
    ],
)
async def test_it_is_bound_to_the_address_that_is_known(
    database: Database, tmp_path: Path, headers: dict[str, str], more: dict[str, Any], source: list[str] | None
) -> None:
    async with asking(database, tmp_path, headers, **more) as alice:
        said = (await alice.certificate()).options.get("source-address")
        assert ([str(each) for each in said] if said is not None else None) == source


@pytest.mark.parametrize(("header", "status"), [(None, 400), (ForwardedBy.X_FORWARDED_FOR, 200)])
async def test_a_header_of_the_clients_own_binds_it_to_nothing_else(
    database: Database, tmp_path: Path, header: ForwardedBy | None, status: int
) -> None:
    """The proxy sets X-Forwarded-For, and passes Forwarded on as the client wrote it."""
    both = {"Forwarded": "for=203.0.113.50", **FROM}
    async with asking(database, tmp_path, both, proxies=PROXIES, forwarded_by=header) as alice:
        body = {"public_key": alice.key.export_public_key().decode()}
        answered, said = await alice.line.call(alice.path, "POST", json=body)
        assert answered == status
        if header is None:
            assert (said["error"], "strip the one that it does not set" in said["message"]) == ("two_clients", True)
        else:
            made: Any = asyncssh.import_certificate(said["certificate"])
            assert [str(each) for each in made.options["source-address"]] == ["198.51.100.9/32"]


@pytest.mark.parametrize("header", [None, ForwardedBy.FORWARDED])
async def test_a_malformed_header_binds_it_to_nothing_either(
    database: Database, tmp_path: Path, header: ForwardedBy | None
) -> None:
    """The client opened a quotation mark, and the proxy wrote behind it."""
    said = {"Forwarded": 'for="6.6.6.6, for=198.51.100.9'}
    async with asking(database, tmp_path, said, proxies=PROXIES, forwarded_by=header) as alice:
        body = {"public_key": alice.key.export_public_key().decode()}
        status, refused = await alice.line.call(alice.path, "POST", json=body)
        assert (status, refused["error"]) == (400, "malformed_header")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"public_key": 7}, 400),
        ({"public_key": ""}, 403),
        ({"public_key": "ssh-ed25519 AAAA"}, 403),
        ({"public_key": "ssh-ed25519 " + "A" * 20_000}, 403),
    ],
)
async def test_what_is_no_key_is_not_signed(
    database: Database, tmp_path: Path, body: dict[str, Any], status: int
) -> None:
    async with asking(database, tmp_path) as alice:
        assert (await alice.line.call(alice.path, "POST", json=body))[0] == status


async def test_anothers_grant_is_not_there(database: Database, tmp_path: Path) -> None:
    async with asking(database, tmp_path) as alice:
        bob = Visitor(alice.stage, alice.line.visitor.session)
        await bob.sign_in("u-bob")
        line = CommandLine(bob)
        await line.sign_in()
        body = {"public_key": alice.key.export_public_key().decode()}
        assert (await line.call(alice.path, "POST", json=body))[0] == 404
        await alice.line.call(alice.path.replace("ssh-certificate", "end"), "POST")
        assert (await alice.line.call(alice.path, "POST", json=body))[1]["error"] == "ended"


async def test_a_key_that_cannot_be_used_is_the_operators_to_mend(database: Database, tmp_path: Path) -> None:
    async with asking(database, tmp_path) as alice:
        await alice.certificate()
        (tmp_path / "keys" / "ssh_client_ca").write_text("no key")
        body = {"public_key": alice.key.export_public_key().decode()}
        with capture_logs() as logs:
            status, said = await alice.line.call(alice.path, "POST", json=body)
        assert (status, said["error"], "Tell your operator" in said["message"]) == (503, "key_unusable", True)
        assert str(tmp_path) not in said["message"]
        [line] = [each for each in logs if each["event"] == "api_key_unusable"]
        assert "ssh_client_ca cannot be used: ValueError. It must be an Ed25519 key in PEM." in line["why"]
        assert "exc_info" not in line


async def test_a_process_without_keys_signs_nothing(database: Database, tmp_path: Path) -> None:
    async with asking(database, tmp_path, ssh_keys=None) as alice:
        body = {"public_key": alice.key.export_public_key().decode()}
        assert (await alice.line.call(alice.path, "POST", json=body))[1]["error"] == "not_found"

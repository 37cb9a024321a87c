"""POST /api/grants/ID/tls-certificate: for whoever has the grant and the key, and for nobody else."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from access.certificates.authority import ClientAuthority
from client.programs.request import request
from storage.database import Database
from storage.model import BrowserSession, IssuedCredential, SignInKind
from support.identity.certificates import new_key
from support.web import stage as stages
from support.web.command_line import CommandLine
from support.web.stage import PagesStage, pages_stage
from support.web.visitor import Visitor

READ = {"resource": "payments-db", "role": "read", "duration_s": 900, "reason": "INC-42"}
WEB = {"resource": "web-1", "role": "deploy", "duration_s": 900, "reason": "INC-42"}


def csr(key: ec.EllipticCurvePrivateKey) -> str:
    public = key.public_key().public_numbers()
    point = b"\x04" + public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")
    return request(point, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))


@contextlib.asynccontextmanager
async def command_line(stage: PagesStage, who: str) -> AsyncIterator[CommandLine]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        visitor = Visitor(stage, session)
        await visitor.sign_in(who)
        line = CommandLine(visitor)
        await line.sign_in()
        yield line


@pytest.fixture
def takes() -> bool:
    return True


@pytest.fixture
async def stage(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, takes: bool
) -> AsyncIterator[PagesStage]:
    """With an authority for clients, and a gateway that takes what it signs unless a test says otherwise."""
    plain = stages.world_of

    async def world_of(*given: Any) -> Any:
        world = await plain(*given)
        return replace(world, access=replace(world.access, client_authority=ClientAuthority(tmp_path / "client-ca")))

    monkeypatch.setattr(stages, "world_of", world_of)
    async with pages_stage(database, tmp_path, takes_certificates=takes) as made:
        yield made


@pytest.fixture
async def line(stage: PagesStage) -> AsyncIterator[CommandLine]:
    async with command_line(stage, "u-alice") as line:
        yield line


async def grant_of(line: CommandLine, wish: dict[str, Any] = READ) -> str:
    _, said = await line.call("/api/requests", "POST", json=wish)
    return f"/api/grants/{said['grant']}/tls-certificate"


async def test_a_certificate_over_the_key_that_asked(line: CommandLine, stage: PagesStage) -> None:
    key, path = new_key(), await grant_of(line)
    _, said = await line.call("/api/grants")
    assert said["grants"][0]["accepts"] == ["token", "certificate"]
    status, given = await line.call(path, "POST", json={"csr": csr(key)})
    assert status == 200, given
    made = x509.load_pem_x509_certificate(given["certificate"].encode())
    assert made.public_key() == key.public_key()
    assert (f"{made.serial_number:016x}", made.subject.rfc4514_string()) == (given["id"], "CN=alice")
    [row] = await stage.world.all(IssuedCredential)
    assert (row.id, row.issued_to, row.secret_hash) == (given["id"], "127.0.0.1", None)
    [mine] = [each for each in await stage.world.all(BrowserSession) if each.kind is SignInKind.COMMAND_LINE]
    assert row.sign_in == mine.line
    [event] = await stage.world.events("cli:certificate:issue")
    assert (event["actor"], event["detail"]["certificate"]) == ("human:alice", given["id"])
    assert event["detail"]["device"] == "gatepass on laptop"


async def test_each_has_a_number_of_its_own(line: CommandLine) -> None:
    key, path = new_key(), await grant_of(line)
    given = [(await line.call(path, "POST", json={"csr": csr(key)}))[1]["id"] for _ in range(3)]
    assert len(set(given)) == 3


async def test_nobody_else_gets_one(line: CommandLine, stage: PagesStage) -> None:
    path = await grant_of(line)
    async with command_line(stage, "u-bob") as bobs:
        status, said = await bobs.call(path, "POST", json={"csr": csr(new_key())})
    assert (status, said["error"]) == (404, "not_found")
    status, said = await line.call(path.replace(path.split("/")[3], str(UUID(int=9))), "POST", json={})
    assert (status, said["error"]) == (404, "not_found")
    assert await stage.world.all(IssuedCredential) == []


@pytest.mark.parametrize("sent", [{}, {"csr": ""}, {"csr": 5}, {"csr": None}, {"csr": "x" * 9_000}, {"csr": ["a"]}])
async def test_what_is_no_request(line: CommandLine, stage: PagesStage, sent: dict[str, Any]) -> None:
    status, said = await line.call(await grant_of(line), "POST", json=sent)
    assert (status, said["error"]) == (400, "no_request")
    assert "request for a certificate" in said["message"]
    assert await stage.world.all(IssuedCredential) == []


async def test_what_is_over_or_no_database_gets_none(line: CommandLine) -> None:
    path = await grant_of(line)
    assert (await line.call(path.replace("tls-certificate", "end"), "POST"))[0] == 200
    status, said = await line.call(path, "POST", json={"csr": csr(new_key())})
    assert (status, said["error"]) == (410, "ended")


async def test_a_role_that_accepts_none(line: CommandLine, stage: PagesStage) -> None:
    path = await grant_of(line)
    policy = yaml.safe_load(stage.world.access.policies.path.read_text())
    policy["resources"]["payments-db"]["roles"]["read"]["accepts"] = ["token"]
    await stage.world.write(policy)
    _, said = await line.call("/api/grants")
    assert said["grants"][0]["accepts"] == ["token"]
    status, said = await line.call(path, "POST", json={"csr": csr(new_key())})
    assert (status, said["message"]) == (403, "read@payments-db accepts no certificate. Connect with a token.")


@pytest.mark.parametrize("takes", [False])
async def test_a_gateway_that_cannot_take_them(line: CommandLine) -> None:
    path = await grant_of(line)
    _, said = await line.call("/api/grants")
    assert said["grants"][0]["accepts"] == ["token"]
    status, said = await line.call(path, "POST", json={"csr": csr(new_key())})
    assert (status, said["error"]) == (409, "no_certificates")

"""The pages on a free port of this machine, with a policy, its people, and a provider that knows them."""

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from sqlalchemy import select

from access.addresses import Addresses
from access.context import Access
from access.identity import linking
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from cli.demo.provider import Account, Client, DemoProvider, demo_provider
from storage.database import Database, clock
from storage.model import Principal
from storage.notices import Notices
from support.access import World
from support.policies import policy_document
from web.app import WebServer
from web.settings import Origin, WebSettings

CLIENT = "gatepass"
ADDRESSES = Addresses(
    ssh_host="gate.example.com",
    ssh_port=2222,
    postgres_host="gate.example.com",
    postgres_port=5433,
    kubernetes_host="gate",
    kubernetes_port=8443,
)
ACCOUNTS = (
    Account("u-alice", "Alice Archer", "Alice@example.com"),
    Account("u-bob", "Bob Baker", "bob@example.com"),
    Account("u-frank", "Frank Fox", "frank@example.com"),
    Account("u-eve", "Eve", "eve@example.com"),
    Account("u-unverified", "Carol", "carol@example.com", email_verified=False),
)


@dataclass
class PagesStage:
    """Where the pages are, what they stand on, and who proves people to them."""

    world: World
    settings: WebSettings
    provider: DemoProvider

    @property
    def url(self) -> str:
        return str(self.settings.origin)

    async def slack_link(self, member: str = "U0FRANK", shown: str = "Frank Fox (@frank)") -> str:
        """An address by which this account of Slack can be linked, as the bot gives it."""
        async with self.world.database.transaction() as transaction:
            now = await clock(transaction)
            secret = await linking.offer(transaction, "T0TEAM", member, enterprise=None, shown=shown, now=now)
        assert secret is not None
        return f"{self.url}/link/{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def document(issuer: str) -> dict[str, Any]:
    """The usual people, who are found by their address at `corp`."""
    policy = policy_document()
    policy["providers"] = {"corp": {"title": "Example Corp", "issuer": issuer, "client_id": CLIENT}}
    policy["people"]["bob"]["email"] = "bob@example.com"
    policy["people"]["carol"]["email"] = "carol@example.com"
    policy["people"]["frank"] = {"email": "frank@example.com"}
    policy["resources"]["payments-db"]["description"] = "Payments, refunds & <their> cards"
    return policy


async def world_of(database: Database, folder: Path, policy: dict[str, Any]) -> World:
    path = folder / "gatepass.yml"
    path.write_text(yaml.safe_dump(policy, sort_keys=False))
    path.chmod(0o600)
    access = Access(database, PolicyFile(path), str, TokenKeys(folder / "keys"))
    await adopt(access)
    async with database.transaction() as transaction:
        people = {person.name: person for person in (await transaction.scalars(select(Principal))).all()}
    return World(access, people)


@contextlib.asynccontextmanager
async def served(world: World, origin: Origin, listening: socket.socket, **more: Any) -> AsyncGenerator[WebSettings]:
    """The pages at `origin`, by a socket that listens there; `more` are settings of the room."""
    listen = ("127.0.0.1", origin.port)
    said: dict[str, Any] = {"origin": origin, "addresses": ADDRESSES} | more
    settings = WebSettings(health_listen=listen, pages_listen=listen, **said)
    notices = Notices(world.database)
    hearing = asyncio.ensure_future(notices.run())
    async with aiohttp.ClientSession() as session:
        application = WebServer(world.access, settings, notices).pages(session)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.SockSite(runner, listening, ssl_context=settings.tls).start()
            yield settings
        finally:
            await runner.cleanup()
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)


@contextlib.asynccontextmanager
async def pages_stage(
    database: Database, folder: Path, *, scheme: str = "http", **more: Any
) -> AsyncGenerator[PagesStage]:
    """`more` are settings of the room; `tls` goes with `https`."""
    more.setdefault("ssh_keys", folder / "keys")
    async with demo_provider("Example Corp", ACCOUNTS) as provider:
        world = await world_of(database, folder, document(provider.issuer))
        # The address is known once the port is, and the pages need it before they listen.
        with socket.create_server(("127.0.0.1", 0)) as listening:
            origin = Origin(scheme, "localhost", listening.getsockname()[1])
            async with served(world, origin, listening, **more) as settings:
                origin = settings.origin
                provider.clients = {
                    CLIENT: Client(CLIENT, [f"{origin}/sign-in/corp/callback"], f"{origin}/sign-out/corp/back-channel")
                }
                yield PagesStage(world, settings, provider)

"""Pages of Gatepass whose people sign in at a provider that is not ours, and the browser of somebody who does."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from yarl import URL

from storage.database import Database
from storage.embedded.server import Embedded
from storage.migrate import migrate
from support.access import World
from support.policies import policy_document
from support.web.stage import served, world_of
from web.settings import Origin

#: With all that a client's secret may hold, and long enough for HS256.
SECRET = "a secret of the client, with /+ and % in it, long enough for HS256"


@dataclass
class Corp:
    """Pages whose people sign in at the provider `corp`."""

    world: World
    url: str
    issuer: str

    async def all(self, table: type[Any]) -> list[Any]:
        return await self.world.all(table)


def addresses_at(origin: Origin) -> dict[str, str]:
    """What the provider is told of our pages, as its programs take it from the environment."""
    return {
        "REDIRECT": f"{origin}/sign-in/corp/callback",
        "LOGOUT": f"{origin}/sign-out/corp/back-channel",
        "SECRET": SECRET,
    }


def origin_of(listening: socket.socket) -> Origin:
    return Origin("http", "localhost", listening.getsockname()[1])


@contextlib.asynccontextmanager
async def pages_at(
    issuer: str, listening: socket.socket, tmp_path: Path, scopes: list[str] | None = None
) -> AsyncIterator[Corp]:
    """The pages, on storage of their own, with the people of the test policy and a group that the provider fills.

    The secret is in OIDC_SECRET.
    """
    with TemporaryDirectory(prefix="gatepass-") as folder:
        embedded = Embedded(Path(folder))
        dsn = await asyncio.to_thread(embedded.start)
        await migrate(dsn)
        database = Database(dsn)
        try:
            world = await world_of(database, tmp_path, _policy(issuer, scopes))
            origin = origin_of(listening)
            async with served(world, origin, listening):
                yield Corp(world, str(origin), issuer)
        finally:
            await database.close()
            await asyncio.to_thread(embedded.stop)


def _policy(issuer: str, scopes: list[str] | None) -> dict[str, Any]:
    policy = policy_document()
    registration: dict[str, Any] = {"issuer": issuer, "client_id": "gatepass", "client_secret": "env:OIDC_SECRET"}
    policy["providers"] = {"corp": registration | ({"scopes": scopes} if scopes else {})}
    policy["groups"]["oncall"] = {"provider": "corp", "value": "db-oncall"}
    policy["policy"][0]["who"] = ["engineers", "oncall"]
    # So that the provider is asked for when somebody signed in.
    policy["policy"][0]["requires"] = {"sign_in": "8h"}
    return policy


def browser_of(corp: Corp) -> aiohttp.ClientSession:
    """Keeps cookies that are for https alone on this machine as well, as browsers do."""
    issuer = URL(corp.issuer)
    here = [URL(corp.url), issuer.origin()]
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=here))

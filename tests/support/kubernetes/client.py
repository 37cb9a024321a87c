"""A client of the Kubernetes door that says exactly what a test wants said, over TLS."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from yarl import URL

from proxy.kubernetes.streams import outcomes
from proxy.kubernetes.streams.outcomes import Outcome
from storage.model import Grant
from support.children import PATIENCE_S
from support.proxy import Granted


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """Of a Status."""
        return str(self.json["message"])


@dataclass
class Ran:
    """What a command said, and how it ended."""

    stdout: bytes = b""
    stderr: bytes = b""
    outcome: Outcome | None = None

    @property
    def exit_code(self) -> int | None:
        return None if self.outcome is None else self.outcome.exit_code


class MakeClient(Protocol):
    """`await client("ops")`."""

    async def __call__(self, role: str = "ops", *, duration_s: int = 900) -> "Client": ...


class Client:
    """One connection pool with one token."""

    def __init__(self, port: int, held: Granted, trust: ssl.SSLContext) -> None:
        self._base = f"https://127.0.0.1:{port}"
        self.port = port
        self.token = held.token
        self.grant: Grant = held.grant
        self.trust = trust
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust), timeout=timeout)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        door: str = "/staging",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answered:
        """One request and all of its answer."""
        given = self.bearer if headers is None else headers
        url = URL(self._base + door + path, encoded=True)
        async with self._session.request(method, url, headers=given, data=body) as response:
            return Answered(response.status, dict(response.headers), await response.read())

    @asynccontextmanager
    async def streamed(self, path: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        """A request whose answer goes on."""
        async with self._session.get(self._base + "/staging" + path, headers=self.bearer) as response:
            yield response

    @asynccontextmanager
    async def exec(
        self, *argv: str, pod: str = "web", stdin: bool = False, version: str = "v5.channel.k8s.io"
    ) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
        """The stream of one command."""
        query = [("command", each) for each in argv] + [("stdout", "true"), ("stderr", "true")]
        url = URL(f"{self._base}/staging/api/v1/namespaces/prod/pods/{pod}/exec").with_query(
            [*query, *([("stdin", "true")] if stdin else [])]
        )
        async with self._session.ws_connect(url, headers=self.bearer, protocols=[version]) as socket:
            yield socket

    async def run(self, *argv: str, given: bytes | None = None) -> Ran:
        """A command to its end."""
        async with self.exec(*argv, stdin=given is not None) as socket:
            if given is not None:
                await socket.send_bytes(b"\0" + given)
                await socket.send_bytes(b"\xff\0")
            return await finished(socket)

    async def close(self) -> None:
        await self._session.close()


async def finished(socket: aiohttp.ClientWebSocketResponse) -> Ran:
    """All that comes until the end."""
    ran = Ran()
    async with asyncio.timeout(PATIENCE_S):
        async for message in socket:
            channel, data = message.data[0], message.data[1:]
            if channel == 1:
                ran.stdout += data
            elif channel == 2:
                ran.stderr += data
            elif channel == 3:
                ran.outcome = outcomes.read(data)
    return ran

"""The whole product as journeys act on it: the demo's stage, and Gatepass beside it in processes of its own."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import String, cast, select
from sqlmodel import col

from cli.demo.clients import Clients
from cli.demo.people import People
from cli.demo.stage import Stage
from cli.settings import Settings
from slack_simulator.client import SimulatorClient
from storage.database import Database
from storage.model import Session

#: A process that is not ready by then never will be.
START_S = 40.0
STOP_S = 20.0
#: Far longer than any session takes to end; a test that waits so long fails.
END_S = 30.0


@dataclass
class Program:
    """One `gatepass serve` process."""

    settings: Settings
    rooms: tuple[str, ...]
    log: Path
    process: asyncio.subprocess.Process | None = None
    #: More words behind `gatepass serve`.
    words: tuple[str, ...] = ()

    async def start(self) -> None:
        """Start it and wait until it says that it serves."""
        only = [word for room in self.rooms for word in ("--only", room)]
        seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("gatepass")),
                "serve",
                *only,
                *self.words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
            )
        async with asyncio.timeout(START_S):
            while self._serving not in self.log.read_bytes()[seen:]:
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    @property
    def _serving(self) -> bytes:
        """What it says itself when it serves; its workers say that they serve, too."""
        return b'"workers": ' if "--workers" in self.words else b"serving"

    def _environment(self) -> dict[str, str]:
        settings = self.settings
        tokens = (settings.slack_bot_token, settings.slack_app_token)
        assert all(tokens)
        bot, app = (token.get_secret_value() for token in tokens if token)
        return {
            "PATH": os.defpath,
            "HOME": str(settings.home),
            "LC_ALL": "C.UTF-8",
            "GATEPASS_HOME": str(settings.home),
            "GATEPASS_CONFIG": str(settings.config),
            "SLACK_BOT_TOKEN": bot,
            "SLACK_APP_TOKEN": app,
            "SLACK_API_BASE_URL": settings.slack_api_base_url or "",
            "GATEPASS_PUBLIC_HOST": settings.public_host,
            "GATEPASS_SSH_LISTEN": settings.ssh_listen,
            "GATEPASS_POSTGRES_LISTEN": settings.postgres_listen,
            "GATEPASS_KUBERNETES_LISTEN": settings.kubernetes_listen,
            "GATEPASS_HEALTH_LISTEN": settings.health_listen,
            "GATEPASS_WEB_LISTEN": settings.web_listen,
            "GATEPASS_WEB_URL": str(settings.origin),
            "GATEPASS_LOG_FORMAT": "json",
        }

    async def kill(self) -> None:
        """As the kernel's OOM killer would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        """In order; a process that does not stop is killed and fails the test."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self.process.wait()
        except TimeoutError:
            await self.kill()
            raise
        assert self.process.returncode == 0, self.log.read_text()[-4000:]

    def hang_up(self) -> None:
        """SIGHUP: read the policy again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)


@dataclass
class Product:
    """Everything a journey acts on."""

    around: Stage
    slack: SimulatorClient
    people: People
    clients: Clients
    database: Database
    dsn: str
    bot: Program
    proxy: Program
    #: Tokens that people were given; none of them may be kept anywhere.
    tokens: list[str] = field(default_factory=list[str])

    @property
    def settings(self) -> Settings:
        return self.around.settings

    async def granted(self, request: str, marker: str, *, who: str = "alice", by: str = "bob") -> tuple[str, str]:
        """A token and the grant's short id; `marker` tells the request from all others."""
        token, grant = await self.people.granted(who, request, by=by, marker=marker)
        self.tokens.append(token)
        return token, grant

    async def ended(self, grant: str) -> Session:
        """The newest session under the grant whose id starts so, once it has ended."""
        newest = select(Session).where(cast(col(Session.grant_id), String).startswith(grant))
        async with asyncio.timeout(END_S):
            while True:
                async with self.database.transaction() as transaction:
                    session = (await transaction.scalars(newest.order_by(col(Session.started_at).desc()))).first()
                if session is not None and session.ended_at is not None:
                    return session
                await asyncio.sleep(0.05)


def as_it_is(_: dict[str, Any]) -> None:
    """The demo's policy."""


class OwnProduct(Protocol):
    """For journeys that kill, starve or time out: `async with own_product(hold="2s") as product`."""

    def __call__(
        self, *, hold: str = "10m", workers: int = 1, amend: Callable[[dict[str, Any]], None] = as_it_is
    ) -> contextlib.AbstractAsyncContextManager[Product]: ...

"""What the demo stands on: a local Slack workspace, a database, a host, and settings for a Gatepass among them."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from cli.demo import workspace
from cli.demo.ports import free_port
from cli.demo.postgres_target import CUSTOMERS, PostgresTarget, postgres_target
from cli.demo.provider import DemoProvider, demo_provider
from cli.demo.ssh_target import SshTarget, ssh_target
from cli.runtime import home
from cli.settings import Settings
from slack_simulator.server import Simulator, serve
from web.settings import Origin

#: Ports that the demo takes when they are free, so that what people type stays the same.
SLACK_PORT, SSH_PORT, POSTGRES_PORT, KUBERNETES_PORT, HEALTH_PORT = 8765, 2222, 5433, 8443, 8080
PAGES_PORT, PROVIDER_PORT = 8444, 8766

#: Where the demo listens; nothing of it is for another machine.
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Stage:
    """Everything around Gatepass, and the settings by which it finds them."""

    settings: Settings
    simulator: Simulator
    database: PostgresTarget
    host: SshTarget
    provider: DemoProvider


@contextlib.asynccontextmanager
async def stage(folder: Path, *, known_ports: bool, hold: str = "10m") -> AsyncGenerator[Stage]:
    """Set everything up in `folder` for as long as the block lasts; the targets start anew each time."""
    spec = workspace.workspace()
    settings = _settings(folder, spec.bot_token, spec.app_token, known_ports=known_ports)
    home(settings)
    cards = [(number, cvv) for _, _, number, cvv, _ in CUSTOMERS]
    async with (
        serve(spec, LOOPBACK, free_port(SLACK_PORT) if known_ports else 0) as simulator,
        postgres_target(folder / "payments") as database,
        ssh_target(folder, {"cards.txt": workspace.card_file(cards)}) as host,
        demo_provider(
            workspace.PROVIDER_TITLE, workspace.accounts(), free_port(PROVIDER_PORT) if known_ports else 0
        ) as provider,
    ):
        provider.clients = workspace.clients(settings.origin)
        workspace.write_policy(settings.config, database, host, provider.issuer, hold=hold)
        settings = settings.model_copy(update={"slack_api_base_url": simulator.api_url})
        yield Stage(settings, simulator, database, host, provider)


def _settings(folder: Path, bot_token: str, app_token: str, *, known_ports: bool) -> Settings:
    """Settings that owe nothing to the environment but how to log."""

    def listen(known: int) -> str:
        return f"{LOOPBACK}:{free_port(known if known_ports else 0)}"

    pages = listen(PAGES_PORT)
    return Settings.load().model_copy(
        update={
            "home": folder,
            "config": folder / "gatepass.yml",
            "database_url": None,
            "slack_bot_token": SecretStr(bot_token),
            "slack_app_token": SecretStr(app_token),
            "public_host": LOOPBACK,
            "ssh_listen": listen(SSH_PORT),
            "postgres_listen": listen(POSTGRES_PORT),
            "kubernetes_listen": listen(KUBERNETES_PORT),
            "health_listen": listen(HEALTH_PORT),
            "web_listen": pages,
            # Browsers take http on this machine for as good as https; a certificate of the demo's they would not.
            "web_url": Origin.read(f"http://localhost:{pages.rpartition(':')[2]}"),
            "web_cert": None,
            "web_key": None,
            "web_proxies": (),
            "public_ca_file": str((folder / "ca" / "ca.pem").resolve()),
            "slack_proxy": None,
            "public_ssh_port": None,
            "public_postgres_port": None,
            "public_kubernetes_port": None,
        }
    )

"""`gatepass demo`: the whole product on one machine, with a local Slack workspace and two real targets of its own."""

import asyncio
import shlex
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from cli import log
from cli.demo import workspace
from cli.demo.clients import Clients
from cli.demo.stage import Stage, stage
from cli.demo.story import Story, StoryFailed
from cli.runtime import runtime, storage_dsn
from cli.serving import Room, ca_file, serving, until_signal
from cli.settings import Settings, host_and_port
from slack_simulator.client import SimulatorClient


def run(*, script: bool, folder: Path, fresh: bool) -> NoReturn:
    """Play the story, or stay until somebody stops it; ends with the exit status."""
    import uvloop  # noqa: PLC0415 - not on every platform, and only serving needs it

    own = folder.resolve() / ("story" if script else "demo")
    if fresh or script:
        shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    log.configure(Settings.load().log_format, file=own / "gatepass.log")
    described = folder / "demo.json"
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            raise typer.Exit(runner.run(_play(own) if script else _stay(own, described)))
    finally:
        if not script:
            described.unlink(missing_ok=True)


async def _stay(folder: Path, described: Path) -> int:
    """Serve until somebody stops it."""
    console = Console(highlight=False)
    console.print("Setting up a Slack workspace, a database, a host and Gatepass …")
    async with (
        stage(folder, known_ports=True) as around,
        runtime(around.settings) as running,
        serving(running, list(Room)),
    ):
        await _describe(around, described)
        _welcome(console, around, described)
        await until_signal()
        console.print("Stopping …")
    return 0


async def _play(folder: Path) -> int:
    """Play the story; 0 when everything was as it should be."""
    console = Console(highlight=False)
    async with (
        stage(folder, known_ports=False) as around,
        runtime(around.settings) as running,
        serving(running, list(Room)),
        SimulatorClient(around.simulator.url) as slack,
    ):
        story = Story(console, running.database, slack, _clients(around), folder)
        try:
            await story.play()
        except StoryFailed as failure:
            console.print(f"Amiss: {failure}", style="bold red", markup=False)
            console.print(f"The log is {folder / 'gatepass.log'}.")
            return 1
    console.print("Everything was as it should be, and nothing is left running.", style="bold green")
    return 0


def _clients(around: Stage) -> Clients:
    settings = around.settings
    return Clients(
        ssh_port=host_and_port(settings.ssh_listen)[1],
        postgres_port=host_and_port(settings.postgres_listen)[1],
        ca_file=ca_file(settings),
        folder=settings.home,
    )


async def _describe(around: Stage, described: Path) -> None:
    settings = around.settings
    async with storage_dsn(settings) as dsn:
        ssh_host, ssh_port = host_and_port(settings.ssh_listen)
        postgres_host, postgres_port = host_and_port(settings.postgres_listen)
        workspace.describe(
            described,
            {
                "simulator": around.simulator.url,
                "web": str(settings.origin),
                "health": f"http://{settings.health_listen}",
                "provider": around.provider.issuer,
                "ssh": {"host": ssh_host, "port": ssh_port},
                "postgres": {"host": postgres_host, "port": postgres_port, "ca": str(ca_file(settings))},
                "storage": dsn.get_secret_value(),
            },
        )


def _command(settings: Settings, words: str) -> str:
    """A command that reads this demo's storage."""
    return f"GATEPASS_HOME={shlex.quote(_from_here(settings.home))} {_client(words)}"


def _client(words: str) -> str:
    """A command of this Gatepass, whatever the shell has on its PATH."""
    return f"{shlex.quote(_from_here(Path(sys.executable).with_name('gatepass')))} {words}"


def _from_here(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _welcome(console: Console, around: Stage, described: Path) -> None:
    """What to click and type; commands stand on lines of their own, to be copied."""
    settings = around.settings
    database = (
        f'psql "host=127.0.0.1 port={host_and_port(settings.postgres_listen)[1]} user=read@payments-db '
        f'dbname=payments sslmode=require"'
    )
    host = f"ssh -p {host_and_port(settings.ssh_listen)[1]} deploy@web-1@127.0.0.1"
    for heading, *lines in (
        ("Gatepass is running.",),
        ("1. Open two tabs:", f"{around.simulator.url}/?as=alice", f"{around.simulator.url}/?as=bob"),
        ("2. As alice, in #incidents, type:", "/access payments-db read 15m INC-42 look at a refund"),
        ("3. As bob, tap Approve on the card. Alice's message from gatepass has the way in; tap Get my token there.",),
        (
            "4. In a terminal, with the token as the password:",
            database,
            "select * from customers join cards using (id);",
        ),
        ("5. Ask for web-1 deploy 15m the same way, then:", host, "cat cards.txt"),
        ("6. Ask for payments-db admin 15m, and try this; bob decides before it runs:", "drop table stale_sessions;"),
        ("7. Leave the session, and read its digest under the card in #incidents.",),
        ("8. See and play what was recorded:", _command(settings, "sessions list"), _command(settings, "audit verify")),
        ("9. See your access in a browser: sign in as alice there.", str(settings.origin)),
        (
            "10. Or do all of it by one command; sign in as alice once more.",
            _client(f"login {settings.origin}"),
            _client("psql payments-db"),
        ),
        (
            "11. As dora, whom no file names, type /access web-1 deploy 15m: she gets a link, and signs in by it.",
            f"{around.simulator.url}/?as=dora",
        ),
        ("For scripts:", str(described)),
        ("The log:", str(settings.home / "gatepass.log")),
        ("Stop with Ctrl-C.",),
    ):
        console.print(f"\n{heading}", style="bold", markup=False, soft_wrap=True)
        for line in lines:
            console.print(f"    {line}", style="cyan", markup=False, soft_wrap=True)

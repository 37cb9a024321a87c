"""`gatepass demo`: the whole product on one machine, with a local Slack workspace and two real targets of its own."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel

from cli import log
from cli.demo import workspace
from cli.demo.clients import Clients
from cli.demo.stage import Stage, stage
from cli.demo.story import Story, StoryFailed
from cli.runtime import runtime, storage_dsn
from cli.serving import Room, ca_file, serving, until_signal
from cli.settings import Settings, host_and_port
from simulator.client import SimulatorClient


def demo(
    script: Annotated[bool, typer.Option("--script", help="Play the whole story unattended, then stop.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path(".gatepass"),
    fresh: Annotated[bool, typer.Option(help="Forget what earlier demos stored.")] = False,
) -> None:
    """Try everything with no account: a local Slack, a database, a host, and Gatepass between them."""
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
        console.print(_welcome(around, described))
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
                "web": f"http://{settings.web_listen}",
                "ssh": {"host": ssh_host, "port": ssh_port},
                "postgres": {"host": postgres_host, "port": postgres_port, "ca": str(ca_file(settings))},
                "storage": dsn.get_secret_value(),
            },
        )


def _welcome(around: Stage, described: Path) -> Panel:
    settings = around.settings
    ssh_port = host_and_port(settings.ssh_listen)[1]
    postgres_port = host_and_port(settings.postgres_listen)[1]
    return Panel(
        f"""[bold]1.[/] Open [bold]{around.simulator.url}/?as=alice[/] and, in another tab, [bold]/?as=bob[/].
[bold]2.[/] As alice, in #incidents, type:  [bold]/access payments-db read 15m INC-42 look at a refund[/]
[bold]3.[/] As bob, tap [bold]Approve[/] on the card. Gatepass sends alice the way in; she taps [bold]Get my token[/].
[bold]4.[/] In a terminal (the token is the password):
     psql "host=127.0.0.1 port={postgres_port} user=read@payments-db dbname=payments sslmode=require"
     select name, number, cvv from customers join cards on customers.id = customer_id;
[bold]5.[/] Ask for [bold]web-1 deploy 15m[/] the same way, then:
     ssh -p {ssh_port} deploy@web-1@127.0.0.1          and there:  cat cards.txt
[bold]6.[/] Ask for [bold]payments-db admin 15m[/], and try  drop table stale_sessions;  bob sees it before it runs.
[bold]7.[/] Leave the session, and read its digest under the card in #incidents.

For scripts: {described}      The log: {settings.home / "gatepass.log"}      Stop: Ctrl-C""",  # noqa: S608 - words for people
        title="Gatepass is running",
        expand=False,
    )

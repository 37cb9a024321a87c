"""`gatepass audit …`: is the log what was written?"""

import asyncio

import typer

from cli import runtime
from cli.settings import Settings
from storage.audit.sequencer import sequence
from storage.audit.verification import verify

app = typer.Typer(help="The tamper-evident audit log.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `verify` a subcommand while it is the only one."""


@app.command("verify")
def verify_log() -> None:
    """Recompute every leaf and every root; exits with 1 and names each leaf that is not what was written."""
    raise typer.Exit(asyncio.run(_verify(Settings.load())))


async def _verify(settings: Settings) -> int:
    async with runtime.database(settings) as database:
        while await sequence(database):
            pass
        found = await verify(database)
    for one in found.discrepancies:
        where = f"leaf {one.leaf_index}" if one.leaf_index is not None else "the log"
        typer.echo(f"FAULT {where}: {one.message}")
    if found.discrepancies:
        typer.echo(f"The audit log was changed: {len(found.discrepancies)} faults in {found.tree_size} leaves.")
        return 1
    typer.echo(f"The audit log is whole: {found.tree_size} leaves, root {found.root.hex()}.")
    return 0

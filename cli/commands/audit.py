"""`gatepass audit …`: is the log what was written?"""

import asyncio

import typer

from cli import runtime
from cli.settings import Settings
from storage.audit.verification import Verification, verify
from storage.audit.walk import DISCREPANCY_LIMIT

app = typer.Typer(help="The audit log, and whether its rows still agree with each other.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `verify` a subcommand while it is the only one."""


@app.command("verify")
def verify_log() -> None:
    """Recompute every leaf and every root, and change nothing; exits with 1 and lists what does not agree.

    It finds rows that were changed, deleted or added. It compares with nothing outside the database: a log that was
    cut off at its end or rebuilt agrees with itself. Session digests in Slack show how many events there were.
    """
    raise typer.Exit(asyncio.run(_verify(Settings.load())))


async def _verify(settings: Settings) -> int:
    async with runtime.existing_database(settings) as database:
        found = await verify(database)
    for one in found.discrepancies:
        where = f"leaf {one.leaf_index}" if one.leaf_index is not None else "the log"
        typer.echo(f"FAULT {where}: {one.message}")
    typer.echo(_conclusion(found))
    return 1 if found.discrepancies else 0


def _conclusion(found: Verification) -> str:
    waiting = f" Events that wait to become leaves: {found.pending}." if found.pending else ""
    if faults := len(found.discrepancies):
        first = "the first " if faults >= DISCREPANCY_LIMIT else ""
        return f"The audit log was changed: {first}{faults} faults in {found.tree_size} leaves.{waiting}"
    if not found.tree_size:
        return f"The audit log is empty: no event has become a leaf yet.{waiting}"
    return f"The audit log is whole: {found.tree_size} leaves, root {found.root.hex()}.{waiting}"

"""`gatepass keys …`: the keys that sign access tokens."""

import asyncio
import getpass

import typer

from access.tokens import TokenKeys
from cli import runtime
from cli.settings import Settings
from storage.audit import trail
from storage.database import StorageUnavailable

app = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `rotate` a subcommand while it is the only one."""


@app.command("rotate")
def rotate() -> None:
    """Make a new signing key; tokens of the old ones stay valid until they expire."""
    settings = Settings.load()
    runtime.home(settings)
    kid = TokenKeys(settings.home / "keys").rotate()
    typer.echo(f"New tokens are signed by key {kid}.")
    asyncio.run(_record(settings, kid))


async def _record(settings: Settings, kid: str) -> None:
    """Storage must not keep anybody from replacing a key that leaked: the key comes first, the record after it."""
    try:
        async with runtime.database(settings) as database, database.transaction() as transaction:
            await trail.record(
                transaction,
                actor=f"operator:{getpass.getuser()}",
                action="cli:key:rotate",
                resource=kid,
            )
    except (StorageUnavailable, runtime.NotReady) as problem:
        raise runtime.NotReady(f"The key was rotated, but the audit log does not have it. {problem}") from problem

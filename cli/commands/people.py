"""The operator's commands about people."""

import asyncio
import logging
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from access.errors import Refused
from access.identity.incidents import lost
from access.visible import visible_line
from cli import log, runtime
from cli.commands.listing import Row, rows_of
from cli.settings import Settings

app = typer.Typer(help="People, their accounts and what they are signed in with.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="The person's name, as the policy and `gatepass people list` have it.")]


@app.command("list")
def list_people() -> None:
    """List who is somebody here: accounts, sign-ins, keys, what is open."""
    asyncio.run(_list(_settings()))


@app.command("sign-out")
def sign_out(
    name: _Name,
    grants: Annotated[bool, typer.Option("--grants", help="And revoke what is open, and cancel requests.")] = False,
) -> None:
    """Sign somebody out of every browser and command line, and end their SSH keys, as when a laptop is lost."""
    ended = asyncio.run(_sign_out(_settings(), name, with_grants=grants))
    counted = f"{_counted(ended.sign_ins, 'sign-in', 'sign-ins')} and {_counted(ended.ssh_keys, 'SSH key', 'SSH keys')}"
    typer.echo(f"{name} is signed out: {counted} ended.")
    if grants:
        typer.echo(f"{_counted(ended.grants, 'access was', 'accesses were')} revoked; sessions under them are cut.")
    else:
        typer.echo("Accesses that are open stay so: add --grants to revoke them.")


@app.command("end-keys")
def end_keys(name: _Name) -> None:
    """End somebody's security keys, as when the only one is lost: a sign-in alone registers the next one.

    Make sure who asks. What the keys were touched for and is not done counts no more.
    """
    called = asyncio.run(_end_keys(_settings(), name))
    if not called:
        typer.echo(f"{name} has no security key.")
        return
    names = ", ".join(f'"{visible_line(each)}"' for each in called)
    typer.echo(f"Ended for {name}: {names}. They register another one under Security keys, with a sign-in.")


def _settings() -> Settings:
    """What was done is what the command says; the log has the rest."""
    settings = Settings.load()
    log.configure(settings.log_format, level=logging.WARNING)
    return settings


async def _list(settings: Settings) -> None:
    async with runtime.existing_database(settings) as database, database.transaction() as transaction:
        rows = await rows_of(transaction)
    Console().print(_table(rows))


def _table(rows: list[Row]) -> Table:
    table = Table(box=None)
    for each in ("name", "address", "accounts"):
        table.add_column(each, overflow="fold")
    for each in ("sign-ins", "security keys", "SSH keys", "open"):
        table.add_column(each, justify="right")
    for row in rows:
        counts = (row.sign_ins, row.keys, row.ssh_keys, row.grants)
        # Text, for in a cell of another kind rich takes brackets for markup.
        accounts = Text("\n".join(visible_line(each) for each in row.accounts))
        whole = (Text(visible_line(row.name)), Text(visible_line(row.address)), accounts)
        table.add_row(*whole, *(str(each) if each else "" for each in counts))
    return table


async def _sign_out(settings: Settings, name: str, *, with_grants: bool) -> lost.SignedOut:
    async with runtime.existing_access(settings) as access:
        try:
            return await lost.sign_out(access, name, runtime.operator(), with_grants=with_grants)
        except Refused as refusal:
            raise runtime.NotReady(str(refusal)) from refusal


async def _end_keys(settings: Settings, name: str) -> list[str]:
    async with runtime.existing_access(settings) as access:
        try:
            return await lost.end_keys(access, name, runtime.operator())
        except Refused as refusal:
            raise runtime.NotReady(str(refusal)) from refusal


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"

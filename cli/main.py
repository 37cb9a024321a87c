"""`gatepass …`: the operator's commands. Each says what happened, to what, and what to do next; errors exit with 1."""

import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

from cli import process

#: Each with the module that it is in, and what it is there: a command, or several below one word.
COMMANDS: Final = {
    "serve": ("cli.commands.serve", "serve"),
    "demo": ("cli.demo.command", "demo"),
    "check": ("cli.commands.check", "check"),
    "judge": ("cli.commands.judge", "judge"),
    "migrate": ("cli.commands.migrate", "migrate"),
    "schema": ("cli.commands.check", "schema"),
    "manifest": ("cli.commands.manifest", "manifest"),
    "sessions": ("cli.commands.sessions", "app"),
    "audit": ("cli.commands.audit", "app"),
    "keys": ("cli.commands.keys", "app"),
    "ca": ("cli.commands.ca", "app"),
    "people": ("cli.commands.people", "app"),
    "known-hosts": ("cli.commands.known_hosts", "known_hosts"),
    "unlock": ("cli.commands.unlock", "unlock"),
}


def main() -> None:
    """The console script: loads the one command that is asked for, for all of them take seconds."""
    process.close_up()
    asked = [each for each in sys.argv[1:2] if each in COMMANDS]
    app = application(asked or COMMANDS)
    try:
        app()
    except Exception as error:
        from cli import failures  # noqa: PLC0415 - it loads all that can fail

        lines = failures.told(error)
        if not lines:
            raise
        failures.fail(*lines)


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with these commands."""
    app = typer.Typer(name="gatepass", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_program)
    for name in names:
        module, attribute = COMMANDS[name]
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"gatepass {version('gatepass')}")
        raise typer.Exit


def _program(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Just-in-time access from Slack, with the gateway inside."""

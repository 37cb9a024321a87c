"""`gatepass …`: the operator's commands. Each says what happened, to what, and what to do next; errors exit with 1."""

import asyncio
import errno
import os
import sys
from collections.abc import Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from access.errors import PolicyStale
from access.identity.adoption import PolicyOutdated
from access.identity.people import WrongWorkspace
from access.key_files import KeyUnusable
from access.policy.advice import Weight
from access.policy.errors import PolicyErrors
from access.policy.file import advise, json_schema, load, writable_by_others
from access.visible import visible_line
from bot.manifest import manifest_text
from bot.slack.client import BotUnavailable
from cli import audit, ca, keys, log, process, serving, sessions
from cli.demo.command import DemoUnavailable, demo
from cli.judge import judge
from cli.people import commands as people
from cli.runtime import NotReady
from cli.settings import InvalidSettings, Settings
from cli.unlock import unlock
from cli.workers import MOST_WORKERS
from proxy.ssh.host_key import host_key, public_line
from storage.database import StorageUnavailable
from storage.embedded.cluster import EmbeddedUnavailable
from storage.migrate import NotPermitted, UnknownSchema
from storage.migrate import migrate as run_migrations
from web.saml.xmlsec import lacking

app = typer.Typer(
    name="gatepass",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(sessions.app, name="sessions")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(ca.app, name="ca")
app.add_typer(people.app, name="people")

_errors = Console(stderr=True, highlight=False)

#: known_hosts names no port where it is this one (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
SSH_PORT = 22

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

#: What a person can mend; anything else is our fault and keeps its traceback.
_EXPECTED = (
    NotReady,
    InvalidSettings,
    PolicyErrors,
    PolicyOutdated,
    PolicyStale,
    StorageUnavailable,
    NotPermitted,
    UnknownSchema,
    EmbeddedUnavailable,
    BotUnavailable,
    KeyUnusable,
    WrongWorkspace,
    DemoUnavailable,
)


def main() -> None:
    """The console script."""
    process.close_up()
    expected: list[object] = []
    try:
        app()
    except* _EXPECTED as group:
        expected += _leaves(group)
    except* OSError as group:
        told = {each: _of_the_machine(each) for each in _leaves(group) if isinstance(each, OSError)}
        if not all(told.values()):
            raise
        expected += told.values()
    if expected:
        fail(*expected)


def _of_the_machine(error: OSError) -> str:
    """A file that is missing, not to be read or no file, or an output that takes no more; empty for other errors."""
    why = error.strerror or type(error).__name__
    if isinstance(error.filename, str | os.PathLike):
        return f"{error.filename}: {why}."
    return f"What was to be printed cannot be written ({why})." if error.errno in _FULL else ""


def fail(*errors: object) -> NoReturn:
    """Print each error on standard error, every line of it with the same prefix, and exit with 1."""
    for error in errors:
        for line in str(error).splitlines() or [""]:
            _errors.print(f"gatepass: {visible_line(line)}", markup=False, soft_wrap=True)
    sys.exit(1)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            found.extend(_leaves(each))  # pyright: ignore[reportUnknownArgumentType]
        else:
            found.append(each)
    return found


def settled() -> Settings:
    """The settings of the environment, with logging set up to them."""
    settings = Settings.load()
    log.configure(settings.log_format)
    return settings


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop, which halves the cost of relaying."""
    import uvloop  # noqa: PLC0415 - not on every platform, and only serving needs it

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"gatepass {version('gatepass')}")
        raise typer.Exit


@app.callback()
def _program(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Just-in-time access from Slack, with the gateway inside."""


@app.command()
def serve(
    only: Annotated[
        list[serving.Room] | None, typer.Option(help="Serve this room alone; repeat for more. Default: all.")
    ] = None,
    adopt_policy: Annotated[
        bool, typer.Option("--adopt-policy", help="Go back to this policy, although a newer one replaced it.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=MOST_WORKERS, help="Processes for the proxy, one for each core that it may use.")
    ] = 1,
    link: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the bot, the proxy and the pages until told to stop; SIGHUP reads the policy again."""
    rooms = only or list(serving.Room)
    run(serving.serve(settled(), rooms, adopt_policy=adopt_policy, workers=workers, link=link))


@app.command()
def migrate() -> None:
    """Bring the database's tables up to this version; safe to run twice and at once."""
    settings = settled()
    dsn = settings.owner_database_url or settings.database_url
    if dsn is None:
        typer.echo("The embedded database migrates itself when it starts; set DATABASE_URL for one of your own.")
        return
    done = asyncio.run(run_migrations(dsn.get_secret_value()))
    typer.echo(f"Applied {', '.join(done)}." if done else "The database is up to date.")


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The policy file; default: $GATEPASS_CONFIG.")] = None,
) -> None:
    """Check gatepass.yml: print every error with its line, or what is valid in it and probably not meant."""
    path = file or Settings.load().config
    policy = load(path)
    if who := writable_by_others(path.stat().st_mode):
        typer.echo(f"WARNING: {path} can be written by {who}; `gatepass serve` refuses it until you `chmod go-w` it.")
    for weight, line in advise(path):
        typer.echo(line, err=weight is Weight.WARNING)
    if (why := lacking(policy)) is not None:
        typer.echo(f"WARNING: {why}", err=True)
    typer.echo(
        f"{path} is valid: {len(policy.resources)} resources, {len(policy.people)} people, "
        f"{len(policy.policy)} rules. Policy {policy.hash[:12]}."
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of gatepass.yml, for editors."""
    typer.echo(json_schema(), nl=False)


@app.command()
def manifest() -> None:
    """Print the Slack app's manifest, for "Create New App, From a manifest"."""
    typer.echo(manifest_text(), nl=False)


@app.command("known-hosts")
def known_hosts() -> None:
    """Print the SSH port's line for people's known_hosts, so that nobody trusts it on first use."""
    settings = Settings.load()
    host, port = serving.addresses(settings).ssh_host, serving.addresses(settings).ssh_port
    where = host if port == SSH_PORT else f"[{host}]:{port}"
    typer.echo(f"{where} {public_line(host_key(serving.ssh_keys(settings)))}")


app.command()(judge)
app.command()(unlock)
app.command()(demo)

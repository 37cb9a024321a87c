"""`gatepass ca …`: the authorities that others trust the gateway by, and how a key that signs is changed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from access.identity.ssh import authority, certificates
from access.key_folders.unusable import KeyUnusable
from access.policy.errors import PolicyErrors
from access.policy.file import load
from cli import runtime
from cli.settings import Settings
from client.login.trust import fingerprint as of_certificate
from proxy.authority import Authority
from proxy.ssh import user_authority
from proxy.ssh.host_key import keys_folder
from storage.audit import trail
from storage.database import StorageUnavailable

app = typer.Typer(help="The authorities that others trust the gateway by.", invoke_without_command=True)


@app.callback()
def tls(context: typer.Context) -> None:
    """Print the certificate that clients verify the gateway's PostgreSQL port with (sslrootcert)."""
    if context.invoked_subcommand is None:
        typer.echo(Authority(Settings.load().home / "ca").certificate(), nl=False)


@app.command("fingerprint")
def fingerprint() -> None:
    """Print what `gatepass login` shows of that certificate, for people to compare."""
    typer.echo(of_certificate(Authority(Settings.load().home / "ca").certificate()))


@app.command("ssh")
def ssh(
    name: Annotated[
        str | None, typer.Argument(help="The authority, as `ca` in the policy; default: all that the policy names.")
    ] = None,
    coming: Annotated[
        bool, typer.Option("--next", help="Make the key that will sign, and print it too: hosts must trust it first.")
    ] = False,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Sign with the next key from now on, and forget the old one.")
    ] = False,
) -> None:
    """Print the keys for sshd's TrustedUserCAKeys, one a line."""
    settings = Settings.load()
    folder = keys_folder(settings.home)
    names = [name] if name is not None else _named_in_the_policy(settings)
    if rotate and (coming or len(names) != 1):
        raise runtime.NotReady("--rotate is for one authority, and after --next: `gatepass ca ssh NAME --rotate`.")
    runtime.home(settings)
    try:
        if rotate:
            asyncio.run(_rotated(settings, names[0]))
        for each in names:
            if coming:
                user_authority.prepare_next(folder, each)
            for line in user_authority.public_lines(folder, each):
                typer.echo(line)
        if name is not None:
            _say_if_unknown(settings, name)
    except (user_authority.NoNextKey, KeyUnusable) as problem:
        raise runtime.NotReady(str(problem)) from problem
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise runtime.NotReady(f"The keys in {folder} cannot be read or written ({why}).") from error


@app.command("ssh-client")
def ssh_client(
    rotate: Annotated[
        bool,
        typer.Option("--rotate", help="Sign with a new key from now on, and take nothing of the old one."),
    ] = False,
) -> None:
    """Print the key that signs people's own SSH certificates. The gateway alone trusts it, so there is no --next."""
    settings = Settings.load()
    folder = keys_folder(settings.home)
    runtime.home(settings)
    try:
        if rotate:
            asyncio.run(_client_rotated(settings))
        typer.echo(authority.public_line(folder))
    except KeyUnusable as problem:
        raise runtime.NotReady(str(problem)) from problem
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise runtime.NotReady(f"The keys in {folder} cannot be read or written ({why}).") from error


def _say_if_unknown(settings: Settings, name: str) -> None:
    """A key may be there before the policy names its authority; a name that was mistyped is none of them."""
    with contextlib.suppress(PolicyErrors):
        if name not in _authorities(settings):
            words = f"No role in {settings.config} has `certificate: {{ca: {name}}}`, so this key signs nothing yet."
            typer.echo(words, err=True)


def _authorities(settings: Settings) -> list[str]:
    """Those that roles of the policy name."""
    policy = load(settings.config)
    roles = [role for resource in policy.resources.values() for role in resource.roles.values()]
    return sorted({role.certificate.ca for role in roles if role.certificate is not None})


def _named_in_the_policy(settings: Settings) -> list[str]:
    names = _authorities(settings)
    if not names:
        raise runtime.NotReady(
            f"No role in {settings.config} has a `certificate`, so it names no authority. Give one a name: "
            "`gatepass ca ssh NAME`."
        )
    return names


async def _rotated(settings: Settings, name: str) -> None:
    """The key comes first, as with `keys rotate`, and its record after it."""
    fingerprint = user_authority.change_over(keys_folder(settings.home), name)
    typer.echo(
        f"Certificates of {name} are signed by {fingerprint} from now on. Hosts may forget the other key.", err=True
    )
    await _record(settings, name, {"key": fingerprint})


async def _client_rotated(settings: Settings) -> None:
    authority.rotate(keys_folder(settings.home))
    typer.echo(
        "People's SSH certificates are signed by a new key from now on, and those of before open nothing any more: "
        "`gatepass ssh` gets a new one by itself. Live sessions go on.",
        err=True,
    )
    await _record(settings, authority.FILE, {"old_key": "revoked"}, also=certificates.revoke_all)


async def _record(
    settings: Settings,
    name: str,
    detail: Mapping[str, object],
    also: Callable[[AsyncSession], Awaitable[int]] | None = None,
) -> None:
    """`also` revokes what storage knows of certificates; returns how many."""
    try:
        async with runtime.database(settings) as database, database.transaction() as transaction:
            if also is not None:
                detail = {**detail, "certificates": await also(transaction)}
            await trail.record(
                transaction,
                actor=runtime.operator(),
                action="cli:authority:rotate",
                resource=name,
                detail=detail,
            )
    except (StorageUnavailable, runtime.NotReady) as problem:
        raise runtime.NotReady(f"The key was changed, but the audit log does not have it. {problem}") from problem

"""`gatepass keys …`: the keys that sign access tokens."""

import asyncio
from typing import Annotated

import typer

from access.identity.credentials import issued
from access.identity.ssh import authority, certificates
from access.tokens import TokenKeys
from cli import runtime
from cli.settings import Settings
from proxy.ssh.host_key import keys_folder
from storage.audit import trail
from storage.database import StorageUnavailable

app = typer.Typer(help="The keys that sign access tokens.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `rotate` a subcommand while it is the only one."""


@app.command("rotate")
def rotate(
    revoke: Annotated[
        bool,
        typer.Option("--revoke", help="A key or tokens leaked: refuse every token and certificate of before."),
    ] = False,
) -> None:
    """Make a new signing key. Old keys verify what they signed before, for a day at most, and nothing newer.

    With --revoke the key that signs people's SSH certificates is replaced as well.
    """
    settings = Settings.load()
    runtime.home(settings)
    is_first = not (settings.home / "keys" / "active").exists()
    try:
        kid = TokenKeys(settings.home / "keys").rotate(revoke=revoke)
        if revoke:
            authority.rotate(keys_folder(settings.home))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise runtime.NotReady(f"No key was replaced, {settings.home / 'keys'} cannot be written ({why}).") from error
    typer.echo(f"New tokens are signed by key {kid}.")
    typer.echo(_first(settings) if is_first else _REVOKED if revoke else _RETIRED)
    asyncio.run(_record(settings, kid, revoke=revoke))


_RETIRED = (
    "Tokens that older keys signed until now stay valid until they expire, a day at most. If a key leaked, run "
    "`gatepass keys rotate --revoke`."
)
_REVOKED = "Tokens and certificates of before are refused from now on; people get new ones. Live sessions go on."


def _first(settings: Settings) -> str:
    return (
        f"There was no key in {settings.home.absolute()} before, so none was replaced. If a Gatepass that serves has "
        "another folder, set GATEPASS_HOME to it and rotate there."
    )


async def _record(settings: Settings, kid: str, *, revoke: bool) -> None:
    """Storage must not keep anybody from replacing a key that leaked: the key comes first, the record after it.

    With `revoke` what storage knows of short tokens and certificates, of TLS and of SSH, is revoked along with it.
    """
    try:
        async with runtime.database(settings) as database, database.transaction() as transaction:
            revoked = 0
            if revoke:
                revoked = await issued.revoke_all(transaction) + await certificates.revoke_all(transaction)
            await trail.record(
                transaction,
                actor=runtime.operator(),
                action="cli:key:rotate",
                resource=kid,
                detail={"old_keys": "revoked", "credentials": revoked} if revoke else {"old_keys": "retired"},
            )
    except (StorageUnavailable, runtime.NotReady) as problem:
        rest = " Short tokens and certificates still open what they opened." if revoke else ""
        raise runtime.NotReady(f"The key was rotated, but the audit log does not have it.{rest} {problem}") from problem

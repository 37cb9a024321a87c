"""`gatepass migrate`: a database of one's own brought up to this version."""

import asyncio

import typer

from cli import log
from cli.settings import Settings
from storage import migrate as migrations


def migrate() -> None:
    """Bring the database's tables up to this version; safe to run twice and at once."""
    settings = Settings.load()
    log.configure(settings.log_format)
    dsn = settings.owner_database_url or settings.database_url
    if dsn is None:
        typer.echo("The embedded database migrates itself when it starts; set DATABASE_URL for one of your own.")
        return
    done = asyncio.run(migrations.migrate(dsn.get_secret_value()))
    typer.echo(f"Applied {', '.join(done)}." if done else "The database is up to date.")

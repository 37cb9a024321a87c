"""`gatepass manifest`: the Slack app, as Slack wants it described."""

import typer

from bot.manifest import manifest_text


def manifest() -> None:
    """Print the Slack app's manifest, for "Create New App, From a manifest"."""
    typer.echo(manifest_text(), nl=False)

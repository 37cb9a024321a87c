"""`gatepass demo` on the command line. What it plays with comes with an extra, and is imported only when it plays."""

from pathlib import Path
from typing import Annotated

import typer


class DemoUnavailable(Exception):
    """What the demo plays with is not installed; the message says how to install it."""


def demo(
    script: Annotated[bool, typer.Option("--script", help="Play the whole story unattended, then stop.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path(".gatepass"),
    fresh: Annotated[bool, typer.Option(help="Forget what earlier demos stored.")] = False,
) -> None:
    """Try everything with no account: a local Slack, a database, a host, and Gatepass between them."""
    try:
        from cli.demo import main  # noqa: PLC0415 - it needs the local Slack, which nothing else does
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "slack_simulator":
            raise
        raise DemoUnavailable(
            "the demo plays with a local Slack, which is not installed; install Gatepass with its demo: "
            "uv tool install 'gatepass[demo]', or '.[demo]' in a checkout"
        ) from missing
    main.run(script=script, folder=folder, fresh=fresh)

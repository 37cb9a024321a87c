"""`gatepass serve`: the program."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from cli import log, serving
from cli.settings import Settings
from cli.workers import MOST_WORKERS


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
    settings = Settings.load()
    log.configure(settings.log_format)
    _run(serving.serve(settings, rooms, adopt_policy=adopt_policy, workers=workers, link=link))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop, which halves the cost of relaying."""
    import uvloop  # noqa: PLC0415 - not on every platform, and only serving needs it

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)

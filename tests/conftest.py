"""What every test stands on: the same Hypothesis examples on every run, and files that others cannot write."""

import asyncio
import gc
import os
from collections.abc import Callable

import uvloop
from hypothesis import settings

# Policies and secrets that a group may write are refused, and some systems make files so.
os.umask(0o022)

# No wall clock: a busy machine is not a failing property.
settings.register_profile("gatepass", deadline=None, derandomize=True)
settings.load_profile("gatepass")


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: to look through them for garbage takes a third of a second each time."""
    gc.collect()
    gc.freeze()


def pytest_runtest_teardown() -> None:
    """A test that ran `gatepass` in this process has shut what is made from then on from everybody else."""
    os.umask(0o022)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that `gatepass serve` runs on: sockets and TLS behave otherwise on asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}

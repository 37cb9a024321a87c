"""Programs that serve for as long as a block lasts: each with its log, and none outlives the block."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from support.children import PATIENCE_S

_EACH_S = 0.05
#: How much of a log is shown when something went wrong.
_TAIL = 4000


class Servers:
    """Starts programs one after another, each in a process group of its own, and kills them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, *command: str | Path, ready: Callable[[], bool]) -> None:
        """Start a program and wait until it is ready.

        Raises:
            AssertionError: it ended, or was not ready in time; with the end of its log.
        """
        with self.log(name).open("wb") as log:
            child = subprocess.Popen(
                [*_with_us(), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._folder)},
                process_group=0,
            )
        self._started.append((name, child))
        self.wait(f"{name} is ready", ready)

    def wait(self, what: str, happened: Callable[[], bool]) -> None:
        """Look until it has happened; it fails at once when a program has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            for name, child in self._started:
                assert child.poll() is None, f"{name} ended with {child.returncode}: {self.tail(name)}"
            assert time.monotonic() < deadline, f"not in {PATIENCE_S} s: {what}. {self.tails()}"
            time.sleep(_EACH_S)

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def tail(self, name: str) -> str:
        return self.log(name).read_text(errors="replace")[-_TAIL:]

    def tails(self) -> str:
        return "\n".join(f"--- {name}\n{self.tail(name)}" for name, _ in self._started)

    def end(self) -> None:
        """Kill all, without ceremony: nothing of them is used again."""
        for _, child in reversed(self._started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        for _, child in self._started:
            child.wait(PATIENCE_S)
        self._started.clear()


def _with_us() -> list[str]:
    """What has a program killed when we are: a worker of the tests may be, and then ends nothing by itself."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """For as long as the block lasts."""
    started = Servers(folder)
    try:
        yield started
    finally:
        started.end()

"""How quickly slash commands are acked: `python -m bench.simulator`. 50 a second for 30 s, by 20 people in turn.

Three processes, as with the real Slack: the workspace, a small asynchronous Bolt app with one socket, and the people.
Each command starts at its due time, however long the others take. Figures are printed, none is a threshold.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from slack_simulator.client import SimulatorClient
from slack_simulator.server import WorkspaceSpec

RATE = 50
SECONDS = 30
PEOPLE = 20
#: How often the acks' times are fetched from the inspector, which keeps the last 2000 entries.
LOOK_EVERY_S = 2.0


@dataclass
class Run:
    """What came of it; times in milliseconds."""

    #: From the envelope on the socket to its ack, measured by the workspace.
    acks_ms: list[float] = field(default_factory=list[float])
    #: From the person's return key to the answer, HTTP and JSON included.
    waits_ms: list[float] = field(default_factory=list[float])
    missed: int = 0
    #: The farthest that a command started behind its due time.
    behind_ms: float = 0.0


async def measure() -> Run:
    """Run it all once."""
    with _workspace() as url:
        async with SimulatorClient(url) as people:
            with _app(url):
                await people.wait_for_app(timeout_s=30)
                await people.command("person-0", "general", "/hello first")
                entries = await people.inspector()
                run = Run()
                async with _watching(people, run, after=int(entries[-1]["number"])):
                    await _everybody_types(people, run)
                return run


async def _everybody_types(people: SimulatorClient, run: Run) -> None:
    begun = time.monotonic()
    async with asyncio.TaskGroup() as everybody:
        for number in range(RATE * SECONDS):
            await asyncio.sleep(begun + number / RATE - time.monotonic())
            run.behind_ms = max(run.behind_ms, (time.monotonic() - begun - number / RATE) * 1000)
            everybody.create_task(_type(people, number, run))


async def _type(people: SimulatorClient, number: int, run: Run) -> None:
    begun = time.perf_counter()
    answer = await people.command(f"person-{number % PEOPLE}", "general", f"/hello number {number}")
    run.waits_ms.append((time.perf_counter() - begun) * 1000)
    run.missed += not answer["ok"]


@asynccontextmanager
async def _watching(people: SimulatorClient, run: Run, after: int) -> AsyncIterator[None]:
    """Collect the acks' times, now and then and once more at the end."""

    async def collect() -> None:
        nonlocal after
        for entry in await people.inspector(after):
            after = int(entry["number"])
            if entry["kind"] == "ack" and entry["ok"]:
                run.acks_ms.append(float(entry["took_ms"]))

    async def keep_collecting() -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await collect()

    watching = asyncio.create_task(keep_collecting())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await collect()


@contextmanager
def _workspace() -> Iterator[str]:
    """A workspace of twenty people in a process of its own; its url."""
    people = [
        {"name": f"person-{n}", "slack_id": f"U0PERSON{n}", "real_name": f"Person {n}", "email": f"p{n}@example.com"}
        for n in range(PEOPLE)
    ]
    general = {"name": "general", "id": "C0GENERAL", "members": [one["slack_id"] for one in people]}
    with tempfile.TemporaryDirectory(prefix="simulator-bench-") as folder:
        spec = Path(folder) / "spec.json"
        spec.write_text(json.dumps({"people": people, "channels": [general]}))
        command = [sys.executable, "-m", "slack_simulator", "--spec", str(spec)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1].rstrip("/")
        finally:
            _end(process)


@contextmanager
def _app(url: str) -> Iterator[None]:
    """The app in a process of its own."""
    environment = os.environ | {"SLACK_API_URL": f"{url}/api/"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.simulator", "app"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait()


async def _hello() -> None:
    """The app: acks each command with a word."""
    spec = WorkspaceSpec()
    app = AsyncApp(client=AsyncWebClient(token=spec.bot_token, base_url=os.environ["SLACK_API_URL"], proxy=""))

    async def hello(ack: AsyncAck, command: dict[str, str]) -> None:
        await ack(f"Hello, {command['text']}")

    app.command("/hello")(hello)
    await AsyncSocketModeHandler(app, spec.app_token, proxy="").start_async()


def _show(name: str, times_ms: list[float]) -> None:
    shares = statistics.quantiles(times_ms, n=100)
    print(f"{name:36} p50 {shares[49]:7.1f} ms   p99 {shares[98]:7.1f} ms   max {max(times_ms):7.1f} ms")


def main() -> int:
    """Measure and print; exit 1 if an ack was missed."""
    if sys.argv[1:] == ["app"]:
        asyncio.run(_hello())
        return 0
    run = asyncio.run(measure())
    print(f"{RATE} slash commands a second for {SECONDS} s from {PEOPLE} people")
    _show("envelope to ack", run.acks_ms)
    _show("return key to answer", run.waits_ms)
    print(f"missed {run.missed} of {len(run.waits_ms)}; started at most {run.behind_ms:.1f} ms late")
    return 1 if run.missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m slack_simulator`: runs until it is told to stop, and says what is wrong in a sentence."""

import asyncio
import subprocess
import sys
from pathlib import Path

from slack_simulator.client import SimulatorClient
from slack_simulator.server import WorkspaceSpec


async def test_it_runs_alone() -> None:
    """`python -m slack_simulator` prints where it listens and stops when told."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "slack_simulator", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        async with SimulatorClient(line.split()[1]) as client:
            assert (await client.workspace())["team"]["name"] == WorkspaceSpec().team_name
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 20)


def test_the_command_line_says_what_is_wrong(tmp_path: Path) -> None:
    """`python -m slack_simulator --manifest` ends with a sentence and status 2."""
    path = tmp_path / "manifest.yml"
    path.write_text("features: 1\ndisplay_information: {name: Lunch}")
    command = [sys.executable, "-m", "slack_simulator", "--manifest", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "simulator: /features: must provide an object\n"

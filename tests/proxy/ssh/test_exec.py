"""Commands through the gateway, by a real ssh to a real sshd."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Make = Callable[..., Awaitable[Any]]


async def test_a_command_runs_with_its_output_apart_and_its_status(client: Make) -> None:
    ssh = await client()
    done = await ssh.run("echo out; echo err >&2; exit 7")
    assert (done.status, done.stdout) == (7, b"out\n")
    assert "err\n" in done.stderr

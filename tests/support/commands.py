"""The operator's commands, run as an operator does: the installed program, with an environment of its own."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What a command left behind; both of its outputs in one, as a terminal has them."""

    status: int
    said: str


async def gatepass(*arguments: str, home: Path, **environment: str) -> Ran:
    """Run `gatepass` to its end; `home` is GATEPASS_HOME, and nothing of this process's environment is passed on."""
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("gatepass")),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.defpath, "HOME": str(home), "GATEPASS_HOME": str(home), "COLUMNS": "200", **environment},
    )
    async with asyncio.timeout(60):
        out, _ = await child.communicate()
    return Ran(child.returncode or 0, out.decode())

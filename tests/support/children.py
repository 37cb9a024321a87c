"""Client programs that tests start: none outlives the test that started it, however that test ends."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

#: A bound for every wait on a client; nothing is expected to take it.
PATIENCE_S = 60


async def line(pipe: asyncio.StreamReader | None) -> bytes:
    """The next line that a program writes to this pipe of its."""
    assert pipe is not None
    async with asyncio.timeout(PATIENCE_S):
        return await pipe.readline()


async def ended(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """What a program says to its end, once its standard input is closed; it may have ended before."""
    assert process.stdin is not None
    # communicate() with something to write fails under uvloop where the program has gone.
    process.stdin.close()
    async with asyncio.timeout(PATIENCE_S):
        return await process.communicate()


class Children:
    """Starts programs with pipes at all three ends; ends those that still run."""

    def __init__(self) -> None:
        self._started: list[asyncio.subprocess.Process] = []

    async def start(
        self,
        *command: str,
        env: Mapping[str, str],
        cwd: Path | None = None,
        stdin: int = asyncio.subprocess.PIPE,
        start_new_session: bool = False,
    ) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=env,
            cwd=cwd,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=start_new_session,
        )
        self._started.append(process)
        return process

    async def end(self) -> None:
        """Kill what still runs, wait for all, and close their pipes."""
        for process in self._started:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
            # Only the transport knows the pipes; asyncio closes them by itself once all of them were read to the end.
            process._transport.close()  # pyright: ignore[reportAttributeAccessIssue]

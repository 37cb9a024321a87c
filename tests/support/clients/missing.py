"""What this machine lacks: the cases of a client that cannot run here are left out by the client's name and the reason.

The reasons are skips, which `tests/clients/conftest.py` collects into the block that ends a run.
"""

import functools
import re
import shutil
import subprocess

import pytest

#: `--version` of anything; rustup's cargo without a toolchain answers at once, and not with 0.
_VERSION_S = 30
_PREFIX = "Skipped: "


@functools.cache
def works(program: str, *arguments: str) -> bool:
    """Whether a program is there and does what it is asked, such as to tell its version."""
    if shutil.which(program) is None:
        return False
    asked = subprocess.run([program, *arguments], capture_output=True, check=False, timeout=_VERSION_S)
    return asked.returncode == 0


@functools.cache
def version(program: str, *arguments: str) -> tuple[int, ...]:
    """The first dotted number that a program prints when asked; () if there is none."""
    if not works(program, *arguments):
        return ()
    said = subprocess.run([program, *arguments], capture_output=True, check=True, text=True, timeout=_VERSION_S)
    found = re.search(r"\d+(\.\d+)*", said.stdout + said.stderr)
    return tuple(map(int, found.group().split("."))) if found else ()


def needs(client: str, program: str, *arguments: str, at_least: tuple[int, ...] = ()) -> pytest.MarkDecorator:
    """Mark a module or a case: left out where `program` is not there, does not run, or is too old."""
    reason = f"no {program}"
    if at_least and (found := version(program, *arguments)):
        reason = f"{program} {_dotted(found)} is older than {_dotted(at_least)}"
        return pytest.mark.skipif(found < at_least, reason=f"{client}: {reason}")
    there = works(program, *arguments) if arguments else shutil.which(program) is not None
    return pytest.mark.skipif(not there, reason=f"{client}: {reason}")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def leave_out(client: str, reason: str) -> None:
    """Skip the running test, or what asked for the running fixture."""
    pytest.skip(f"{client}: {reason}")


def left_out(reasons: list[str]) -> str:
    """One line for the end of a run: each client with its reason, once."""
    return "; ".join(sorted({reason.removeprefix(_PREFIX) for reason in reasons}))

"""kubectl at a terminal, as a person has it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pexpect

from support.children import PATIENCE_S
from support.cluster.cluster import Cluster
from support.cluster.programs import NEWEST


@contextlib.contextmanager
def at_a_terminal(
    cluster: Cluster,
    *arguments: str,
    version: str = NEWEST,
    kubeconfig: Path | None = None,
    size: tuple[int, int] = (24, 80),
) -> Iterator["pexpect.spawn[bytes]"]:
    """kubectl at a terminal of so many rows and columns, ended with the block."""
    program, *rest = cluster.command(*arguments, version=version)
    child = pexpect.spawn(
        program, rest, env=cluster.environment(kubeconfig), timeout=PATIENCE_S, dimensions=size, echo=False
    )
    try:
        yield child
    finally:
        child.close(force=True)

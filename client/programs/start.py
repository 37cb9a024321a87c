"""Becoming another program: from then on its exit status, signals and terminal are its own."""

import os
import sys
from collections.abc import Mapping, Sequence

from client.errors import NO_PROGRAM, Failed, shown

_PACKAGES = {
    "psql": "postgresql-client",
    "ssh": "openssh-client",
    "scp": "openssh-client",
    "sftp": "openssh-client",
    "rsync": "rsync",
}


def become(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Returns only by raising Failed."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(words[0], list(words), dict(environment))  # noqa: S606 - that is what this is for
    except FileNotFoundError as error:
        package = _PACKAGES.get(words[0])
        mend = f" Install it (Debian: {package})." if package else " Install it, or say its path."
        raise Failed(f"{shown(words[0])} is not on this machine.{mend}", NO_PROGRAM) from error
    except OSError as error:
        raise Failed(f"{shown(words[0])} cannot be started ({error.strerror}).", NO_PROGRAM) from error

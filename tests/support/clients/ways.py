"""Two ways to one server: directly, and through the gateway. What a client shows must be the same on both."""

import difflib
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from support.children import PATIENCE_S
from support.ssh import Client

WayT = TypeVar("WayT")
SeenT = TypeVar("SeenT")


@dataclass(frozen=True)
class Ran:
    """What one run of a client left behind."""

    status: int
    out: bytes
    err: bytes

    def having(self, old: str, new: str) -> "Ran":
        """The same, with what differs by nature (an address, an account) under one name."""
        before, after = old.encode(), new.encode()
        return Ran(self.status, self.out.replace(before, after), self.err.replace(before, after))


def run(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    *,
    cwd: Path | None = None,
    stdin: bytes | None = b"",
    patience_s: float = PATIENCE_S,
) -> Ran:
    """A client to its end; one that hangs is killed with all that it started, and fails the test."""
    child = subprocess.Popen(
        command,
        env=environment,
        cwd=cwd,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = child.communicate(stdin, patience_s)
    except subprocess.TimeoutExpired as hung:
        os.killpg(child.pid, 9)
        out, err = child.communicate()
        raise AssertionError(f"{command[0]} hung; so far: {out[-2000:]!r} {err[-2000:]!r}") from hung
    return Ran(child.returncode, out, err)


@dataclass(frozen=True)
class Both(Generic[WayT]):
    """The two ways."""

    direct: WayT
    through: WayT

    def each(self, do: Callable[[WayT], SeenT]) -> tuple[SeenT, SeenT]:
        """What is seen directly, and what through the gateway."""
        return do(self.direct), do(self.through)

    def same(self, do: Callable[[WayT], SeenT]) -> SeenT:
        """Do it both ways; fails unless the same is seen, which is returned."""
        directly, through = self.each(do)
        assert through == directly, difference(directly, through)
        return directly


def difference(directly: object, through: object) -> str:
    """Where two differ, a line for each, cut to what fits a report."""
    lines = [repr(each).replace("\\n", "\n").splitlines() for each in (directly, through)]
    return "\n".join(difflib.unified_diff(lines[0], lines[1], "directly", "through", n=1, lineterm=""))[:8000]


@dataclass(frozen=True)
class ToDatabase:
    """One way to a database, as libpq's environment variables say it."""

    port: int
    user: str
    password: str
    database: str
    #: The gateway's certificate; the server itself is reached without TLS.
    ca_file: Path | None

    @property
    def sslmode(self) -> str:
        return "verify-full" if self.ca_file else "disable"

    @property
    def environment(self) -> dict[str, str]:
        words = {"HOST": "127.0.0.1", "PORT": str(self.port), "USER": self.user, "PASSWORD": self.password}
        words |= {"DATABASE": self.database, "SSLMODE": self.sslmode, "CONNECT_TIMEOUT": "20"}
        if self.ca_file:
            words["SSLROOTCERT"] = str(self.ca_file)
        return {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            **{f"PG{name}": word for name, word in words.items()},
        }

    def to(self, database: str) -> "ToDatabase":
        """The same account at another database of the server."""
        return ToDatabase(self.port, self.user, self.password, database, self.ca_file)


#: The two ways to one database, and to one account of a host.
Databases = Both[ToDatabase]
Hosts = Both[Client]


def ssh(client: Client, *arguments: str, flags: Sequence[str] = (), stdin: bytes | None = b"") -> Ran:
    """OpenSSH's ssh to the account, to its end."""
    return at(client, client.command(*flags, client.destination, *arguments), stdin=stdin)


def at(client: Client, command: Sequence[str], *, stdin: bytes | None = b"", patience_s: float = PATIENCE_S) -> Ran:
    """A program that knows how to reach the account from its environment or its arguments."""
    return run(command, client.environment, cwd=client.folder, stdin=stdin, patience_s=patience_s)

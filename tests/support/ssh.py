"""The two sides of the SSH gateway under test: the sshd behind it, and the real ssh as client."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import asyncssh

from storage.model import ReviewDecision, Session, Statement
from support.children import PATIENCE_S, Children

Found = TypeVar("Found")


@dataclass(frozen=True)
class Upstream:
    """A running sshd that lets the current user in by one key."""

    port: int
    host_key: str
    user: str
    folder: Path

    @property
    def private_key(self) -> Path:
        return self.folder / "user_key"

    @property
    def user_authorities(self) -> Path:
        """Its TrustedUserCAKeys."""
        return self.folder / "user_authorities"

    def logged(self) -> list[str]:
        """The lines of its log."""
        return (self.folder / "log").read_text(errors="replace").splitlines()


@dataclass(frozen=True)
class Finished:
    """What one run of a client left behind."""

    status: int
    stdout: bytes
    stderr: str


@dataclass
class Client:
    """ssh on this machine, set up to know the gateway's host key and to answer its prompt with a token."""

    folder: Path
    port: int
    token: str
    door: str
    children: Children
    options: list[str] = field(default_factory=list[str])
    prompts: int = 1
    #: The key to log in with, of a client that goes to the host directly.
    identity: str = "none"

    @property
    def destination(self) -> str:
        return f"{self.door}@127.0.0.1"

    @property
    def through(self) -> str:
        """The command by which rsync, git and borg connect."""
        return " ".join(["ssh", *self.flags, "-p", str(self.port)])

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "SSH_ASKPASS": str(self.folder / "askpass"),
            "SSH_ASKPASS_REQUIRE": "force",
            "GATEPASS_TOKEN": self.token,
        }

    @property
    def flags(self) -> list[str]:
        """Options that ssh, scp and sftp share."""
        known = self.folder / "known_hosts"
        chosen = [f"NumberOfPasswordPrompts={self.prompts}", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}"]
        chosen += ["GlobalKnownHostsFile=none", f"IdentityFile={self.identity}", "IdentityAgent=none", "LogLevel=INFO"]
        return ["-F", "none", *(f"-o{option}" for option in [*chosen, *self.options])]

    def command(self, *arguments: str) -> list[str]:
        return ["ssh", *self.flags, "-p", str(self.port), *arguments]

    async def start(self, command: Sequence[str], stdin: int = subprocess.PIPE) -> asyncio.subprocess.Process:
        return await self.children.start(
            *command, env=self.environment, cwd=self.folder, stdin=stdin, start_new_session=True
        )

    async def run(self, *arguments: str, stdin: bytes | None = b"", flags: Sequence[str] = ()) -> Finished:
        """ssh to the door with these arguments, to its end. `stdin` None: no standard input at all."""
        command = self.command(*flags, self.destination, *arguments)
        return await self.finish(command, stdin)

    async def finish(self, command: Sequence[str], stdin: bytes | None = b"") -> Finished:
        process = await self.start(command, subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        async with asyncio.timeout(PATIENCE_S):
            if stdin == b"" and process.stdin is not None:
                # Nothing to write: a client that is gone already takes not even that.
                process.stdin.close()
            stdout, stderr = await process.communicate(stdin or None)
        assert process.returncode is not None
        return Finished(process.returncode, stdout, stderr.decode())


class MakeClient(Protocol):
    """`await client("deploy")`: an ssh client that holds a token for that role on web-1."""

    async def __call__(self, role: str = "deploy", *, duration_s: int = 900) -> Client: ...


class Pair(Protocol):
    """`await pair("deploy")`: ssh to the host directly, then through the gateway in that role, to be compared."""

    async def __call__(self, role: str = "deploy") -> tuple[Client, Client]: ...


class Sessions(Protocol):
    """Every session, as its row says once none is live any more."""

    async def __call__(self) -> list[Session]: ...


class Recorded(Protocol):
    """Every event of every session's recording, without the segments' headers."""

    async def __call__(self) -> list[list[Any]]: ...


class Audited(Protocol):
    """`await audited("proxy:session:end")`: the bodies of the audit events of that action."""

    async def __call__(self, action: str) -> list[dict[str, Any]]: ...


class Held(Protocol):
    """`await held()`: the one statement that is waiting for its review, once it is."""

    async def __call__(self) -> Statement: ...


class Decide(Protocol):
    """`await decide(ReviewDecision.DENY, "why")`: bob reviews the statement that waits."""

    async def __call__(self, decision: ReviewDecision, reason: str = "") -> Statement: ...


async def until(condition: Callable[[], Awaitable[Found | None]]) -> Found:
    """What `condition` returns, once it is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await condition()):
            await asyncio.sleep(0.02)
        return found


def connected(ssh: Client, **options: Any) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
    """A connection by asyncssh, for what the ssh command cannot do; `options` are asyncssh's."""
    return asyncssh.connect(
        "127.0.0.1",
        ssh.port,
        username=ssh.door,
        password=ssh.token,
        known_hosts=None,
        config=None,
        agent_path=None,
        client_keys=None,
        **options,
    )

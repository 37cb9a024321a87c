"""Real `ssh` and `psql`, run as people run them, with the token as the password.

The token reaches ssh by SSH_ASKPASS and psql by PGPASSWORD of that one child; it stands on no command line.
"""

import asyncio
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """What a client printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Clients:
    """The gateway's doors as this machine's clients reach them."""

    ssh_port: int
    postgres_port: int
    ca_file: Path
    #: For ssh's askpass program and its known hosts.
    folder: Path
    host: str = "127.0.0.1"
    timeout_s: float = 60.0

    async def psql(self, door: str, token: str, *commands: str) -> Seen:
        """Run SQL through `psql -c …`, verifying the gateway's certificate."""
        child = await self.start_psql(door, token, *(word for command in commands for word in ("-c", command)))
        return await self.seen(child)

    async def start_psql(self, door: str, token: str, *arguments: str) -> asyncio.subprocess.Process:
        conninfo = (
            f"host={self.host} port={self.postgres_port} user={door} dbname=payments "
            f"sslmode=verify-full sslrootcert={self.ca_file} connect_timeout=20"
        )
        return await self._start(
            [psql_program(), "-X", "--no-password", "-v", "ON_ERROR_STOP=1", *arguments, conninfo],
            {"PGPASSWORD": token, "PSQL_HISTORY": "/dev/null"},
        )

    async def ssh(self, door: str, token: str, command: str, *, stdin: bytes = b"") -> Seen:
        """Run one command through `ssh`, with nothing but `stdin` for it to read."""
        child = await self.start_ssh(door, token, command)
        return await self.seen(child, stdin)

    async def start_ssh(self, door: str, token: str, *arguments: str) -> asyncio.subprocess.Process:
        return await self._start(
            [shutil.which("ssh") or "ssh", *self.ssh_options(), f"{door}@{self.host}", *arguments],
            {"SSH_ASKPASS": str(self._askpass()), "SSH_ASKPASS_REQUIRE": "force", "GATEPASS_TOKEN": token},
        )

    def ssh_options(self) -> list[str]:
        """A first contact trusts the gateway's host key and remembers it; nothing else of this account is read."""
        return [
            *("-F", "none", "-p", str(self.ssh_port)),
            *("-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}"),
            *("-o", "StrictHostKeyChecking=accept-new"),
            *("-o", "PreferredAuthentications=password,keyboard-interactive", "-o", "NumberOfPasswordPrompts=1"),
            *("-o", "LogLevel=ERROR"),
        ]

    async def seen(self, child: asyncio.subprocess.Process, stdin: bytes = b"") -> Seen:
        """Wait for a client to end; one that does not is killed, and TimeoutError raised."""
        if not stdin and child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(self.timeout_s):
                out, err = await child.communicate(stdin or None)
        except TimeoutError:
            child.kill()
            await child.wait()
            raise
        return Seen(child.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))

    def interrupt(self, child: asyncio.subprocess.Process) -> None:
        """Ctrl-C."""
        child.send_signal(signal.SIGINT)

    async def _start(self, command: list[str], secrets: dict[str, str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **secrets},
        )

    def _askpass(self) -> Path:
        program = self.folder / "askpass"
        if not program.exists():
            program.touch(mode=0o700)
            program.write_text('#!/bin/sh\nprintf "%s\\n" "$GATEPASS_TOKEN"\n')
        return program


def psql_program() -> str:
    """This machine's psql; the wheel's speaks no TLS. Raises FileNotFoundError that says what to install."""
    found = shutil.which("psql")
    if found is None:
        raise FileNotFoundError("psql is not on this machine; install Debian's postgresql-client and try again")
    return found

"""The demo's SSH host: a real SSH server that gives a real shell, on loopback, for one key.

Run by root it gives the shell of an unprivileged user; run by anybody else, that person's own. It stands in for the
production host of one's own and knows nothing of Gatepass.
"""

import asyncio
import contextlib
import fcntl
import functools
import os
import pwd
import shutil
import signal
import struct
import tempfile
import termios
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import asyncssh

#: The account whose shell is given when the demo runs as root.
UNPRIVILEGED = "nobody"

#: How long a process may take to end after SIGHUP before it is killed.
_HANG_UP_S = 2.0

_SHELL = "/bin/bash" if Path("/bin/bash").exists() else "/bin/sh"
#: The machine's own start-up files know nothing of this host.
_INTERACTIVE = [_SHELL, "--noprofile", "--norc", "-i"] if _SHELL == "/bin/bash" else [_SHELL, "-i"]


@dataclass(frozen=True)
class SshTarget:
    """Where the host listens, its public host key line, and the key that opens it."""

    host: str
    port: int
    host_key: str
    client_key_file: Path
    home: Path


@contextlib.asynccontextmanager
async def ssh_target(folder: Path, files: dict[str, str]) -> AsyncGenerator[SshTarget]:
    """Serve for as long as the block lasts; `files` (name -> text) lie in the account's home."""
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    client_key = asyncssh.generate_private_key("ssh-ed25519")
    client_key_file = folder / "web-1-key"
    client_key_file.touch(mode=0o600)
    client_key_file.write_bytes(client_key.export_private_key())
    home = _home(files)
    sessions = _Sessions(home)
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        server_factory=lambda: _OneKey(client_key, sessions),
        process_factory=sessions.serve,
        encoding=None,
        line_editor=False,
        allow_scp=False,
        encryption_algs=["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr"],
    )
    try:
        public = host_key.export_public_key().decode().strip()
        yield SshTarget("127.0.0.1", server.get_port(), public, client_key_file, home)
    finally:
        server.close()
        await sessions.end()
        await server.wait_closed()
        shutil.rmtree(home, ignore_errors=True)


class _Sessions:
    """Every connection and what runs on it, so that nothing outlives the host."""

    def __init__(self, home: Path) -> None:
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._home = home
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await _serve_process(process, self._home)
        finally:
            self._running.discard(task)

    async def end(self) -> None:
        """Close every connection, and wait until its processes have ended."""
        closing, running = tuple(self.connections), tuple(self._running)
        for connection in closing:
            connection.abort()
        for task in running:
            task.cancel()
        await asyncio.gather(*(connection.wait_closed() for connection in closing))
        await asyncio.gather(*running, return_exceptions=True)


class _OneKey(asyncssh.SSHServer):
    """Lets the one key in, as whichever account it names."""

    def __init__(self, key: asyncssh.SSHKey, sessions: _Sessions) -> None:
        self._key = key.export_public_key()
        self._connections = sessions.connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.export_public_key() == self._key


def _home(files: dict[str, str]) -> Path:
    home = Path(tempfile.mkdtemp(prefix="gatepass-demo-web-1-"))
    for name, text in files.items():
        (home / name).write_text(text)
    if os.geteuid() == 0:
        account = pwd.getpwnam(UNPRIVILEGED)
        for path in (home, *home.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
    return home


def _leave_root() -> None:
    """In the child, before it becomes the shell; uvloop knows no `user=`. Ctrl-C works whatever we ourselves ignore."""
    for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(each, signal.SIG_DFL)
    if os.geteuid() == 0:
        account = pwd.getpwnam(UNPRIVILEGED)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)


def _take_terminal(terminal: int) -> None:
    """In the child: a session of its own with this controlling terminal, then leave root.

    uvloop calls this before it puts the terminal at 0, 1 and 2, so it is named by its descriptor here.
    """
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    _leave_root()


async def _serve_process(process: "asyncssh.SSHServerProcess[bytes]", home: Path) -> None:
    if process.term_type:
        await _with_terminal(process, home)
    else:
        await _with_pipes(process, home)


def _command(process: "asyncssh.SSHServerProcess[bytes]") -> list[str]:
    return [_SHELL, "-c", process.command] if process.command else _INTERACTIVE


def _environment(process: "asyncssh.SSHServerProcess[bytes]", home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "USER": UNPRIVILEGED,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": process.term_type or "dumb",
        "PS1": r"web-1:\w\$ ",
    }


async def _with_pipes(process: "asyncssh.SSHServerProcess[bytes]", home: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *_command(process),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=home,
        env=_environment(process, home),
        start_new_session=True,
        preexec_fn=_leave_root,
    )
    try:
        typing = asyncio.ensure_future(_feed(process, child))
        try:
            await asyncio.gather(_copy(child.stdout, process.stdout), _copy(child.stderr, process.stderr))
            await _finish(process, child)
        finally:
            await _cancelled(typing)
    finally:
        await _hang_up(child)


async def _feed(process: "asyncssh.SSHServerProcess[bytes]", child: asyncio.subprocess.Process) -> None:
    """What the client sends, until it ends or the command stops reading."""
    if child.stdin is None:
        return
    with contextlib.suppress(ConnectionError):
        while data := await _typed(process):
            child.stdin.write(data)
            await child.stdin.drain()
    child.stdin.close()


async def _typed(process: "asyncssh.SSHServerProcess[bytes]") -> bytes:
    while True:
        with contextlib.suppress(asyncssh.BreakReceived, asyncssh.SignalReceived, asyncssh.TerminalSizeChanged):
            return await process.stdin.read(65536)


async def _copy(source: asyncio.StreamReader | None, target: "asyncssh.SSHWriter[bytes]") -> None:
    while source is not None and (data := await source.read(65536)):
        target.write(data)
        await target.drain()


async def _with_terminal(process: "asyncssh.SSHServerProcess[bytes]", home: Path) -> None:
    ours, theirs = os.openpty()
    child = None
    try:
        _resize(ours, process.term_size)
        if os.geteuid() == 0:
            os.fchown(theirs, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
        child = await asyncio.create_subprocess_exec(
            *_command(process),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=home,
            env=_environment(process, home),
            preexec_fn=functools.partial(_take_terminal, theirs),
        )
        os.close(theirs)
        theirs = -1
        await _pump(process, ours, child)
    finally:
        if child is not None:
            await _hang_up(child)
        if theirs >= 0:
            os.close(theirs)
        os.close(ours)


async def _pump(process: "asyncssh.SSHServerProcess[bytes]", terminal: int, child: asyncio.subprocess.Process) -> None:
    """Copy between the channel and the terminal until the shell ends."""
    typing = asyncio.ensure_future(_keys(process, terminal))
    try:
        while data := await _read_terminal(terminal):
            process.stdout.write(data)
            await process.stdout.drain()
        await _finish(process, child)
    finally:
        await _cancelled(typing)


async def _keys(process: "asyncssh.SSHServerProcess[bytes]", terminal: int) -> None:
    while True:
        try:
            data = await process.stdin.read(4096)
        except asyncssh.TerminalSizeChanged as change:
            _resize(terminal, change.term_size)
            continue
        except (asyncssh.BreakReceived, asyncssh.SignalReceived):
            data = b"\x03"
        if not data:
            data = b"\x04"
            os.write(terminal, data)
            return
        os.write(terminal, data)


async def _read_terminal(terminal: int) -> bytes:
    """What the shell wrote; nothing once it has gone (Linux answers EIO then)."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(terminal, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(terminal)
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def _resize(terminal: int, size: tuple[int, int, int, int]) -> None:
    columns, rows, width, height = size
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows or 24, columns or 80, width, height))


async def _finish(process: "asyncssh.SSHServerProcess[bytes]", child: asyncio.subprocess.Process) -> None:
    status = await child.wait()
    if status < 0:
        process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
    else:
        process.exit(status)


async def _cancelled(task: "asyncio.Future[None]") -> None:
    """Cancel a task and wait for its end, whichever that is: what was typed does not matter any more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _hang_up(child: asyncio.subprocess.Process) -> None:
    """The channel has gone: so do the processes of its session, at the latest after _HANG_UP_S."""
    _signal(child, signal.SIGHUP)
    try:
        async with asyncio.timeout(_HANG_UP_S):
            await _ended(child)
    except TimeoutError:
        _signal(child, signal.SIGKILL)
        await child.wait()


async def _ended(child: asyncio.subprocess.Process) -> None:
    await asyncio.gather(_discard(child.stdout), _discard(child.stderr))
    await child.wait()


async def _discard(source: asyncio.StreamReader | None) -> None:
    while source is not None and await source.read(65536):
        pass


def _signal(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)

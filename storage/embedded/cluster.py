"""The files and the process of one embedded PostgreSQL server ("database cluster" in PostgreSQL's words).

Its superuser has a password that only the folder's owner can read, and its socket lies in a folder that nobody else
can enter; it listens on no network unless asked. It keeps no count of its users: that is `storage.embedded.server`.

Every program is started inside the data and told to look there, never by a path from above: so the folders above can
stay closed to the account that the server has when we are root.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO, TYPE_CHECKING

from storage.embedded.programs import ProgramsMissing, programs
from storage.embedded.server_account import Account, server_account

if TYPE_CHECKING:
    import psutil

INITDB_TIMEOUT_S = 60
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20
#: How long the backends of a killed postmaster may take to notice.
ORPHAN_TIMEOUT_S = 20
#: A process id that no system gives.
NOBODY = 2**31 - 1
#: A socket's whole path has room for 103 bytes on macOS, 107 on Linux (sockaddr_un.sun_path).
SOCKET_PATH_LIMIT = 103

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    # The server's log must not repeat what statements and rows hold.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class EmbeddedUnavailable(Exception):
    """The wheel's PostgreSQL is not installed, or did not start or stop; says what to do."""


class Cluster:
    """A data folder with PostgreSQL's own files, and beside it the superuser's password."""

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        """`options` are the postmaster's own, such as "-p 5432"; every process of the machine can read them."""
        self._folder = folder
        self._options = " ".join(("-c unix_socket_directories=socket", *options))
        self._data = folder / "data"
        self._password = folder / "password"

    def exists(self) -> bool:
        return (self._data / "PG_VERSION").exists()

    def password(self) -> str:
        return self._password.read_text()

    def sockets(self) -> Path:
        """The folder of the socket, a libpq `host`: in the temporary folder where our own path cannot be one.

        That is when it is too long, or has a comma, which parts several hosts.
        """
        inside = self._data / "socket"
        if len(os.fsencode(inside / ".s.PGSQL.65535")) <= SOCKET_PATH_LIMIT and "," not in str(inside):
            return inside
        name = sha256(os.fsencode(self._data)).hexdigest()[:16]
        return Path(gettempdir()) / f"gatepass-{os.getuid()}-{name}"

    def prepare(self) -> None:
        """Make the folder and, for root, the account that the server runs as. Raises EmbeddedUnavailable."""
        self._account()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self) -> None:
        """Make the data aside and move it into place whole, so that a killed start leaves no half of it."""
        account = self._account()
        unfinished = self._folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = secrets.token_urlsafe(32)
        _write_private(self._password, password)
        command = ["initdb", "-U", "postgres", "--auth=scram-sha-256", "--pwfile=/dev/stdin", "--no-instructions"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [f"--set={name}={value}" for name, value in SETTINGS.items()]
        with TemporaryFile("w+") as handed_over:
            handed_over.write(password)
            handed_over.seek(0)
            if account is not None:
                os.fchown(handed_over.fileno(), account.uid, account.gid)
                os.chown(unfinished, account.uid, account.gid)
            self._call(command, unfinished, INITDB_TIMEOUT_S, handed_over)
        unfinished.rename(self._data)

    def runs(self) -> bool:
        """Whether our postmaster is alive; its process id may be somebody else's by now."""
        pid = self._postmaster()
        return pid is not None and any(process.pid == pid for process in _processes_in(self._data))

    def start(self) -> None:
        """Start the postmaster, detached from this process; returns when it takes connections."""
        if self._postmaster() is not None:
            self._bury()
        self._make_socket_folder()
        command = ["pg_ctl", "-l", "server.log", "-s", "-w", "-t", str(START_TIMEOUT_S), "start"]
        command += ["-o", self._options]
        self._call(command, self._data, START_TIMEOUT_S + 5)

    def _postmaster(self) -> int | None:
        """The process id in the postmaster's lock file: of one that runs, or that was killed."""
        try:
            return int((self._data / "postmaster.pid").read_text().partition("\n")[0])
        except (FileNotFoundError, ValueError):
            return None

    def _bury(self) -> None:
        """Clear the way after a postmaster that was killed.

        The backends it left see that it is gone and end, each after its statement. A new postmaster refuses to start
        while any process has the id in the lock file, which after a reboot any may have, so that is made nobody's; the
        rest of the file stays, by which it finds out about backends that still work on the data.
        """
        import psutil  # noqa: PLC0415 - present only with the embedded extra

        psutil.wait_procs(_processes_in(self._data), timeout=ORPHAN_TIMEOUT_S)
        lock_file = self._data / "postmaster.pid"
        _, line_end, rest = lock_file.read_text().partition("\n")
        lock_file.write_text(f"{NOBODY}{line_end}{rest}")
        for socket_lock in self.sockets().glob(".s.PGSQL.*.lock"):
            socket_lock.unlink()

    def stop(self) -> None:
        """Stop the postmaster and all that it started; returns when they are gone."""
        command = ["pg_ctl", "-s", "-w", "-t", str(STOP_TIMEOUT_S), "stop", "-m"]
        try:
            self._call([*command, "fast"], self._data, STOP_TIMEOUT_S + 5)
        except EmbeddedUnavailable:
            # The next start replays the write-ahead log: nothing that was committed is lost by this.
            self._call([*command, "immediate"], self._data, STOP_TIMEOUT_S + 5)
        with contextlib.suppress(OSError):
            self.sockets().rmdir()

    def _make_socket_folder(self) -> None:
        """The server always looks inside the data; where that path is too long, a link leads on to the real folder."""
        account = self._account()
        owner = os.getuid() if account is None else account.uid
        inside, real = self._data / "socket", self.sockets()
        # What an earlier start left, perhaps under another path: the folder may have been moved since.
        if inside.is_symlink():
            inside.unlink()
        elif inside.exists():
            shutil.rmtree(inside)
        real.mkdir(mode=0o700, exist_ok=True)
        if real.is_symlink() or real.lstat().st_uid not in {os.getuid(), owner}:
            raise EmbeddedUnavailable(f"{real} was made by somebody else. Remove it, or choose a shorter state folder.")
        real.chmod(0o700)
        os.chown(real, owner, -1)
        if real != inside:
            inside.symlink_to(real)

    def _account(self) -> Account | None:
        try:
            return server_account()
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedUnavailable(
                f"PostgreSQL does not run as root, and no account could be made for it ({error}). "
                "Run as an ordinary user, or set DATABASE_URL."
            ) from error

    def _program(self, account: Account | None, name: str) -> Path:
        try:
            return programs(account) / name
        except ProgramsMissing as missing:
            raise EmbeddedUnavailable(str(missing)) from missing

    def _call(self, command: list[str], data: Path, timeout_s: float, said: IO[str] | None = None) -> None:
        """Run one of the wheel's programs inside `data` as the server's account, with none of our environment.

        Its output goes to a file: the postmaster inherits it, so the end of a pipe would never come.
        """
        account = self._account()
        output = self._folder / "output.log"
        name, *arguments = command
        program = self._program(account, name)
        try:
            with output.open("wb") as written:
                subprocess.run(  # noqa: S603 - fixed programs of the wheel, no shell
                    [str(program), "-D", "." if account is None else "/proc/self/cwd", *arguments],
                    cwd=data,
                    env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                    stdin=subprocess.DEVNULL if said is None else said,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                    umask=0o077,
                    check=True,
                    timeout=timeout_s,
                    user=None if account is None else account.uid,
                    group=None if account is None else account.gid,
                    extra_groups=None if account is None else [],
                )
        except (OSError, subprocess.SubprocessError) as error:
            said_last = " / ".join([*_last_lines(output), *_last_lines(self._data / "server.log")])
            raise EmbeddedUnavailable(
                f"The embedded PostgreSQL failed at {name}: {said_last or error}. "
                f"Its log is {self._data / 'server.log'}. Or set DATABASE_URL to use your own."
            ) from error


def _processes_in(data: Path) -> "list[psutil.Process]":
    """The server's processes: they alone work in its data folder. psutil comes with the wheel."""
    import psutil  # noqa: PLC0415 - present only with the embedded extra

    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()) == data and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _last_lines(path: Path) -> list[str]:
    """The end of a log, as far as a message has room for it."""
    try:
        return path.read_text(errors="replace").strip().splitlines()[-3:]
    except FileNotFoundError:
        return []


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)

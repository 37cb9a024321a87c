"""The PostgreSQL of the wheel: a real server in one folder, for trying Gatepass and for its tests.

It takes the wheel's programs and not its Python: that one trusts every local user, opens the folder's parents to be
listed by all, and believes a list of process ids that `kill -9` leaves behind. Here who still uses the server is a
lock, which the kernel drops with the process. Everything blocks for about a second: call it before the event loop, or
in a thread. Storage for production is one's own PostgreSQL by DATABASE_URL.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from storage.embedded import login
from storage.embedded.cluster import Cluster

#: What libpq's variables would fill in.
_NOTHING_LEFT_OUT = (
    "port=5432&sslmode=disable&sslnegotiation=postgres&target_session_attrs=any&gsslib=gssapi&krbsrvname=postgres"
)


class Embedded:
    """The server of one folder, shared by every process that has started it there; the last one to stop it stops it."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the data, the superuser's password and the locks; `start` makes it."""
        self._folder = folder.expanduser().resolve()
        self._cluster = Cluster(self._folder)
        self._login_password = self._folder / "login-password"
        self._use: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def exists(self) -> bool:
        """Whether it was made before; looking does not make it."""
        return self._cluster.exists()

    @property
    def dsn(self) -> str:
        """The superuser's URL. It holds the password: not for logs, not for the arguments of a process."""
        password = quote(self._cluster.password(), safe="")
        return f"postgresql://postgres:{password}@/postgres?{self._where}"

    @property
    def program_dsn(self) -> str:
        """The program's own login, where `ensure_login` has made it; else the superuser's. Not for logs either."""
        if not self._login_password.exists():
            return self.dsn
        password = quote(self._login_password.read_text(), safe="")
        return f"postgresql://{login.LOGIN}:{password}@/postgres?{self._where}"

    @property
    def _where(self) -> str:
        """All that a URL can say, so that no PGPORT or PGSSLMODE of the environment says it."""
        return f"{_NOTHING_LEFT_OUT}&host={quote(str(self._cluster.sockets()))}"

    async def ensure_login(self, role: str) -> str:
        """Give the program a login that may act as `role` and do nothing else; returns `program_dsn`."""
        await login.ensure(self.dsn, self._login_password, role=role)
        return self.program_dsn

    def start(self) -> str:
        """Start the server, or join the one that runs already; returns `dsn`. Raises EmbeddedUnavailable."""
        self._cluster.prepare()
        with self._one_at_a_time():
            if not self._cluster.exists():
                self._cluster.create()
            if not self._cluster.runs():
                self._cluster.start()
            self._join()
        return self.dsn

    def stop(self) -> None:
        """Leave the server, and stop it unless another process uses it. Does nothing when there is nothing to stop."""
        if not self._cluster.exists():
            return
        with self._one_at_a_time():
            if self._leave() and self._cluster.runs():
                self._cluster.stop()

    def _join(self) -> None:
        if self._use is None:
            self._use = self._open("in_use.lock")
            flock(self._use, LOCK_SH)

    def _leave(self) -> bool:
        """Give up our use; True when nobody else has one."""
        lock = self._open("in_use.lock") if self._use is None else self._use
        self._use = None
        try:
            flock(lock, LOCK_UN)
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        return True

    @contextmanager
    def _one_at_a_time(self) -> Generator[None]:
        """Starting and stopping exclude each other, between processes and between threads of one."""
        lock = self._open("change.lock")
        try:
            flock(lock, LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _open(self, lock: str) -> int:
        return os.open(self._folder / lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

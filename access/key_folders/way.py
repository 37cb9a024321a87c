"""The way to a folder of keys: walked name by name, so that what was looked at is what is opened.

Who may write to a folder on the way can put another one in the place of what is below. So each of them must belong to
root, to this process, or to the account whose keys root looks after, and no others may write to it, as sshd wants it
for its keys; of a folder with the sticky bit others take nothing away. The last name is the folder and no link to it.
"""

import errno
import os
import stat
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

from access.key_folders.unusable import KeyUnusable, account

#: A folder that may be walked through and not read is enough; where the system has no such thing, it is read.
_PLACE: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
#: As many as the kernel follows (path_resolution(7)).
_MOST_LINKS: Final = 40


class Passed(NamedTuple):
    """A folder on the way, as it was when it was opened."""

    path: Path
    found: os.stat_result


def opened(path: Path, *, make: bool) -> int:
    """A descriptor of the folder, which the caller closes. `make` one of mode 0700 if there is none.

    Raises KeyUnusable for a way that others can change, and OSError.
    """
    walk = _Walk()
    try:
        walk.through(deque(path.absolute().parts[1:]), make=make)
        _judge(walk.passed)
    except BaseException as error:
        os.close(walk.place)
        if isinstance(error, OSError):
            # Opened by its name alone; people know it by all of its way.
            error.filename = str(walk.at / str(error.filename))
        raise
    return walk.place


class _Walk:
    """From the root of all folders, one descriptor open at a time."""

    def __init__(self) -> None:
        self.place = os.open("/", _PLACE)
        self.passed = [Passed(Path("/"), os.fstat(self.place))]
        self._links = 0

    def through(self, names: deque[str], *, make: bool) -> None:
        while names:
            name = names.popleft()
            try:
                below = self._opened(name, make=make, is_last=not names)
            except OSError as error:
                if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                    raise
                self._follow(name, names, error)
            else:
                self._go(below, self.at.parent if name == ".." else self.at / name)

    @property
    def at(self) -> Path:
        return self.passed[-1].path

    def _go(self, place: int, at: Path) -> None:
        os.close(self.place)
        self.place = place
        self.passed.append(Passed(at, os.fstat(place)))

    def _opened(self, name: str, *, make: bool, is_last: bool) -> int:
        try:
            return os.open(name, _PLACE, dir_fd=self.place)
        except FileNotFoundError:
            if not make:
                raise
        self._make(name, is_last=is_last)
        return os.open(name, _PLACE, dir_fd=self.place)

    def _make(self, name: str, *, is_last: bool) -> None:
        """Below what others can change nothing is made. The folder itself is whose the one above is."""
        above = self.passed[-1].found
        _judge_above(self.passed, self.at / name, above.st_uid)
        try:
            os.mkdir(name, 0o700 if is_last else 0o755, dir_fd=self.place)
        except FileExistsError:
            return
        if not is_last:
            return
        descriptor = os.open(name, _FOLDER, dir_fd=self.place)
        try:
            # Whoever owns the one above may have put another one there: what holds anything was not made here.
            if not os.listdir(descriptor):
                give(descriptor, above, self.at)
        finally:
            os.close(descriptor)

    def _follow(self, name: str, names: deque[str], error: OSError) -> None:
        """Go on where a link leads; raises `error` for what is neither a folder nor a link."""
        link = self.at / name
        found = os.stat(name, dir_fd=self.place, follow_symlinks=False)
        if not stat.S_ISLNK(found.st_mode):
            raise error
        target = os.readlink(name, dir_fd=self.place)
        if not names:
            raise KeyUnusable(
                f"{link} is a link to another folder, where no key is made or read: put the folder itself in its "
                "place, or set GATEPASS_HOME to where it is."
            )
        for uid in (found.st_uid, self.passed[-1].found.st_uid):
            if uid not in (0, os.geteuid()):
                raise KeyUnusable(
                    f"{link} is a link that {account(uid)} may lead elsewhere, and keys are below it: name the folder "
                    "that it leads to instead, as in GATEPASS_HOME."
                )
        self._links += 1
        if self._links > _MOST_LINKS:
            raise error
        to = Path(target)
        names.extendleft(reversed(to.parts[1:] if to.is_absolute() else to.parts))
        if to.is_absolute():
            self._go(os.open("/", _PLACE), Path("/"))


def give(descriptor: int, above: os.stat_result, folder: Path) -> None:
    """Have what was made in a folder belong to whoever that belongs to. Raises KeyUnusable where it cannot."""
    own = os.fstat(descriptor)
    if own.st_uid == above.st_uid:
        return
    try:
        os.fchown(descriptor, above.st_uid, above.st_gid)
    except OSError as error:
        owner, maker = account(above.st_uid), account(own.st_uid)
        raise KeyUnusable(
            f"{folder} belongs to {owner}, who could not read what {maker} makes there. Do this as {owner}."
        ) from error


def _judge(passed: list[Passed]) -> None:
    """Raise KeyUnusable for the first folder on the way that others can change. The last one is that of the keys."""
    *above, (folder, found) = passed
    _judge_above(above, folder, found.st_uid)
    if found.st_uid not in _trusted(found.st_uid):
        raise KeyUnusable(
            f"{folder} belongs to {account(found.st_uid)}, who could put any key there: give it to "
            f"{account(os.geteuid())} (chown), or do this as {account(found.st_uid)}."
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS_WRITE:
        raise KeyUnusable(
            f"Others than its owner may write to {folder} (mode {mode:04o}), where keys are: chmod 700 it, and look "
            "whether each of them is yours."
        )


def _judge_above(above: list[Passed], folder: Path, owner: int) -> None:
    for path, found in above:
        mode = stat.S_IMODE(found.st_mode)
        if found.st_uid not in _trusted(owner):
            raise KeyUnusable(
                f"{path} belongs to {account(found.st_uid)}, who could put another folder in the place of {folder}, "
                f"where keys are: give it to {_or_root(owner)} (chown), or have the keys elsewhere (GATEPASS_HOME)."
            )
        if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:
            raise KeyUnusable(
                f"Others than its owner may write to {path} (mode {mode:04o}), and could put another folder in the "
                f"place of {folder}, where keys are: chmod go-w it, and look whether each of the keys is yours."
            )


def _or_root(uid: int) -> str:
    return "root" if uid == 0 else f"root or to {account(uid)}"


def _trusted(owner: int) -> set[int]:
    """Who may own what keys are in: root looks after those of another account, and nobody else does."""
    own = os.geteuid()
    return {0, own, owner} if own == 0 else {0, own}

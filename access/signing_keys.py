"""The folder of signing keys: one file a key, and a file that names the active one. Several processes may share it.

The first of two processes that start at once wins and the other one uses its key. A key that was replaced verifies what
it signed before, for as long as that can be valid, and nothing that says it was signed later.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from access import key_files
from access.key_files import thumbprint
from access.key_folders.folder import Folder, made, opened
from access.key_folders.unusable import KeyUnusable
from access.policy.document import LONGEST_GRANT_S

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_ACTIVE = "active"
#: How often an unknown key id may make us read the folder although it seems unchanged.
_READ_AGAIN_S = 1.0
#: A change that is younger may be one of several with the same time.
_FRESH_NS = 2_000_000_000
#: What a replaced key signed is no longer valid after this: no grant is longer.
RETIREMENT_S = LONGEST_GRANT_S
#: Processes that sign may hear a little late that their key was replaced, and their clocks may differ.
LATE_S = 5


@dataclass(frozen=True)
class VerifyingKey:
    """A key that verifies, and since when it signs no more; None: it still may."""

    key: Ed25519PublicKey
    retired_at: datetime | None = None

    def accepts(self, issued_at: datetime) -> bool:
        """Whether what says that it was signed at `issued_at` can be this key's."""
        return self.retired_at is None or issued_at <= self.retired_at + timedelta(seconds=LATE_S)

    def is_over(self, now: datetime) -> bool:
        """Whether all that the key ever signed has expired."""
        return self.retired_at is not None and now > self.retired_at + timedelta(seconds=RETIREMENT_S + LATE_S)


@dataclass(frozen=True)
class _Key:
    private: Ed25519PrivateKey
    verifying: VerifyingKey


class KeyFolder:
    """Ed25519 keys by their id (RFC 7638 thumbprint), re-read when another process changed them."""

    def __init__(self, folder: Path, *, given: Path | None = None) -> None:
        """Make the folder (mode 0700) and the first key (0600) if there are none. Raises KeyUnusable."""
        self._folder = folder
        self._given = key_files.load(given) if given is not None else None
        self._keys: dict[str, _Key] = {}
        self._seen_ns = -1
        self._was_fresh = True
        self._read_at = float("-inf")
        with made(folder) as keys:
            if self._given is None and not keys.has(_ACTIVE):
                _make_first(keys)
        self._read()

    def active(self) -> tuple[str, Ed25519PrivateKey]:
        """The id and key to sign with. Raises KeyUnusable."""
        if self._given is not None:
            return thumbprint(self._given.public_key()), self._given
        kid = self._active_id()
        if kid not in self._keys:
            self._read()
        if kid not in self._keys:
            raise KeyUnusable(f"{self._folder / _ACTIVE} names key {kid}, but {kid}.pem is not there.")
        return kid, self._keys[kid].private

    def public(self, kid: str) -> VerifyingKey | None:
        """The key that verifies `kid`, or None; a key removed from the folder verifies nothing any more."""
        if self._changed() or (kid not in self._keys and time.monotonic() - self._read_at > _READ_AGAIN_S):
            self._read_again()
        if self._given is not None and kid == thumbprint(self._given.public_key()):
            return VerifyingKey(self._given.public_key())
        key = self._keys.get(kid)
        return key.verifying if key is not None else None

    def rotate(self, now: datetime, *, revoke: bool = False) -> str:
        """Make a new key and make it the active one; returns its id.

        The others are retired as of `now`, or with `revoke` taken away at once. What is over is taken away as well.
        """
        with opened(self._folder) as folder:
            self._read_from(folder)
            kid = key_files.make(folder)
            # Noted before the switch: until then the note does not count, for its key is the active one.
            for old in self._keys:
                key_files.retire(folder, old, now)
            folder.put(_ACTIVE, kid.encode())
            for old, key in self._keys.items():
                if revoke or key.verifying.is_over(now):
                    key_files.remove(folder, old)
        self._read()
        return kid

    def _active_id(self) -> str:
        try:
            with opened(self._folder) as folder:
                return _active_in(folder)
        except OSError as error:
            raise _no_active(self._folder) from error

    def _changed(self) -> bool:
        """Whether the folder may hold something else than what was read.

        A file system tells times apart by milliseconds at best, so what was read so soon after a change may be half of
        it: the rest would have the same time, and a key that is being revoked would be kept.
        """
        try:
            return self._was_fresh or self._folder.stat().st_mtime_ns != self._seen_ns
        except OSError:
            return True

    def _read_again(self) -> None:
        """Like _read, but a folder that became unreadable means no keys: nobody is let in, and the log says why."""
        try:
            self._read()
        except (OSError, KeyUnusable) as error:
            self._keys = {}
            log.error("signing_keys_unusable", folder=str(self._folder), error=str(error))  # noqa: TRY400

    def _read(self) -> None:
        with opened(self._folder) as folder:
            self._read_from(folder)

    def _read_from(self, folder: Folder) -> None:
        self._seen_ns = folder.changed_ns
        self._was_fresh = time.time_ns() - self._seen_ns < _FRESH_NS
        self._read_at = time.monotonic()
        active: str | None = None
        with suppress(KeyUnusable):  # Signing says so; what was signed before still verifies.
            active = _active_in(folder)
        keys: dict[str, _Key] = {}
        for name in folder.names():
            if not name.endswith(".pem"):
                continue
            with suppress(FileNotFoundError):  # Another process's first key that lost the race.
                key = key_files.load_in(folder, name)
                kid = thumbprint(key.public_key())
                public = key.public_key()
                verifying = VerifyingKey(public) if kid == active else _replaced(folder, kid, public)
                if verifying is not None:
                    keys[kid] = _Key(key, verifying)
        self._keys = keys


def _make_first(folder: Folder) -> None:
    kid = key_files.make(folder)
    if not folder.put_first(_ACTIVE, kid.encode()):
        folder.remove(f"{kid}.pem")


def _active_in(folder: Folder) -> str:
    try:
        return folder.read(_ACTIVE).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _no_active(folder.path) from error


def _no_active(folder: Path) -> KeyUnusable:
    return KeyUnusable(f"{folder / _ACTIVE} cannot be read: it names the key that signs tokens.")


def _replaced(folder: Folder, kid: str, key: Ed25519PublicKey) -> VerifyingKey | None:
    """A key that is not the active one; None if its note cannot be read: it may have been retired long ago."""
    try:
        return VerifyingKey(key, key_files.retired_at(folder, kid) or _last_rotation(folder))
    except KeyUnusable as problem:
        log.error("signing_key_unusable", key=kid, error=str(problem))  # noqa: TRY400
        return None


def _last_rotation(folder: Folder) -> datetime | None:
    """When the active key became that: what was replaced before there were notes, was so at the latest then."""
    with suppress(OSError):
        return datetime.fromtimestamp(folder.stat(_ACTIVE).st_mtime, UTC)
    return None

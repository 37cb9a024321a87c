"""Where it is kept: $XDG_CONFIG_HOME/gatepass, files for their owner alone, written whole or not at all."""

import contextlib
import os
import secrets
from typing import Final

from client.errors import FILES, Failed

PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


def root() -> str:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(home(), ".config")
    return os.path.join(base, "gatepass")


def runtime() -> str | None:
    """Ours in $XDG_RUNTIME_DIR; None where that is not of this account alone, so that others may put links there."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    with contextlib.suppress(OSError, ValueError):
        if os.path.isabs(base) and os.stat(base).st_uid == os.getuid() and not os.stat(base).st_mode & 0o077:
            return os.path.join(base, "gatepass")
    return None


def home() -> str:
    return os.path.expanduser("~")


def write(path: str, text: str, mode: int = PRIVATE) -> None:
    """Raises Failed."""
    partial = f"{path}.{secrets.token_hex(4)}"
    try:
        make(os.path.dirname(path))
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, path)
    except OSError as error:
        raise _unusable(path, error) from error


def make(path: str) -> None:
    """A folder, and what it stands in, for their owner alone where they are new. Raises OSError."""
    if not os.path.isdir(path):
        make(os.path.dirname(path))
        os.mkdir(path, _PRIVATE_FOLDER)


def write_if_other(path: str, text: str, mode: int = PRIVATE) -> None:
    """Likewise, where the file does not say so already. Raises Failed."""
    if read(path) != text:
        write(path, text, mode)


def read(path: str) -> str | None:
    """None: there is no such file. Raises Failed."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error


def read_private(path: str) -> str | None:
    """A secret; one that others may read is none any more. Raises Failed."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error
    if mode & 0o077:
        raise Failed(f"{path} can be read by others, so its secret may be known. Run `gatepass login` anew.", FILES)
    return read(path)


def forget(path: str) -> None:
    """Remove a file, if there is one. Raises Failed."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: str, error: Exception) -> Failed:
    why = getattr(error, "strerror", None) or type(error).__name__
    return Failed(f"{path} cannot be used: {why}.", FILES)

"""What a person can mend of what stopped a command, in lines; anything else is our fault and keeps its traceback.

Loaded when something failed, for it loads every room.
"""

import errno
import os
import sys
from typing import Final, Never

from rich.console import Console

from access.errors import PolicyStale
from access.identity.adoption import PolicyOutdated
from access.identity.people import WrongWorkspace
from access.key_folders.unusable import KeyUnusable
from access.policy.errors import PolicyErrors
from access.visible import visible_line
from bot.slack.client import BotUnavailable
from cli.demo.command import DemoUnavailable
from cli.runtime import NotReady
from cli.settings import InvalidSettings
from storage.database import StorageUnavailable
from storage.embedded.cluster import EmbeddedUnavailable
from storage.migrate import NotPermitted, UnknownSchema

_EXPECTED: Final = (
    NotReady,
    InvalidSettings,
    PolicyErrors,
    PolicyOutdated,
    PolicyStale,
    StorageUnavailable,
    NotPermitted,
    UnknownSchema,
    EmbeddedUnavailable,
    BotUnavailable,
    KeyUnusable,
    WrongWorkspace,
    DemoUnavailable,
)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def told(error: Exception) -> list[str]:
    """What stopped a command, an error each; empty where any of it is none that a person can mend."""
    said = [_words(each) for each in _leaves(error)]
    return said if all(said) else []


def fail(*errors: str) -> Never:
    """Print each error on standard error, every line of it with the same prefix, and exit with 1."""
    console = Console(stderr=True, highlight=False)
    for error in errors:
        for line in error.splitlines() or [""]:
            console.print(f"gatepass: {visible_line(line)}", markup=False, soft_wrap=True)
    sys.exit(1)


def _words(error: BaseException) -> str:
    """Empty: nothing that a person can mend."""
    if isinstance(error, _EXPECTED):
        return str(error)
    return _of_the_machine(error) if isinstance(error, OSError) else ""


def _of_the_machine(error: OSError) -> str:
    """A file that is missing, not to be read or no file, or an output that takes no more; empty for other errors."""
    why = error.strerror or type(error).__name__
    if isinstance(error.filename, str | os.PathLike):
        return f"{error.filename}: {why}."
    return f"What was to be printed cannot be written ({why})." if error.errno in _FULL else ""


def _leaves(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for each in error.exceptions for leaf in _leaves(each)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

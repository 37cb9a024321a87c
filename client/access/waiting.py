"""The line that shows that reviewers are waited for: who may approve, how many have, since when."""

import os
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from client.api import Json
from client.errors import shown

_NAMES: Final = 4
#: Where no terminal says how wide it is.
_NO_WIDTH: Final = 80


def words(request: Json, waited_s: int) -> str:
    """One line, without its end."""
    approvals: Sequence[str] = request["approvals"]
    left = [name for name in request["reviewers"] if name not in approvals]
    names = ", ".join(left[:_NAMES]) + (f" and {len(left) - _NAMES} others" if len(left) > _NAMES else "")
    have = f", {len(approvals)} of {request['quorum']} have approved" if int(request["quorum"]) > 1 else ""
    since = str(request["created_at"])[11:16]
    clock = f"{waited_s // 60}:{waited_s % 60:02}"
    role = f"{request['role']} on {request['resource']}"
    return shown(f"Waiting for {names or 'a reviewer'} to approve {role}{have}. Asked at {since} UTC, {clock} ago.")


def clipped(line: str, width: int) -> str:
    """The line as it fits into one row, of which the last column stays free."""
    return line if len(line) < width else f"{line[: max(0, width - 2)]}…"


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _NO_WIDTH
    except (OSError, ValueError):
        return _NO_WIDTH


class Line:
    """Shows it while its block is entered: again each second at a terminal, else once for each change."""

    def __init__(self, request: Json) -> None:
        self._request = request
        self._began = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_showing, daemon=True)
        self._told = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def now(self, request: Json) -> None:
        self._request = request

    def _keep_showing(self) -> None:
        while True:
            self._show()
            if self._over.wait(1.0):
                return

    def _show(self) -> None:
        line = words(self._request, int(time.monotonic() - self._began))
        if self._is_terminal:
            # One that is wrapped would be written below itself again and again.
            print(f"\r\x1b[K{clipped(line, _width())}", end="", file=sys.stderr, flush=True)
        elif (told := line.rpartition(". Asked")[0]) != self._told:
            self._told = told
            print(line, file=sys.stderr, flush=True)

"""The browser of this machine: whether there is one that the person sees, and a page opened in it."""

import contextlib
import os
import sys
import threading
import webbrowser


def has_browser() -> bool:
    """Whether one can be opened where the person sees it."""
    if os.environ.get("BROWSER"):
        return True
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def show(address: str) -> None:
    """Open it, in a thread: some browsers are waited for until they are closed. That it fails is not said."""
    threading.Thread(target=_open, args=(address,), daemon=True).start()


def _open(address: str) -> None:
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)

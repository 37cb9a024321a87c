"""The secret of a sign-in: in the keyring of the operating system where there is one, else in a file of mode 0600.

Which keyring it was is kept beside it, so that connecting loads that one and does not look through all there are.
"""

import contextlib
import importlib
from typing import Any, Final

from client.errors import SIGNED_OUT, Failed
from client.kept import folder
from client.kept.servers import Server

_SERVICE: Final = "gatepass"
_FILE: Final = "secret"


def keep(server: Server, secret: str, *, in_keyring: bool) -> str | None:
    """Keep it; returns the keyring that has it, `module:class`, or None for the file. Raises Failed."""
    found = _usable_keyring() if in_keyring else None
    if found is not None:
        try:
            found.set_password(_SERVICE, server.origin, secret)
            if found.get_password(_SERVICE, server.origin) == secret:
                folder.forget(server.file(_FILE))
                return f"{type(found).__module__}:{type(found).__qualname__}"
        except Exception:  # noqa: S110 - a keyring that does not keep is none; backends raise what they like
            pass
    folder.write(server.file(_FILE), secret + "\n")
    return None


def read(server: Server) -> str:
    """Raises Failed."""
    if server.keyring is None:
        text = folder.read_private(server.file(_FILE))
    else:
        try:
            text = _keyring(server.keyring).get_password(_SERVICE, server.origin)
        except Exception as error:
            said = f"The keyring that has your sign-in cannot be read ({type(error).__name__}). Unlock it, or run "
            raise Failed(f"{said}`gatepass login --no-keyring`.", SIGNED_OUT) from error
    if not text:
        raise Failed(f"You are not signed in at {server.origin}. Run `gatepass login`.", SIGNED_OUT)
    return text.strip()


def forget(server: Server) -> None:
    folder.forget(server.file(_FILE))
    if server.keyring is not None:
        # It is gone, or nobody can tell; the server knows it no more.
        with contextlib.suppress(Exception):
            _keyring(server.keyring).delete_password(_SERVICE, server.origin)


def _usable_keyring() -> Any:
    """The system's keyring; None: there is none that keeps anything."""
    try:
        import keyring  # noqa: PLC0415 - it looks through the whole installation, so only a sign-in loads it

        found: Any = keyring.get_keyring()
        backends = list(getattr(found, "backends", ()))
        found = backends[0] if backends else found
        is_usable = found.priority >= 1
    except Exception:
        return None
    return found if is_usable else None


def _keyring(name: str) -> Any:
    module, _, kind = name.partition(":")
    return getattr(importlib.import_module(module), kind)()

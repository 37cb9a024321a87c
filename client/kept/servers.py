"""The servers that this command line knows: where they are, by what they are trusted, and which one is meant."""

import json
import os
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from client.errors import FILES, NO_SERVER, Failed, usage
from client.kept import folder

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Server:
    """One server. `origin` is its address as browsers write it."""

    origin: str
    #: Its own certificate authority, PEM; None: whom the system trusts.
    ca: str | None = None
    #: The keyring that has the sign-in, `module:class`; None: a file.
    keyring: str | None = None
    person: str | None = None

    @property
    def folder(self) -> str:
        return os.path.join(folder.root(), "servers", self.key)

    @property
    def key(self) -> str:
        """Its name in file names and for ssh: letters, digits, dots, dashes, underscores."""
        parts = urlsplit(self.origin)
        port = parts.port or _PORTS[parts.scheme]
        return f"{(parts.hostname or '').replace(':', '-')}_{port}"

    def file(self, name: str) -> str:
        return os.path.join(self.folder, name)


def origin_of(typed: str) -> str:
    """The address that somebody typed, as browsers write it. Raises Failed."""
    address = typed if "://" in typed else f"https://{typed}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or not host.isascii() or parts.scheme not in _PORTS or parts.username is not None:
        raise usage(f"{typed} is no address of a Gatepass. It is one as https://gate.example.com.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise usage(f"{typed} has a path. The address of a Gatepass is its beginning: {parts.scheme}://{parts.netloc}.")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise usage(f"{typed} is not encrypted, and anybody on the way could read your sign-in. Use https://{host}.")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != _PORTS[parts.scheme] else "")


def is_loopback(origin: str) -> bool:
    """Whether it is this machine."""
    return urlsplit(origin).hostname in _LOOPBACK


def meant(typed: str | None) -> Server:
    """The server that `--server`, the environment or the last sign-in means. Raises Failed."""
    typed = typed or os.environ.get("GATEPASS_SERVER") or (folder.read(_default()) or "").strip()
    if not typed:
        raise Failed("No Gatepass is known yet. Run `gatepass login https://gate.example.com` first.", NO_SERVER)
    return known(origin_of(typed))


def known(origin: str) -> Server:
    """What is kept of the server; as good as nothing of one that nobody signed in to. Raises Failed."""
    path = Server(origin).file("server.json")
    text = folder.read(path)
    if text is None:
        return Server(origin)
    try:
        kept: dict[str, Any] = json.loads(text)
        return Server(origin, kept["ca"], kept["keyring"], kept["person"])
    except (ValueError, KeyError, TypeError) as error:
        raise Failed(f"{path} is damaged. Remove it, and run `gatepass login {origin}`.", FILES) from error


def keep(server: Server) -> None:
    """Raises Failed."""
    kept = {"origin": server.origin, "ca": server.ca, "keyring": server.keyring, "person": server.person}
    folder.write(server.file("server.json"), json.dumps(kept, indent=1) + "\n")


def make_default(server: Server) -> None:
    """Commands that say nothing mean this one from now on. Raises Failed."""
    folder.write(_default(), server.origin + "\n")


def _default() -> str:
    return os.path.join(folder.root(), "default")

"""The engineer's commands: which one is meant, whose sign-in it has, and how it ends when something is amiss.

Each is loaded when it is asked for: what stands between `gatepass psql` and psql is read by everybody, each time.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from client import commands, options
from client.api import Api
from client.errors import INTERRUPTED, SIGNED_OUT, Failed, shown
from client.kept import folder, secret, servers
from client.kept.servers import Server
from client.options import Given

#: Where a command is, that needs somebody signed in.
_SIGNED_IN: Final = {
    "status": "client.access.commands:status",
    "request": "client.access.commands:request",
    "extend": "client.access.commands:extend",
    "done": "client.access.commands:done",
    "keys": "client.access.ssh_keys:keys",
    "psql": "client.programs.commands:psql",
    "exec": "client.programs.commands:run",
    "ssh": "client.programs.commands:plain_ssh",
    "sftp": "client.programs.commands:sftp",
    "scp": "client.programs.commands:scp",
    "rsync": "client.programs.commands:rsync",
    "proxy": "client.proxy.command:proxy",
    "config": "client.configs.commands:config",
    "ssh-ready": "client.configs.commands:ready",
}
#: And of those that do not.
_OTHERS: Final = {
    "login": "client.login.command:login",
    "logout": "client.login.command:logout",
}


def run(name: str, arguments: Sequence[str]) -> int:
    """Do the command, and return what to exit with: a sentence says why where that is not 0."""
    try:
        _run(name, arguments)
        sys.stdout.flush()
    except Failed as failed:
        for line in shown(str(failed)).splitlines():
            print(f"gatepass: {line}", file=sys.stderr)
        return failed.status
    except KeyboardInterrupt:
        print("gatepass: interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read it has seen enough; nothing more can be said there.
        sys.stdout = None  # pyright: ignore[reportAttributeAccessIssue]
        return 0
    return 0


def _run(name: str, arguments: Sequence[str]) -> None:
    command = commands.BY_NAME[name]
    given = options.read(command, arguments)
    if given.wants_help:
        print(commands.help_of(command))
    elif name == "completion":
        _loaded("client.completion:script", given.words[0])
    elif name == "resources":
        print(folder.read(servers.meant(given.value("--server")).file("resources")) or "", end="")
    elif name in _OTHERS:
        _function(_OTHERS[name])(given)
    else:
        _as_somebody(_function(_SIGNED_IN[name]), given)


def _as_somebody(work: Callable[[Api, Given], None], given: Given) -> None:
    """Do it as whoever is signed in; at a terminal, whoever is not signs in on the spot. Raises Failed."""
    server = servers.meant(given.value("--server"))
    try:
        _with(server, work, given)
    except Failed as failed:
        if failed.status != SIGNED_OUT or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        print(f"gatepass: {shown(str(failed))}", file=sys.stderr)
        _function("client.login.command:sign_in")(server, browser=True, in_keyring=True)
        _with(servers.known(server.origin), work, given)


def _with(server: Server, work: Callable[[Api, Given], None], given: Given) -> None:
    api = Api(server, secret.read(server))
    try:
        work(api, given)
    finally:
        api.close()


def _loaded(name: str, *arguments: str) -> None:
    print(_function(name)(*arguments), end="")


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)

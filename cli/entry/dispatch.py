"""`gatepass`: an engineer's command, which needs no server, or an operator's, loaded when it is asked for.

Of what the server needs nothing may be imported here: engineers do not have it, and it takes half a second.
"""

import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from client import commands
from client.errors import USAGE
from client.main import run

_OPERATORS = """  serve, demo, check, judge, migrate, schema, manifest,
  sessions, audit, keys, ca, people, known-hosts, unlock"""
#: A package of each kind that the server's commands cannot do without.
_SERVER = ("sqlmodel", "typer", "aiohttp")
NO_SERVER = 1
#: `keys` is the engineer's, but for the keys that sign tokens.
_ROTATE = ["keys", "rotate"]


def main() -> None:
    """The console script."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else "--help"
    if first in commands.BY_NAME and arguments[:2] != _ROTATE:
        sys.exit(run(first, arguments[1:]))
    if first in {"--help", "-h", "help"}:
        print(_help())
        return
    if first == "--version":
        from importlib import metadata  # noqa: PLC0415 - it costs as much as everything else here

        print(f"gatepass {metadata.version('gatepass')}")
        return
    if not first.startswith("-") and first not in _operators():
        _leave(_unknown(first), USAGE)
    if not _has_server():
        _leave(f"`gatepass {first}` needs the server: pip install 'gatepass[server]'.", NO_SERVER)
    from cli.main import main as operate  # noqa: PLC0415 - what the server needs is loaded for the server alone

    operate()


def _has_server() -> bool:
    from importlib import util  # noqa: PLC0415 - likewise: an engineer's command does not ask

    return all(_is_there(util.find_spec, each) for each in _SERVER)


def _is_there(find: Callable[[str], object], package: str) -> bool:
    try:
        return find(package) is not None
    except ValueError:
        # What was loaded and says nothing of itself, or was put aside.
        return False


def _operators() -> Sequence[str]:
    return _OPERATORS.replace(",", " ").split()


def _leave(said: str, status: int) -> NoReturn:
    print(f"gatepass: {said}", file=sys.stderr)
    sys.exit(status)


def _unknown(first: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for who mistyped

    near = get_close_matches(first, [*commands.BY_NAME, *_operators()], n=1)
    meant = f" Did you mean `gatepass {near[0]}`?" if near else ""
    return f"There is no command {first!r}.{meant} `gatepass --help` has them."


def _help() -> str:
    missing = "" if _has_server() else "\n  (not installed: pip install 'gatepass[server]')"
    return f"""Usage: gatepass COMMAND [OPTION…]

Just-in-time access, with the gateway inside.

Your access:
{commands.summary()}

The server, for its operators:
{_OPERATORS}{missing}

`gatepass COMMAND --help` says what a command takes."""

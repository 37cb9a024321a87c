"""`gatepass proxy`: the port, the lines to give to DBeaver and DataGrip, until Ctrl-C or the end of the access."""

import asyncio
import signal
import sys

from client.access import choosing
from client.access.asking import Wish
from client.access.choosing import Target
from client.api import Api
from client.errors import UNAVAILABLE, Failed, shown, usage
from client.options import Given
from client.programs.commands import trusted
from client.proxy.relay import Port, Way
from client.proxy.ways import Ways

_PORTS = range(1, 65_536)


def proxy(api: Api, given: Given) -> None:
    """Raises Failed."""
    typed = given.value("--port") or "0"
    if typed != "0" and not (typed.isascii() and typed.isdigit() and int(typed) in _PORTS):
        raise usage(f"{typed} is no port. It is a number up to 65535.")
    target = choosing.target_of(given.words[0], given.value("--role"))
    grant = trusted(api, target, Wish.of(given), "postgres")
    connect = grant["connect"]
    meant = Target(target.resource, str(connect["user"]).partition("@")[0])
    ways = Ways(api.server, meant, browser="--no-browser" not in given.flags)
    if grant.get("takes_touch"):
        # Before a program waits for it: most give up sooner than a person has found their key.
        ways.way()
    asyncio.run(_serve(ways, meant, str(connect.get("database") or ""), int(typed)))


async def _serve(ways: Ways, target: Target, database: str, port: int) -> None:
    async def way(*, cancels: bool) -> Way:
        return await asyncio.to_thread(ways.to_cancel if cancels else ways.way)

    opened_port = Port(way, _told)
    try:
        port = await opened_port.listen(port)
    except OSError as error:
        said = f"Port {port} of 127.0.0.1 is not to be had ({error.strerror}). Say another."
        raise Failed(said, UNAVAILABLE) from error
    _welcome(target, database, port)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, over.set)
    try:
        await over.wait()
    finally:
        await opened_port.close()
    print("Closed.", file=sys.stderr)


def _welcome(target: Target, database: str, port: int) -> None:
    place = f"127.0.0.1:{port}/{database or target.resource}"
    print(f"{shown(str(target))} is at 127.0.0.1:{port}, without a password, until you stop this with Ctrl-C.")
    print(f"DBeaver, DataGrip:  jdbc:postgresql://{place}?sslmode=disable&user={shown(str(target.role))}")
    print(f"libpq:              postgresql://{shown(str(target.role))}@{place}?sslmode=disable", flush=True)
    if not sys.platform.startswith("linux"):
        print("Every account of this machine can connect to it while it is open.", file=sys.stderr)


def _told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

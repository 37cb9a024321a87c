"""What `gatepass psql` takes beyond psql itself, with an access that is open: from the command to the answer.

Both go to the same gateway, psql with a token and `gatepass psql` with a certificate that it gets for the occasion; the
difference is Python's start, a key, two questions over one connection of the API, and psql's start by exec.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from access.identity import browser_sessions
from access.identity.browser_sessions import begin_command_line
from access.identity.command_lines.codes import secret_text
from access.identity.proven import SignIn
from bench.figures import DIRECT, GATEWAY, compared
from cli.demo.people import People
from slack_simulator.client import SimulatorClient
from storage.database import Database, clock
from storage.model import BrowserSession, Principal

GATEPASS = str(Path(sys.executable).with_name("gatepass"))
QUERY = ("-X", "-Atc", "select 1")
START_S = 60.0


@contextlib.contextmanager
def demo(folder: Path) -> Generator[dict[str, object]]:
    """`gatepass demo`, and what it says of itself."""
    described = folder / "demo.json"
    child = subprocess.Popen([GATEPASS, "demo", "--folder", folder], stdout=subprocess.DEVNULL, cwd=folder)
    try:
        until = time.monotonic() + START_S
        while not described.exists() or not described.read_text().endswith("}\n"):
            if time.monotonic() > until or child.poll() is not None:
                raise RuntimeError("the demo did not start")
            time.sleep(0.1)
        yield json.loads(described.read_text())
    finally:
        child.terminate()
        child.wait()


async def signed_in(dsn: str) -> str:
    """A command line of alice's, let in without a browser; returns its secret."""
    database = Database(dsn)
    try:
        async with database.transaction() as transaction:
            alice = (await transaction.scalars(select(Principal).where(col(Principal.name) == "alice"))).one()
            now = await clock(transaction)
            proven = SignIn("http://bench", "alice", now, now, (), None, None, None, False, {})
            await browser_sessions.begin(transaction, alice, "demo", proven, now)
            browser = (await transaction.scalars(select(BrowserSession))).first()
            assert browser is not None
            _, secret = await begin_command_line(transaction, browser, alice, "bench", now, client="127.0.0.1")
            return secret_text(secret)
    finally:
        await database.close()


async def granted(simulator: str, environment: dict[str, str]) -> None:
    async with SimulatorClient(simulator) as slack:
        people = People(slack)
        words = [GATEPASS, "request", "payments-db", "read", "--reason", "bench"]
        asking = await asyncio.create_subprocess_exec(*words, env=environment, stderr=asyncio.subprocess.DEVNULL)
        await people.approve("bob", await people.card("bench"))
        if await asking.wait():
            raise RuntimeError("nothing was granted")


def keep(folder: Path, origin: str, secret: str) -> dict[str, str]:
    """What `gatepass login` would keep; returns the environment that has it."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    code = "import sys; from client.kept import secret, servers as s; o = s.Server(sys.argv[1], person='alice'); "
    code += "secret.keep(o, sys.argv[2], in_keyring=False); s.keep(o); s.make_default(o)"
    subprocess.run([sys.executable, "-c", code, origin, secret], env=environment, check=True)
    return environment


def token(environment: dict[str, str]) -> str:
    """Of the access that is open, as `gatepass` asks for one."""
    code = "from client.kept import secret, servers as s; from client.api import Api; o = s.meant(None); "
    code += "a = Api(o, secret.read(o)); g = a.get('/api/grants')['grants'][0]['id']; "
    code += "print(a.post(f'/api/grants/{g}/token')['token'])"
    run = [sys.executable, "-c", code]
    return subprocess.run(run, env=environment, check=True, capture_output=True).stdout.decode().strip()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gp-") as name, demo(Path(name)) as said:
        folder = Path(name)
        environment = keep(folder, str(said["web"]), asyncio.run(signed_in(str(said["storage"]))))
        asyncio.run(granted(str(said["simulator"]), environment))
        words = [GATEPASS, "exec", "payments-db", "--", "env", "-0"]
        listed = subprocess.run(words, env=environment, capture_output=True, check=True).stdout.decode()
        told = dict(line.split("=", 1) for line in listed.split("\0") if line)
        told = {name: value for name, value in told.items() if name not in {"PGSSLCERT", "PGSSLKEY"}}
        told["PGPASSWORD"] = token(environment)

        def once(way: tuple[Sequence[str], dict[str, str]]) -> float:
            began = time.perf_counter()
            subprocess.run(way[0], env=way[1], check=True, stdout=subprocess.DEVNULL)
            return (time.perf_counter() - began) * 1000

        ways = {
            DIRECT: (["psql", *QUERY], told),
            GATEWAY: ([GATEPASS, "psql", "payments-db", *QUERY], environment),
        }
        print(compared("gatepass psql -c 'select 1', beside psql", "ms", ways, once))


if __name__ == "__main__":
    main()

"""PostgreSQL 15, where a session may SET ROLE to its template: nothing that it does so outlives it."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from cli.demo.postgres_target import free_port
from support.postgres import Door, Target
from support.sql.ephemeral import Made

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
pytestmark = pytest.mark.skipif(not PROGRAMS.exists(), reason="no PostgreSQL 15 on this machine")


class _Cluster:
    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"

    def password(self) -> str:
        return "super"


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = Path(f"/tmp/gatepass-pg15-{free_port()}")  # noqa: S108 - its server is another account's
    folder.mkdir()
    (folder / "password").write_text("super")
    for each in (folder, folder / "password"):
        shutil.chown(each, "postgres", "postgres")

    def run(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, user="postgres", group="postgres", cwd="/", stdout=subprocess.DEVNULL)  # noqa: S603

    port = free_port()
    run("initdb", "-U", "postgres", "--auth=scram-sha-256", "--pwfile", str(folder / "password"), "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"{options} -c max_prepared_transactions=4", "start")
    made: Any = Target("127.0.0.1", port, _Cluster(folder))  # pyright: ignore[reportArgumentType]
    try:
        spec: Any = spec_from_file_location("ephemeral_conftest", Path(__file__).with_name("conftest.py"))
        conftest = module_from_spec(spec)
        spec.loader.exec_module(conftest)
        asyncio.run(conftest._fill(made))
        yield made
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
async def cleared(made: Made) -> AsyncIterator[None]:
    yield
    for row in await made.superuser.fetch("select gid from pg_prepared_xacts"):
        await made.superuser.execute(f"rollback prepared '{row[0]}'")
    await made.superuser.execute("alter role app_write reset all; alter role app_write in database payments reset all")


async def over(door: Door, made: Made, *statements: str) -> None:
    connection = await door.connect("write")
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
    await door.ended()
    await made.gone()


async def test_a_transaction_that_was_prepared_as_the_template(door: Door, made: Made) -> None:
    locked = ("begin", "lock table notes in row exclusive mode", "prepare transaction 'stays'")
    await over(door, made, "set role app_write", *locked)
    assert not await made.superuser.fetchval("select count(*) from pg_prepared_xacts")


async def test_settings_that_the_session_gave_its_template(door: Door, made: Made) -> None:
    """Each later session is given them."""
    await over(door, made, "set role app_write", "alter role app_write set search_path = 'evil'")
    connection = await door.connect("write")
    assert await connection.fetchval("show search_path") != "evil"


async def test_nobody_keeps_the_others_out(door: Door, made: Made) -> None:
    await over(door, made, "set role app_write", "alter role app_write set role = 'app_write'")
    connection = await door.connect("write")
    assert await connection.fetchval("select 1") == 1

"""What stands in the way of starting is one sentence that says what to do, and never a traceback."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from storage.migrate import migrate

#: Several processes, which share a port among them and with nobody else.
WORKERS = ("--workers", "2")
POLICY = Path(__file__).parents[3] / "docs" / "gatepass.example.yml"


async def gatepass(*words: str, home: Path, **environment: str) -> tuple[int, str]:
    """Run a command to its end: its exit status and what it said."""
    ports = {f"GATEPASS_{room}_LISTEN": "127.0.0.1:0" for room in ("SSH", "POSTGRES", "KUBERNETES", "WEB", "HEALTH")}
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("gatepass")),
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=home,
        env={"PATH": os.defpath, "GATEPASS_CONFIG": str(POLICY), "GATEPASS_HOME": str(home), **ports, **environment},
    )
    async with asyncio.timeout(90):
        out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


@pytest.fixture
def taken() -> Iterator[str]:
    """An address that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
async def stranger(dsn: str) -> str:
    """The database, as a login that was given no rights in it."""
    name = f"stranger_{uuid4().hex}"
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'stranger'")
    await connection.close()
    scheme, _, rest = dsn.partition("://")
    return f"{scheme}://{name}:stranger@{rest.rpartition('@')[2]}"


@pytest.mark.finding("use-24")
@pytest.mark.parametrize(
    ("room", "words"), [("SSH", ()), ("POSTGRES", ()), ("WEB", ()), ("SSH", WORKERS), ("POSTGRES", WORKERS)]
)
async def test_a_port_that_is_taken_is_one_sentence(
    dsn: str, tmp_path: Path, taken: str, room: str, words: tuple[str, ...]
) -> None:
    only = "web" if room == "WEB" else "proxy"
    variable = f"GATEPASS_{room}_LISTEN"
    status, said = await gatepass("serve", "--only", only, *words, home=tmp_path, DATABASE_URL=dsn, **{variable: taken})
    told = [line for line in said.splitlines() if line.startswith("gatepass: ")]
    assert status == 1
    what = f"gatepass: Gatepass cannot listen on {taken}: address already in use."
    assert told == [f"{what} Free it, or set {variable} to another address."]
    assert "Traceback" not in said


async def test_a_port_that_shares_itself_is_taken(dsn: str, tmp_path: Path) -> None:
    """Another Gatepass with workers, whose port a socket could join."""
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as theirs:
        taken = f"127.0.0.1:{theirs.getsockname()[1]}"
        status, said = await gatepass(
            "serve", "--only", "proxy", *WORKERS, home=tmp_path, DATABASE_URL=dsn, GATEPASS_SSH_LISTEN=taken
        )
    assert status == 1
    assert f"cannot listen on {taken}: address already in use" in said


async def test_a_worker_that_cannot_start_says_why(dsn: str, tmp_path: Path) -> None:
    status, said = await gatepass("serve", "--only", "proxy", "--link", "9", home=tmp_path, DATABASE_URL=dsn)
    assert status == 1
    assert "gatepass: --link is for Gatepass itself: use --workers." in said.splitlines()


@pytest.mark.finding("use-24")
async def test_an_address_of_another_machine_is_one_sentence(dsn: str, tmp_path: Path) -> None:
    elsewhere = {"DATABASE_URL": dsn, "GATEPASS_POSTGRES_LISTEN": "192.0.2.1:5433"}
    status, said = await gatepass("serve", "--only", "proxy", home=tmp_path, **elsewhere)
    assert status == 1
    assert "gatepass: Gatepass cannot listen on 192.0.2.1:5433: " in said
    assert "Traceback" not in said


@pytest.mark.finding("use-24")
async def test_a_login_without_rights_is_told_which_it_needs(tmp_path: Path, dsn: str, stranger: str) -> None:
    await migrate(dsn)
    status, said = await gatepass("serve", "--only", "proxy", home=tmp_path, DATABASE_URL=stranger)
    assert status == 1
    assert said.startswith("gatepass: Storage: the login of DATABASE_URL may not use Gatepass's tables.")
    assert "GRANT gatepass_program TO" in said
    assert len(said.splitlines()) == 1


@pytest.mark.finding("use-24")
async def test_a_login_that_may_not_migrate_is_told_so(postgres_dsn: str, tmp_path: Path, stranger: str) -> None:
    name = f"empty_{uuid4().hex}"
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        database = stranger.partition("?")
        url = f"{database[0].rpartition('/')[0]}/{name}?{database[2]}"
        status, said = await gatepass("migrate", home=tmp_path, DATABASE_URL=url)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()
    assert status == 1
    assert said.startswith("gatepass: Storage: the login may not make Gatepass's tables and roles.")
    assert len(said.splitlines()) == 1


@pytest.mark.finding("use-24")
async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path, dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        known = await connection.fetchval("SELECT version_num FROM alembic_version")
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        status, said = await gatepass("serve", "--only", "proxy", home=tmp_path, DATABASE_URL=dsn)
        await connection.execute("UPDATE alembic_version SET version_num = $1", known)
    finally:
        await connection.close()
    assert status == 1
    assert "which this Gatepass does not know" in said
    assert len(said.splitlines()) == 1


async def test_saml_without_its_program_is_one_sentence(dsn: str, tmp_path: Path) -> None:
    policy = tmp_path / "saml.yml"
    policy.write_text(
        "version: 1\nproviders:\n  okta: {saml: {entity_id: x, metadata: 'file:/x'}, identify: subject}\n"
    )
    policy.chmod(0o600)
    given = {"GATEPASS_CONFIG": str(policy), "DATABASE_URL": dsn, "PATH": "/nowhere"}
    status, told = await gatepass("check", home=tmp_path, **given)
    assert (status, "WARNING: the program xmlsec1" in told) == (0, True), told
    status, told = await gatepass("serve", "--only", "web", home=tmp_path, **given)
    assert status == 1
    assert "The program xmlsec1, which verifies signatures of SAML, is not on this machine" in told
    assert "Traceback" not in told

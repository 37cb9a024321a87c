"""The embedded server: shared, stopped by the last, restarted after any death, closed to other people."""

import asyncio
import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import psutil
import pytest

from storage.database import Database, StorageUnavailable
from storage.embedded.cluster import EmbeddedUnavailable
from storage.embedded.server import Embedded
from storage.migrate import migrate
from storage.notices import RESYNC, Notices, Topic

#: A program that starts the server of a folder, says so, and stops it when its input ends.
PROGRAM = """
import sys
from pathlib import Path
from storage.embedded.server import Embedded
with Embedded(Path(sys.argv[1])):
    print("started", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A state folder in which the server was started and stopped before, as after any first run."""
    with TemporaryDirectory(prefix="gatepass-") as temporary:
        path = Path(temporary) / "postgres"
        with Embedded(path):
            assert postmaster(path) is not None
        yield path


@pytest.fixture(autouse=True)
def stopped(folder: Path) -> Iterator[None]:
    yield
    stop_all(folder)


def stop_all(path: Path) -> None:
    """Stop the server whoever left it running."""
    Embedded(path).stop()
    assert postmaster(path) is None


def postmaster(path: Path) -> int | None:
    try:
        return int((path / "data/postmaster.pid").read_text().split("\n")[0])
    except FileNotFoundError:
        return None


def program(path: Path) -> "subprocess.Popen[str]":
    """Another process that uses the server; returns once it has it."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def finish(process: "subprocess.Popen[str]") -> None:
    with process:
        process.communicate(timeout=60)


def kill(process: psutil.Process) -> None:
    """SIGKILL, and wait until it has died, ten seconds at most; whether anybody reaps it is not ours to say."""
    process.kill()
    with contextlib.suppress(psutil.NoSuchProcess):
        for _ in range(2000):
            if process.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.005)
        pytest.fail(f"process {process.pid} outlived SIGKILL by ten seconds")


def ask(dsn: str) -> int:
    async def select() -> int:
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            return await connection.fetchval("SELECT 1")
        finally:
            await connection.close()

    return asyncio.run(select())


def test_starting_again_is_joining_and_stopping_leaves_nothing(folder: Path) -> None:
    embedded = Embedded(folder)
    dsn = embedded.start()
    pid = postmaster(folder)
    assert embedded.start() == dsn
    assert postmaster(folder) == pid
    assert ask(dsn) == 1
    embedded.stop()
    assert postmaster(folder) is None
    assert [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(folder / "data")] == []
    embedded.stop()


def test_stopping_what_never_was_is_nothing(tmp_path: Path) -> None:
    Embedded(tmp_path / "none").stop()
    assert not (tmp_path / "none").exists()


def test_processes_share_the_server_and_the_last_one_stops_it(folder: Path) -> None:
    first, second = program(folder), program(folder)
    pid = postmaster(folder)
    finish(first)
    assert postmaster(folder) == pid
    with Embedded(folder) as here:
        finish(second)
        assert ask(here.dsn) == 1
    assert postmaster(folder) is None


def test_two_that_start_at_once_start_one(folder: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
    for process in processes:
        finish(process)
    assert postmaster(folder) is None


def test_the_server_of_a_killed_program_is_joined_and_then_stopped(folder: Path) -> None:
    killed = program(folder)
    pid = postmaster(folder)
    killed.kill()
    finish(killed)
    assert postmaster(folder) == pid
    with Embedded(folder) as embedded:
        assert postmaster(folder) == pid
        assert ask(embedded.dsn) == 1
    assert postmaster(folder) is None


def test_no_variable_of_libpq_leads_anywhere_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its URL says all that such a variable would fill in."""
    traps = {"HOST": "203.0.113.9", "PORT": "1", "USER": "x", "PASSWORD": "x", "DATABASE": "x"}
    traps |= {
        "SSLMODE": "verify-full",
        "SSLROOTCERT": "/nowhere",
        "TARGETSESSIONATTRS": "standby",
        "GSSLIB": "x",
        "SSLNEGOTIATION": "direct",
    }
    for name, value in traps.items():
        monkeypatch.setenv(f"PG{name}", value)
    with Embedded(folder) as embedded:
        assert ask(embedded.dsn) == ask(embedded.program_dsn) == 1


def test_a_killed_server_is_started_again_by_the_next_one(folder: Path) -> None:
    with Embedded(folder):
        pid = postmaster(folder)
        assert pid is not None
        kill(psutil.Process(pid))
        with Embedded(folder) as again:
            assert postmaster(folder) != pid
            assert ask(again.dsn) == 1


def test_a_process_id_that_now_is_somebody_elses_does_not_keep_the_server_from_starting(folder: Path) -> None:
    lines = [str(os.getpid()), "/proc/self/cwd", "1", "5432", "socket", "", "1 1", "ready   ", ""]
    (folder / "data/postmaster.pid").write_text("\n".join(lines))
    with Embedded(folder) as embedded:
        assert ask(embedded.dsn) == 1
        assert postmaster(folder) != os.getpid()


def test_only_the_password_opens_it(folder: Path) -> None:
    with Embedded(folder) as embedded, pytest.raises(asyncpg.InvalidPasswordError):
        ask(embedded.dsn.replace((folder / "password").read_text(), "guess"))
    assert (folder / "password").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try as somebody else")
def test_another_account_cannot_reach_the_socket(folder: Path) -> None:
    with Embedded(folder) as embedded:
        find = ["/bin/sh", "-c", 'test -S "$0"', embedded.dsn.partition("host=")[2] + "/.s.PGSQL.5432"]
        assert subprocess.run(find, check=False, timeout=60).returncode == 0
        assert subprocess.run(find, check=False, timeout=60, user="nobody", extra_groups=[]).returncode == 1


@pytest.mark.parametrize("name", ["a,b", "a&b?c=d 'e' \"f\" $g %h#i"])
def test_any_path_will_do(name: str) -> None:
    with TemporaryDirectory(prefix="gatepass-") as temporary, Embedded(Path(temporary) / name) as embedded:
        assert ask(embedded.dsn) == 1


def test_a_folder_whose_path_is_too_long_for_a_socket_works_from_a_closed_one_elsewhere() -> None:
    with TemporaryDirectory(prefix="gatepass-") as temporary:
        path = Path(temporary) / ("x" * 100)
        with Embedded(path) as embedded:
            assert ask(embedded.dsn) == 1
            sockets = Path(embedded.dsn.partition("host=")[2])
            assert sockets.stat().st_mode & 0o777 == 0o700
        assert not sockets.exists()
        sockets.symlink_to(temporary)
        try:
            with pytest.raises(EmbeddedUnavailable, match="somebody else"):
                Embedded(path).start()
        finally:
            sockets.unlink()


def test_a_state_folder_can_be_moved_to_where_its_socket_needs_another_place() -> None:
    with TemporaryDirectory(prefix="gatepass-") as temporary:
        places = [Path(temporary) / name for name in ("first", "x" * 100, "third")]
        for place in places:
            with Embedded(place) as embedded:
                assert ask(embedded.dsn) == 1
            if place != places[-1]:
                place.rename(places[places.index(place) + 1])


def test_the_servers_environment_has_nothing_of_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTREAM_PASSWORD", "hunter2")
    with Embedded(folder):
        assert b"hunter2" not in Path(f"/proc/{postmaster(folder)}/environ").read_bytes()


def test_without_the_wheel_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find_nothing)
    with pytest.raises(EmbeddedUnavailable, match=r"gatepass\[embedded\].*DATABASE_URL"):
        Embedded(tmp_path / "none").start()


def test_a_server_that_does_not_start_says_where_to_look(folder: Path) -> None:
    configuration = folder / "data/postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "no_such_setting = 1\n")
    try:
        with pytest.raises(EmbeddedUnavailable, match=r"server\.log"):
            Embedded(folder).start()
    finally:
        configuration.write_text(good)


async def test_storage_that_stops_is_unavailable_and_comes_back_by_itself(folder: Path) -> None:
    embedded = Embedded(folder)
    dsn = await asyncio.to_thread(embedded.start)
    await migrate(dsn)
    database = Database(dsn)
    notices = Notices(database)
    listening = asyncio.create_task(notices.run())
    async with asyncio.timeout(90), notices.subscribe(Topic.GRANT) as heard:
        assert (await anext(heard)).topic == RESYNC
        await database.ready()
        await asyncio.to_thread(embedded.stop)
        await notices.wait_lost()
        with pytest.raises(StorageUnavailable):
            await database.ready()
        await asyncio.to_thread(embedded.start)
        assert (await anext(heard)).topic == RESYNC
        await database.ready()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await database.close()
    await asyncio.to_thread(embedded.stop)

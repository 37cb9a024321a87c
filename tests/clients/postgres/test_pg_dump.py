"""pg_dump and pg_restore of PostgreSQL 18: the dumps are equal, and what is restored through the gateway is, too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clients import databases
from support.clients.postgres_programs import newest
from support.clients.served import Served
from support.clients.ways import Databases, Ran, ToDatabase, run
from support.postgres import Target

#: pg_dump 18 names a key that is another one each time (`\restrict`).
_KEY = re.compile(rb"(?m)^(\\(?:un)?restrict) \S+")
#: Ways to write a dump to standard output.
PLAIN = {
    "plain": [],
    "inserts": ["--inserts"],
    "column inserts": ["--column-inserts", "--rows-per-insert=50"],
    "schema": ["--schema-only"],
    "data": ["--data-only"],
    "statistics": ["--statistics"],
    "clean": ["--clean", "--if-exists", "--create"],
    "one table": ["-t", "people"],
    "serializable": ["--serializable-deferrable"],
}
ARCHIVES = {"custom": ["-Fc"], "directory": ["-Fd"], "directory by two": ["-Fd", "-j2"], "tar": ["-Ft"]}


def _run(way: ToDatabase, program: str, *arguments: str) -> Ran:
    seen = run(newest().command(program, *arguments), {**way.environment, **newest().environment})
    return Ran(seen.status, _KEY.sub(rb"\1 KEY", seen.out), seen.err)


def _dump(way: ToDatabase) -> Ran:
    return _run(way, "pg_dump", "--no-owner")


@pytest.fixture
def empty(target: Target, served: Served) -> Iterator[Databases]:
    """An empty database, made for one case."""
    ways = databases.ways(target, served, "any", "restored")
    assert _run(ways.direct.to("postgres"), "createdb", "restored").status == 0
    yield ways
    _run(ways.direct.to("postgres"), "dropdb", "--force", "restored")


@pytest.mark.parametrize("kind", PLAIN)
def test_dumps_are_equal(plain: Databases, kind: str) -> None:
    seen = plain.same(lambda way: _run(way, "pg_dump", *PLAIN[kind]))
    assert seen.status == 0
    assert len(seen.out) > 1000


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_are_restored(plain: Databases, empty: Databases, tmp_path: Path, kind: str) -> None:
    """Dumped through the gateway and restored through it: a dump of the result is one of the original."""
    archive = str(tmp_path / "archive")
    done = _run(plain.through, "pg_dump", *ARCHIVES[kind], "-f", archive)
    assert (done.status, done.err) == (0, b"")
    jobs = [] if kind == "tar" else ["-j2"]
    done = _run(empty.through, "pg_restore", *jobs, "--no-owner", "-d", "restored", archive)
    assert (done.status, done.err) == (0, b"")
    assert _dump(empty.direct) == _dump(plain.direct)
    done = _run(empty.through, "pg_restore", "--clean", "--if-exists", "--no-owner", "-d", "restored", archive)
    assert (done.status, done.err) == (0, b"")
    assert _dump(empty.direct) == _dump(plain.direct)


@pytest.mark.parametrize("kind", ["plain", "inserts"])
def test_scripts_are_restored(plain: Databases, empty: Databases, kind: str) -> None:
    script = run(newest().command("pg_dump", *PLAIN[kind]), {**plain.through.environment, **newest().environment}).out
    environment = {**empty.through.environment, **newest().environment}
    done = run(newest().command("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1"), environment, stdin=script)
    assert (done.status, done.err) == (0, b"")
    assert _dump(empty.direct) == _dump(plain.direct)


def test_a_dump_of_masked_columns_is_masked(target: Target, served: Served) -> None:
    """It completes; what is masked is masked in it."""
    ways = databases.ways(target, served, databases.CHECKED, databases.CHECKED)
    [direct, through] = ways.each(_dump)
    assert (through.status, through.err) == (0, b"")
    differing = [
        pair for pair in zip(direct.out.split(b"\n"), through.out.split(b"\n"), strict=True) if len(set(pair)) > 1
    ]
    assert [line.split(b"\t")[:2] for _, line in differing] == [[b"1", b"Ada"], [b"2", b"Grace"]]
    assert b"4111111111111111" not in through.out
    assert b"737" not in differing[0][1]


#: The second is larger than what one call carries; the third has an owner's words and a right beside it.
_LARGE_OBJECTS = """
select lo_from_bytea(4711, 'held apart');
select lo_from_bytea(4712, convert_to(repeat('0123456789abcdef', 100000), 'UTF8'));
select lo_from_bytea(4713, '\\x00ff00');
comment on large object 4713 is 'three bytes';
grant select on large object 4713 to public;
"""


@pytest.fixture
def with_large_objects(target: Target, served: Served) -> Iterator[Databases]:
    ways = databases.ways(target, served, "any", "large")
    assert _run(ways.direct.to("postgres"), "createdb", "large").status == 0
    assert _run(ways.direct, "psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", _LARGE_OBJECTS).status == 0
    yield ways
    _run(ways.direct.to("postgres"), "dropdb", "--force", "large")


def test_large_objects_are_dumped(with_large_objects: Databases) -> None:
    seen = with_large_objects.same(_dump)
    assert (seen.status, seen.err) == (0, b"")
    assert seen.out.count(b"lo_open") == 3


@pytest.mark.parametrize("kind", ARCHIVES)
def test_large_objects_are_restored(with_large_objects: Databases, empty: Databases, tmp_path: Path, kind: str) -> None:
    """Dumped through the gateway and restored through it, in all: what is in them, their comments and rights."""
    archive = str(tmp_path / "archive")
    done = _run(with_large_objects.through, "pg_dump", *ARCHIVES[kind], "-f", archive)
    assert (done.status, done.err) == (0, b"")
    done = _run(empty.through, "pg_restore", "--no-owner", "-d", "restored", archive)
    assert (done.status, done.err) == (0, b"")
    assert _dump(empty.direct) == _dump(with_large_objects.direct)


def test_a_dump_without_large_objects(with_large_objects: Databases) -> None:
    seen = with_large_objects.same(lambda way: _run(way, "pg_dump", "--no-large-objects"))
    assert seen.status == 0


@pytest.mark.parametrize("program", ["vacuumdb", "reindexdb", "clusterdb"])
def test_upkeep(plain: Databases, program: str) -> None:
    arguments = {"vacuumdb": ["--analyze", "-t", "people"], "reindexdb": ["-t", "people"], "clusterdb": []}[program]
    assert plain.same(lambda way: _run(way, program, *arguments)).status == 0


def test_is_ready(plain: Databases) -> None:
    seen = [_run(way, "pg_isready", "-q").status for way in (plain.direct, plain.through)]
    assert seen == [0, 0]


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("script", ["tpcb-like", "simple-update", "select-only"])
def test_pgbench(target: Target, served: Served, mode: str, script: str) -> None:
    """Two clients, a hundred transactions each, of which none fails."""
    ways = databases.ways(target, served, "any", databases.PLAIN)
    made = _run(ways.through, "pgbench", "-i", "-q", "-s", "1", "-I", "dtGvp")
    assert made.status == 0, made.err
    done = _run(ways.through, "pgbench", "-n", "-c", "2", "-t", "100", "-M", mode, "-b", script)
    assert done.status == 0
    assert b"number of transactions actually processed: 200/200" in done.out
    assert b"number of failed transactions: 0 (0.000%)" in done.out
    _run(ways.direct, "pgbench", "-i", "-I", "d")

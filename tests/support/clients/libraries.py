"""Client libraries of other languages: a program of ours drives each, built once and kept outside of the tree.

A program takes the server from its environment, runs its cases one by one, and prints a line of JSON for each:
`{"case": "batch", "saw": …}`, or `"failed"` in place of `"saw"` with what was raised.
"""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from support.clients.ways import difference, run

#: The version whose hash stands beside its realm.
KEYCLOAK = "26.7.3"

PROGRAMS = Path(__file__).parents[2] / "clients"
#: A cold build with all that it downloads, on a busy machine.
_BUILD_S = 600
#: All cases of one program.
_PROGRAM_S = 100

Outcomes = Mapping[str, Mapping[str, object]]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gatepass-clients"


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def built(language: str, build: Callable[[Path], None]) -> Path:
    """The folder of a language's programs, copied and built in; made anew when one of their sources has changed."""
    sources = sorted(path for path in (PROGRAMS / language).iterdir() if path.is_file() and path.suffix != ".py")
    key = hashlib.sha256(b"".join(path.name.encode() + b"\0" + path.read_bytes() for path in sources)).hexdigest()[:16]
    folder = _cache() / f"{language}-{key}"
    with _alone(_cache() / f"{language}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=_cache(), prefix="unfinished-") as name:
                unfinished = Path(name) / language
                unfinished.mkdir()
                for path in sources:
                    shutil.copy(path, unfinished)
                build(unfinished)
                unfinished.rename(folder)
    return folder


def call(folder: Path, *command: str, **more: str) -> None:
    """A step of a build; raises AssertionError with what it said."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **more}, capture_output=True, text=True, check=False, timeout=_BUILD_S
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"


def _java(folder: Path) -> None:
    call(folder, "mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'jars'}")
    call(folder / "jars", "sha256sum", "--check", "--strict", "--quiet", "../jars.sha256")
    sources = [path.name for path in folder.glob("*.java")]
    call(folder, "javac", "-nowarn", "-cp", "jars/*", "-d", "classes", *sources)


def _node(folder: Path) -> None:
    call(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    # To generate a client it would load an engine that it does not start, unless it is told of one; and it counts its
    # runs in a file of the user's.
    generate = ("node_modules/.bin/prisma", "generate", "--schema", "schema.prisma")
    call(folder, *generate, PRISMA_SCHEMA_ENGINE_BINARY="/bin/true", XDG_CONFIG_HOME=str(folder / "settings"))


def _go(folder: Path) -> None:
    call(folder, "go", "build", "-mod=readonly", "-o", "program", ".", GOTOOLCHAIN="local", CGO_ENABLED="0")


def _rust(folder: Path) -> None:
    call(folder, "cargo", "build", "--locked", "--quiet")


def _keycloak(folder: Path) -> None:
    """Its distribution, made ready to start fast with a database in memory and the realm beside it."""
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
    artifact = f"org.keycloak:keycloak-quarkus-dist:{KEYCLOAK}:zip"
    call(folder, "mvn", "-q", "-B", copy, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}")
    call(folder, "sha256sum", "--check", "--strict", "--quiet", "dist.sha256")
    archive, unpacked = folder / f"keycloak-quarkus-dist-{KEYCLOAK}.zip", folder / f"keycloak-{KEYCLOAK}"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    archive.unlink()
    (unpacked / "data" / "import").mkdir(parents=True)
    shutil.copy(folder / "realm.json", unpacked / "data" / "import")
    call(unpacked, "sh", "bin/kc.sh", "build", "--db=dev-mem")


@functools.cache
def java(program: str) -> Sequence[str]:
    folder = built("java", _java)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/jars/*:{folder}/classes", program]


@functools.cache
def node(program: str) -> Sequence[str]:
    return ["node", str(built("node", _node) / program)]


@functools.cache
def keycloak() -> Path:
    """Where it is."""
    return built("keycloak", _keycloak) / f"keycloak-{KEYCLOAK}"


@functools.cache
def go(program: str) -> Sequence[str]:
    return [str(built("go", _go) / "program"), program]


@functools.cache
def rust() -> Sequence[str]:
    return [str(built("rust", _rust) / "target" / "debug" / "clients")]


def outcomes(command: Sequence[str], environment: Mapping[str, str], *arguments: str) -> Outcomes:
    """What each case of a program saw, by its name."""
    done = run([*command, *arguments], environment, patience_s=_PROGRAM_S)
    assert done.status == 0, (done.out[-2000:], done.err[-4000:])
    lines = [json.loads(line) for line in done.out.splitlines() if line.startswith(b"{")]
    return {line.pop("case"): line for line in lines}


def assert_same(directly: Outcomes, through: Outcomes, case: str) -> None:
    """A case that fails at the server itself tests nothing, and so is no pass."""
    assert "saw" in directly[case], directly[case]
    assert through[case] == directly[case], difference(directly[case], through[case])

"""OpenSSH's sftp, typed at and by a batch: what it prints and what it does, as at the host itself."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.clients.ways import Hosts, Ran, at
from support.ssh import Client

GetHost = Callable[[str], Hosts]

#: Commands of sftp; THERE is a folder of the host, HERE one of this side.
TYPED = {
    "put and get": "put HERE/file THERE/sent\nget THERE/sent HERE/back\nls -1 THERE\n",
    "recursively": "put -r HERE/tree THERE\nget -r THERE/tree HERE/again\nls -1 THERE/tree\n",
    "keeping times": "put -p HERE/file THERE/kept\nget -p THERE/kept HERE/kept\n",
    "append and resume": "put HERE/file THERE/part\nreput HERE/file THERE/part\n"
    "get THERE/part HERE/p\nreget THERE/part HERE/p\n",
    "rename": "put HERE/file THERE/old\nrename THERE/old THERE/new\nls -1 THERE\n",
    "remove": "put HERE/file THERE/gone\nrm THERE/gone\nls -1 THERE\n",
    "folders": "mkdir THERE/a\nmkdir THERE/a/b\nls -1 THERE\nrmdir THERE/a/b\nrmdir THERE/a\nls -1 THERE\n",
    "links": "put HERE/file THERE/first\nln THERE/first THERE/hard\nln -s first THERE/soft\nls -1 THERE\n",
    "modes": "put HERE/file THERE/m\nchmod 600 THERE/m\n",
    "where": "cd THERE\npwd\nlpwd\n!true\n",
    "globs": "mput HERE/tree/*\n",
    "errors": "-get THERE/nowhere\n-rm THERE/nowhere\n-cd THERE/nowhere\n"
    "-mkdir THERE\n-rmdir /proc\n-put HERE/nowhere\n",
    "stops at an error": "get THERE/nowhere\nmkdir THERE/never\n",
    "help and version": "version\nhelp\nprogress\n",
}


def sftp(way: Client, typed: str, *options: str) -> Ran:
    here = way.folder / "here"
    (here / "tree" / "deep").mkdir(parents=True)
    (way.folder / "there").mkdir()
    (here / "file").write_bytes(bytes(range(256)) * 4000)
    for number in range(5):
        (here / "tree" / "deep" / f"small-{number}").write_text(f"{number}\n")
        (here / "tree" / f"top-{number}").write_text(f"{number}\n")
    lines = typed.replace("THERE", str(way.folder / "there")).replace("HERE", str(here))
    command = ["sftp", *way.flags, "-P", str(way.port), *options, way.destination]
    seen = at(way, command, stdin=lines.encode())
    return seen.having(str(way.folder), "FOLDER").having(way.destination, "HOST")


def files(way: Client) -> list[tuple[str, int, bytes]]:
    """What lies on both sides."""
    found: list[tuple[str, int, bytes]] = []
    for side in ("here", "there"):
        top = way.folder / side
        paths = sorted(path for path in top.rglob("*") if path.is_file())
        found += [(str(path.relative_to(way.folder)), path.stat().st_mode & 0o777, path.read_bytes()) for path in paths]
    return found


@pytest.mark.parametrize("case", TYPED)
def test_typed(host: GetHost, case: str) -> None:
    seen, found = host("deploy").same(lambda way: (sftp(way, TYPED[case]), files(way)))
    assert seen.out or seen.err
    assert found


@pytest.mark.parametrize("case", ["put and get", "recursively", "rename", "errors", "stops at an error"])
def test_batch(host: GetHost, case: str) -> None:
    """-b sets BatchMode, which asks for no password: BatchMode=no stands before it."""
    host("deploy").same(lambda way: (sftp(way, TYPED[case], "-oBatchMode=no", "-b", "-"), files(way)))


@pytest.mark.parametrize("option", [["-B", "1000"], ["-R", "1"], ["-C"], ["-l", "90000"], ["-q"]], ids=" ".join)
def test_options(host: GetHost, option: list[str]) -> None:
    host("deploy").same(lambda way: (sftp(way, TYPED["put and get"], *option), files(way)))


def test_a_role_without_sftp(host: GetHost) -> None:
    through = host("commands").through
    done = sftp(through, "ls\n")
    assert done.status == 255
    assert b"gatepass: " in done.err


def test_names_in_latin_1(host: GetHost, tmp_path: Path) -> None:
    def seen(way: Client) -> list[bytes]:
        (way.folder / "there").mkdir()
        name = os.path.join(os.fsencode(way.folder / "there"), b"caf\xe9")
        with open(name, "wb") as file:
            file.write(b"coffee")
        done = at(way, ["scp", "-r", *way.flags, "-P", str(way.port), f"{way.destination}:{way.folder}/there", "got"])
        return [str(done.status).encode(), *os.listdir(os.fsencode(way.folder / "got"))]

    assert host("deploy").same(seen) == [b"0", b"caf\xe9"]

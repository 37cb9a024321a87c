"""scp by both of its protocols, sftp, rsync and tar: the files that arrive, and what is said, as at the host itself."""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from support.clients.missing import needs
from support.clients.ways import Hosts, Ran, at
from support.ssh import Client

GetHost = Callable[[str], Hosts]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of many kinds: empty, large, text and none, odd names, links, modes, times."""
    top = tmp_path / "tree"
    (top / "deep" / "er").mkdir(parents=True)
    (top / "empty").touch()
    (top / "large").write_bytes(os.urandom(3_000_000))
    (top / "text.txt").write_text("".join(f"line {n} of the text\n" for n in range(50_000)))
    (top / "deep" / "with blanks and ü").write_text("named so")
    (top / "deep" / "er" / "program").write_text("#!/bin/sh\nexit 3\n")
    (top / "deep" / "er" / "program").chmod(0o755)
    (top / "link").symlink_to("text.txt")
    for number in range(40):
        (top / "deep" / f"small-{number}").write_text(f"{number}\n" * number)
    for path in [top, *top.rglob("*")]:
        os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)
    return top


def listing(top: Path) -> list[tuple[str, str, str, str]]:
    """Each file with mode, time and content, in order."""
    seen: list[tuple[str, str, str, str]] = []
    for path in sorted(top.rglob("*")):
        found = path.lstat()
        content = os.readlink(path) if path.is_symlink() else ""
        if stat.S_ISREG(found.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        when = "" if path.is_dir() else str(int(found.st_mtime))
        seen.append((str(path.relative_to(top)), stat.filemode(found.st_mode), when, content))
    return seen


def scp(way: Client, *arguments: str) -> Ran:
    """`HOST:` stands for the account in arguments."""
    words = [word.replace("HOST:", f"{way.destination}:") for word in arguments]
    return at(way, ["scp", *way.flags, "-P", str(way.port), *words])


def rsync(way: Client, *arguments: str) -> Ran:
    words = [word.replace("HOST:", f"{way.destination}:") for word in arguments]
    return at(way, ["rsync", "-e", way.through, *words])


def _received(way: Client, name: str = "received") -> Path:
    """A folder for one way's files, made once, with a time of its own."""
    folder = way.folder / name
    if not folder.exists():
        folder.mkdir()
        os.utime(folder, (1_600_000_000, 1_600_000_000))
    return folder


both_protocols = pytest.mark.parametrize("protocol", ["-s", "-O"], ids=["sftp protocol", "scp protocol"])


@both_protocols
def test_scp_down(host: GetHost, tree: Path, protocol: str) -> None:
    def seen(way: Client) -> tuple[Ran, object]:
        done = scp(way, protocol, "-rp", f"HOST:{tree}", str(_received(way)))
        return done, listing(_received(way))

    done, files = host("deploy").same(seen)
    assert done.status == 0
    assert len(str(files)) > 40


@both_protocols
def test_scp_up(host: GetHost, tree: Path, protocol: str) -> None:
    def seen(way: Client) -> tuple[Ran, object]:
        done = scp(way, protocol, "-rp", str(tree), f"HOST:{_received(way)}")
        return done, listing(_received(way))

    assert host("deploy").same(seen)[0].status == 0


@both_protocols
def test_scp_one_file_and_quiet(host: GetHost, tree: Path, protocol: str) -> None:
    def seen(way: Client) -> tuple[Ran, object]:
        done = scp(way, protocol, "-q", "-C", "-l", "80000", f"HOST:{tree}/text.txt", str(_received(way) / "named"))
        return done, [(name, mode, content) for name, mode, _, content in listing(_received(way))]

    assert host("deploy").same(seen)[0].status == 0


@both_protocols
def test_scp_between_two_places_there(host: GetHost, tree: Path, protocol: str) -> None:
    """-3: the file goes by way of here. By the old protocol scp asks no second host for a password, unless told."""

    def seen(way: Client) -> tuple[Ran, object]:
        done = scp(way, protocol, "-oBatchMode=no", "-3", "-p", f"HOST:{tree}/large", f"HOST:{_received(way)}/again")
        return done, listing(_received(way))

    assert host("deploy").same(seen)[0].status == 0


@both_protocols
def test_scp_of_what_is_not_there(host: GetHost, tree: Path, protocol: str) -> None:
    seen = host("deploy").same(lambda way: scp(way, protocol, f"HOST:{tree}/nowhere", str(way.folder)))
    assert seen.status != 0
    assert b"No such file" in seen.err


def test_rsync_down(host: GetHost, tree: Path) -> None:
    def seen(way: Client) -> tuple[Ran, object]:
        done = rsync(way, "-a", "--itemize-changes", f"HOST:{tree}/", str(_received(way)))
        return done, listing(_received(way))

    done, files = host("deploy").same(seen)
    assert (done.status, files) == (0, listing(tree))


@pytest.mark.parametrize("options", ["-a", "-az", "-a --inplace", "-a --whole-file", "-a --delete", "-ac"])
def test_rsync_up_again_with_changes(host: GetHost, tree: Path, options: str) -> None:
    def seen(way: Client) -> list[object]:
        here, there = way.folder / "here", _received(way)
        shutil.copytree(tree, here, symlinks=True)
        done: list[object] = [rsync(way, *options.split(), "-i", f"{here}/", f"HOST:{there}")]
        with (here / "large").open("r+b") as file:
            file.seek(1_000_000)
            file.write(b"changed here")
        (there / "extra").write_text("only there")
        for changed, when in ((here / "large", 1_700_000_100), (there, 1_700_000_200)):
            os.utime(changed, (when, when))
        done.append(rsync(way, *options.split(), "-i", f"{here}/", f"HOST:{there}"))
        return [*done, [line[:2] + line[3:] if line[0] == "extra" else line for line in listing(there)]]

    host("deploy").same(seen)


def test_rsync_of_what_is_not_there(host: GetHost, tree: Path) -> None:
    seen = host("deploy").same(lambda way: rsync(way, "-a", f"HOST:{tree}/nowhere", str(way.folder)))
    assert seen.status == 23


@needs("tar", "tar")
@pytest.mark.parametrize("packed", ["c", "cz"])
def test_tar_from_there(host: GetHost, tree: Path, packed: str) -> None:
    def seen(way: Client) -> object:
        line = " ".join(f"'{word}'" for word in way.command(way.destination, f"tar {packed} -C {tree} ."))
        done = at(way, ["bash", "-o", "pipefail", "-c", f"{line} | tar x{packed[1:]} -C {_received(way)}"])
        return done, listing(_received(way))

    assert host("deploy").same(seen) == (Ran(0, b"", b""), listing(tree))


@needs("tar", "tar")
def test_tar_to_there(host: GetHost, tree: Path) -> None:
    def seen(way: Client) -> object:
        line = " ".join(f"'{word}'" for word in way.command(way.destination, f"tar x -C {_received(way)}"))
        done = at(way, ["bash", "-o", "pipefail", "-c", f"tar c -C {tree} . | {line}"])
        return done, listing(_received(way))

    assert host("deploy").same(seen) == (Ran(0, b"", b""), listing(tree))


def test_files_with_addresses_pass_where_the_role_says_so(host: GetHost, tree: Path) -> None:
    (tree / "deep" / "cards").write_text("Ada, ada@example.com, 4111 1111 1111 1111\n" * 1000)

    def seen(way: Client) -> list[object]:
        done: list[object] = [scp(way, "-O", "-rp", f"HOST:{tree}", str(_received(way, "scp")))]
        done.append(rsync(way, "-a", f"HOST:{tree}", str(_received(way, "rsync"))))
        done.append(scp(way, "-s", "-rp", f"HOST:{tree}", str(_received(way, "sftp"))))
        return [*done, *(listing(_received(way, name)) for name in ("scp", "rsync", "sftp"))]

    host("files").same(seen)


@pytest.mark.parametrize("program", ["scp -O", "scp -s", "rsync"])
def test_files_with_card_numbers_are_refused_elsewhere(host: GetHost, tree: Path, program: str) -> None:
    """By the role's `files: refuse_sensitive`: the client ends, and says why."""
    (tree / "cards").write_text("Ada, 4111 1111 1111 1111\n" * 1000)
    through = host("deploy").through
    done = {
        "scp -O": lambda: scp(through, "-O", f"HOST:{tree}/cards", str(_received(through))),
        "scp -s": lambda: scp(through, "-s", f"HOST:{tree}/cards", str(_received(through))),
        "rsync": lambda: rsync(through, f"HOST:{tree}/cards", str(_received(through))),
    }[program]()
    assert done.status != 0
    assert b"gatepass" in done.err.lower()
    assert b"4111" not in b"".join(path.read_bytes() for path in _received(through).iterdir())

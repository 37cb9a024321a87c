"""Programs that run their own protocol over ssh: git, borg, unison, sshfs. All end with the same data."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.children import PATIENCE_S
from support.clients.missing import leave_out, needs
from support.clients.ways import Hosts, Ran, at, run
from support.ssh import Client

GetHost = Callable[[str], Hosts]

_WHO = {f"GIT_{role}_{part}": "ada" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
_WHEN = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}


def git(way: Client, *arguments: str, cwd: Path | None = None) -> Ran:
    words = [word.replace("HOST:", f"ssh://{way.destination}:{way.port}") for word in arguments]
    environment = {**way.environment, **_WHO, **_WHEN, "GIT_SSH_COMMAND": " ".join(["ssh", *way.flags])}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *words],
        environment,
        cwd=cwd or way.folder,
    )


def _repository(way: Client) -> Path:
    """A bare one of the host with two commits and a tag."""
    work, bare = way.folder / "work", way.folder / "bare.git"
    git(way, "init", "-q", str(work))
    for number in range(2):
        (work / f"file-{number}").write_text("".join(f"{number} line {n}\n" for n in range(20_000)))
        git(way, "add", "-A", cwd=work)
        git(way, "commit", "-q", "-m", f"commit {number}", cwd=work)
    git(way, "tag", "one", cwd=work)
    git(way, "clone", "-q", "--bare", str(work), str(bare))
    return bare


@needs("git", "git")
@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_git_clone_and_fetch_and_push(host: GetHost, version: str) -> None:
    def seen(way: Client) -> list[object]:
        bare, protocol = _repository(way), ["-c", f"protocol.version={version}"]
        done: list[object] = [git(way, *protocol, "clone", "-q", f"HOST:{bare}", "clone").status]
        clone = way.folder / "clone"
        (clone / "new").write_text("new here\n")
        lines = [
            ["add", "-A"],
            ["commit", "-q", "-m", "three"],
            [*protocol, "push", "-q"],
            [*protocol, "fetch", "--tags"],
        ]
        done += [git(way, *line, cwd=clone).status for line in lines]
        done.append(git(way, *protocol, "push", "-q", "origin", "HEAD~5:refs/heads/never", cwd=clone).status)
        done += [git(way, "rev-parse", "main", "one", cwd=bare), git(way, "fsck", "--strict", cwd=bare).status]
        return [*done, git(way, *protocol, "ls-remote", f"HOST:{bare}").out]

    host("deploy").same(seen)


@needs("git", "git")
@pytest.mark.parametrize("how", ["--depth=1", "--mirror", "--single-branch"])
def test_git_clones_in_part(host: GetHost, how: str) -> None:
    def seen(way: Client) -> object:
        bare = _repository(way)
        git(way, "config", "uploadpack.allowFilter", "true", cwd=bare)
        done = git(way, "clone", "-q", how, f"HOST:{bare}", "clone")
        return done.status, git(way, "log", "--format=%H", cwd=way.folder / "clone").out

    assert isinstance(found := host("deploy").same(seen), tuple)
    assert found[0] == 0


@needs("git", "git")
def test_git_archive_and_what_is_not_there(host: GetHost) -> None:
    def seen(way: Client) -> object:
        bare = _repository(way)
        packed = git(way, "archive", f"--remote=HOST:{bare}", "--format=tar", "one")
        return packed, git(way, "ls-remote", f"HOST:{bare}-nowhere").status

    host("deploy").same(seen)


@needs("borg", "borg")
def test_borg(host: GetHost, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(30):
        (data / f"file-{number}").write_bytes(os.urandom(50_000) + b"text " * 1000)

    def borg(way: Client, *arguments: str) -> Ran:
        environment = {**way.environment, "BORG_RSH": " ".join(["ssh", *way.flags]), "BORG_PASSPHRASE": "words"}
        environment |= {"BORG_REPO": f"ssh://{way.destination}:{way.port}{way.folder}/repository"}
        environment |= {"BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
        return run(["borg", *arguments], environment, cwd=way.folder)

    def seen(way: Client) -> list[object]:
        done: list[object] = [borg(way, "init", "-e", "repokey").status]
        done += [borg(way, "create", f"::{name}", str(data)).status for name in ("one", "two")]
        listed = json.loads(borg(way, "list", "--json").out)
        done += [[each["name"] for each in listed["archives"]], borg(way, "check", "--verify-data").status]
        (way.folder / "out").mkdir()
        done.append(borg(way, "export-tar", "::one", "out/all.tar").status)
        done += [borg(way, "delete", "::one").status, borg(way, "compact").status]
        unpacked = run(["tar", "tf", "out/all.tar"], way.environment, cwd=way.folder).out
        return [*done, sorted(unpacked.splitlines())]

    assert host("deploy").same(seen)[:3] == [0, 0, 0]


@needs("unison", "unison")
def test_unison(host: GetHost) -> None:
    """Both sides have files of their own; afterwards both have all of them, and a second run has nothing to do."""

    def unison(way: Client) -> Ran:
        environment = {**way.environment, "UNISON": str(way.folder / "unison")}
        # What it has before its own `@` is letters alone, so the door goes to ssh itself.
        roots = [str(way.folder / "here"), f"ssh://127.0.0.1:{way.port}/{way.folder}/there"]
        arguments = " ".join([*way.flags, "-l", way.door])
        return run(
            ["unison", *roots, "-batch", "-ui", "text", "-sshargs", arguments, "-auto", "-times"],
            environment,
            cwd=way.folder,
        )

    def seen(way: Client) -> list[object]:
        for side in ("here", "there"):
            (way.folder / side).mkdir()
            for number in range(40):
                (way.folder / side / f"{side}-{number}").write_bytes(f"{side} {number}\n".encode() * 500)
            (way.folder / side / "binary").write_bytes(bytes(range(256)) * 100)
        first = unison(way)
        assert first.status == 0, (first.out[-2000:], first.err[-2000:])
        done: list[object] = [first.status]
        (way.folder / "there" / "there-3").write_text("changed there\n")
        (way.folder / "here" / "here-4").unlink()
        done += [unison(way).status, unison(way).status]
        sides = [{path.name: path.read_bytes() for path in (way.folder / side).iterdir()} for side in ("here", "there")]
        assert sides[0] == sides[1]
        return [*done, sides[0]]

    assert host("deploy").same(seen)[:3] == [0, 0, 0]


@needs("sshfs", "sshfs")
def test_sshfs(host: GetHost) -> None:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        leave_out("sshfs", "no FUSE here")

    def seen(way: Client) -> list[object]:
        there, here = way.folder / "there", way.folder / "mounted"
        there.mkdir()
        here.mkdir()
        words = ["-p", str(way.port), *way.flags, "-o", "idmap=user", f"{way.destination}:{there}", str(here)]
        mounted = at(way, ["sshfs", *[word for word in words if word not in {"-F", "none"}]])
        if b"fuse" in mounted.err and mounted.status and way.token == "":
            leave_out("sshfs", "FUSE does not mount here")
        assert mounted.status == 0, mounted.err
        try:
            (here / "folder").mkdir()
            (here / "folder" / "file").write_bytes(bytes(range(256)) * 5000)
            (here / "folder" / "file").rename(here / "renamed")
            with (here / "renamed").open("r+b") as file:
                file.seek(1000)
                file.write(b"in the middle")
            back = (here / "renamed").read_bytes()
            names = sorted(path.name for path in here.iterdir())
            return [names, back == (there / "renamed").read_bytes(), (here / "renamed").stat().st_size]
        finally:
            subprocess.run(["fusermount", "-u", str(here)], check=False, timeout=PATIENCE_S, capture_output=True)

    host("deploy").same(seen)

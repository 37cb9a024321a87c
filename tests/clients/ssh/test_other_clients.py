"""Clients that are not OpenSSH's: Dropbear's dbclient, PuTTY's plink, pscp and psftp, and sshpass before OpenSSH's."""

import os
from collections.abc import Callable

import pytest

from support.clients.missing import needs
from support.clients.ways import Hosts, Ran, at, ssh
from support.ssh import Client

GetHost = Callable[[str], Hosts]

COMMANDS = {
    "output and status": ("echo out; echo err >&2; exit 7", b""),
    "standard input": ("cat; echo end", b"a\nb\n"),
    "binary": ("cat", bytes(range(256)) * 4000),
    "large output": ("seq 300000", b""),
    "large input": ("md5sum", os.urandom(2_000_000)),
    "half close": ("cat > /dev/null; echo after", b"x" * 10_000),
}


def dbclient(way: Client, command: str, stdin: bytes, *flags: str) -> Ran:
    """Directly by its key, in Dropbear's own form; through the gateway by the token."""
    options = ["-y", "-y", "-p", str(way.port), *flags]
    if not way.token:
        made = at(way, ["dropbearconvert", "openssh", "dropbear", way.identity, "key"])
        assert made.status == 0, made.err
        options += ["-i", "key"]
    seen = at(
        way,
        ["env", f"DROPBEAR_PASSWORD={way.token}", "dbclient", *options, "-l", way.door, "127.0.0.1", command],
        stdin=stdin,
    )
    said = b"".join(line for line in seen.err.splitlines(True) if b"ostkey" not in line and b"Host '" not in line)
    return Ran(seen.status, seen.out, b"err\n" if b"err\n" in said else b"")


@needs("dbclient", "dbclient")
@pytest.mark.parametrize("case", COMMANDS)
def test_dbclient(host: GetHost, case: str) -> None:
    command, stdin = COMMANDS[case]
    seen = host("deploy").same(lambda way: dbclient(way, command, stdin))
    assert seen.status == (7 if case == "output and status" else 0)


def putty(way: Client, program: str, *arguments: str, stdin: bytes = b"") -> Ran:
    """Directly by its key, in PuTTY's own form; through the gateway by the token, from a file."""
    if way.token:
        (way.folder / "token").write_text(way.token)
        (way.folder / "token").chmod(0o600)
        secret = ["-pwfile", "token"]
    else:
        made = at(way, ["puttygen", way.identity, "-o", "key.ppk"])
        assert made.status == 0, made.err
        secret = ["-i", "key.ppk"]
    keys = at(way, ["ssh-keygen", "-lf", "known_hosts"]).out.split()[1].decode()
    words = [word.replace("HOST:", f"{way.door}@127.0.0.1:") for word in arguments]
    seen = at(way, [program, "-batch", "-P", str(way.port), "-hostkey", keys, *secret, *words], stdin=stdin)
    said = [line for line in seen.err.splitlines(keepends=True) if b"eyboard-interactive" not in line]
    return Ran(seen.status, seen.out, b"".join(said))


@needs("plink", "plink")
@pytest.mark.parametrize("case", COMMANDS)
def test_plink(host: GetHost, case: str) -> None:
    command, stdin = COMMANDS[case]
    seen = host("deploy").same(lambda way: putty(way, "plink", "-T", "-l", way.door, "127.0.0.1", command, stdin=stdin))
    assert seen.status == (7 if case == "output and status" else 0)


@needs("pscp", "pscp")
@pytest.mark.parametrize("protocol", ["-scp", "-sftp"])
def test_pscp(host: GetHost, protocol: str) -> None:
    data = bytes(range(256)) * 10_000

    def seen(way: Client) -> tuple[int, int, bytes]:
        (way.folder / "file").write_bytes(data)
        up = putty(way, "pscp", protocol, "-q", "-p", "file", f"HOST:{way.folder}/up")
        down = putty(way, "pscp", protocol, "-q", "-p", f"HOST:{way.folder}/up", "down")
        return up.status, down.status, (way.folder / "down").read_bytes()

    assert host("deploy").same(seen) == (0, 0, data)


@needs("psftp", "psftp")
def test_psftp(host: GetHost) -> None:
    def seen(way: Client) -> tuple[int, list[str]]:
        (way.folder / "there").mkdir()
        (way.folder / "file").write_bytes(b"0123456789abcdef" * 10_000)
        typed = (
            f"cd {way.folder}/there\nput {way.folder}/file one\nmv one two\nmkdir f\nget two {way.folder}/back\nquit\n"
        )
        done = putty(way, "psftp", "-l", way.door, "127.0.0.1", stdin=typed.encode())
        assert (way.folder / "back").read_bytes() == (way.folder / "file").read_bytes()
        return done.status, sorted(os.listdir(way.folder / "there"))

    assert host("deploy").same(seen) == (0, ["f", "two"])


@needs("sshpass", "sshpass")
@pytest.mark.parametrize("program", ["ssh", "scp", "sftp", "rsync"])
def test_sshpass(host: GetHost, program: str) -> None:
    """It types the token at the first prompt with `assword`; no askpass program is there."""
    ways = host("deploy")
    way = ways.through
    (way.folder / "token").write_text(way.token)
    (way.folder / "file").write_bytes(b"0123456789abcdef" * 10_000)
    far = f"{way.destination}:{way.folder}/sent"
    command = {
        "ssh": way.command(way.destination, "echo in; exit 5"),
        "scp": ["scp", *way.flags, "-P", str(way.port), "file", far],
        "sftp": ["sftp", "-oBatchMode=no", *way.flags, "-P", str(way.port), "-b", "batch", way.destination],
        "rsync": ["rsync", "-e", way.through, "file", far],
    }[program]
    (way.folder / "batch").write_text(f"put {way.folder}/file {way.folder}/sent\n")
    no_askpass = ["env", "-u", "SSH_ASKPASS", "-u", "SSH_ASKPASS_REQUIRE"]
    done = at(way, [*no_askpass, "sshpass", "-f", "token", *command])
    if program == "ssh":
        direct = ssh(ways.direct, "echo in; exit 5")
        assert (done.status, done.out) == (direct.status, direct.out)
    else:
        assert done.status == 0, done.err
        assert (way.folder / "sent").read_bytes() == (way.folder / "file").read_bytes()


def test_mosh_is_refused(host: GetHost) -> None:
    """It would go on by UDP, past the gateway."""
    done = ssh(host("deploy").through, "mosh-server new -s -c 8")
    assert done.status == 126
    assert b"mosh" in done.err


@needs("curl", "sh", "-c", "curl --version | grep -qw sftp")
@pytest.mark.parametrize("protocol", ["scp", "sftp"])
def test_curl(host: GetHost, protocol: str) -> None:
    """By libssh2, which before 1.11 knows no cipher but CTR, and no MAC that follows it."""
    data = bytes(range(256)) * 10_000

    def seen(way: Client) -> tuple[int, int, bytes]:
        (way.folder / "file").write_bytes(data)
        key = [] if way.token else ["--key", way.identity]
        (way.folder / "login").write_text(f'user = "{way.door}:{way.token}"\n')
        curl = ["curl", "-sS", "--insecure", "-K", "login", *key]
        there = f"{protocol}://127.0.0.1:{way.port}{way.folder}/up"
        up = at(way, [*curl, "-T", "file", there])
        assert not up.err
        down = at(way, [*curl, "-o", "down", there])
        return up.status, down.status, (way.folder / "down").read_bytes()

    assert host("deploy").same(seen) == (0, 0, data)

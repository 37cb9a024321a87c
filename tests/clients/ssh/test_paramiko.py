"""paramiko, a client in Python: commands, streams both ways, sftp, and a forwarding that the role does not have."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paramiko
import pytest

from support.children import PATIENCE_S
from support.clients.ways import Hosts
from support.ssh import Client

GetHost = Callable[[str], Hosts]


@contextmanager
def connected(way: Client) -> Iterator[paramiko.SSHClient]:
    """Directly by the key, through the gateway by the token; the host key must be the one that is known."""
    client = paramiko.SSHClient()
    client.load_host_keys(str(way.folder / "known_hosts"))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        "127.0.0.1",
        way.port,
        way.door,
        password=way.token or None,
        key_filename=None if way.token else way.identity,
        allow_agent=False,
        look_for_keys=False,
        timeout=PATIENCE_S,
    )
    try:
        yield client
    finally:
        client.close()


def ran(client: paramiko.SSHClient, command: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """A command to its end, with its standard input ended after `stdin`."""
    into, out, err = client.exec_command(command, timeout=PATIENCE_S)
    into.write(stdin)
    into.channel.shutdown_write()
    said = out.read()
    return out.channel.recv_exit_status(), said, err.read()


COMMANDS = {
    "output and status": ("echo out; echo err >&2; exit 7", b"", 7),
    "standard input": ("cat; echo end", b"a\nb\n", 0),
    "binary": ("cat", bytes(range(256)) * 4000, 0),
    "large output": ("seq 300000", b"", 0),
    "large input": ("md5sum", b"0123456789abcdef" * 120_000, 0),
    "no such command": ("nowhere-to-be-found", b"", 127),
    "signal": ("kill -TERM $$", b"", -1),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_command(host: GetHost, case: str) -> None:
    command, stdin, status = COMMANDS[case]

    def seen(way: Client) -> tuple[int, bytes, bytes]:
        with connected(way) as client:
            return ran(client, command, stdin)

    assert host("deploy").same(seen)[0] == status


def test_commands_of_one_connection(host: GetHost) -> None:
    def seen(way: Client) -> list[tuple[int, bytes, bytes]]:
        with connected(way) as client:
            return [ran(client, f"echo {number}; exit {number}") for number in range(12)]

    assert [status for status, _, _ in host("deploy").same(seen)] == list(range(12))


def test_terminal(host: GetHost) -> None:
    def seen(way: Client) -> tuple[int, bytes]:
        with connected(way) as client:
            _, out, _ = client.exec_command("test -t 0 && stty size; echo $TERM", get_pty=True, timeout=PATIENCE_S)
            return out.channel.recv_exit_status(), out.read()

    assert host("deploy").same(seen) == (0, b"24 80\r\nvt100\r\n")


def test_sftp(host: GetHost) -> None:
    data = bytes(range(256)) * 10_000

    def seen(way: Client) -> list[object]:
        there = str(way.folder / "there")
        (way.folder / "file").write_bytes(data)
        with connected(way) as client, client.open_sftp() as sftp:
            sftp.mkdir(there, 0o750)
            sent = sftp.put(str(way.folder / "file"), f"{there}/one")
            sftp.chmod(f"{there}/one", 0o640)
            sftp.utime(f"{there}/one", (1_700_000_000, 1_700_000_001))
            sftp.posix_rename(f"{there}/one", f"{there}/two")
            sftp.symlink("two", f"{there}/link")
            with sftp.open(f"{there}/two", "r+") as file:
                file.seek(1000)
                file.write(b"in the middle")
            sftp.get(f"{there}/two", str(way.folder / "back"))
            found = sftp.stat(f"{there}/two")
            done: list[object] = [sent.st_size, found.st_size, found.st_mode, sorted(sftp.listdir(there))]
            done += [sftp.readlink(f"{there}/link"), hashlib.sha256((way.folder / "back").read_bytes()).hexdigest()]
            with pytest.raises(FileNotFoundError) as missing:
                sftp.open(f"{there}/three")
            sftp.remove(f"{there}/link")
            return [*done, missing.value.errno, os.listdir(there)]

    size, _, mode, *_ = host("deploy").same(seen)
    assert size == len(data)
    assert mode == stat.S_IFREG | 0o640


def test_forwarding(host: GetHost, echo_port: int) -> None:
    def seen(way: Client) -> bytes:
        with connected(way) as client:
            transport = client.get_transport()
            assert transport is not None
            channel = transport.open_channel(
                "direct-tcpip", ("127.0.0.1", echo_port), ("127.0.0.1", 1), timeout=PATIENCE_S
            )
            channel.settimeout(PATIENCE_S)
            channel.sendall(b"to the echo and back")
            with channel.makefile("rb") as back:
                return back.read(20)

    assert host("tunnels").same(seen) == b"to the echo and back"


def test_forwarding_that_the_role_does_not_have(host: GetHost, echo_port: int) -> None:
    """The channel alone is refused, as forbidden; the connection goes on."""
    with connected(host("deploy").through) as client:
        transport = client.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.ChannelException) as refused:
            transport.open_channel("direct-tcpip", ("127.0.0.1", echo_port), ("127.0.0.1", 1), timeout=PATIENCE_S)
        assert refused.value.code == 1
        assert ran(client, "echo on")[:2] == (0, b"on\n")

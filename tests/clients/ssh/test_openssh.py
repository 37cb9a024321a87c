"""OpenSSH's ssh, option by option: standard output, standard error and exit status as at the host itself."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from support.clients.ways import Hosts, Ran, at, ssh
from support.ssh import Client

GetHost = Callable[[str], Hosts]

#: Signals that end a program, and that SSH can tell of (RFC 4254 6.10), with BSD's that OpenSSH tells of too.
SIGNALS = ("TERM", "INT", "HUP", "KILL", "SEGV", "ABRT", "PIPE", "ALRM", "USR1", "USR2", "FPE", "ILL", "QUIT")

STATUSES = [*range(10), 63, 64, 69, 126, 127, 128, 129, 130, 137, 143, 254, 255]

#: The command line, and what it reads.
COMMANDS: dict[str, tuple[str, bytes | None]] = {
    "nothing to say": ("true", b""),
    "no standard input": ("cat; echo end", None),
    "standard input to its end": ("cat; echo end", b"a\nb"),
    "large standard input": ("md5sum", os.urandom(5_000_000)),
    "binary both ways": ("cat", bytes(range(256)) * 20_000),
    "stderr apart": ("echo out; echo err >&2; echo out again", b""),
    "large stderr": ("head -c 3000000 /dev/zero | tr '\\0' e >&2; echo done", b""),
    "interleaved": ("for n in $(seq 500); do echo out $n; echo err $n >&2; done", b""),
    "output after the end of input": ("cat > /dev/null; sleep 0.2; echo after", b"x" * 100_000),
    "half close": ("exec 3<&0; while read line <&3; do echo got $line; done; echo eof", b"one\ntwo\n"),
    "closed stdout": ("exec >&-; sleep 0.1; echo lost; exit 4", b""),
    "closed stdin": ("exec <&-; sleep 0.1; echo done; exit 3", b"never read"),
    "background job": ("(sleep 0.3; echo late) & echo early; wait", b""),
    "orphan that lets go": ("(sleep 5 > /dev/null 2>&1 < /dev/null &) ; echo gone", b""),
    "empty command": ("", b"echo from stdin; exit 9\n"),
    "long command of 10 kB": (f"echo {'x' * 10_000} | wc -c", b""),
    "long command of 100 kB": (f"echo {'x' * 100_000} | wc -c", b""),
    "lines and quotes": ("printf '%s\\n' \"a  b\" 'c\"d' $'e\\tf'\necho next line", b""),
    "UTF-8": ("echo grün €𝄞; printf '\\303'; sleep 0.2; printf '\\274'", b""),
    "bytes that are no UTF-8": ("printf '\\377\\376\\000x'", b""),
    "a reader that leaves early": ("yes | head -3", b""),
    "many lines": ("seq 200000", b""),
    "long line": ("head -c 3000000 /dev/zero | tr '\\0' l", b""),
    "random bytes": ("seq 1 500000 | gzip -n9 | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null | md5sum", b""),
    "not found": ("no-such-program-here", b""),
    "syntax error": ("if then", b""),
}

#: Options of ssh that change how a command runs, not what it prints.
OPTIONS: dict[str, list[str]] = {
    "-T": ["-T"],
    "-n": ["-n"],
    "-x": ["-x"],
    "-4": ["-4"],
    "-C": ["-C"],
    "Compression=yes": ["-oCompression=yes"],
    "RekeyLimit": ["-oRekeyLimit=1M"],
    "ServerAliveInterval": ["-oServerAliveInterval=1"],
    "Ciphers aes256-gcm": ["-oCiphers=aes256-gcm@openssh.com"],
    "KexAlgorithms curve25519": ["-oKexAlgorithms=curve25519-sha256"],
    "KexAlgorithms group16": ["-oKexAlgorithms=diffie-hellman-group16-sha512"],
    "KexAlgorithms group14": ["-oKexAlgorithms=diffie-hellman-group14-sha256"],
    "IPQoS": ["-oIPQoS=throughput"],
    "RequestTTY=no": ["-oRequestTTY=no"],
    "StdinNull": ["-oStdinNull=yes"],
    "SessionType=default": ["-oSessionType=default"],
    "LogLevel=QUIET": ["-oLogLevel=QUIET"],
    "EscapeChar": ["-e", "none"],
}


@pytest.mark.parametrize("case", COMMANDS)
def test_command(host: GetHost, case: str) -> None:
    command, stdin = COMMANDS[case]
    host("deploy").same(lambda way: ssh(way, command, stdin=stdin))


@pytest.mark.parametrize("case", OPTIONS)
def test_option(host: GetHost, case: str) -> None:
    """Three megabytes each way, so that keys are exchanged again and windows are moved."""
    stdin = b"" if {"-n", "StdinNull"} & {case} else os.urandom(2_000_000)
    seen = host("deploy").same(
        lambda way: ssh(way, "md5sum; seq 300000; echo err >&2; exit 7", flags=OPTIONS[case], stdin=stdin)
    )
    assert seen.status == 7


@contextlib.contextmanager
def _master(way: Client) -> Iterator[list[str]]:
    """A connection that stays; gives the options by which others use it."""
    path = ["-oControlPath=s"]
    assert ssh(way, flags=["-oControlMaster=yes", *path, "-f", "-N"], stdin=None).status == 0
    try:
        yield path
    finally:
        ssh(way, flags=[*path, "-O", "exit"])


def test_exit_statuses(host: GetHost) -> None:
    def statuses(way: Client) -> list[int]:
        with _master(way) as path:
            return [ssh(way, f"exit {status}", flags=path).status for status in STATUSES]

    assert host("deploy").same(statuses) == STATUSES


@pytest.mark.parametrize("name", SIGNALS)
def test_signal(host: GetHost, name: str) -> None:
    def seen(way: Client) -> tuple[int, bytes, list[bytes]]:
        done = ssh(way, f"echo before; kill -{name} $$", flags=["-v"])
        return done.status, done.out, [line for line in done.err.splitlines() if b"rtype exit-" in line]

    status, _, told = host("deploy").same(seen)
    assert len(told) == 1
    assert status == 255 or name == "QUIT", "a shell without a terminal goes on after SIGQUIT"


@pytest.mark.parametrize("arguments", [["-t", "-t"], ["-tt", "-oEscapeChar=none"]], ids=" ".join)
def test_terminal(host: GetHost, arguments: Sequence[str]) -> None:
    command = (
        "test -t 0 && test -t 1 && echo terminal $TERM; stty -a | head -1; stty size; read line; echo got $line; exit 5"
    )

    def seen(way: Client) -> Ran:
        way.options.append("SetEnv=TERM=xterm-256color")
        done = ssh(way, command, flags=arguments, stdin=b"typed\n")
        # The terminal echoes what is typed before or behind what is printed meanwhile.
        return replace(done, out=b"\n".join(sorted(done.out.splitlines())))

    done = host("deploy").same(seen)
    assert (done.status, b"got typed" in done.out) == (5, True)


def test_shell_on_a_terminal(host: GetHost) -> None:
    typed = b"PS1='$ '; stty -echo\nexport A=1\necho $A-$0\nfalse\necho $?\nexit 6\n"
    ways = host("deploy")
    [direct, through] = ways.each(lambda way: ssh(way, flags=["-tt"], stdin=typed))
    assert through.status == direct.status == 6
    assert through.out[through.out.index(b"stty -echo") :] == direct.out[direct.out.index(b"stty -echo") :]


def test_shell_on_standard_input(host: GetHost) -> None:
    script = b"echo one; echo err >&2; x=2; echo $x\ncat <<E\nhere\nE\nexit 8\n"
    assert host("deploy").same(lambda way: ssh(way, flags=["-T"], stdin=script)).status == 8


def test_background(host: GetHost) -> None:
    """-f: ssh leaves for the background once it is in; -N: no command at all."""

    def seen(way: Client) -> tuple[int, str]:
        marked = way.folder / "marked"
        control = ["-oControlMaster=yes", "-oControlPath=s"]
        status = ssh(way, flags=[*control, "-f", "-N"]).status
        ssh(way, f"touch {marked}; exit 3", flags=["-oControlPath=s"])
        stopped = ssh(way, flags=["-oControlPath=s", "-O", "exit"])
        return (status + stopped.status, str(marked.exists()))

    assert host("deploy").same(seen) == (0, "True")


@pytest.mark.parametrize("name", ["LANG", "LC_TIME", "LC_NAME"])
def test_environment_that_goes_along(host: GetHost, name: str) -> None:
    seen = host("deploy").same(lambda way: ssh(way, f'echo "<${name}>"', flags=[f"-oSetEnv={name}=C.UTF-8"]))
    assert seen.out == b"<C.UTF-8>\n"


@pytest.mark.parametrize("name", ["FOO", "BASH_ENV", "LD_PRELOAD", "ENV"])
def test_environment_that_does_not(host: GetHost, name: str) -> None:
    seen = host("deploy").same(lambda way: ssh(way, f'echo "<${name}>"', flags=[f"-oSetEnv={name}=some-words"]))
    assert seen.out == b"<>\n"


def _all_at_once(way: Client, number: int) -> list[Ran]:
    """That many commands over one master at the same time, in order."""
    with _master(way) as path, ThreadPoolExecutor(number) as pool:

        def one(n: int) -> Ran:
            return ssh(way, f"cat; sleep 2; echo err {n} >&2; exit {n}", flags=path, stdin=f"in {n}".encode())

        return list(pool.map(one, range(number)))


def test_ten_channels_at_once(host: GetHost) -> None:
    seen = host("deploy").same(lambda way: _all_at_once(way, 9))
    assert [each.status for each in seen] == list(range(9))


@pytest.mark.parametrize("number", [16, 36])
def test_more_channels_than_the_host_grants(host: GetHost, number: int) -> None:
    """Ten by sshd's MaxSessions: ssh opens a connection of its own for each of the others."""
    for done in host("deploy").each(lambda way: _all_at_once(way, number)):
        assert [(each.status, each.out) for each in done] == [(n, f"in {n}".encode()) for n in range(number)]


def test_fifty_commands_after_each_other(host: GetHost) -> None:
    def seen(way: Client) -> list[Ran]:
        with _master(way) as path:
            return [ssh(way, f"printf hi-{n} | cat", flags=path) for n in range(50)]

    assert [each.out for each in host("deploy").same(seen)] == [f"hi-{n}".encode() for n in range(50)]


def test_a_reader_here_that_leaves_early(host: GetHost) -> None:
    """`ssh host yes | head -1` ends on both ways."""

    def seen(way: Client) -> tuple[bytes, int]:
        line = " ".join(f"'{word}'" for word in way.command(way.destination, "yes"))
        done = at(way, ["bash", "-c", f"{line} | head -c 100000; exit ${{PIPESTATUS[0]}}"])
        return done.out, done.status

    host("deploy").same(seen)


@pytest.mark.parametrize("cipher", ["chacha20-poly1305@openssh.com", "aes128-ctr"])
def test_openssh_is_offered_gcm_alone(host: GetHost, cipher: str) -> None:
    done = ssh(host("deploy").through, "true", flags=[f"-oCiphers={cipher}"])
    assert done.status == 255
    assert b"no matching cipher found" in done.err


def test_batch_mode_gets_in_nowhere_without_a_key(host: GetHost) -> None:
    """There are only tokens: documented, and said by ssh."""
    done = ssh(host("deploy").through, "true", flags=["-oBatchMode=yes"])
    assert done.status == 255
    assert b"Permission denied" in done.err


def test_a_role_that_may_run_commands_alone(host: GetHost) -> None:
    done = ssh(host("commands").through, flags=["-tt"], stdin=b"exit\n")
    assert done.status == 126
    assert b"gatepass: " in done.out + done.err

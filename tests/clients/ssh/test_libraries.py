"""Libraries: Java's sshj, JSch and Apache MINA SSHD, Node's ssh2, Go's x/crypto/ssh and pkg/sftp, and libssh."""

import sys
from collections.abc import Callable, Sequence

import pytest

from support.clients import hosts
from support.clients.libraries import PROGRAMS, Outcomes, assert_same, go, java, node, outcomes
from support.clients.missing import needs
from support.clients.served import Served
from support.ssh import Upstream

pytestmark = pytest.mark.timeout(700)


CASES = ("exec", "signal", "large", "standard input", "one after the other", "sftp", "forwarding")
JAVA = ("sshj", "jsch", "mina")
#: What these others have beside.
MORE = ("five at once", "terminal", "environment")


@pytest.fixture(scope="module")
def ran(
    sshd: Upstream, served: Served, echo_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Callable[[], Sequence[str]]], tuple[Outcomes, Outcomes]]:
    """What each case of a program saw, both ways; each program runs once."""
    seen: dict[str, tuple[Outcomes, Outcomes]] = {}

    def run(name: str, program: Callable[[], Sequence[str]]) -> tuple[Outcomes, Outcomes]:
        if name not in seen:
            ways = hosts.ways(sshd, served, "tunnels", tmp_path_factory.mktemp(name) / "host")
            seen[name] = ways.each(lambda way: outcomes(program(), hosts.variables(way, echo_port)))
        return seen[name]

    return run


Ran = Callable[[str, Callable[[], Sequence[str]]], tuple[Outcomes, Outcomes]]


@needs("sshj, JSch and MINA", "javac", "-version", at_least=(17,))
@needs("sshj, JSch and MINA", "mvn")
@pytest.mark.parametrize("library", JAVA)
@pytest.mark.parametrize("case", CASES)
def test_java(ran: Ran, library: str, case: str) -> None:
    assert_same(*ran(library, lambda: [*java("Ssh"), library]), case)


@needs("ssh2", "node", "--version", at_least=(20,))
@needs("ssh2", "npm")
@pytest.mark.parametrize("case", [*CASES, *MORE, "shell"])
def test_node(ran: Ran, case: str) -> None:
    assert_same(*ran("ssh2", lambda: node("ssh2.js")), case)


@needs("x/crypto/ssh", "go", "version", at_least=(1, 25))
@pytest.mark.parametrize("case", [*CASES, *MORE])
def test_go(ran: Ran, case: str) -> None:
    assert_same(*ran("go", lambda: go("ssh")), case)


@pytest.mark.parametrize("case", [*CASES, *MORE])
def test_libssh(ran: Ran, case: str) -> None:
    assert_same(*ran("libssh", lambda: [sys.executable, str(PROGRAMS / "python" / "libssh.py")]), case)

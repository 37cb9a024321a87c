"""One server of each kind and one running gateway before them, for all the clients that a worker drives."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.clients import databases, hosts
from support.clients.missing import left_out
from support.clients.served import Served, serving
from support.clients.sshd import running
from support.clients.ways import Databases, Hosts
from support.postgres import Target
from support.ssh import Upstream


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with databases.server(tmp_path_factory.mktemp("target") / "cluster") as server:
        yield server


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    options = hosts.options(tmp_path_factory.mktemp("home"))
    with running(tmp_path_factory.mktemp("sshd"), *options) as server:
        yield server


@pytest.fixture(scope="session")
def tunnelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which sockets may be forwarded."""
    return tmp_path_factory.mktemp("sockets")


@pytest.fixture(scope="session")
def served(
    target: Target, sshd: Upstream, tunnelled: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """`gatepass serve` before both."""
    resources: dict[str, Any] = {**databases.resources(target), **hosts.resources(sshd, tunnelled)}
    with serving(tmp_path_factory.mktemp("gatepass"), resources, databases.MASKING) as gateway:
        yield gateway


@pytest.fixture(params=databases.PLACES)
def database(request: pytest.FixtureRequest, target: Target, served: Served) -> Databases:
    """The two ways to a database; each case runs at both databases."""
    return databases.ways(target, served, request.param, request.param)


@pytest.fixture
def plain(target: Target, served: Served) -> Databases:
    """The two ways to the database without masked columns, in a role without rules."""
    return databases.ways(target, served, databases.PLAIN, databases.PLAIN)


@pytest.fixture
def host(sshd: Upstream, served: Served, tmp_path: Path) -> Callable[[str], Hosts]:
    """`host("deploy")`: the two ways to the host, the second one in that role."""
    return lambda role: hosts.ways(sshd, served, role, tmp_path / role)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What could not run here, by name: nobody shall take a silent run for a whole one."""
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", ())]
    terminalreporter.write_line(f"Left out: {left_out(skipped) or 'nothing'}")

"""One cluster for all the tests that a worker runs."""

from collections.abc import Iterator

import pytest

from support.clients.missing import left_out
from support.cluster.cluster import Cluster
from support.cluster.pods import pod, settled
from support.cluster.running import running


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="session")
def web(cluster: Cluster) -> str:
    """A pod with two containers that sleep: the name of the pod; they are `main` and `side`."""
    cluster.apply(pod(cluster, "web", {"name": "main"}, {"name": "side"}))
    settled(cluster, "web")
    return "web"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What could not run here, by name: nobody shall take a silent run for a whole one."""
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", ())]
    terminalreporter.write_line(f"Left out: {left_out(skipped) or 'nothing'}")

"""The plugin where it is used: without pytest, in projects that want it, and in projects that don't."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

USES = "def test_it(slack_workspace_sync):\n    assert slack_workspace_sync.user('alice').name == 'alice'\n"
#: pytest-asyncio, where it is loaded, warns of an option that is not set.
LOOPS = ("-o", "asyncio_default_fixture_loop_scope=function")
NAMED = 'pytest_plugins = ["slack_simulator.testing"]\n'
#: What a project that never asks for a workspace has in memory of us.
IDLE = """
import sys

def test_nothing_was_loaded():
    ours = {name for name in sys.modules if name.partition(".")[0] in {"slack_simulator", "aiohttp", "jinja2"}}
    assert ours == {"slack_simulator", "slack_simulator.pytest_plugin"}
"""


def run(folder: Path, test: str, *options: str, conftest: str = "", **environment: str) -> None:
    """Pass this test file in a project of its own, where every warning is an error."""
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    (folder / "conftest.py").write_text(conftest, encoding="utf-8")
    base = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = subprocess.run(
        [*base, *options, str(folder)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_nothing_but_the_fixtures_needs_pytest() -> None:
    """The product runs where pytest is not installed, and so do the plugin's people, in scripts."""
    lines = [
        "import sys",
        "sys.modules['pytest'] = None",
        "import slack_simulator.__main__, slack_simulator.server, slack_simulator.testing",
        "assert not hasattr(slack_simulator.testing, 'slack_workspace')",
        "with slack_simulator.testing.hosted(slack_simulator.server.demo_spec()) as hosting:",
        "    assert slack_simulator.testing.Workspace(hosting).channel('general').messages == []",
    ]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], timeout=60, check=True)


@pytest.mark.parametrize(
    ("conftest", "test"),
    [("", USES), (NAMED, USES), ("", NAMED + USES), ("import slack_simulator.testing\n", USES)],
    ids=["installed", "named in conftest", "named in the test", "imported before"],
)
def test_it_is_there_once(tmp_path: Path, conftest: str, test: str) -> None:
    """Whether a project names it or not, nothing is registered twice, and no warning is given."""
    run(tmp_path, test, *LOOPS, conftest=conftest)


def test_it_is_there_by_its_name_alone(tmp_path: Path) -> None:
    """Where pytest loads no plugins by itself."""
    run(tmp_path, NAMED + USES, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


def test_it_costs_nothing_until_it_is_used(tmp_path: Path) -> None:
    """It loads neither the workspace nor what that needs."""
    run(tmp_path, IDLE, *LOOPS, "-p", "no:anyio", "-p", "no:aiohttp")

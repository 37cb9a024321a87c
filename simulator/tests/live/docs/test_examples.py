"""The examples of the documentation, run as a reader would run them: saved under the names that the text gives them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from slack_simulator.server import demo_spec
from slack_simulator.testing import blocking, hosted

ROOT = Path(__file__).parents[3]
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}


def examples(document: str) -> list[str]:
    """The Python of a page, block by block."""
    return re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)


def outside() -> dict[str, str]:
    """The environment of somebody who is not behind a proxy."""
    return {name: value for name, value in os.environ.items() if name not in PROXIES}


def run_pytest(folder: Path, *options: str) -> str:
    """What pytest says of the folder, with every warning an error; it must pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(folder)]
    command += ["-o", "asyncio_default_fixture_loop_scope=function"]
    command += [*options, str(folder)]
    done = subprocess.run(command, cwd=folder, env=outside(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    """A folder with the two files of README.md."""
    app, test = examples("README.md")
    (tmp_path / "lunch.py").write_text(app, encoding="utf-8")
    (tmp_path / "test_lunch.py").write_text(test, encoding="utf-8")
    return tmp_path


def test_the_readme_s_app_runs_against_a_workspace(readme: Path) -> None:
    """As a program of its own, by the three settings that the text names."""
    with hosted(demo_spec()) as hosting:
        workspace = blocking.Workspace(hosting)
        settings = {
            "SLACK_API_URL": workspace.api_url,
            "SLACK_BOT_TOKEN": "xoxb-simulator-bot",
            "SLACK_APP_TOKEN": "xapp-simulator-app",
        }
        process = subprocess.Popen([sys.executable, "lunch.py"], cwd=readme, env=outside() | settings)
        try:
            workspace.waits_for_app(timeout_s=30)
            alice = workspace.user("alice")
            alice.types("/lunch stew")
            alice.taps("Cook")
            alice.sees("Cooked by @alice")
        finally:
            process.terminate()
            process.wait(20)


def test_the_readme_s_test_passes(readme: Path) -> None:
    """With the plugin that is there by installing."""
    assert "1 passed" in run_pytest(readme)


def test_the_example_of_the_documentation_runs(tmp_path: Path) -> None:
    """docs/testing.md shows a whole test file: it must be one."""
    (found,) = [one for one in examples("docs/testing.md") if "async def test_lunch" in one]
    (tmp_path / "test_lunch.py").write_text(found, encoding="utf-8")
    assert "1 passed" in run_pytest(tmp_path, "-o", "asyncio_mode=auto")

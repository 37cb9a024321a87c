"""The plugin where it is used: without pytest, and in the test file that the documentation shows."""

import os
import re
import subprocess
import sys
from pathlib import Path


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


def test_the_example_of_the_documentation_runs(tmp_path: Path) -> None:
    """docs/testing.md shows a whole test file: it must be one."""
    root = Path(__file__).parents[3]
    text = (root / "docs" / "testing.md").read_text(encoding="utf-8")
    examples = [one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "async def test_lunch" in one]
    assert len(examples) == 1
    (tmp_path / "test_lunch.py").write_text(examples[0], encoding="utf-8")
    loops = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    options = ["-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(tmp_path), *loops]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path / "test_lunch.py")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout

"""Gatepass without its demo: everything else works, and the demo says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = "docs/gatepass.example.yml"
ROOT = next(one for one in Path(__file__).parents if (one / EXAMPLE).is_file())
#: A Python in which neither the local Slack nor pytest is installed, running `gatepass`.
PROGRAM = """
import sys
sys.modules |= {name: None for name in ("slack_simulator", "pytest")}
import cli.main
cli.main.main()
"""


def gatepass(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("arguments", [["manifest"], ["check", EXAMPLE], ["serve", "--help"], ["demo", "--help"]])
def test_the_rest_works_without_it(arguments: list[str]) -> None:
    """As in production, where nobody installs a demo."""
    done = gatepass(*arguments)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_demo_says_what_to_install() -> None:
    """One sentence, no traceback."""
    done = gatepass("demo")
    assert done.returncode == 1
    assert done.stderr == (
        "gatepass: the demo plays with a local Slack, which is not installed; install Gatepass with its demo: "
        "uv tool install 'gatepass[demo]', or '.[demo]' in a checkout\n"
    )

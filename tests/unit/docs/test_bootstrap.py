"""The one program that is installed before there is a lock to check it by: pinned and hashed as the lock has it."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.finding("L11")
def test_the_uv_that_is_installed_first_is_the_locks() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (uv,) = [package for package in lock["package"] if package["name"] == "uv"]
    required = (ROOT / "scripts" / "uv-requirements.txt").read_text(encoding="utf-8")
    assert re.findall(r"^uv==(\S+)", required, re.MULTILINE) == [uv["version"]]
    assert re.findall(r"--hash=(\S+)", required) == sorted(wheel["hash"] for wheel in uv["wheels"])


@pytest.mark.finding("L11")
def test_every_install_by_pip_demands_hashes() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in (ROOT / "scripts").iterdir() if path.is_file()]
    calls = re.findall(r"pip install (?:.*\\\n)*.*", "\n".join(scripts))
    assert calls
    assert all("--require-hashes" in call for call in calls)

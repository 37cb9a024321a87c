"""Rotating the signing key while storage is away, as an operator does it."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_key_that_leaked_is_replaced_although_storage_is_away(tmp_path: Path) -> None:
    dsn = "postgresql://gatepass:hush@127.0.0.1:1/gatepass"
    ran = subprocess.run(
        [Path(sys.executable).with_name("gatepass"), "keys", "rotate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "GATEPASS_HOME": str(tmp_path), "DATABASE_URL": dsn},
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 1
    kid = (tmp_path / "keys" / "active").read_text()
    assert f"New tokens are signed by key {kid}." in ran.stdout
    assert f"There was no key in {tmp_path} before, so none was replaced." in ran.stdout
    assert "the audit log does not have it" in ran.stdout
    assert "hush" not in ran.stdout
    assert "Traceback" not in ran.stdout

"""Rotating the signing key, as an operator does it."""

import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg


async def rotate(home: Path, dsn: str) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("gatepass")),
        "keys",
        "rotate",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.defpath, "HOME": str(home), "GATEPASS_HOME": str(home), "DATABASE_URL": dsn},
    )
    async with asyncio.timeout(60):
        out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


async def test_a_rotation_is_an_audit_event(dsn: str, tmp_path: Path) -> None:
    status, said = await rotate(tmp_path, dsn)
    assert status == 0, said
    kid = (tmp_path / "keys" / "active").read_text()
    assert said == f"New tokens are signed by key {kid}.\n"
    connection = await asyncpg.connect(dsn)
    try:
        (event,) = [json.loads(row["body"]) for row in await connection.fetch("SELECT body FROM audit_event")]
    finally:
        await connection.close()
    assert (event["action"], event["resource"], event["outcome"]) == ("cli:key:rotate", kid, "success")

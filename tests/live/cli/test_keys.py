"""Rotating the signing key, as an operator does it."""

import json
from pathlib import Path

import asyncpg
import pytest

from support.commands import gatepass


@pytest.mark.finding("M12")
@pytest.mark.parametrize(
    ("flags", "fate", "sentence"),
    [((), "retired", "a day at most. If a key leaked, run"), (("--revoke",), "revoked", "are refused from now on")],
)
async def test_a_rotation_is_an_audit_event(
    dsn: str, tmp_path: Path, flags: tuple[str, ...], fate: str, sentence: str
) -> None:
    (await gatepass("keys", "rotate", home=tmp_path, DATABASE_URL=dsn)).said.index("signed by key")
    old = (tmp_path / "keys" / "active").read_text()
    ran = await gatepass("keys", "rotate", *flags, home=tmp_path, DATABASE_URL=dsn)
    assert ran.status == 0, ran.said
    kid = (tmp_path / "keys" / "active").read_text()
    assert ran.said.startswith(f"New tokens are signed by key {kid}.\n")
    assert sentence in ran.said
    assert (tmp_path / "keys" / f"{old}.pem").exists() == (fate == "retired")
    connection = await asyncpg.connect(dsn)
    try:
        events = [json.loads(row["body"]) for row in await connection.fetch("SELECT body FROM audit_event ORDER BY id")]
    finally:
        await connection.close()
    event = events[-1]
    assert (event["action"], event["resource"], event["outcome"]) == ("cli:key:rotate", kid, "success")
    revoked = {"credentials": 0} if fate == "revoked" else {}
    assert event["detail"] == {"old_keys": fate, **revoked}

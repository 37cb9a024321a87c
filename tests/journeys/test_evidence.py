"""What is kept after the story: an audit log that is whole, recordings that replay, and nothing sensitive anywhere."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from cli.demo.leaks import leaks
from support.journeys import Product

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def gatepass(product: Product, *arguments: str) -> tuple[int, str]:
    """Run an operator's command beside the serving processes."""
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("gatepass")),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            "PATH": os.defpath,
            "HOME": str(product.settings.home),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
            "GATEPASS_HOME": str(product.settings.home),
            "GATEPASS_CONFIG": str(product.settings.config),
        },
    )
    out, _ = await asyncio.wait_for(child.communicate(), 60)
    return child.returncode or 0, out.decode()


async def used(product: Product, marker: str) -> str:
    """A psql session that reads cards; returns its id's first eight digits, as its digest names it."""
    token, grant = await product.granted("payments-db read 15m", marker)
    sql = (
        "select name, number, cvv from cards join customers on customers.id = customer_id where name <> 'Bobby Tables'"
    )
    seen = await product.clients.psql("read@payments-db", token, sql)
    assert seen.status == 0, seen.err
    return (await product.ended(grant)).id.hex[:8]


async def test_a_session_is_listed_shown_and_replayed_masked(product: Product) -> None:
    session = await used(product, "to be replayed")
    for words in (("list",), ("show", session), ("replay", session, "--speed", "0")):
        status, out = await gatepass(product, "sessions", *words)
        assert status == 0, out
        assert "4111111111111111" not in out
    assert "************1111" in out
    assert "select name" in out
    assert "Bobby" not in out
    status, out = await gatepass(product, "sessions", "show", "ffffffff")
    assert status == 1
    assert "gatepass sessions list" in out


async def test_the_digest_tells_the_session_without_a_sensitive_value(product: Product) -> None:
    session = await used(product, "to be digested")
    digest = await product.people.card(session)
    shown = digest["plain"] + digest["text"]
    for words in ("1 session", "payments-db", "read", "6 card numbers", "1 select", "6 rows", "Audit log"):
        assert words in shown, shown
    assert "4111" not in shown


async def test_the_audit_log_verifies_until_a_row_is_changed(product: Product) -> None:
    await used(product, "to be audited")
    status, out = await gatepass(product, "audit", "verify")
    assert status == 0, out
    assert "whole" in out
    superuser = await asyncpg.connect(product.dsn)
    try:
        event, body = await superuser.fetchrow(
            "select event_id, body from audit_leaf join audit_event on id = event_id where leaf_index = 3"
        )
        change = "update audit_event set body = $1 where id = $2"
        await superuser.execute(change, body.replace(b"success", b"failure"), event)
        status, out = await gatepass(product, "audit", "verify")
        assert status == 1
        assert "leaf 3" in out
        await superuser.execute(change, body, event)
    finally:
        await superuser.close()
    assert (await gatepass(product, "audit", "verify"))[0] == 0


async def test_nothing_sensitive_is_kept_anywhere(product: Product) -> None:
    token, _ = await product.granted(
        "payments-db read 15m the card 4111 1111 1111 1111 of ada@example.com, cvv: 737,", "was charged twice"
    )
    seeded = "select 'card' as what, 5555555555554444 as n, number from cards where id <> 248 or '365' = '248'"
    await product.clients.psql("read@payments-db", token, seeded, "select row_to_json(cards) from cards")
    shell, grant = await product.granted("web-1 deploy 15m", "leaks")
    await product.clients.ssh("deploy@web-1", shell, "grep -h 3782 cards.txt; echo 6011111111111117")
    await product.ended(grant)
    passwords = [(product.settings.home / name).read_text() for name in ("read-password", "admin-password")]
    assert len(product.tokens) > 1
    found = await leaks(product.database, product.settings.home, product.slack, [*product.tokens, *passwords])
    assert not found, found[:10]

"""Held statements: a card, a tap, and the statement runs or does not."""

import asyncio

import pytest

from cli.demo.people import Shown
from support.children import line
from support.journeys import OwnProduct, Product

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def held(product: Product, token: str, sql: str, shows: str) -> tuple[asyncio.subprocess.Process, Shown]:
    """Start psql on `sql`, and wait for its card."""
    child = await product.clients.start_psql("admin@payments-db", token, "-c", sql)
    return child, await product.people.pending(shows)


async def test_drop_table_waits_and_runs_when_it_is_approved(product: Product) -> None:
    token, _ = await product.granted("payments-db admin 15m", "approve the drop")
    child, card = await held(product, token, "create table dropped (n int)", "create table dropped")
    await product.people.approve("bob", card)
    assert (await product.clients.seen(child)).status == 0
    child, card = await held(product, token, "drop table dropped", "drop table dropped")
    assert b"waits for review" in await line(child.stderr)
    await product.people.approve("bob", card)
    seen = await product.clients.seen(child)
    assert (seen.status, "DROP TABLE" in seen.out) == (0, True), seen.all
    gone = await product.clients.psql("admin@payments-db", token, "select to_regclass('dropped') is null as gone")
    assert " t\n" in gone.out


async def test_a_denied_statement_is_refused_with_the_reason_and_the_session_goes_on(product: Product) -> None:
    token, _ = await product.granted("payments-db admin 15m", "deny the delete")
    child = await product.clients.start_psql(
        "admin@payments-db",
        token,
        *("-v", "ON_ERROR_STOP=0"),
        *("-c", "delete from stale_sessions"),
        *("-c", "select count(*) as still from stale_sessions"),
    )
    await product.people.deny("bob", await product.people.pending("delete from stale_sessions"), "By date, please.")
    seen = await product.clients.seen(child)
    assert "By date, please." in seen.err
    assert "3" in seen.out


async def test_the_requester_cannot_approve_their_own_statement(product: Product) -> None:
    token, _ = await product.granted("payments-db admin 15m", "own statement", who="carol")
    child, card = await held(product, token, "truncate stale_sessions", "truncate stale_sessions")
    await product.people.approve("carol", card)
    still = await product.slack.wait_for(lambda message: message["ts"] == card["ts"], channel="incidents", user="bob")
    assert [block for block in still["blocks"] if block["type"] == "actions"]
    await product.people.deny("bob", card, "No.")
    assert "No." in (await product.clients.seen(child)).err


async def test_ctrl_c_withdraws_a_held_statement(product: Product) -> None:
    token, _ = await product.granted("payments-db admin 15m", "withdraw")
    child, card = await held(product, token, "drop table payments", "drop table payments")
    product.clients.interrupt(child)
    seen = await product.clients.seen(child)
    assert "cancel" in seen.err
    decided = await product.people.card_until(card["ts"], "Withdrawn")
    assert not [block for block in decided["blocks"] if block["type"] == "actions"]


async def test_what_nobody_answers_is_refused(own_product: OwnProduct) -> None:
    async with own_product(hold="2s") as product:
        token, _ = await product.granted("payments-db admin 15m", "nobody answers")
        seen = await product.clients.psql("admin@payments-db", token, "drop table payments")
        assert seen.status != 0
        assert "in time" in seen.err
        rows = await product.clients.psql("admin@payments-db", token, "select count(*) from payments")
        assert rows.status == 0

"""psql and asyncpg through the gateway, from /access to masked rows."""

import asyncio

import asyncpg
import pytest

from support.children import PATIENCE_S, line
from support.journeys import Product

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARDS = "select name, number, cvv from customers join cards on customers.id = customer_id order by customers.id"
CLEAR = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "737", "ada@example.com")


async def connect(product: Product, door: str, token: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host="127.0.0.1",
        port=product.clients.postgres_port,
        user=door,
        password=token,
        database="payments",
        ssl="require",
        timeout=20,
    )


async def test_an_approved_request_lets_psql_in_and_cards_are_masked(product: Product) -> None:
    token, _ = await product.granted("payments-db read 15m", "masked rows")
    seen = await product.clients.psql("read@payments-db", token, CARDS, "select email from customers")
    assert seen.status == 0, seen.err
    assert "************1111" in seen.out
    assert "Ada Lovelace" in seen.out
    assert not [clear for clear in CLEAR if clear in seen.out]


async def test_binary_results_are_masked_and_so_is_the_second_run_of_a_prepared_statement(product: Product) -> None:
    token, _ = await product.granted("payments-db read 15m", "binary rows")
    connection = await connect(product, "read@payments-db", token)
    try:
        prepared = await connection.prepare(CARDS)
        for _ in range(3):
            rows = [tuple(row) for row in await prepared.fetch()]
            assert rows[0][0] == "Ada Lovelace"
            assert rows[0][1] == "************1111"
            assert not [clear for clear in CLEAR if clear in str(rows)]
        assert await connection.fetchval("select $1::int8 + 1", 41) == 42
        assert await connection.fetchval("select ('4111' || '111111111111')::int8") is None
        async with connection.transaction():
            assert (
                len([row async for row in connection.cursor("select generate_series(10001, 10500)", prefetch=50)])
                == 500
            )
    finally:
        await connection.close()


async def test_ctrl_c_cancels_the_query_upstream(product: Product) -> None:
    token, _ = await product.granted("payments-db read 15m", "to be cancelled")
    child = await product.clients.start_psql(
        "read@payments-db", token, "-c", r"\echo started", "-c", "select pg_sleep(60)"
    )
    assert b"started" in await line(child.stdout)
    watch = await connect(product, "read@payments-db", token)
    try:
        running = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"
        async with asyncio.timeout(PATIENCE_S):
            while not await watch.fetchval(running, timeout=20):
                await asyncio.sleep(0.02)
        product.clients.interrupt(child)
        seen = await product.clients.seen(child)
        assert "canceling statement due to user request" in seen.err
        assert not await watch.fetchval(running, timeout=20)
    finally:
        await watch.close()


async def test_a_denied_request_ends_with_a_reason_that_the_requester_reads(product: Product) -> None:
    card = await product.people.ask("alice", "payments-db read 15m", marker="to be denied")
    await product.people.deny("bob", card, "Use the replica, please.")
    reply = await product.people.direct("alice", "Use the replica, please.")
    assert "Denied" in reply["plain"] + reply["text"]
    decided = await product.people.card_until(card["ts"], "Use the replica, please.")
    assert not [block for block in decided["blocks"] if block["type"] == "actions"]


async def test_the_upstream_errors_reach_the_client(product: Product) -> None:
    token, _ = await product.granted("payments-db read 15m", "errors")
    seen = await product.clients.psql("read@payments-db", token, "insert into customers values (99, 'x', 'y')")
    assert "permission denied for table customers" in seen.err
    assert seen.status != 0


@pytest.mark.parametrize(
    ("door", "token", "says"),
    [
        ("read@payments-db", "not-a-token", "token"),
        ("read@nowhere", None, "not read@nowhere"),
        ("admin@payments-db", None, "not admin@payments-db"),
        ("read", None, "role@resource"),
    ],
)
async def test_the_wrong_door_or_token_is_refused_with_a_sentence(
    product: Product, door: str, token: str | None, says: str
) -> None:
    valid, _ = await product.granted("payments-db read 15m", f"wrong door {door} {token}")
    seen = await product.clients.psql(door, token or valid, "select 1")
    assert seen.status != 0
    assert says in seen.err


async def test_plain_text_is_refused_with_what_to_do(product: Product) -> None:
    with pytest.raises(asyncpg.PostgresError, match="sslmode=require"):
        await asyncpg.connect(
            host="127.0.0.1",
            port=product.clients.postgres_port,
            user="read@payments-db",
            password="x",
            database="payments",
            ssl=False,
            timeout=20,
        )

"""Real clients through the gateway to a real server: psql in text, asyncpg in binary."""

from typing import Any

import pytest

PAN, CVV, EMAIL = "4111111111111111", "737", "ada@example.com"


async def test_psql_reads_masked_rows(door: Any) -> None:
    status, out, err = await door.psql("read", "-c", "select holder, email, number, cvv from cards order by id")
    assert (status, err) == (0, "")
    assert "Ada Lovelace" in out
    assert "************1111" in out
    assert not [clear for clear in (PAN, EMAIL, CVV) if clear in out]


async def test_asyncpg_reads_masked_rows_also_from_the_second_run(door: Any) -> None:
    connection = await door.connect()
    try:
        prepared = await connection.prepare("select * from cards order by id")
        for _ in range(3):
            [ada, grace] = await prepared.fetch()
            assert ada["holder"] == "Ada Lovelace"
            assert ada["number"] == "************1111"
            assert ada["cvv"] == "***"
            assert (ada["number8"], ada["amount"], ada["ratio"], ada["raw"], ada["cvv_code"]) == (None,) * 5
            assert ada["many"] == ["x", "************1111"]
            assert '"n": 1.5' in ada["doc"]
            assert PAN not in str(ada)
            assert (grace["number8"], str(grace["amount"]), grace["ratio"]) == (42, "1.5", 0.25)
            assert grace["cvv"] == "***"
    finally:
        await connection.close()

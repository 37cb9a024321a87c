"""What is changed past the gateway, by a migration that goes to the database directly, is masked after a while."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from proxy.errors import UpstreamFault
from proxy.postgres.protocol import messages
from proxy.postgres.relay import masked_columns
from proxy.postgres.relay.masked_columns import MaskedColumns
from support.postgres import Door, Raw, Target

_SHOWN = "select shown from v where id = 1"


@pytest.fixture
async def migration(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """Whoever owns the view `v`, which shows names."""
    connection = await target.connect()
    await connection.execute(
        "create view public.v as select id, holder as shown from public.cards; grant select on public.v to app_owner"
    )
    yield connection
    await connection.execute("drop view public.v")
    await connection.close()


async def shown(client: Raw) -> list[bytes]:
    client.send(messages.query(_SHOWN))
    return [payload for tag, payload in await client.until(b"Z") if tag == b"D"]


@pytest.mark.finding("pg-F1")
async def test_a_view_that_is_replaced_shows_no_codes(
    door: Door, migration: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await door.raw("owner")
    (name,) = await shown(client)
    assert b"***" not in name
    await migration.execute("create or replace view public.v as select id, cvv::text as shown from public.cards")
    monkeypatch.setattr(masked_columns, "MAX_AGE_S", 0.0)
    (code,) = await shown(client)
    assert b"***" in code
    await client.close()


@pytest.mark.usefixtures("migration")
async def test_a_catalogue_that_cannot_be_fetched_is_kept_for_a_while(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await door.raw("owner")

    async def fails(_self: MaskedColumns) -> None:
        raise UpstreamFault("db grants no further connection.")

    monkeypatch.setattr(MaskedColumns, "refresh", fails)
    monkeypatch.setattr(masked_columns, "MAX_AGE_S", 0.0)
    for _ in range(2):
        assert len(await shown(client)) == 1
    monkeypatch.setattr(masked_columns, "MAX_UNFETCHED_S", 0.0)
    client.send(messages.query(_SHOWN))
    *_, (_, reason) = await client.until(b"E")
    assert b"db grants no further connection." in reason

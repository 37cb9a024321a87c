"""What SQL prepared stays known under its name, whatever else of that name is closed or fails beside it."""

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw

_WHOLE_ROW = "prepare p as select reverse(x::text) from v x"


async def said(client: Raw, *parts: bytes | str) -> list[tuple[bytes, bytes]]:
    client.send(*(messages.query(each) if isinstance(each, str) else each for each in parts))
    return await client.until(b"Z")


async def test_a_close_on_its_way_takes_nothing_that_is_prepared_behind_it(door: Door) -> None:
    client = await door.raw("owner")
    await said(client, "create temp table v (a int)")
    await said(client, _WHOLE_ROW)
    await said(client, messages.close("S", "p"), _WHOLE_ROW)
    assert b"E" in {tag for tag, _ in await said(client, "prepare p as select 1")}
    await said(client, "drop table v")
    assert b"E" not in {tag for tag, _ in await said(client, "create temp view v as select cvv from cards")}
    refused = await said(client, "execute p")
    assert [tag for tag, _ in refused] == [b"E", b"Z"]
    assert "since it was prepared" in messages.read_fields(refused[0][1])["M"]
    await client.close()

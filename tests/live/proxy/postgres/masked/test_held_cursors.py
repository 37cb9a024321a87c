"""A cursor WITH HOLD keeps its rows when their table is gone: no mask by a column's origin finds them then."""

from collections.abc import AsyncIterator

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

_HELD = "declare c cursor with hold for select {} from {} order by id"


@pytest.fixture
async def passing(target: Target) -> AsyncIterator[None]:
    """A table and a view that a session may drop."""
    owner = await target.connect()
    await owner.execute("set role app_owner")
    await owner.execute("create table passing as select id, cvv from cards")
    await owner.execute("create view passing_view as select id, cvv as code from cards")
    yield
    await owner.execute("drop view if exists passing_view; drop table if exists passing")
    await owner.close()


pytestmark = pytest.mark.usefixtures("passing")


async def rows(client: Raw, *statements: str) -> list[bytes | None]:
    """The first values of all rows, where nothing is refused."""
    found: list[bytes | None] = []
    for sql in statements:
        client.send(messages.query(sql))
        seen = await client.until(b"Z")
        assert not [payload for tag, payload in seen if tag == b"E"], sql
        found += [messages.read_data_row(payload)[0] for tag, payload in seen if tag == b"D"]
    return found


@pytest.mark.parametrize(
    ("shown", "relation"), [("cvv as x", "passing"), ("code", "passing_view"), ("code as x", "passing_view")]
)
async def test_masked_data_under_another_name_is_not_held(door: Door, shown: str, relation: str) -> None:
    client = await door.raw("owner")
    client.send(messages.query(_HELD.format(shown, relation)))
    [payload] = [payload for tag, payload in await client.until(b"Z") if tag == b"E"]
    assert "Keep the column's own name" in messages.read_fields(payload)["M"]
    await client.close()


async def test_nor_by_a_view_that_was_there_for_one_message(door: Door) -> None:
    """Which no catalogue ever had."""
    client = await door.raw("owner")
    made = "create view moment as select id, cvv from cards"
    client.send(messages.query(f"{made}; {_HELD.format('cvv as x', 'moment')}; commit; drop view moment"))
    assert b"E" in [tag for tag, _ in await client.until(b"Z")]
    await client.close()


@pytest.mark.parametrize(
    ("shown", "relation", "dropped"),
    [
        ("cvv", "passing", "drop table passing"),
        ("cvv", "passing", "alter table passing drop column cvv"),
        ("code as cvv", "passing_view", "drop view passing_view"),
    ],
)
async def test_what_is_held_under_its_own_name_stays_masked(
    door: Door, shown: str, relation: str, dropped: str
) -> None:
    client = await door.raw("owner")
    held = await rows(client, _HELD.format(shown, relation), dropped, "fetch 1 from c", "fetch all from c")
    assert held == [b"***", b"***"]
    await client.close()

"""No session holds the loop: what a client asks and what comes back take a bounded share of each of its turns."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from proxy.postgres.protocol import messages
from proxy.postgres.protocol.frames import Frame
from proxy.postgres.relay.answers import MAX_INLINE_BYTES
from proxy.postgres.relay.link import Sent
from proxy.postgres.relay.requests import Requests
from proxy.transport import TURN_BYTES
from support.postgres import Door

PAN = "4111111111111111"
#: Longer than what is masked on the loop, and with a card number at its end.
LONG = f"repeat('words and words ', {MAX_INLINE_BYTES // 16 + 1}) || ' {PAN}'"


class Taken:
    """Turns of the loop, and what each took of clients: messages and bytes."""

    def __init__(self) -> None:
        self.turn = 0
        self.in_turn: dict[int, tuple[int, int]] = {}
        self._handle = asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self.turn += 1
        self._handle = asyncio.get_running_loop().call_soon(self._next)

    def note(self, frame: Frame) -> None:
        count, size = self.in_turn.get(self.turn, (0, 0))
        self.in_turn[self.turn] = count + 1, size + frame[2] - frame[1]

    def stop(self) -> None:
        self._handle.cancel()


@pytest.fixture
async def taken(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Taken]:
    counted = Taken()
    take = Requests.take

    def counting(self: Requests, chunk: bytes, frame: Frame) -> Sent:
        counted.note(frame)
        return take(self, chunk, frame)

    monkeypatch.setattr(Requests, "take", counting)
    yield counted
    counted.stop()


@pytest.mark.finding("pg-F5")
async def test_a_long_pipeline_takes_a_share_of_each_turn(door: Door, taken: Taken) -> None:
    client = await door.raw()
    one = messages.parse("", "select 1") + messages.bind("", "") + messages.execute("")
    client.send(one * 2_000, messages.SYNC)
    assert await client.tags() == "12DC" * 2_000 + "Z"
    assert sum(count for count, _ in taken.in_turn.values()) >= 6_001
    assert max(count for count, _ in taken.in_turn.values()) <= 8
    assert max(size for _, size in taken.in_turn.values()) <= TURN_BYTES
    await client.close()


@pytest.mark.finding("pg-F5")
@pytest.mark.parametrize("binary", [False, True])
async def test_long_rows_are_masked_in_their_order(door: Door, binary: bool) -> None:
    connection = await door.libpq("owner")
    cursor = connection.cursor(binary=binary)
    sql = f"select n, case when n % 3 = 0 then {LONG} else '{PAN}' end from generate_series(1, 9) n"  # noqa: S608
    await cursor.execute(sql.encode())
    rows = await cursor.fetchall()
    assert [n for n, _ in rows] == [*range(1, 10)]
    for _, text in rows:
        assert PAN not in text
        assert text.endswith("1111")
    await connection.close()
    assert PAN not in door.recorded()


@pytest.mark.finding("pg-F5")
async def test_long_copied_rows_and_words_are_masked(door: Door) -> None:
    connection = await door.libpq("owner")
    notices: list[str] = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    sql = f"copy (select n, {LONG} from generate_series(1, 3) n) to stdout"  # noqa: S608
    async with connection.cursor().copy(sql.encode()) as copy:
        lines = [bytes(line).decode() async for line in copy]
    assert [line.split("\t")[0] for line in lines] == ["1", "2", "3"]
    assert all(line.endswith("1111\n") and PAN not in line for line in lines)
    for _ in range(2):
        await connection.execute(f"do $$ begin raise notice '%', {LONG}; end $$".encode())
    assert len(notices) == 2
    assert all(notice.endswith("1111") and PAN not in notice for notice in notices)
    with pytest.raises(Exception, match="words and words") as error:
        await connection.execute(f"do $$ begin raise exception '%', {LONG}; end $$".encode())
    assert PAN not in str(error.value)
    assert await (await connection.execute("select 1")).fetchone() == (1,)
    await connection.close()
    assert PAN not in door.recorded()


@pytest.mark.finding("pg-F5")
async def test_others_are_answered_while_a_long_row_is_masked(door: Door) -> None:
    """Rows of 4 MiB come without an end; whoever asks something else meanwhile is answered."""
    reader, other = await door.raw("owner"), await door.libpq()
    reader.send(messages.query("select repeat('words and words ', 262144) from generate_series(1, 40)"))
    await reader.message()
    for _ in range(10):
        assert await (await other.execute("select 1")).fetchone() == (1,)
    assert len(await reader.until(b"Z")) >= 40
    await reader.close()
    await other.close()

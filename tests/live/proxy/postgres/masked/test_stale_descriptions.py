"""What a statement was described as does not decide the mask once its names may mean another thing."""

from collections.abc import AsyncIterator

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

CODES = (b"737", b"248")

_PLAIN = "declare c cursor for select holder from cards"
_MASKED = "declare c cursor for select cvv as holder from cards"


def parse_and_describe(sql: str) -> bytes:
    return messages.parse("s", sql) + messages.describe_statement("s") + messages.SYNC


def run(*sql: str) -> bytes:
    """Statements by the extended protocol, in one batch that is not ended."""
    return b"".join(messages.parse("", each) + messages.bind("", "") + messages.execute("") for each in sql)


def _run_beside(sql: str) -> bytes:
    """A statement by a portal of its own: the unnamed one stays."""
    return messages.parse("beside", sql) + messages.bind("beside", "beside") + messages.execute("beside")


_RUN_S = messages.bind("", "s") + messages.execute("") + messages.SYNC
_ELSEWHERE = "set search_path = sb, public"
_BROKEN = messages.parse("", "no sql") + messages.describe_statement("s") + messages.SYNC

CONVERSATIONS = {
    "another cursor": ["begin", _PLAIN, parse_and_describe("fetch all from c"), "close c", _MASKED, _RUN_S],
    "another statement": [
        "prepare q as select holder from cards",
        parse_and_describe("execute q"),
        "deallocate q",
        "prepare q as select cvv as holder from cards",
        _RUN_S,
    ],
    "SET": ["set search_path = sa", parse_and_describe("select x from t"), _ELSEWHERE, _RUN_S],
    "SET in the batch": ["set search_path = sa", parse_and_describe("select x from t"), run(_ELSEWHERE) + _RUN_S],
    "all in one batch": [
        "set search_path = sa",
        parse_and_describe("select x from t").removesuffix(messages.SYNC) + run(_ELSEWHERE) + _RUN_S,
    ],
    "set_config": [
        "set search_path = sa",
        parse_and_describe("select x from t"),
        "select set_config('search_path', 'sb', false)",
        _RUN_S,
    ],
    "ROLLBACK": [
        _ELSEWHERE,
        "begin; set local search_path = sa",
        parse_and_describe("select x from t"),
        "rollback",
        _RUN_S,
    ],
    "the end of a batch": [
        _ELSEWHERE,
        run("set local search_path = sa") + parse_and_describe("select x from t"),
        _RUN_S,
    ],
    "SQL's own": [
        "set search_path = sa",
        "prepare e as select x from t",
        parse_and_describe("execute e"),
        _ELSEWHERE,
        _RUN_S,
    ],
    "a portal bound before": [
        _ELSEWHERE,
        messages.parse("s", "select x from t") + messages.SYNC,
        "begin",
        messages.bind("", "s") + messages.SYNC,
        _run_beside("set search_path = sa") + messages.SYNC,
        messages.describe_statement("s") + messages.SYNC,
        messages.execute("") + messages.SYNC,
    ],
    "a portal bound before, in one batch": [
        _ELSEWHERE,
        parse_and_describe("select x from t"),
        messages.bind("", "s")
        + _run_beside("set search_path = sa")
        + messages.describe_statement("s")
        + messages.execute("")
        + messages.SYNC,
    ],
    "a description that failed": [
        "set search_path = sa",
        parse_and_describe("select x from t"),
        _ELSEWHERE,
        _BROKEN,
        _RUN_S,
    ],
}


@pytest.fixture
async def elsewhere(target: Target) -> AsyncIterator[None]:
    """A plain table, and a view of codes under the same name in another schema."""
    connection = await target.connect()
    await connection.execute(
        "create schema sa; create schema sb; create table sa.t (x text); insert into sa.t values ('plain');"
        "create view sb.t as select cvv as x from public.cards; grant usage on schema sa, sb to app_owner;"
        "grant select on sa.t, sb.t to app_owner; alter view sb.t owner to app_owner"
    )
    yield
    await connection.execute("drop schema sa, sb cascade")
    await connection.close()


@pytest.mark.finding("pg-F1")
@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("role", ["owner", "checked"])
@pytest.mark.parametrize("conversation", CONVERSATIONS.values(), ids=CONVERSATIONS)
async def test_no_code_comes_out_by_an_old_description(door: Door, conversation: list[str | bytes], role: str) -> None:
    client = await door.raw(role)
    seen = [message for step in conversation for message in await answered(client, step)]
    last = [payload for tag, payload in seen if tag == b"D"]
    assert last, "no row came: nothing was tried"
    assert not any(code in payload for payload in last for code in CODES)
    assert any(b"***" in payload for payload in last)
    await client.close()


async def answered(client: Raw, step: str | bytes) -> list[tuple[bytes, bytes]]:
    client.send(messages.query(step) if isinstance(step, str) else step)
    return await client.until(b"Z")


@pytest.mark.usefixtures("elsewhere")
async def test_what_still_means_the_same_is_not_described_to_the_client_again(door: Door) -> None:
    client = await door.raw("owner")
    await answered(client, parse_and_describe("select holder from cards where id = 1"))
    for _ in range(3):
        assert [tag for tag, _ in await answered(client, _RUN_S)] == [b"2", b"D", b"C", b"Z"]
    await client.close()

"""Conversations that have given a masked value away: by code, by names that come later, by errors, by COPY, by portals.

A step is a Query, or `X:` and messages of the extended protocol, ended by a Sync.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.postgres.protocol import messages
from support.cards import SCHEMA, SECRETS
from support.postgres import Door, Raw, Target
from support.sql.leaks import given_away

DATABASE = "ways"
#: A step of the extended protocol: `P|name|SQL`, `B|portal|statement`, `DP|portal`, `E|portal|rows`.
_BATCH = "X:"
WAYS: dict[str, dict[str, list[str]]] = yaml.safe_load(Path(__file__).with_name("ways_around.yml").read_text())
#: What an everyday database has besides: partitions, parents, materialized views, functions of one row.
MORE = f"""
create function g1() returns cards language sql as 'select * from cards order by id limit 1';
create function h(out n int, out c cards) language sql as 'select 1, x from cards x limit 1';
create function k(out int, out cards) language sql as 'select 1, x from cards x limit 1';
create function valid(text) returns bool language sql as 'select true';
create function seen() returns trigger language plpgsql as 'begin return new; end';
create table checked (id int, cvv text check (valid(cvv)));
insert into checked values (1, '{SECRETS[0]}');
create trigger seen before update on checked for each row execute function seen();
create view seen_view as select id, cvv as code from checked;
create trigger seen instead of update on seen_view for each row execute function seen();
create table pay (id int, holder text, cvv text, note text) partition by range (id);
create table pay_1 partition of pay for values from (0) to (100);
insert into pay values (1, 'Ada', '{SECRETS[0]}', 'n'), (2, 'Grace', '{SECRETS[1]}', 'n');
create table base (id int, k text);
create table kid (cvv text) inherits (base);
insert into kid values (1, 'k', '{SECRETS[0]}');
create materialized view mv as select c.id, c.cvv from cards c left join log l on l.id = c.id;
create unique index on mv (id, cvv);
create table trip (a text, cvv text, b text);
insert into trip values ('x', '{SECRETS[0]}', 'y');
create table lone (id int, cvv text);
insert into lone values (1, '{SECRETS[0]}');
create view fv as select x as y from g() as t(a, b, x);
create view fv2 as select (g1()).cvv as z;
create table "we""ird" (id int, cvv text);
insert into "we""ird" values (1, '{SECRETS[0]}');
create view wv as select cvv as z from "we""ird";
create materialized view mv2 as select c.id, c.cvv as code from cards c left join log l on l.id = c.id;
create unique index on mv2 (id, code);
"""  # noqa: S608 - constants


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return {"host": target.host, "port": target.port, "database": DATABASE, "tls": "disable"}


@pytest.fixture
async def client(door: Door, target: Target) -> AsyncIterator[Raw]:
    admin = await target.connect("postgres")
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE} OWNER app_owner")
    owner = await target.connect(DATABASE)
    await owner.execute("SET SESSION AUTHORIZATION app_owner")
    await owner.execute(SCHEMA + MORE)
    await owner.close()
    client = await door.raw("owner", parameters={"database": DATABASE})
    yield client
    await client.close()
    await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await admin.close()


def _batch(pieces: str) -> bytes:
    makers: dict[str, Callable[..., bytes]] = {
        "P": messages.parse,
        "B": messages.bind,
        "DP": messages.describe_portal,
        "DS": messages.describe_statement,
        "E": lambda name, rows="0": messages.message(b"E", name.encode() + b"\0" + int(rows).to_bytes(4, "big")),
    }
    parts = [piece.strip().split("|") for piece in pieces.split("~")]
    return b"".join(makers[kind](*words) for kind, *words in parts) + messages.SYNC


async def answers(client: Raw, step: str) -> list[tuple[bytes, bytes]]:
    """All that comes, up to where the client may go on or the session ends."""
    is_batch = step.startswith(_BATCH)
    client.send(_batch(step.removeprefix(_BATCH)) if is_batch else messages.query(step))
    seen: list[tuple[bytes, bytes]] = []
    with contextlib.suppress(asyncio.IncompleteReadError):
        while not seen or seen[-1][0] != b"Z":
            seen.append(await client.message())
    return seen


async def conversed(client: Raw, steps: list[str]) -> list[list[tuple[bytes, bytes]]]:
    """The answers to each step, up to one that ends the session."""
    seen: list[list[tuple[bytes, bytes]]] = []
    for step in steps:
        seen.append(await answers(client, step))
        if seen[-1][-1][0] != b"Z":
            break
    return seen


@pytest.mark.parametrize("conversation", WAYS["leaks"].values(), ids=WAYS["leaks"])
async def test_no_conversation_gives_a_value_away(client: Raw, conversation: list[str]) -> None:
    seen = await conversed(client, conversation)
    assert not {found for each in seen for found in given_away(each)}


@pytest.mark.parametrize("conversation", WAYS["orders"].values(), ids=WAYS["orders"])
async def test_no_order_of_rows_tells_what_lies_between_two_guesses(client: Raw, conversation: list[str]) -> None:
    """The guesses stand around the value: `low` < value < `high`; so few questions find each letter of it."""
    seen = await conversed(client, conversation)
    rows = [messages.read_data_row(payload)[0] for each in seen for tag, payload in each if tag == b"D"]
    around = ([b"low", b"x", b"high"], [b"100", b"2", b"101"])
    assert not any(rows[:3] == each for each in around)

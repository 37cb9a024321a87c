"""Conversations with a database of masked columns, written as data: steps, and what the database has besides cards.

A step is a Query, or `X:` and messages of the extended protocol, ended by a Sync: `P|name|SQL`, `B|portal|statement`,
`DP|portal`, `E|portal|rows`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proxy.postgres.protocol import messages
from support.cards import SECRETS
from support.postgres import Door, Raw
from support.sql.leaks import given_away

_BATCH = "X:"
_OTHER, _DIRECT = "other:", "direct:"
#: docs/postgres.md says so: what the database's own functions change, what other sessions were asked.
_OPEN = "not held yet"
#: A fault of ours with the database ends the session, and would hide what it gives away.
_FAULTY = b"Ask your Gatepass operator"
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


def ways(leaks: dict[str, Any]) -> Iterator[Any]:
    """Each as a test's parameter; those that are `open` are known to give values away still."""
    for name, way in leaks.items():
        yield pytest.param(way, id=name, marks=[pytest.mark.xfail(reason=_OPEN, strict=True)] if "open" in way else [])


async def conversed(door: Door, owner: Any, database: str, steps: list[str]) -> set[bytes]:
    """What of the secrets is given away; `other:` is a step of another session, `direct:` one past the gateway."""
    clients: dict[str, Raw] = {}
    found: set[bytes] = set()
    for step in steps:
        if step.startswith(_DIRECT):
            await owner.execute(step.removeprefix(_DIRECT))
            continue
        who = _OTHER if step.startswith(_OTHER) else ""
        if who not in clients:
            clients[who] = await door.raw("owner", parameters={"database": database})
        seen = await answers(clients[who], step.removeprefix(who).strip())
        found |= given_away(seen)
        if seen[-1][0] != b"Z":
            break
    for client in clients.values():
        await client.close()
    return found


async def answers(client: Raw, step: str) -> list[tuple[bytes, bytes]]:
    """All that comes, up to where the client may go on or the session ends."""
    is_batch = step.startswith(_BATCH)
    client.send(_batch(step.removeprefix(_BATCH)) if is_batch else messages.query(step))
    seen: list[tuple[bytes, bytes]] = []
    with contextlib.suppress(asyncio.IncompleteReadError):
        while not seen or seen[-1][0] != b"Z":
            seen.append(await client.message())
    assert not any(_FAULTY in payload for _, payload in seen)
    return seen

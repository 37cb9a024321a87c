"""Random pipelines of messages over plain and masked columns: no plain secret is in any byte that the client receives.

GATEPASS_PIPELINES and GATEPASS_SEED say how many and which.
"""

import asyncio
import os
import random
import struct
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from proxy.postgres.protocol import messages
from support.postgres import Door, Raw, Target

DATABASE = "pipelines"
SECRETS = (b"Zq7vK2mXw9", b"Tb4nR8sLp3")
SCHEMA = f"""
create table s (id int primary key, a text, cvv text, n int8);
insert into s values (1, 'Ada', '{SECRETS[0].decode()}', 1), (2, 'Grace', '{SECRETS[1].decode()}', 2);
create table p (id int primary key, a text, n int8);
insert into p values (1, 'plain1', 1), (2, 'plain2', 2);
create view v as select id, cvv as a, n from s;
create schema sa; create schema sb;
create table sa.t (id int, a text, n int8); insert into sa.t values (1, 'plainsa', 5);
create view sb.t as select id, cvv as a, n from public.s;
create function sideways(text) returns int language plpgsql volatile as
  $$begin perform set_config('search_path', $1, false); return 1; end$$;
"""  # noqa: S608 - constants
#: One column each, or three: so that a mask may slip from one to another.
ROWS = [
    *("select a from p order by id", "select cvv as a from s order by id", "select a from v order by id", "select a from t"),
    *("select id, a, n from p", "select id, cvv as a, n from s", "select id, a, n from v", "select id, a, n from t"),
    *("table s", "table v", "select 1 where false", "", "select a from nope", "select 1/0", "values ('x')"),
    *("update s set n = n + 1 returning cvv as a", "update p set n = n + 1 returning a", "show search_path"),
]
OTHERS = [
    *("begin", "commit", "rollback", "savepoint x", "rollback to x", "release x", "set local search_path = sa, public"),
    *("set search_path = sa, public", "set search_path = sb, public", "set search_path = public", "reset search_path"),
    *("declare c cursor for {}", "close c", "close all", "prepare q as {}", "deallocate q", "deallocate all"),
    *("discard plans", "declare c cursor with hold for {}", "select sideways('sb, public')", "notify x", "listen x"),
    *("copy s to stdout", "copy s (a, cvv) to stdout", "copy p to stdout (format csv, header)", "copy (select a from p) to stdout"),
    *("copy p (id) from stdin", "create temp table if not exists t (id int, a text, n int8)", "drop table if exists pg_temp.t"),
]
UTILITY = ["fetch all from c", "fetch 1 from c", "execute q", "fetch backward 1 from c", "move 1 from c"]
#: With what is known to leak (a FETCH or EXECUTE that is bound before what it names is made anew) or without.
WITH_UTILITY = os.environ.get("GATEPASS_UTILITY") == "1"


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return {"host": target.host, "port": target.port, "database": DATABASE, "tls": "disable"}


@pytest.fixture
async def filled(target: Target) -> AsyncIterator[None]:
    admin = await target.connect("postgres")
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE} OWNER app_owner")
    owner = await target.connect(DATABASE)
    await owner.execute("SET SESSION AUTHORIZATION app_owner")
    await owner.execute(SCHEMA)
    await owner.close()
    yield
    await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await admin.close()


def statement(rng: random.Random, *, batch: bool) -> str:
    if batch and rng.random() < 0.75:
        return rng.choice(ROWS)
    pool = [*OTHERS, *(UTILITY * 3 if WITH_UTILITY or not batch else [])]
    return rng.choice(pool).format(rng.choice(ROWS[:8]))


def message(rng: random.Random) -> tuple[str, bytes]:
    names, portals = ["", "", "s1", "s2", "q"], ["", "", "p1", "p2", "c"]
    kind = rng.choices("PBDEXCQSHdcfR", [4, 6, 3, 8, 2, 1, 4, 6, 1, 1, 1, 0.3, 9])[0]
    name, portal = rng.choice(names), rng.choice(portals)
    match kind:
        case "P":
            sql = statement(rng, batch=True)
            return f"P {name!r} {sql}", messages.parse(name, sql)
        case "B":
            formats = rng.choice([[], [0], [1], [0, 0, 0], [1, 0, 1], [0, 1], [1, 1, 1, 1]])
            codes = struct.pack(f">h{len(formats)}h", len(formats), *formats)
            body = portal.encode() + b"\0" + name.encode() + b"\0" + struct.pack(">hh", 0, 0) + codes
            return f"B {portal!r} {name!r} {formats}", messages.message(b"B", body)
        case "D":
            return f"DP {portal!r}", messages.describe_portal(portal)
        case "X":
            return f"DS {name!r}", messages.describe_statement(name)
        case "E":
            rows = rng.choice([0, 0, 1, 2])
            return f"E {portal!r} {rows}", messages.message(b"E", portal.encode() + b"\0" + struct.pack(">i", rows))
        case "C":
            target, what = rng.choice([("S", name), ("P", portal)])
            return f"C {target} {what!r}", messages.close(target, what)
        case "Q":
            sql = "; ".join(statement(rng, batch=rng.random() < 0.5) for _ in range(rng.choice([1, 1, 1, 2, 3])))
            return f"Q {sql}", messages.query(sql)
        case "S":
            return "S", messages.SYNC
        case "H":
            return "H", messages.FLUSH
        case "d":
            return "d", messages.message(b"d", rng.choice([b"7\n", b"bad\n", b"8\n"]))
        case "c":
            return "c", messages.message(b"c")
        case "f":
            return "f", messages.message(b"f", b"no\0")
        case _:
            sql = statement(rng, batch=True)
            whole = messages.parse("", sql) + messages.bind("", "") + messages.execute("") 
            return f"R {sql}", whole


async def until_end(client: Raw, mark: bytes) -> list[tuple[bytes, bytes]]:
    seen: list[tuple[bytes, bytes]] = []
    try:
        async with asyncio.timeout(8):
            while not any(mark in payload for tag, payload in seen[-1:] if tag == b"D"):
                seen.append(await client.message())
            seen += await client.until(b"Z")
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
        seen.append((b"!", type(error).__name__.encode()))
    return seen


@pytest.mark.usefixtures("filled")
async def test_random_pipelines_give_no_secret_away(door: Door) -> None:
    count, first = int(os.environ.get("GATEPASS_PIPELINES", "40")), int(os.environ.get("GATEPASS_SEED", "1"))
    client, rows, ended, stuck = None, 0, 0, []
    past: list[str] = []
    seconds = time.monotonic() + float(os.environ.get("GATEPASS_SECONDS", "20"))
    for seed in range(first, first + count):
        if time.monotonic() > seconds:
            count = seed - first
            break
        rng = random.Random(seed)  # noqa: S311 - repeatable
        if client is None:
            client, past = await door.raw("owner", parameters={"database": DATABASE}), []
        sent = [message(rng) for _ in range(rng.randint(3, 18))]
        past += [f"--- {seed}", *(said for said, _ in sent)]
        mark = f"end-{seed}-end".encode()
        end = messages.message(b"f", b"end\0") + messages.SYNC
        whole = b"".join(each for _, each in sent)
        cut = rng.randrange(len(whole))
        client.send(whole[:cut])
        if rng.random() < 0.5:
            await asyncio.sleep(0.002)
        client.send(whole[cut:], end, messages.SYNC, end, messages.query("rollback"))
        client.send(messages.query(f"select '{mark.decode()}'"))
        seen = await until_end(client, mark)
        rows += sum(tag == b"D" for tag, _ in seen)
        leaked = [payload for _, payload in seen if any(secret in payload for secret in SECRETS)]
        assert not leaked, "\n".join([*past, str(leaked)])
        if seen[-1][0] == b"!":
            ended += 1
            said = [messages.read_fields(payload).values.get("M", "") for tag, payload in seen if tag == b"E"]
            stuck.append((seed, seen[-1][1], said[-1:], past[-25:] if "COPY are to" not in str(said[-1:]) else ""))
            await client.close()
            client = None
        elif rng.random() < 0.3:
            await client.close()
            client = None
    print(f"{count} pipelines, {rows} rows, {ended} ended", *stuck, sep="\n")
    if client is not None:
        await client.close()

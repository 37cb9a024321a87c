"""Messages in orders that nobody thought of: whatever comes, a DELETE that its reviewer denies deletes nothing.

Each conversation mixes a few names of statements and portals, transactions, client encodings and code of the database
that runs portals while it is read, planned or run. GATEPASS_CONVERSATIONS and GATEPASS_SEED ask for more or for others.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from sqlalchemy import select
from sqlmodel import col

from access.context import Access
from access.decisions.statement_reviews import review_statement
from proxy.postgres.protocol import messages
from storage.model import HoldState, Principal, ReviewDecision, Statement
from support.postgres import Door, Raw, Target

CONVERSATIONS = int(os.environ.get("GATEPASS_CONVERSATIONS", "200"))
SEED = int(os.environ.get("GATEPASS_SEED", "2"))
ROWS = 50
_DELETE = "delete from kept where id = (select min(id) from kept) returning id"
_WITHIN = f"with d as ({_DELETE}) select * from d"  # noqa: S608 - a constant
_MADE = f"""
set role app_owner;
create table kept (id int); insert into kept select generate_series(1, {ROWS}); create table other (id int);
create function mover(name text) returns int language plpgsql immutable as
    $$declare p refcursor = name; begin begin move all from p; exception when others then null; end; return 1; end$$;
create function latin1() returns int immutable language plpgsql as
    $$begin perform set_config('client_encoding', 'LATIN1', false); return 1; end$$;
create view planned as select 1 as id where mover('p1') = 1;
create domain checked as int check (mover('p1') = value); create type composed as (a checked)
"""  # noqa: S608 - constants
_GONE = (
    "drop type composed; drop domain checked; drop view planned; drop table kept, other; drop function mover, latin1"
)

_STATEMENTS = ("", "", "n1", "n1", "n2")
#: A statement prepared under each, of which in LATIN1 one is the other.
_READ, _MEANT = "é", "Ã©"
_PORTALS = ("", "", "p1", "p1", "p2", "c")
_TEXTS: dict[float, tuple[str, ...]] = {
    6: (_DELETE, _DELETE + " " * 700, _WITHIN, f"explain analyze {_DELETE}"),
    5: ("select 1 as id", "select 2 as id" + " " * 3000, "table kept", "select 'é' as id", "show search_path", ""),
    0.5: ("select 1/0", "no sql", "no sql é"),
    4.5: ("execute n1", "execute n2", 'execute "é"', 'execute "Ã©"', "fetch all from p1", "move all from p1"),
    4: ("begin", "begin", "commit", "rollback", "savepoint s", "rollback to s", "rollback to s", "rollback; begin"),
    3: ("select mover('p1')", "select mover('')", "table planned", "select '(1)'::composed", "select latin1()"),
    2.5: ("prepare n1 as select 1 as id", f"prepare n2 as {_DELETE}", "deallocate n1", "deallocate all"),
    2: ("declare p1 cursor for select 1", "declare c cursor for select 1", "close p1", "close all", "discard all"),
    1.5: ("set client_encoding to 'LATIN1'", "set client_encoding to 'UTF8'", "set local client_encoding to 'LATIN1'"),
    1: ("set statement_timeout to 30", "reset all", "copy other to stdout", "insert into other values (1)"),
}


def text(dice: random.Random) -> str:
    return dice.choice(dice.choices(list(_TEXTS.values()), list(_TEXTS))[0])


def message(dice: random.Random) -> bytes:
    statement, portal = dice.choice(_STATEMENTS), dice.choice(_PORTALS)
    makers: dict[Callable[[], bytes], float] = {
        lambda: messages.parse(statement, text(dice)): 6,
        lambda: messages.bind(portal, statement): 7,
        lambda: messages.execute(portal): 8,
        lambda: messages.describe_portal(portal): 2,
        lambda: messages.describe_statement(statement): 1,
        lambda: messages.close("S", statement): 2,
        lambda: messages.close("P", portal): 1,
        lambda: messages.query(text(dice)): 5,
        lambda: messages.parse(statement, _DELETE) + messages.bind(portal, statement): 3,
        lambda: messages.close("S", "n1") + messages.parse("n1", dice.choice((_DELETE, text(dice)))) + messages.SYNC: 5,
        lambda: messages.close("P", portal) + messages.bind(portal, statement): 3,
        lambda: messages.execute("p1") + messages.SYNC: 5,
        lambda: messages.query(dice.choice(("move all from p1", "fetch all from p1", "rollback to s"))): 5,
        lambda: messages.SYNC: 7,
        lambda: messages.FLUSH: 1,
    }
    return dice.choices(list(makers), list(makers.values()))[0]()


def opening(dice: random.Random) -> list[bytes]:
    """Names that stand for something, most often, and a transaction with a portal that runs one of them."""
    beneath = dice.choice(("execute n1", "execute n1", _DELETE, "explain analyze execute n1"))
    made = messages.parse("n1", "select 1 as id") + messages.parse("n2", beneath) + messages.SYNC
    bound = messages.bind("p1", dice.choice(("n1", "n2", "n2", "n2"))) + messages.SYNC
    savepoint = messages.query("savepoint s")
    parts = {made: 0.9, messages.query("begin"): 0.8, bound: 0.8, savepoint: 0.7}
    return [part for part, likely in parts.items() if dice.random() < likely]


@pytest.fixture
async def owner(target: Target) -> AsyncIterator[asyncpg.Connection]:
    connection = await target.connect()
    await connection.execute(_MADE)
    yield connection
    await connection.execute(_GONE)
    await connection.close()


@pytest.fixture
async def denying(access: Access) -> AsyncIterator[None]:
    """bob, who denies whatever comes."""

    async def deny() -> None:
        async with access.database.transaction() as transaction:
            bob = (await transaction.scalars(select(Principal).where(col(Principal.name) == "bob"))).one()
        pending = select(Statement).where(col(Statement.state) == HoldState.PENDING)
        while True:
            async with access.database.transaction() as transaction:
                waiting = (await transaction.scalars(pending)).all()
            for each in waiting:
                await review_statement(access, each.id, bob, ReviewDecision.DENY, "No.")
            await asyncio.sleep(0.01)

    task = asyncio.create_task(deny())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def converse(client: Raw, dice: random.Random, number: int) -> bool:
    """Whether the session lives on."""
    sent = [*opening(dice), *(message(dice) for _ in range(dice.choice((4, 8, 16))))]
    end = messages.SYNC + messages.query("commit") + messages.query(f"select 'end {number}'")
    if dice.random() < 0.5:
        client.send(*sent)
    else:
        for each in sent:
            client.send(each)
            await asyncio.sleep(dice.choice((0, 0, 0.001, 0.005)))
    client.send(end)
    try:
        while not (found := await client.message())[1].endswith(f"end {number}".encode()) or found[0] != b"D":
            pass
    except asyncio.IncompleteReadError:
        return False
    await client.until(b"Z")
    return True


@pytest.mark.usefixtures("denying")
async def test_what_is_denied_does_not_run(door: Door, owner: asyncpg.Connection) -> None:
    client: Raw | None = None
    ended = 0
    for number in range(CONVERSATIONS):
        client = client or await door.raw("owner-by-review")
        client.send(messages.query("discard all"))
        await client.until(b"Z")
        client.send(messages.parse(_READ, _DELETE), messages.parse(_MEANT, "select 1 as id"), messages.SYNC)
        dice = random.Random(f"{SEED} {number}")
        lives = await converse(client, dice, number)
        assert await owner.fetchval("select count(*) from kept") == ROWS, f"conversation {number} of seed {SEED}"
        if not lives:
            await client.close()
            client, ended = None, ended + 1
    if client is not None:
        await client.close()
    assert ended <= CONVERSATIONS // 10

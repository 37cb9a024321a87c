"""The corpus of masked columns against a real server: no use gives a value away, plain statements answer alike.

Each statement runs through the gateway in text and in binary, as the owner of everything. What comes back is searched
for the values themselves, in any spelling: as they are, in hex, base64, backwards, other case, or letter by letter.
"""

import os
import struct
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from sqlalchemy import MetaData, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from cli.demo.clients import psql_program
from proxy.postgres.protocol import messages
from support.cards import SCHEMA, SECRETS
from support.postgres import Door, Target
from support.sql.corpus import ALONE, BINARY, CORPUS, TEXT, run, undone
from support.sql.leaks import WANTED, given_away
from support.sql.output_names import NAMES

_CORPUS = Path(__file__).parents[3] / "unit" / "proxy" / "postgres" / "sql" / "corpus"
METADATA: dict[str, list[str]] = yaml.safe_load((_CORPUS / "metadata_queries.yml").read_text())

DATABASE = "corpus"


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    return target.place(DATABASE)


@pytest.fixture
async def direct(target: Target) -> AsyncIterator[asyncpg.Connection]:
    """The corpus' database, made anew, around the gateway and as its owner."""
    async with target.database(DATABASE, SCHEMA) as owner:
        yield owner


# --- the detector -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        *(SECRETS[0].encode(), SECRETS[1][::-1].encode(), SECRETS[0].encode().hex().encode(), SECRETS[0][2:8].encode()),
        *(b64encode(b"(1," + SECRETS[0].encode() + b")"), SECRETS[1].lower().encode()),
    ],
)
def test_the_detector_finds_it(payload: bytes) -> None:
    assert given_away([(b"E", b"error: " + payload + b" in it")])
    letters = [(b"D", struct.pack(">hi", 1, 1) + bytes([letter])) for letter in payload]
    assert given_away(letters)


def test_the_detector_leaves_what_is_masked() -> None:
    assert not given_away([(b"D", struct.pack(">hi", 1, 3) + b"***"), (b"E", b"This statement uses masked data (cvv)")])


# --- uses -------------------------------------------------------------------------------------------------------------


@pytest.mark.finding("pg-F1")
@pytest.mark.finding("pg-F12")
@pytest.mark.parametrize("form", [TEXT, BINARY], ids=["text", "binary"])
async def test_no_use_gives_a_value_away(door: Door, direct: asyncpg.Connection, form: int) -> None:
    client = await door.raw("owner", parameters={"database": DATABASE})
    leaks: dict[str, set[bytes]] = {}
    for sql in CORPUS["used"]:
        if not sql.startswith(ALONE):
            client.send(messages.query("begin"))
            await client.until(b"Z")
        if found := given_away(await run(client, sql, form)):
            leaks[sql] = found
        await undone(client)
    await client.close()
    print(f"{len(CORPUS['used'])} uses, {len(leaks)} leaks")
    assert not leaks
    assert await direct.fetchval("select count(*) from cards") == 3


@pytest.mark.finding("pg-F1")
@pytest.mark.parametrize("form", [TEXT, BINARY], ids=["text", "binary"])
async def test_no_script_gives_a_value_away(door: Door, direct: asyncpg.Connection, form: int) -> None:
    leaks: list[list[str]] = []
    for script in CORPUS["scripts"]:
        await direct.execute("DROP SCHEMA IF EXISTS public, hidden, gone, s3 CASCADE; CREATE SCHEMA public;" + SCHEMA)
        client = await door.raw("owner", parameters={"database": DATABASE})
        for sql in script:
            answers = await run(client, sql, TEXT if sql.startswith("prepare") or ";" in sql else form)
            if found := given_away(answers):
                leaks.append([*script, str(found)])
        await client.close()
    assert not leaks


@pytest.mark.finding("pg-F1")
async def test_what_another_session_makes_is_known_before_it_is_used(door: Door, direct: asyncpg.Connection) -> None:
    one = await door.connect("owner", database=DATABASE)
    two = await door.connect("owner", database=DATABASE)
    assert await two.fetchval("select reverse(u.name) from users_view u where u.name = 'Ada'") == "adA"
    async with one.transaction():
        await one.execute("create view made as select cvv from cards")
        await one.execute("drop view users_view")
        await one.execute("create view users_view as select name, cvv from users join cards using (id)")
    for sql in (
        "select reverse(u.concat) from users_view u",
        "select reverse(m.concat) from made m",
        "create function ff() returns setof text language sql as 'select reverse(m.concat) from made m'",
        "do $$ declare r record; begin for r in select * from made loop raise notice '%', r; end loop; end $$",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="masked data"):
            await two.execute(sql)
    assert [row[0] for row in await two.fetch("select cvv as v from made order by cvv is null")] == ["***", "***", None]
    await direct.execute("create table plain (id int); insert into plain values (1)")
    assert await two.fetchval("select max(p.id) from plain p") == 1
    await one.close()
    await two.close()


async def test_the_uses_would_give_it_away(direct: asyncpg.Connection) -> None:
    """Around the gateway most of them do, so the detector looks at the right things."""
    telling = 0
    for sql in CORPUS["used"]:
        if not sql.startswith(("select", "with", "values", "table", "(")):
            continue
        transaction = direct.transaction()
        await transaction.start()
        try:
            rows = await direct.fetch(sql)
            telling += any(wanted.decode() in str(rows) for wanted in WANTED)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            pass
        finally:
            await transaction.rollback()
    print(f"{telling} uses give a value away around the gateway")
    assert telling >= 60


# --- what is plain ----------------------------------------------------------------------------------------------------


def _alike(through: list[Any], around: list[Any]) -> bool:
    """The same rows, but for cells that hold a secret around the gateway: nothing of them comes through it.

    Columns that the corpus calls v or w show masked ones. Of a whole row in binary nothing may come at all (pg-F4).
    """
    if len(through) != len(around):
        return False
    for mine, theirs in zip(through, around, strict=True):
        for (name, masked), (_, clear) in zip(mine.items(), theirs.items(), strict=True):
            is_masked = masked is None or masked == "***"
            must_be = clear is not None and (name in {"v", "w"} or any(secret in str(clear) for secret in SECRETS))
            if not is_masked if must_be else masked != clear and not (is_masked and isinstance(clear, asyncpg.Record)):
                return False
    return True


def _value(kind: asyncpg.Type) -> object:
    return [1] if kind.kind == "array" else {"int4": 1, "oid": 1, "int2": 1, "int8": 1}.get(kind.name, "x")


async def _outcome(connection: asyncpg.Connection, sql: str) -> list[Any] | str:
    """Its rows, or the SQLSTATE of its error; nothing of it is left."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if sql.startswith("fetch"):
            await connection.execute("declare c cursor for select * from cards")
        prepared = await connection.prepare(sql)
        return await prepared.fetch(*map(_value, prepared.get_parameters()))
    except asyncpg.PostgresError as error:
        return str(error.as_dict().get("sqlstate"))
    except asyncpg.InternalClientError:
        return "asyncpg cannot read anyarray"
    finally:
        await transaction.rollback()


#: Their answers differ by themselves, or need a transfer that asyncpg has another call for.
_INCOMPARABLE = ("explain", "copy", "vacuum", "begin")


@pytest.mark.finding("pg-F15")
async def test_plain_statements_answer_alike(door: Door, direct: asyncpg.Connection) -> None:
    gateway = await door.connect("owner", database=DATABASE)
    every = [*CORPUS["shown"], *(sql for queries in METADATA.values() for sql in queries)]
    different: dict[str, Any] = {}
    for sql in every:
        if not sql.startswith(_INCOMPARABLE):
            through, around = await _outcome(gateway, sql), await _outcome(direct, sql)
            if isinstance(through, str) or isinstance(around, str):
                is_alike = through == around
            else:
                is_alike = _alike(through, around)
            if not is_alike:
                different[sql] = (through, around)
    await gateway.close()
    print(f"{len(every)} plain statements, {len(different)} answered otherwise")
    assert not different


@pytest.mark.finding("pg-F15")
async def test_what_has_no_equal_answer_is_not_refused(door: Door, direct: asyncpg.Connection) -> None:
    client = await door.raw("owner", parameters={"database": DATABASE})
    for sql in CORPUS["shown"]:
        if sql.startswith(_INCOMPARABLE):
            answers = await run(client, sql, TEXT)
            assert [messages.read_fields(payload)["C"] for tag, payload in answers if tag == b"E"] in ([], ["57014"]), (
                sql
            )
            assert not given_away(answers)
            await undone(client)
    await client.close()
    assert await direct.fetchval("select count(*) from cards") == 3


# --- real clients -----------------------------------------------------------------------------------------------------

_BACKSLASH = r"""
\d \d+ \d+ cards \d plain_view \d+ archive \d users_pkey \dt+ \dv+ \dm \di+ \ds \df \df+ f \dT+ \dn+ \du \dp \ddp \dD
\dy \dx \l \z cards \sv plain_view \sf f \dRp \dO \dc \dC \dL \dF \dX \des \det \dE \dconfig work_mem \dd \da \do+ =
"""


async def test_outputs_are_named_as_the_server_names_them(direct: asyncpg.Connection) -> None:
    for text, name in NAMES.items():
        prepared = await direct.prepare(f"select {text} from (select 1 as a, 'x'::text as c) t")  # noqa: S608 - constants
        assert [each.name for each in prepared.get_attributes()] == [name], text


async def _psql_around(door: Door, target: Target, words: list[str]) -> tuple[int, str, str]:
    child = await door.children.start(
        psql_program(),
        *("-X", "-A", "-t", *words, f"host={target.host} port={target.port} dbname={DATABASE} user=postgres"),
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGPASSWORD": target.cluster.password()},
    )
    out, err = await child.communicate()
    return child.returncode or 0, out.decode(), err.decode()


@pytest.mark.finding("pg-F15")
async def test_psql_describes_things_alike(door: Door, direct: asyncpg.Connection, target: Target) -> None:
    commands = [f"\\{command}".strip() for command in " ".join(_BACKSLASH.split()).split("\\") if command.strip()]
    words = [word for command in commands for word in ("-c", command)]
    through = await door.psql("owner", *words, dbname=DATABASE)
    around = await _psql_around(door, target, words)
    assert "Gatepass" not in through[2]
    assert through[:2] == (around[0], around[1])
    assert through[2] == around[2]
    assert await direct.fetchval("select 1") == 1


@pytest.mark.finding("pg-F15")
async def test_sqlalchemy_reflects_and_queries(door: Door, direct: asyncpg.Connection) -> None:
    async def connect() -> asyncpg.Connection:
        return await door.connect("owner", database=DATABASE)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        metadata = MetaData()
        await connection.run_sync(metadata.reflect, views=True, only=["cards", "users", "plain_view", "Odd Cards"])
        cards, users = metadata.tables["cards"], metadata.tables["users"]
        assert [column.name for column in cards.columns] == ["id", "holder", "cvv"]
        assert {"plain_view", "Odd Cards"} <= set(metadata.tables)
        joined = select(cards, users.c.name).outerjoin(users, users.c.id == cards.c.id).order_by(cards.c.id)
        assert [row.cvv for row in await connection.execute(joined)] == ["***", "***", None]
        counted = select(func.count(cards.c.cvv), func.max(cards.c.id))
        assert (await connection.execute(counted)).one() == (2, 3)
        with pytest.raises(DBAPIError, match="masked data"):
            await connection.execute(select(func.max(cards.c.cvv)))
    await engine.dispose()
    assert await direct.fetchval("select 1") == 1

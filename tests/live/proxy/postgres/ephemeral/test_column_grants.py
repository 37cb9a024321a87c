"""Where masking denies columns, a session's role has no right to read them, whatever a statement makes of them."""

import asyncio

import asyncpg
import pytest

from proxy.postgres.ephemeral.account import KEPT, MADE
from support.postgres import Door
from support.sql.ephemeral import CODE, Made, until

pytestmark = pytest.mark.usefixtures("columns_denied")


STATEMENTS = [
    "select cvv from cards",
    "select number from cards",
    "select * from cards",
    "select reverse(cvv) from cards",
    "select c from cards c",
    "select count(*) from cards where cvv = '737'",
    "select id from cards order by number",
    "select code from codes",
    "select copy from cards",
    "select other from copies",
    'select "the ""cvv"" code" from "Odd ""Schema"."Odd "";Täble"',
    "copy cards to stdout",
    "copy cards (cvv) to stdout",
    "select query_to_xml('select cvv from cards', true, true, '')",
    "create temporary table t as select cvv from cards",
    "create temporary view v as select cvv from cards; select * from v",
    "update cards set cvv = '1' where id = 1",
    "update cards set holder = cvv",
    "insert into cards (cvv) values ('1') returning cvv",
    "delete from cards where cvv = '737'",
    "create table t (id int references cards)",
    "create trigger t before update on cards for each row execute function suppress_redundant_updates_trigger()",
    "create function f() returns text language sql as 'select cvv from cards'",
    "set role app_owner",
]
#: What the catalogue tells of rows to those who may read them.
STATISTICS = "select count(*) from pg_stats where tablename = 'cards' and attname in ('cvv', 'number', 'copy')"


@pytest.mark.parametrize("role", ["read", "write"])
async def test_denied_columns_are_refused_by_the_database(made: Made, door: Door, role: str) -> None:
    """As the session's own role, but past the gateway: it is the server that refuses, so it refuses any client."""
    await made.superuser.execute("analyze cards")
    connection = await door.connect(role)
    [name] = await made.roles()
    past = await made.past_the_gateway(name)
    await past.execute("set default_transaction_read_only = off")
    for statement in STATEMENTS:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await past.execute(statement)
    assert await past.fetchval(STATISTICS) == 0
    await past.close()
    await connection.close()
    await made.gone()


async def test_the_other_columns_are_read_and_written_as_by_the_template(door: Door, made: Made) -> None:
    connection = await door.connect("write")
    assert await connection.fetchval("select holder from cards") == "Ada"
    assert await connection.fetchval("select holder from holders") == "Ada"
    assert await connection.fetchval("select count(*) from notes") == 0
    await connection.execute("insert into notes values (1, 'x'); update notes set body = 'y' where id = 1")
    assert await connection.fetchval("delete from notes where id = 1 returning body") == "y"
    await connection.execute("insert into cards (holder, number, cvv) values ('Eve', '1', '2')")
    await connection.execute("delete from cards where holder = 'Eve'")
    await connection.close()
    await made.gone()
    [event] = await made.audited(MADE)
    assert event["detail"]["rights"] == "columns"


async def test_a_template_that_only_reads_gives_no_right_to_write(door: Door, made: Made) -> None:
    connection = await door.connect("read")
    await connection.execute("set default_transaction_read_only = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("insert into notes values (1, 'x')")


async def test_the_gateway_says_what_the_database_says(door: Door) -> None:
    connection = await door.connect()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for table cards"):
        await connection.fetchval("select cvv from cards")
    assert CODE not in door.recorded()


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (
            "GRANT SELECT ON cards TO PUBLIC",
            "REVOKE SELECT ON cards FROM PUBLIC",
            "it could read .*cards.number, which masking denies, by a right that everybody has",
        ),
        ("GRANT SELECT (cvv) ON cards TO PUBLIC", "REVOKE SELECT (cvv) ON cards FROM PUBLIC", "could read .*cards.cvv"),
        ("GRANT TRIGGER ON cards TO PUBLIC", "REVOKE TRIGGER ON cards FROM PUBLIC", "it could read"),
        (
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "everybody may create things in the schema public",
        ),
        (
            "REVOKE SELECT ON notes FROM gatepass_roles",
            "GRANT SELECT ON notes TO gatepass_roles WITH GRANT OPTION",
            "notes",
        ),
        (
            "REVOKE GRANT OPTION FOR SELECT ON notes FROM gatepass_roles",
            "GRANT SELECT ON notes TO gatepass_roles WITH GRANT OPTION",
            "notes",
        ),
    ],
)
async def test_no_session_where_the_rights_cannot_be_as_they_should(
    door: Door, made: Made, before: str, after: str, why: str
) -> None:
    await made.superuser.execute(before)
    try:
        with pytest.raises(asyncpg.PostgresError, match=f"No role could be made for this session on db: .*{why}"):
            await door.connect()
    finally:
        await made.superuser.execute(after)
    assert not await made.roles()
    [event] = await made.audited(MADE)
    assert event["outcome"] == "failure"


async def test_many_sessions_at_once_change_the_rights_on_the_same_tables(door: Door, made: Made) -> None:
    await door.granted("read")
    connections = await asyncio.gather(*(door.connect("read") for _ in range(6)))
    assert len(await made.roles()) == 6
    await asyncio.gather(*(connection.close() for connection in connections))
    await made.gone()
    assert not await made.audited(KEPT)


async def test_two_processes_change_them_at_once(door: Door, made: Made) -> None:
    """What another process does waits for nothing of ours, so one of both is refused, and does it again."""
    await door.granted("write")
    own = made.superuser.transaction()
    await own.start()
    await made.superuser.execute("grant truncate on cards to mallory")
    connecting = asyncio.ensure_future(door.connect("write"))

    async def waits() -> bool:
        return bool(await made.superuser.fetchval("select count(*) from pg_locks where not granted"))

    await until(waits)
    await own.commit()
    connection = await connecting
    await made.superuser.execute("revoke truncate on cards from mallory")
    assert await connection.fetchval("select holder from cards") == "Ada"
    await connection.close()
    await made.gone()


async def test_a_column_that_is_dropped_meanwhile_keeps_no_role(door: Door, made: Made) -> None:
    await made.superuser.execute("alter table notes add extra int")
    connection = await door.connect("read")
    await made.superuser.execute("alter table notes drop extra")
    await connection.close()
    await made.gone()
    assert not await made.audited(KEPT)

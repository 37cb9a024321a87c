"""The server behind the gateway: a PostgreSQL 18 with two databases, of which one has masked columns.

`plain` has no masked columns and its role no rules. In `checked` a table has masked columns and the role has rules, so
that every statement is parsed, judged and looked up; what the clients of the matrix do there is not refused.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg

from cli.demo.ports import free_port
from storage.embedded.cluster import Cluster
from support.clients.served import Served
from support.clients.ways import Databases, ToDatabase
from support.postgres import Target

OWNER, PASSWORD = "app_owner", "owner-secret-1"
PLAIN, CHECKED = "plain", "checked"
#: The databases of the matrix, each the parameter of most cases.
PLACES = (PLAIN, CHECKED)

MASKING = [{"name": "card-columns", "columns": ["pan", "cvv"]}]
_RULES = [
    {"name": "never", "match": ["copy_program", "copy_server_file", "delete_without_where"], "verdict": "deny"},
    {"name": "code", "match": ["ddl", "do", "call", "unparseable"], "verdict": "allow"},
]

#: What both databases have; clients look at it, and write into tables of their own.
SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN short AS text CHECK (length(value) < 9);
CREATE TYPE spot AS (x int, label text);
CREATE SEQUENCE ticket START 7;
CREATE TABLE people (
    id int PRIMARY KEY, name text NOT NULL, born date, mood mood DEFAULT 'ok', code short UNIQUE,
    at timestamptz DEFAULT '2026-01-02 03:04:05+00', tags text[], doc jsonb, place spot, paid numeric(10, 2));
COMMENT ON TABLE people IS 'who they are';
COMMENT ON COLUMN people.name IS 'as it is spoken';
INSERT INTO people
    SELECT n, 'person ' || n, date '2000-01-01' + n, 'happy', 'c' || n, '2026-01-02 03:04:05+00',
        ARRAY['a' || n, NULL], jsonb_build_object('n', n, 'list', jsonb_build_array(1, 'x')),
        ROW(n, 'spot')::spot, n / 4.0
    FROM generate_series(1, 200) n;
CREATE TABLE orders (id int PRIMARY KEY, person int NOT NULL REFERENCES people ON DELETE CASCADE, note text);
CREATE INDEX orders_by_person ON orders (person) WHERE note IS NOT NULL;
INSERT INTO orders SELECT n, n % 200 + 1, 'note ' || n FROM generate_series(1, 1000) n;
CREATE TABLE events (id int, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW happy AS SELECT id, name FROM people WHERE mood = 'happy';
CREATE MATERIALIZED VIEW totals AS SELECT person, count(*) AS n FROM orders GROUP BY person;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n';
CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE TRIGGER noted BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note_it();
CREATE PROCEDURE add_to(INOUT n int) LANGUAGE plpgsql AS 'begin n := n + 1; end';
CREATE TABLE every_type (
    a int2, b int4, c int8, d float4, e float8, f numeric, g text, h varchar(9), i char(4), j bytea, k bool, l date,
    m time, n timetz, o timestamp, p timestamptz, q interval, r uuid, s json, t jsonb, u inet, v cidr, w macaddr,
    x point, y box, z int[], aa text[][], ab int4range, ac tstzrange, ad bit(4), ae varbit, af tsvector, ag mood,
    ah spot, ai spot[], aj money, ak name, al oid, am int4multirange, an short);
INSERT INTO every_type VALUES (
    1, 2, 3, 1.5, 2.25, 1234.5678, 'text ü €', 'varchar', 'ch', '\\x0001ff', true, '2026-02-03', '01:02:03.5',
    '01:02:03+02', '2026-02-03 04:05:06.789', '2026-02-03 04:05:06+00', '1 year 2 mons 3 days 04:05:06',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, null]}', '{"b": {"c": 2}}', '10.1.2.3', '10.1.0.0/16',
    '08:00:2b:01:02:03', '(1,2)', '(1,2),(3,4)', '{1,NULL,3}', '{{a,b},{c,d}}', '[1,5)', '[2026-01-01,2026-01-02)',
    '1010', '101', 'fat cat', 'happy', '(1,here)', '{"(1,a)",NULL}', '12.34', 'pg', 42, '{[1,2),[5,7)}', 'short');
INSERT INTO every_type (a) VALUES (NULL);
"""

_CARDS = """
CREATE TABLE cards (id int PRIMARY KEY, holder text, pan text, cvv text);
INSERT INTO cards VALUES (1, 'Ada', '4111111111111111', '737'), (2, 'Grace', '5555555555554444', '248');
"""


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Target]:
    """The server, filled, on a free port of its own."""
    port = free_port()
    # What autovacuum counts is seen by clients, and it would count between the first way and the second.
    options = (
        *(f"-p {port}", "-c listen_addresses=127.0.0.1", "-c fsync=off", "-c max_prepared_transactions=10"),
        "-c autovacuum=off",
    )
    cluster = Cluster(folder, options=options)
    cluster.prepare()
    cluster.create()
    cluster.start()
    try:
        target = Target("127.0.0.1", port, cluster)
        asyncio.run(_fill(target))
        yield target
    finally:
        cluster.stop()


async def _fill(target: Target) -> None:
    admin = await target.connect("postgres")
    await admin.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{PASSWORD}'")
    for place in PLACES:
        await admin.execute(f"CREATE DATABASE {place} OWNER {OWNER}")
    await admin.close()
    for place in PLACES:
        owner = await target.connect(place)
        await owner.execute(f"SET ROLE {OWNER}")
        await owner.execute(SCHEMA + (_CARDS if place == CHECKED else ""))
        await owner.close()


def resources(target: Target) -> dict[str, Any]:
    """The policy's part: both databases by one role each, and one where the client chooses its database."""
    account = {"username": OWNER, "password": f"file:{_password_file(target)}"}
    place = {"host": target.host, "port": target.port, "tls": "disable"}
    return {
        PLAIN: {"type": "postgres", "upstream": {**place, "database": PLAIN}, "roles": {"owner": dict(account)}},
        CHECKED: {
            "type": "postgres",
            "upstream": {**place, "database": CHECKED},
            "roles": {"owner": {**account, "statements": _RULES}},
        },
        "any": {"type": "postgres", "upstream": place, "roles": {"owner": dict(account)}},
    }


def _password_file(target: Target) -> Path:
    secret = target.cluster.sockets().parent.parent / "owner-password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    return secret


def ways(target: Target, served: Served, resource: str, database: str) -> Databases:
    """To this database directly and as that resource."""
    door = f"owner@{resource}"
    return Databases(
        ToDatabase(target.port, OWNER, PASSWORD, database, None),
        ToDatabase(served.postgres_port, door, served.tokens[door], database, served.ca_file),
    )


async def connected(target: Target, database: str) -> asyncpg.Connection:
    """Around the gateway, as superuser."""
    return await target.connect(database)

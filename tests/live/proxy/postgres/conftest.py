"""A target database of its own on TCP with SCRAM, and a listener in front of it, for real clients."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from access.certificates.authority import ClientAuthority
from access.context import Access
from access.identity.adoption import adopt
from access.policy.file import PolicyFile
from access.tokens import TokenKeys
from cli.demo.ports import free_port
from proxy.authority import Authority
from proxy.masking.rules import DEFAULT_RULES, Masker
from proxy.memory import MAX_PINNED_BYTES
from proxy.postgres.listener import PostgresListener, PostgresSettings
from proxy.sessions.gateway import Gateway
from storage.database import Database
from storage.embedded.cluster import Cluster
from support.children import PATIENCE_S, Children
from support.postgres import Door, Target
from support.proxy import Grants

READ_PASSWORD, OWNER_PASSWORD = "read-secret-ü-1", "owner-secret-2"
#: Card number, code, mail: what must never come out.
PAN, CVV, EMAIL = "4111111111111111", "737", "ada@example.com"

_SCHEMA = f"""
CREATE TABLE cards (id serial PRIMARY KEY, holder text, email text, number text, cvv text, number8 int8,
    amount numeric, ratio float8, doc json, docb jsonb, raw bytea, many text[], cvv_code int);
INSERT INTO cards (holder, email, number, cvv, number8, amount, ratio, doc, docb, raw, many, cvv_code) VALUES
    ('Ada Lovelace', '{EMAIL}', '{PAN}', '{CVV}', {PAN}, {PAN}, {PAN}, '{{"pan": {PAN}, "n": 1.50}}',
     '{{"pan": "{PAN}"}}', '{PAN}', ARRAY['x', '{PAN}'], {CVV}),
    ('Grace Hopper', 'grace@example.org', '5555555555554444', '248', 42, 1.5, 0.25, '{{"n": 1}}',
     '{{"n": 1}}', 'abc', ARRAY['y'], NULL);
CREATE VIEW codes AS SELECT id, cvv AS code FROM cards;
CREATE TABLE notes (id int PRIMARY KEY, body text);
INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 1000) n;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app_read;
"""  # noqa: S608 - constants

RULES: list[dict[str, Any]] = [
    {"name": "no-copy", "match": ["copy_program", "copy_server_file"], "verdict": "deny", "message": "Never here."},
    {"name": "dangerous", "match": ["ddl", "delete_without_where"], "verdict": "review", "reviewers": ["reviewers"]},
]
#: Tables of one schema are closed, those of another are reviewed.
SCHEMAS: list[dict[str, Any]] = [
    {"name": "closed", "match": ["table:prod.*"], "verdict": "deny", "message": "Not prod."},
    {"name": "ask", "match": ["table:staging.*"], "verdict": "review", "reviewers": ["reviewers"]},
]
#: A role that may change names as it likes.
DELETES: list[dict[str, Any]] = [
    {"name": "deletes", "match": ["delete"], "verdict": "review", "reviewers": ["reviewers"]}
]


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A real PostgreSQL with SCRAM on a free port, filled once."""
    port = free_port()
    options = (f"-p {port}", "-c listen_addresses=127.0.0.1", "-c fsync=off", "-c max_prepared_transactions=5")
    cluster = Cluster(tmp_path_factory.mktemp("target"), options=options)
    cluster.prepare()
    cluster.create()
    cluster.start()
    made = Target("127.0.0.1", port, cluster)
    try:
        asyncio.run(_fill(made))
        yield made
    finally:
        cluster.stop()


async def _fill(target: Target) -> None:
    admin = await target.connect("postgres")
    await admin.execute(f"CREATE ROLE app_read LOGIN PASSWORD '{READ_PASSWORD}'")
    await admin.execute(f"CREATE ROLE app_owner LOGIN PASSWORD '{OWNER_PASSWORD}'")
    await admin.execute("CREATE DATABASE payments OWNER app_owner")
    await admin.close()
    owner = await target.connect()
    await owner.execute("SET ROLE app_owner")
    await owner.execute(_SCHEMA)
    await owner.close()


@pytest.fixture
def place(target: Target) -> dict[str, Any]:
    """The upstream in the policy; tests change it to make it wrong."""
    return {"host": target.host, "port": target.port, "database": "payments", "tls": "disable"}


@pytest.fixture
def more_roles() -> dict[str, Any]:
    """Roles that a module adds to the resource."""
    return {}


@pytest.fixture
async def access(
    database: Database,
    tmp_path: Path,
    place: dict[str, Any],
    more_roles: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Access:
    """The rules, with a role that may do anything and one whose statements are checked."""
    monkeypatch.setenv("READ_PASSWORD", READ_PASSWORD)
    monkeypatch.setenv("OWNER_PASSWORD", OWNER_PASSWORD)
    monkeypatch.setenv("WRONG_PASSWORD", "wrong-secret")
    roles = {
        "read": {"username": "app_read", "password": "env:READ_PASSWORD"},
        "owner": {"username": "app_owner", "password": "env:OWNER_PASSWORD"},
        "checked": {"username": "app_owner", "password": "env:OWNER_PASSWORD", "statements": RULES},
        "owner-by-review": {"username": "app_owner", "password": "env:OWNER_PASSWORD", "statements": DELETES},
        "by-schema": {"username": "app_owner", "password": "env:OWNER_PASSWORD", "statements": SCHEMAS},
        "broken": {"username": "app_read", "password": "env:WRONG_PASSWORD"},
        **more_roles,
    }
    everything = {"name": "everything", "who": ["alice"], "resources": ["*"], "roles": ["*"]}
    policy = {
        "version": 1,
        "resources": {"db": {"type": "postgres", "upstream": place, "roles": roles}},
        "people": {"alice": {"slack": "U0ALICE"}, "bob": {"slack": "U0BOB"}},
        "groups": {"reviewers": ["bob"]},
        "policy": [{**everything, "decision": "reviewed", "reviewers": ["reviewers"], "channel": "C0INCIDENTS"}],
    }
    path = tmp_path / "gatepass.yml"
    path.write_text(yaml.safe_dump(policy))
    made = Access(
        database=database,
        policies=PolicyFile(path),
        redact=Masker(DEFAULT_RULES).redact,
        keys=TokenKeys(tmp_path / "keys"),
        client_authority=ClientAuthority(tmp_path / "client-ca"),
    )
    await adopt(made)
    return made


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    authority = Authority(tmp_path / "ca")
    return authority.server_context(["127.0.0.1", "localhost"]), authority.certificate_file


@pytest.fixture
def greeting_timeout_s() -> float:
    """How long a client may take to sign in; tests of silent ones shorten it."""
    return PATIENCE_S


@pytest.fixture
def pinned_bytes() -> int:
    """What unfinished messages may hold, in all sessions together."""
    return MAX_PINNED_BYTES


@pytest.fixture
async def door(
    gateway: Gateway,
    granted: Grants,
    children: Children,
    tls: tuple[ssl.SSLContext, Path],
    greeting_timeout_s: float,
    pinned_bytes: int,
    tmp_path: Path,
) -> AsyncIterator[Door]:
    """A listener on a free port."""
    context, ca_file = tls
    settings = PostgresSettings(
        ("127.0.0.1", 0), context, greeting_timeout_s=greeting_timeout_s, pinned_bytes=pinned_bytes
    )
    async with PostgresListener(gateway, settings) as listener:
        door = Door(listener.address[1], ca_file, tmp_path / "recordings", gateway, granted, children)
        with door.opened:
            yield door

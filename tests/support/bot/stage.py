"""A stage for the bot: a simulated workspace with the people whom a policy names, and what a test asks of them."""

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select, text
from sqlmodel import SQLModel, col

from access.addresses import Addresses
from access.context import Access
from access.deadlines import Deadlines
from bot.app import Bot
from bot.manifest import manifest_text
from bot.settings import BotSettings
from slack_simulator.client import SimulatorClient
from slack_simulator.manifest.manifest import Command, Manifest, Shortcut, ShortcutKind, manifest_of
from slack_simulator.server import Channel, Person, Simulator
from slack_simulator.workspace.messages import Message
from storage.database import Database
from storage.model import AuditEvent, Grant, Principal, Protocol, ProxyInstance, Session
from storage.notices import Notices
from support.policies import HOST_KEY

PEOPLE = (
    Person("alice", "U0ALICE", "Alice Archer", "alice@example.com"),
    Person("bob", "U0BOB", "Bob Baker", "bob@example.com"),
    Person("carol", "U0CAROL", "Carol Cole", "carol@example.com"),
    Person("gina", "U0GINA", "Gina Guest", "gina@example.com", is_restricted=True),
    Person("sam", "U0SAM", "Sam Stranger", "sam@elsewhere.example", team_id="T0ELSEWHERE", is_stranger=True),
    Person("uma", "U0UMA", "Uma Unconfirmed", "uma@example.com", is_email_confirmed=False),
    Person("nora", "U0NORA", "Nora Nobody", "nora@example.com"),
)
EVERYBODY = tuple(person.slack_id for person in PEOPLE)
INCIDENTS = "C0INCIDENT"
CHANNELS = (
    Channel("incidents", INCIDENTS, EVERYBODY),
    Channel("partners", "C0PARTNER", EVERYBODY, is_ext_shared=True),
    Channel("closed", "C0CLOSED", EVERYBODY, has_bot=False),
)
ADDRESSES = Addresses("gw.example", 2222, "gw.example", 5433, "gw.example", 8443)

#: `async with run_bot(bot, slack): ...`.
RunBot = Callable[[Bot, SimulatorClient], AbstractAsyncContextManager[None]]


def _rule(name: str, resource: str, role: str, channel: str = INCIDENTS, **terms: Any) -> dict[str, Any]:
    reviewed = {"decision": "reviewed", "reviewers": ["oncall"], "maximum_duration": "1h"}
    return {
        "name": name,
        "who": ["engineers"],
        "resources": [resource],
        "roles": [role],
        "channel": channel,
    } | (reviewed | terms)


def policy_document() -> dict[str, Any]:
    """alice asks, bob and carol review; gina, sam and uma are named as reviewers and must not get through."""
    database = {"password": "env:SECRET", "username": "app"}
    ddl = {"name": "dangerous-sql", "match": ["ddl"], "verdict": "review", "reviewers": ["oncall"]}
    return {
        "version": 1,
        "resources": {
            "payments-db": {
                "type": "postgres",
                "upstream": {"host": "db.internal", "database": "payments"},
                "roles": {
                    "read": database | {"statements": [ddl]},
                    "write": database,
                    "admin": database,
                    "owner": database,
                },
            },
            "web-1": {
                "type": "ssh",
                "upstream": {"host": "web-1.internal", "host_key": HOST_KEY},
                "roles": {"deploy": {"username": "deploy", "private_key": "file:/run/secrets/key"}},
            },
        },
        "people": {person.name: {"slack": person.slack_id} for person in PEOPLE if person.name != "nora"},
        "groups": {"engineers": ["alice", "bob"], "oncall": ["bob", "carol", "gina", "sam", "uma"]},
        "policy": [
            _rule("read-by-one", "payments-db", "read"),
            _rule("write-by-two", "payments-db", "write", quorum=2),
            _rule("admin-with-partners", "payments-db", "admin", channel="C0PARTNER"),
            _rule("owner-where-no-bot-is", "payments-db", "owner", channel="C0CLOSED"),
            _rule("deploy-at-once", "web-1", "deploy", decision="automatic"),
        ],
    }


@dataclass
class Stage:
    """A running bot, its storage, and the people in front of it."""

    access: Access
    simulator: Simulator
    slack: SimulatorClient
    notices: Notices
    settings: BotSettings

    @property
    def database(self) -> Database:
        return self.access.database

    async def card(self, words: str = "asks for", channel: str = INCIDENTS) -> dict[str, Any]:
        """The newest card in the channel that says this, once it does."""

        def wanted(message: dict[str, Any]) -> bool:
            return not message["ephemeral"] and words in message["plain"]

        return await self.slack.wait_for(wanted, channel=channel, user="bob")

    def in_slack(self, card: dict[str, Any]) -> Message:
        """The simulator's own message behind a card, to be changed or deleted behind the bot's back."""
        message = self.simulator.workspace.messages.get(card["channel"], card["ts"])
        assert message is not None
        return message

    async def tap(self, user: str, message: dict[str, Any], action_id: str) -> dict[str, Any]:
        return await self.slack.action(user, action_id, channel=message["channel"], ts=message["ts"])

    async def told(self, user: str, words: str, *, ephemeral: bool = True) -> dict[str, Any]:
        """The newest message for this person alone that says this: an ephemeral one, or a direct message."""

        def wanted(message: dict[str, Any]) -> bool:
            is_own = message["only_for"] is not None if ephemeral else message["channel"].startswith("D")
            return is_own and words in message["plain"]

        return await self.slack.wait_for(wanted, user=user)

    async def rows(self, table: type[SQLModel]) -> list[Any]:
        async with self.database.transaction() as transaction:
            return list((await transaction.scalars(select(table))).all())

    async def audit(self) -> list[dict[str, Any]]:
        """Every audit event's body, in order."""
        async with self.database.transaction() as transaction:
            bodies = await transaction.scalars(select(col(AuditEvent.body)).order_by(col(AuditEvent.id)))
            return [json.loads(body) for body in bodies]

    async def principal(self, name: str) -> Principal:
        async with self.database.transaction() as transaction:
            return (await transaction.scalars(select(Principal).where(col(Principal.name) == name))).one()

    async def age(self, table: str, row_id: UUID, seconds: int) -> None:
        """Let time pass for one row by moving its times back, and wake whoever watches deadlines."""
        columns = {
            "access_request": ("created_at", "expires_at"),
            "access_grant": ("not_before", "expires_at"),
            "statement": ("created_at", "expires_at"),
        }[table]
        moved = ", ".join(f"{column} = {column} - make_interval(secs => :seconds)" for column in columns)
        async with self.database.transaction() as transaction:
            await transaction.execute(
                text(f"UPDATE {table} SET {moved} WHERE id = :id"),  # noqa: S608 - names of our own, above
                {"seconds": seconds, "id": row_id},
            )
        await Deadlines(self.access, self.notices).meet()

    async def session(self, grant: Grant) -> Session:
        """A live session under the grant, as the proxy would open it."""
        async with self.database.transaction() as transaction:
            instance = ProxyInstance(host="here", pid=1)
            transaction.add(instance)
            await transaction.flush()
            assert instance.id is not None
            session = Session(
                grant_id=grant.id, instance_id=instance.id, protocol=Protocol.POSTGRES, client_address="10.0.0.7"
            )
            transaction.add(session)
            return session


def manifest() -> Manifest:
    """The app as manifest.yml has it, and a command and a shortcut that an older version may have had."""
    shipped = manifest_of(yaml.safe_load(manifest_text()))
    return dataclasses.replace(
        shipped,
        commands=(*shipped.commands, Command("/other", should_escape=True)),
        shortcuts=(*shipped.shortcuts, Shortcut("Other", "of_another_version", ShortcutKind.GLOBAL)),
    )


@asynccontextmanager
async def running(bot: Bot, slack: SimulatorClient) -> AsyncIterator[None]:
    """The bot, from its preflight until it ended cleanly."""
    await bot.preflight()
    task = asyncio.create_task(bot.run())
    try:
        await slack.wait_for_app(2)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.timeout(20):
                await task

"""The rules with a storage of their own, as the tests of access/ act on them."""

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select, text
from sqlmodel import SQLModel, col

from access.context import Access
from access.decisions.requests import Ask, submit
from access.decisions.standing import Standing
from access.identity.adoption import adopt
from storage.database import Database
from storage.model import (
    AccessRequest,
    AuditEvent,
    Grant,
    Post,
    Principal,
    Protocol,
    ProxyInstance,
    Session,
)


async def ask_anyway(access: Access, principal: Principal, ask: Ask) -> AccessRequest:
    """Ask, and all the same where they have it or wait for it already: tests have many of one kind."""
    try:
        return await submit(access, principal, ask)
    except Standing as standing:
        return await submit(access, principal, replace(ask, beside=standing.subject.id))


@dataclass
class World:
    """The rules with their storage, and the people by name."""

    access: Access
    people: dict[str, Principal]

    def __getitem__(self, name: str) -> Principal:
        return self.people[name]

    @property
    def database(self) -> Database:
        return self.access.database

    async def all(self, table: type[SQLModel]) -> list[Any]:
        async with self.database.transaction() as transaction:
            return list((await transaction.scalars(select(table))).all())

    async def one(self, table: type[Any], row_id: UUID) -> Any:
        async with self.database.transaction() as transaction:
            return await transaction.get_one(table, row_id)

    async def actions(self) -> list[str]:
        """Audit actions with actor and outcome, in order of writing."""
        async with self.database.transaction() as transaction:
            bodies = await transaction.scalars(select(col(AuditEvent.body)).order_by(col(AuditEvent.id)))
            events = [json.loads(body) for body in bodies]
        return [f"{event['actor']} {event['action']} {event['outcome']}" for event in events]

    async def events(self, action: str) -> list[dict[str, Any]]:
        """Audit events of one action, in order of writing."""
        async with self.database.transaction() as transaction:
            bodies = await transaction.scalars(select(col(AuditEvent.body)).order_by(col(AuditEvent.id)))
            return [event for event in map(json.loads, bodies) if event["action"] == action]

    async def posts(self, subject_id: UUID) -> list[Post]:
        async with self.database.transaction() as transaction:
            found = await transaction.scalars(select(Post).where(col(Post.subject_id) == subject_id))
            return sorted(found.all(), key=lambda post: (post.purpose, post.address))

    async def age(self, table: str, row_id: UUID, seconds: int) -> None:
        """Move a row's times into the past: the tests' way to let time pass."""
        columns = {
            "access_request": ("created_at", "expires_at"),
            "access_grant": ("not_before", "expires_at"),
            "statement": ("created_at", "expires_at"),
        }[table]
        changes = ", ".join(f"{column} = {column} - make_interval(secs => :seconds)" for column in columns)
        async with self.database.transaction() as transaction:
            await transaction.execute(
                text(f"UPDATE {table} SET {changes} WHERE id = :id"),  # noqa: S608 - names of our own, above
                {"seconds": seconds, "id": row_id},
            )

    async def write(self, document: dict[str, Any]) -> None:
        """Make `document` the policy in force."""
        self.access.policies.path.write_text(yaml.safe_dump(document, sort_keys=False))
        self.access.policies.reload()
        await adopt(self.access)

    async def session(self, grant: Grant) -> Session:
        """A live session under `grant`, as the proxy would open it."""
        async with self.database.transaction() as transaction:
            instance = ProxyInstance(host="here", pid=1)
            transaction.add(instance)
            await transaction.flush()
            assert instance.id is not None
            session = Session(
                grant_id=grant.id, instance_id=instance.id, protocol=Protocol.POSTGRES, client_address="127.0.0.1"
            )
            transaction.add(session)
            return session

"""Users that a provider makes, changes, deactivates and deletes, and what follows for whoever they are here."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import col

from access.identity.scim import accounts, bringing
from access.identity.scim.protocol import problems, reading, showing
from access.identity.scim.protocol.preconditions import Precondition
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import USER, User, address_of
from access.identity.scim.room import Room, Teller, entered
from access.policy.shapes.providers import Identify
from access.policy.values.mailbox import folded
from storage.model import Principal, ScimGroup, ScimMember, ScimUser

MAX_USERS: Final = 50_000
#: Those who left stay on record, so that their accounts are not let in.
MAX_LEFT: Final = 200_000
_NAME: Final = "userName or externalId"
#: What is not the provider's to say, or is not told of a user itself.
_NOT_KEPT: Final = frozenset({"id", "schemas", "meta", "groups"})


async def create(teller: Teller, body: object) -> dict[str, Any]:
    """Raises Problem."""
    said = reading.created(User, body)
    async with entered(teller) as room:
        await _has_room(room)
        row = ScimUser(issuer=room.issuer, user_key="", active=True, version=0, created_at=room.now)
        await _free(room, said, row)
        room.transaction.add(row)
        await _write(room, row, said, action="user:create", is_new=True)
        return showing.user(row, [], teller.base)


async def read(teller: Teller, user_id: UUID) -> tuple[ScimUser, dict[str, Any]]:
    """The row, and the user as it is shown. Raises Problem."""
    async with entered(teller, writes=False) as room:
        row = await _there(room, user_id)
        return row, showing.user(row, await groups_of(room, row.id), teller.base)


async def replace(teller: Teller, user_id: UUID, body: object, expected: Precondition) -> dict[str, Any]:
    """Raises Problem."""
    async with entered(teller) as room:
        row = await _there(room, user_id, locked=True)
        expected.check(row.version)
        said = reading.replaced(User, body, _stored(row))
        await _write(room, row, said, action="user:update")
        return showing.user(row, await groups_of(room, row.id), teller.base)


async def patch(teller: Teller, user_id: UUID, body: object, expected: Precondition) -> dict[str, Any]:
    """Raises Problem."""
    async with entered(teller) as room:
        row = await _there(room, user_id, locked=True)
        expected.check(row.version)
        said = reading.patched(body, _stored(row))
        await _write(room, row, said, action="user:update")
        return showing.user(row, await groups_of(room, row.id), teller.base)


async def remove(teller: Teller, user_id: UUID, expected: Precondition) -> None:
    """The user is gone, and stays on record as one who left. Raises Problem."""
    async with entered(teller) as room:
        row = await _there(room, user_id, locked=True)
        expected.check(row.version)
        called = _called(row)
        row.active, row.deleted_at, row.modified_at, row.resource = False, room.now, room.now, {}
        row.version += 1
        await room.transaction.execute(delete(ScimMember).where(col(ScimMember.user_id) == row.id))
        await room.transaction.flush()
        person = await accounts.leave(room.transaction, room.provider, row, room.now)
        await room.record("user:delete", called, {"user": str(row.id), "person": person})
        room.is_news = row.principal_id is not None


async def groups_of(room: Room, user_id: UUID) -> list[tuple[UUID, str]]:
    rows = await room.transaction.execute(
        select(col(ScimGroup.id), col(ScimGroup.display_name))
        .join(ScimMember, col(ScimMember.group_id) == col(ScimGroup.id))
        .where(col(ScimMember.user_id) == user_id)
        .order_by(col(ScimGroup.display_name))
    )
    return [(row[0], row[1]) for row in rows.all()]


async def _there(room: Room, user_id: UUID, *, locked: bool = False) -> ScimUser:
    question = select(ScimUser).where(
        col(ScimUser.id) == user_id, col(ScimUser.issuer) == room.issuer, col(ScimUser.deleted_at).is_(None)
    )
    found = await room.transaction.scalar(question.with_for_update() if locked else question)
    if found is None:
        raise problems.no_such("user")
    return found


async def _has_room(room: Room) -> None:
    left = func.count(col(ScimUser.deleted_at))
    row = (
        await room.transaction.execute(select(func.count() - left, left).where(col(ScimUser.issuer) == room.issuer))
    ).one()
    if row[0] >= MAX_USERS or row[1] >= MAX_LEFT:
        raise Problem(403, f"There are {row[0]} users, and {row[1]} who left: no more are taken.", "tooMany")


async def _free(room: Room, said: User, row: ScimUser) -> None:
    """Raises Problem (409) where another user has the name or the external id."""
    same = col(ScimUser.user_key) == folded(said.user_name or "")
    if said.external_id:
        same |= col(ScimUser.external_id) == said.external_id
    others = select(col(ScimUser.id)).where(
        col(ScimUser.issuer) == room.issuer, col(ScimUser.deleted_at).is_(None), col(ScimUser.id) != row.id, same
    )
    if await room.transaction.scalar(others.limit(1)) is not None:
        raise problems.taken(_NAME)


def _stored(row: ScimUser) -> User:
    return reading.stored_as(User, {"schemas": [USER], "id": str(row.id), **row.resource})


def _called(row: ScimUser) -> str:
    return str(row.resource.get("userName", row.user_key))


async def _write(room: Room, row: ScimUser, said: User, *, action: str, is_new: bool = False) -> None:
    """The row says what the provider said, and what follows from it has happened."""
    document = {name: value for name, value in said.model_dump().items() if name not in _NOT_KEPT}
    if not is_new and document == row.resource:
        return
    was_active, was_whose = row.active and not is_new, row.principal_id
    if not is_new:
        await _free(room, said, row)
    row.user_key, row.external_id = folded(said.user_name or ""), said.external_id or None
    row.address = address_of(said)
    if room.provider.identify is Identify.SUBJECT:
        row.subject = row.external_id
    # Whoever does not say whether it is active says nothing about that.
    row.active = said.active if said.active is not None else row.active
    row.resource, row.version, row.modified_at = document, row.version + 1, room.now
    await room.flush(_NAME)
    await accounts.find_owners(room.transaction, room.provider, col(ScimUser.id) == row.id)
    await room.transaction.refresh(row)
    await _called_anew(room, row)
    person = None
    if not row.active and (was_active or is_new or row.principal_id != was_whose):
        person = await accounts.leave(room.transaction, room.provider, row, room.now)
    if row.active:
        await bringing.bring(room.transaction, room.policy, room.provider, room.now, [row.id])
    is_other = is_new or row.active is not was_active or row.principal_id != was_whose
    # Whoever was called anew is news already.
    room.is_news |= row.principal_id is not None and is_other
    if not is_new and row.active is not was_active:
        action = "user:activate" if row.active else "user:deactivate"
    await room.record(action, _called(row), {"user": str(row.id), "active": row.active, "person": person})


async def _called_anew(room: Room, row: ScimUser) -> None:
    """Whom the provider brought has the address that it says, where that is nobody else's."""
    if row.principal_id is None or row.address is None:
        return
    principal = await room.transaction.get_one(Principal, row.principal_id)
    if principal.brought_by != room.issuer or folded(principal.email or "") == row.address:
        return
    others = select(col(Principal.id)).where(func.lower(col(Principal.email)) == row.address)
    if await room.transaction.scalar(others.limit(1)) is None:
        principal.email = row.address
        room.is_news = True

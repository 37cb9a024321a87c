"""Groups that a provider makes and fills; members are rows, and a change touches those who come and go alone."""

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from access.identity.scim import bringing, named_groups
from access.identity.scim.named_groups import among
from access.identity.scim.protocol import memberships, problems, reading, showing
from access.identity.scim.protocol.memberships import GroupChange, members_of
from access.identity.scim.protocol.preconditions import Precondition
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.resources import GROUP, Group
from access.identity.scim.room import Room, Teller, entered
from storage.model import ScimGroup, ScimMember, ScimUser

MAX_GROUPS: Final = 5_000
#: A PATCH of a larger group is answered without it.
MAX_REPEATED: Final = 100
#: How many of those who came or left an audit event names; it counts all.
_MAX_NAMED: Final = 50
_NAME: Final = "displayName or externalId"


async def create(teller: Teller, body: object) -> dict[str, Any]:
    """Raises Problem."""
    own, members = _apart(body)
    said = reading.created(Group, own)
    async with entered(teller) as room:
        there = await room.transaction.scalar(
            select(func.count()).select_from(ScimGroup).where(col(ScimGroup.issuer) == room.issuer)
        )
        if (there or 0) >= MAX_GROUPS:
            raise Problem(403, f"There are {MAX_GROUPS} groups: no more are taken.", "tooMany")
        row = ScimGroup(issuer=room.issuer, display_name="", name_key="", version=0, created_at=room.now)
        change = GroupChange(display_name=said.display_name, external_id=said.external_id or "")
        change.add(members_of(members))
        await _free(room, row, change)
        room.transaction.add(row)
        _rename(row, change)
        await room.flush(_NAME)
        await _write(room, row, change, action="create", before=())
        return showing.group(row, await members_in(room, row.id), teller.base)


async def read(teller: Teller, group_id: UUID, *, with_members: bool) -> tuple[ScimGroup, dict[str, Any]]:
    """The row, and the group as it is shown. Raises Problem."""
    async with entered(teller, writes=False) as room:
        row = await _there(room, group_id)
        members = await members_in(room, row.id) if with_members else []
        return row, showing.group(row, members, teller.base)


async def replace(teller: Teller, group_id: UUID, body: object, expected: Precondition) -> dict[str, Any]:
    """Raises Problem."""
    own, members = _apart(body)
    async with entered(teller) as room:
        row = await _there(room, group_id, locked=True)
        expected.check(row.version)
        stored = reading.stored_as(Group, {"schemas": [GROUP], "id": str(row.id), "displayName": row.display_name})
        said = reading.replaced(Group, own, stored)
        change = GroupChange(display_name=said.display_name, external_id=said.external_id or "")
        wanted = set(members_of(members))
        now = set(await members_in(room, row.id))
        change.add(wanted - now)
        change.remove(now - wanted)
        await _change(room, row, change)
        return showing.group(row, await members_in(room, row.id), teller.base)


async def patch(
    teller: Teller, group_id: UUID, body: object, expected: Precondition
) -> tuple[ScimGroup, dict[str, Any] | None]:
    """The row, and the group as it is shown; None: it is too large to be sent for every change. Raises Problem."""
    change = memberships.patched(body)
    async with entered(teller) as room:
        row = await _there(room, group_id, locked=True)
        expected.check(row.version)
        await _change(room, row, change)
        members = await members_in(room, row.id, at_most=MAX_REPEATED + 1)
        return row, None if len(members) > MAX_REPEATED else showing.group(row, members, teller.base)


async def remove(teller: Teller, group_id: UUID, expected: Precondition) -> None:
    """Raises Problem."""
    async with entered(teller) as room:
        row = await _there(room, group_id, locked=True)
        expected.check(row.version)
        room.is_news = named_groups.is_wanted(room.policy, room.provider, row.display_name, row.external_id)
        await room.transaction.delete(row)
        await room.transaction.flush()
        await room.record("group:delete", row.display_name, {"group": str(row.id)})


async def members_in(room: Room, group_id: UUID, *, at_most: int | None = None) -> list[UUID]:
    """The ids of the users in it."""
    found = await room.transaction.scalars(
        select(col(ScimUser.id))
        .join(ScimMember, col(ScimMember.user_id) == col(ScimUser.id))
        .where(col(ScimMember.group_id) == group_id, col(ScimUser.deleted_at).is_(None))
        .order_by(col(ScimUser.id))
        .limit(at_most)
    )
    return list(found.all())


def _apart(body: object) -> tuple[object, list[Any]]:
    """A group, and its members, of whom there may be thousands. Raises Problem."""
    if not isinstance(body, dict):
        return body, []
    own = {name: value for name, value in body.items() if str(name).lower() != "members"}
    found = next((value for name, value in body.items() if str(name).lower() == "members"), None)
    if found is not None and not isinstance(found, list):
        raise Problem(400, "members is a list.", "invalidValue")
    return own, found or []


async def _there(room: Room, group_id: UUID, *, locked: bool = False) -> ScimGroup:
    question = select(ScimGroup).where(col(ScimGroup.id) == group_id, col(ScimGroup.issuer) == room.issuer)
    found = await room.transaction.scalar(question.with_for_update() if locked else question)
    if found is None:
        raise problems.no_such("group")
    return found


async def _free(room: Room, row: ScimGroup, change: GroupChange) -> None:
    """Raises Problem (409) where another group has the name or the external id."""
    same = col(ScimGroup.name_key) == (change.display_name or row.display_name).lower()
    if change.external_id:
        same |= col(ScimGroup.external_id) == change.external_id
    others = select(col(ScimGroup.id)).where(col(ScimGroup.issuer) == room.issuer, col(ScimGroup.id) != row.id, same)
    if await room.transaction.scalar(others.limit(1)) is not None:
        raise problems.taken(_NAME)


def _rename(row: ScimGroup, change: GroupChange) -> bool:
    """Whether it is called otherwise now."""
    before = row.display_name, row.external_id
    if change.display_name is not None:
        row.display_name, row.name_key = change.display_name, change.display_name.lower()
    if change.external_id is not None:
        row.external_id = change.external_id or None
    return before != (row.display_name, row.external_id)


async def _change(room: Room, row: ScimGroup, change: GroupChange) -> None:
    before = (row.display_name, row.external_id)
    await _free(room, row, change)
    is_renamed = _rename(row, change)
    await room.flush(_NAME)
    await _write(room, row, change, action="update", before=before if is_renamed else None)


async def _write(
    room: Room, row: ScimGroup, change: GroupChange, *, action: str, before: tuple[str | None, ...] | None
) -> None:
    """Members come and go; `before` are the names that it had, None: it has them still."""
    await _are_users(room, change.joins)
    left = await _left(room, row, change)
    joined = await _joined(room, row, change.joins)
    # Everybody left, and some came back at once.
    left, joined = left - joined, joined - left
    if before is None and not left and not joined:
        return
    row.version, row.modified_at = row.version + 1, room.now
    await room.transaction.flush()
    called = (row.display_name, row.external_id, *(before or ()))
    if named_groups.is_wanted(room.policy, room.provider, *called):
        users = joined if before is None else None
        await bringing.bring(room.transaction, room.policy, room.provider, room.now, users)
        room.is_news = True
    told = {"group": str(row.id), "joined": await _names(room, joined), "left": await _names(room, left)}
    counted = {"joined_count": len(joined), "left_count": len(left)}
    await room.record(f"group:{action}", row.display_name, {**told, **counted})


async def _are_users(room: Room, members: Collection[UUID]) -> None:
    """Raises Problem for whoever is none of the provider's users."""
    if not members:
        return
    found = await room.transaction.scalars(
        select(col(ScimUser.id)).where(
            among(ScimUser.id, members), col(ScimUser.issuer) == room.issuer, col(ScimUser.deleted_at).is_(None)
        )
    )
    missing = set(members) - set(found.all())
    if not missing:
        return
    nested = select(col(ScimGroup.id)).where(among(ScimGroup.id, missing), col(ScimGroup.issuer) == room.issuer)
    if await room.transaction.scalar(nested.limit(1)) is not None:
        raise Problem(400, memberships.NESTED, "invalidValue")
    raise Problem(400, f"There is no user {min(missing)}.", "invalidValue")


async def _left(room: Room, row: ScimGroup, change: GroupChange) -> set[UUID]:
    if not change.empties and not change.leaves:
        return set()
    which = col(ScimMember.group_id) == row.id
    if not change.empties:
        which &= among(ScimMember.user_id, change.leaves)
    gone = await room.transaction.scalars(delete(ScimMember).where(which).returning(col(ScimMember.user_id)))
    return set(gone.all())


async def _joined(room: Room, row: ScimGroup, members: Collection[UUID]) -> set[UUID]:
    if not members:
        return set()
    them = select(literal(row.id, PG_UUID(as_uuid=True)), col(ScimUser.id)).where(among(ScimUser.id, members))
    new = await room.transaction.scalars(
        insert(ScimMember)
        .from_select(["group_id", "user_id"], them)
        .on_conflict_do_nothing()
        .returning(col(ScimMember.user_id))
    )
    return set(new.all())


async def _names(room: Room, users: Iterable[UUID]) -> list[str]:
    """Some of them, for people who read."""
    some = sorted(users)[:_MAX_NAMED]
    if not some:
        return []
    found = await room.transaction.scalars(select(col(ScimUser.user_key)).where(among(ScimUser.id, some)))
    return sorted(found.all())

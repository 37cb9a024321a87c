"""Lists of users and groups: filtered, in order of their creation, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from access.identity.scim import filters, groups
from access.identity.scim.named_groups import among
from access.identity.scim.protocol import reading, showing
from access.identity.scim.protocol.discovery import MAX_RESULTS
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.protocol.showing import Selection
from access.identity.scim.room import Room, Teller, entered
from storage.model import ScimGroup, ScimMember, ScimUser

#: Memberships of one page: it ends before the group, or the user, that has too many.
MAX_MEMBERSHIPS: Final = 20_000
#: PostgreSQL counts in 64 bits.
_MAX_START: Final = 2**31


@dataclass(frozen=True)
class Page:
    """What is asked for: from which one on, counted from 1, and how many."""

    start: int = 1
    count: int = MAX_RESULTS

    @classmethod
    def read(cls, start: str | None, count: str | None) -> Self:
        """RFC 7644, 3.4.2.4: what is too small is the smallest. Raises Problem."""
        return cls(
            min(max(1, _number("startIndex", start, 1)), _MAX_START),
            min(max(0, _number("count", count, MAX_RESULTS)), MAX_RESULTS),
        )


def _number(name: str, said: str | None, otherwise: int) -> int:
    if said is None or said == "":
        return otherwise
    if len(said) > 12 or not said.removeprefix("-").isascii() or not said.removeprefix("-").isdecimal():
        raise Problem(400, f"{name} is a number.", "invalidValue")
    return int(said)


async def users(teller: Teller, text: str | None, page: Page, selection: Selection) -> dict[str, Any]:
    """Raises Problem."""
    which = filters.of_users(reading.user_filter(text).ast) if text else None
    async with entered(teller, writes=False) as room:
        there = select(ScimUser).where(col(ScimUser.issuer) == room.issuer, col(ScimUser.deleted_at).is_(None))
        there = there if which is None else there.where(which)
        total = await room.transaction.scalar(select(func.count()).select_from(there.subquery())) or 0
        rows = (
            await room.transaction.scalars(
                there.order_by(col(ScimUser.created_at), col(ScimUser.id)).offset(page.start - 1).limit(page.count)
            )
        ).all()
        within: dict[UUID, list[tuple[UUID, str]]] = {}
        if selection.shows("groups"):
            rows = await _affordable(room, rows, col(ScimMember.user_id))
            within = await _groups_of(room, [row.id for row in rows])
        shown = [selection.of(showing.user(row, within.get(row.id, []), teller.base)) for row in rows]
        return showing.listed(shown, total, page.start)


async def all_groups(teller: Teller, text: str | None, page: Page, selection: Selection) -> dict[str, Any]:
    """Raises Problem."""
    which = filters.of_groups(reading.group_filter(text).ast) if text else None
    async with entered(teller, writes=False) as room:
        there = select(ScimGroup).where(col(ScimGroup.issuer) == room.issuer)
        there = there if which is None else there.where(which)
        total = await room.transaction.scalar(select(func.count()).select_from(there.subquery())) or 0
        rows = (
            await room.transaction.scalars(
                there.order_by(col(ScimGroup.created_at), col(ScimGroup.id)).offset(page.start - 1).limit(page.count)
            )
        ).all()
        shown: list[dict[str, Any]] = []
        if selection.shows("members"):
            rows = await _affordable(room, rows, col(ScimMember.group_id))
        for row in rows:
            members = await groups.members_in(room, row.id) if selection.shows("members") else []
            shown.append(selection.of(showing.group(row, members, teller.base)))
        return showing.listed(shown, total, page.start)


async def _affordable(room: Room, rows: Sequence[Any], of: Any) -> list[Any]:
    """So many of them, from the first on, as have MAX_MEMBERSHIPS together; one in any case."""
    counted = await room.transaction.execute(
        select(of, func.count()).where(of.in_([row.id for row in rows])).group_by(of)
    )
    counts = {row[0]: row[1] for row in counted.all()}
    kept: list[Any] = []
    left = MAX_MEMBERSHIPS
    for row in rows:
        left -= counts.get(row.id, 0)
        if kept and left < 0:
            break
        kept.append(row)
    return kept


async def _groups_of(room: Room, users: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    rows = await room.transaction.execute(
        select(col(ScimMember.user_id), col(ScimGroup.id), col(ScimGroup.display_name))
        .join(ScimGroup, col(ScimGroup.id) == col(ScimMember.group_id))
        .where(among(ScimMember.user_id, users))
        .order_by(col(ScimGroup.display_name))
    )
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for user, group, display in rows.all():
        found.setdefault(user, []).append((group, display))
    return found

"""Groups of the policy that provisioned users are in: by a group's `displayName` or its `externalId`."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.policy.policy import Policy
from access.policy.shapes.groups import ProviderGroup
from access.policy.shapes.providers import Provider
from storage.model import ScimGroup, ScimMember, ScimUser

_IDS: Final = ARRAY(PG_UUID(as_uuid=True))


def wanted(policy: Policy, provider: Provider) -> Mapping[str, str]:
    """Group of the policy -> what the provider calls it."""
    return {
        name: group.value
        for name, group in policy.groups.items()
        if isinstance(group, ProviderGroup) and group.provider == provider.name
    }


def is_wanted(policy: Policy, provider: Provider, *called: str | None) -> bool:
    """Whether the policy asks for a group that is called one of these."""
    return not {each for each in called if each is not None}.isdisjoint(wanted(policy, provider).values())


async def of_users(transaction: AsyncSession, policy: Policy, provider: Provider, users: Collection[UUID]) -> list[str]:
    """The groups of the policy, as written, that any of these users is in."""
    if not users:
        return []
    rows = await transaction.execute(
        select(col(ScimGroup.display_name), col(ScimGroup.external_id))
        .join(ScimMember, col(ScimMember.group_id) == col(ScimGroup.id))
        .where(col(ScimGroup.issuer) == provider.issuer, among(ScimMember.user_id, users))
        .distinct()
    )
    called = {name for row in rows.all() for name in row}
    return [name for name, value in wanted(policy, provider).items() if value in called]


async def strangers(
    transaction: AsyncSession, policy: Policy, provider: Provider, users: Collection[UUID] | None = None
) -> list[ScimUser]:
    """Active users in a group that the policy asks for, who are nobody here yet; of `users`, else of all.

    They are locked. Who signs in at this moment is left to that.
    """
    values = set(wanted(policy, provider).values())
    if not values:
        return []
    found = select(ScimUser).where(
        col(ScimUser.issuer) == provider.issuer,
        col(ScimUser.active),
        col(ScimUser.principal_id).is_(None),
        col(ScimUser.id).in_(
            select(col(ScimMember.user_id))
            .join(ScimGroup, col(ScimGroup.id) == col(ScimMember.group_id))
            .where(col(ScimGroup.issuer) == provider.issuer)
            .where(col(ScimGroup.display_name).in_(values) | col(ScimGroup.external_id).in_(values))
        ),
    )
    if users is not None:
        found = found.where(among(ScimUser.id, users))
    found = found.order_by(col(ScimUser.created_at), col(ScimUser.id)).with_for_update(key_share=True, skip_locked=True)
    return list((await transaction.scalars(found)).all())


def among(column: UUID, ids: Collection[UUID]) -> ColumnElement[bool]:
    """The column is one of `ids`, as one parameter however many they are."""
    return col(column) == any_(bindparam(None, list(ids), type_=_IDS))

"""Whether what let an SSH client in still would, asked where its session opens; certificates have their own reading."""

from typing import Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.errors import Refused
from access.tokens import Claims
from storage.model import SshKey

_ENDED: Final = "This key has been ended since you logged in with it. Add another one under SSH keys."


async def key(_: Access, transaction: AsyncSession, claims: Claims) -> None:
    """A registered key: raises Refused once it has ended."""
    lives = exists().where(col(SshKey.id) == UUID(claims.id), col(SshKey.ended_at).is_(None))
    if not await transaction.scalar(select(lives)):
        raise Refused(_ENDED)


async def link(_: Access, __: AsyncSession, ___: Claims) -> None:
    """A browser's confirmation, which its login has used up: what it ends with is its sign-in, which all are asked."""

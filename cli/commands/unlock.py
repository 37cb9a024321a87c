"""`gatepass unlock`: whoever is locked out for failed logins may try again, in every proxy process."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.text import storable
from cli import runtime
from cli.settings import Settings
from proxy.doors.sources import UNKNOWN, source_of
from storage import notices
from storage.audit import trail
from storage.database import Database
from storage.model import Principal
from storage.notices import Topic


def unlock(
    who: Annotated[str, typer.Argument(help="An address (203.0.113.9, 2001:db8::1), or a person's name.")],
) -> None:
    """Forget the failed logins of an address or a person, who may then try again at once."""
    asyncio.run(_unlock(Settings.load(), who))
    typer.echo(f"Every proxy process that runs was told to forget the failed logins of {who}.")


async def _unlock(settings: Settings, who: str) -> None:
    async with runtime.existing_database(settings) as database:
        await tell(database, who)


async def tell(database: Database, who: str) -> None:
    """Put it on record and tell every process. Raises NotReady for who is neither an address nor a person."""
    async with database.transaction() as transaction:
        subject = await _subject(transaction, who)
        actor = runtime.operator()
        await trail.record(transaction, actor=actor, action="cli:lockout:unlock", resource=who)
        await notices.notify(transaction, Topic.LOCKOUT, subject)


async def _subject(transaction: AsyncSession, who: str) -> UUID | str:
    """What the proxies know them by. Raises NotReady."""
    named = select(col(Principal.id)).where(col(Principal.name) == storable(who))
    if (principal := (await transaction.scalars(named)).one_or_none()) is not None:
        return principal
    source = source_of(who.partition("/")[0])
    if source == UNKNOWN:
        raise runtime.NotReady(f"{who} is no address, and nobody in the policy has that name. Nothing was unlocked.")
    return source

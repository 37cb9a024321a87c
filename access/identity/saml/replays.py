"""Messages of SAML providers that count once: which came already, in whichever process."""

import hashlib
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from storage.model import SamlSeen


async def once(transaction: AsyncSession, issuer: str, name: str, until: datetime, now: datetime) -> None:
    """Note a message of `issuer` till `until`, when it would count no more. Raises InvalidSaml if it came before.

    Of two at once, the second waits for the first. It was in time when it was read, and may be so no more: what was
    noted of it may be forgotten already (`access.deadlines`), so it does not count.
    """
    if until <= now:
        raise InvalidSaml(SamlProblem.EXPIRED)
    digest = hashlib.sha256(f"{len(issuer)} {issuer} {name}".encode()).digest()
    noted = await transaction.execute(
        insert(SamlSeen)
        .values(id_hash=digest, expires_at=until)
        .on_conflict_do_nothing()
        .returning(col(SamlSeen.id_hash))
    )
    if noted.first() is None:
        raise InvalidSaml(SamlProblem.REPLAYED)

"""What is over and opens nothing is deleted: credentials of the doors a day after their end, proofs of SAML at once.

What they opened stays on record where they were issued and used.
"""

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, exists, null, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from storage.database import Database, StorageUnavailable, clock
from storage.model import (
    IssuedCredential,
    SamlAnswer,
    SamlSeen,
    Session,
    SshCertificate,
    SshKeyText,
    SshLogin,
    WantedTouch,
)

#: For so long whoever presents an expired credential is told that it has expired; then it is deleted.
CREDENTIALS_KEPT: Final = timedelta(days=1)
#: What lets people in and is forgotten once it is long over: table, key, end, and what sessions call each.
_FORGOTTEN: Final[Sequence[tuple[type[SQLModel], Any, Any, Any]]] = (
    (IssuedCredential, col(IssuedCredential.id), col(IssuedCredential.expires_at), col(IssuedCredential.id)),
    (SshCertificate, col(SshCertificate.id), col(SshCertificate.expires_at), col(SshCertificate.id)),
    (SshLogin, col(SshLogin.id), col(SshLogin.expires_at), col(SshLogin.credential)),
    (SshKeyText, col(SshKeyText.id), col(SshKeyText.expires_at), null()),
    (WantedTouch, col(WantedTouch.id), col(WantedTouch.expires_at), null()),
)

#: Table, key and end.
_PROOFS: Final[Sequence[tuple[type[SQLModel], Any, Any]]] = (
    (SamlAnswer, col(SamlAnswer.handle_hash), col(SamlAnswer.expires_at)),
    (SamlSeen, col(SamlSeen.id_hash), col(SamlSeen.expires_at)),
)
#: For so long a sweep waits for others, which is less than PostgreSQL's own deadlock_timeout (1 s).
PATIENCE_MS: Final = 200


async def forget_credentials(transaction: AsyncSession, now: datetime, most: int) -> int:
    """Delete at most so many of each kind that opened nothing for a day; returns how many there were.

    They are on record where they were issued and used.

    What let in a session that is live stays with it.
    """
    forgotten = 0
    for table, key, ends, known_by in _FORGOTTEN:
        live = exists().where(col(Session.ended_at).is_(None), col(Session.credential)["id"].astext == known_by)
        over = (
            select(key)
            .where(ends < now - CREDENTIALS_KEPT, ~live)
            .limit(most)
            .with_for_update(skip_locked=True, of=table)
        )
        gone = await transaction.scalars(delete(table).where(key.in_(over)).returning(key))
        forgotten += len(gone.all())
    return forgotten


async def forget_proofs(database: Database, most: int) -> int:
    """Delete at most so many answers that no browser took, and messages that would be refused as too old by now.

    The program may lock none of these rows, so that it could leave out what another process deletes. Who waits for
    another here gives up before PostgreSQL has to choose between the two: a logout is not to be undone for a sweep.
    """
    gone = 0
    for table, key, ends in _PROOFS:
        with contextlib.suppress(StorageUnavailable):
            async with database.transaction() as transaction:
                await transaction.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE_MS}ms'"))
                over = select(key).where(ends < await clock(transaction)).order_by(key).limit(most)
                gone += len((await transaction.scalars(delete(table).where(key.in_(over)).returning(key))).all())
    return gone

"""What is over and opens nothing is deleted: credentials of the doors a day after their end, proofs of SAML at once.

What they opened stays on record where they were issued and used.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, exists, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

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


async def forget(transaction: AsyncSession, now: datetime, most: int) -> int:
    """Delete at most so many rows of each kind; returns how many there were."""
    return await _forget_credentials(transaction, now, most) + await _forget_saml(transaction, now, most)


async def _forget_credentials(transaction: AsyncSession, now: datetime, most: int) -> int:
    """Those that opened nothing for a day; they are on record where they were issued and used.

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


async def _forget_saml(transaction: AsyncSession, now: datetime, most: int) -> int:
    """Answers that no browser took, and messages that would be refused as too old if they came again.

    Those that another process deletes at this moment are waited for: the program may lock none of these rows.
    """
    answers, seen = col(SamlAnswer.handle_hash), col(SamlSeen.id_hash)
    old_answers = select(answers).where(col(SamlAnswer.expires_at) < now).order_by(answers).limit(most)
    old_seen = select(seen).where(col(SamlSeen.expires_at) < now).order_by(seen).limit(most)
    gone = [
        *await transaction.scalars(delete(SamlAnswer).where(answers.in_(old_answers)).returning(answers)),
        *await transaction.scalars(delete(SamlSeen).where(seen.in_(old_seen)).returning(seen)),
    ]
    return len(gone)

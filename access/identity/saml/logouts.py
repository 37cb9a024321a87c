"""Logouts that sign-ins meet which come after them (saml-core 3.7.3.2): noted for as long as such a one may come.

A browser may hold an assertion back, or wait with the last step, until the logout that ends it is done. So what a
logout ended is kept beside the messages that count once, and an assertion that was issued before lets nobody in.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, Delete, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.identity.proven import Logout, SignIn
from storage.model import SamlAnswer, SamlSeen

#: For so long: saml-core asks for the request's own few minutes, and some assertions are good for longer.
KEPT: Final = timedelta(days=1)
#: Every session of an account has ended; or one of them has, which may be any that has no name.
_ALL: Final = "all sessions"
_SOME: Final = "some session"
_ONE: Final = "session"


async def note(transaction: AsyncSession, ends: Iterable[Logout]) -> None:
    """Let nothing of `ends` begin any more, and end the answers that wait for their browser.

    The notes first: whoever takes an answer at this moment has it locked, and its session is there once that is over.
    """
    ended = list(ends)
    until = {digest: each.said_at + KEPT for each in ended for digest in _notes(each)}
    for digest, expires_at in sorted(until.items()):
        this = col(SamlSeen.id_hash) == digest
        await transaction.execute(delete(SamlSeen).where(this, col(SamlSeen.expires_at) < expires_at))
        await transaction.execute(
            insert(SamlSeen).values(id_hash=digest, expires_at=expires_at).on_conflict_do_nothing()
        )
    for each in ended:
        await transaction.execute(_waiting(each))


async def has_ended(transaction: AsyncSession, proven: SignIn) -> bool:
    """Whether the provider has ended the session of this sign-in since it was issued."""
    since = proven.issued_at + KEPT
    found = await transaction.scalar(
        select(func.count())
        .select_from(SamlSeen)
        .where(col(SamlSeen.id_hash).in_(_met(proven)), col(SamlSeen.expires_at) >= since)
    )
    return bool(found)


def _waiting(logout: Logout) -> Delete:
    def said(name: str) -> ColumnElement[str]:
        return func.jsonb_extract_path_text(col(SamlAnswer.proven), name)

    gone = delete(SamlAnswer).where(
        said("issuer") == logout.issuer,
        said("subject") == logout.subject,
        col(SamlAnswer.created_at) <= logout.began_before,
    )
    if logout.provider_session is None:
        return gone
    session = said("provider_session")
    return gone.where(or_(session == logout.provider_session, session.is_(None)))


def _notes(logout: Logout) -> list[bytes]:
    if logout.provider_session is None:
        return [_digest(logout.issuer, logout.subject, _ALL)]
    named = _digest(logout.issuer, logout.subject, _ONE, logout.provider_session)
    return [named, _digest(logout.issuer, logout.subject, _SOME)]


def _met(proven: SignIn) -> list[bytes]:
    """The notes that a sign-in meets: one without a session's name meets those of any."""
    account = proven.issuer, proven.subject
    one = (_ONE, proven.provider_session) if proven.provider_session is not None else (_SOME,)
    return [_digest(*account, _ALL), _digest(*account, *one)]


def _digest(*words: str | None) -> bytes:
    """A list, where the names of messages are hashed as a line: neither is ever the other."""
    return hashlib.sha256(json.dumps(["logout", *words]).encode()).digest()

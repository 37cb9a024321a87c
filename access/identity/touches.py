"""Touches: asked for in one browser for one act, answered once, and spent once on that act and no other.

Each step is one conditional UPDATE, so of two who bring the same answer one finds it answered, and a touch that was
spent is spent. An answer that proves nothing uses its challenge up as well. Only what stands in storage counts: a rule
that is given a touch by its id asks here whose it is and what for.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.errors import Refused
from access.identity.acts import Act
from access.identity.browser_sessions import SignedIn
from access.identity.webauthn.answer import CHALLENGE_BYTES, Answer
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from storage.audit import trail
from storage.model import BrowserSession, Principal, SecurityKey, Touch, TouchPurpose

#: How long a person has to touch their key, and the touch to be spent.
LIFETIME: Final = timedelta(minutes=2)
#: Challenges of one browser that wait at once: more are nobody's fingers.
MAX_WAITING: Final = 20


@dataclass(frozen=True)
class Spent:
    """A touch that counted: for the row that it belongs to, and in words for whoever reads of it."""

    touch: Touch
    key: SecurityKey

    @property
    def record(self) -> dict[str, Any]:
        """As it is put on record: JSON, and nothing that would help to sign."""
        verified_at = self.touch.verified_at
        return {
            "key": str(self.key.id),
            "name": self.key.name,
            "user_verified": self.touch.user_verified,
            "at": verified_at.isoformat() if verified_at is not None else None,
        }


async def begin(transaction: AsyncSession, me: SignedIn, act: Act, now: datetime) -> bytes:
    """A challenge for this act, in this browser. Raises Refused where too many wait already."""
    waiting = await transaction.scalar(
        select(func.count()).where(
            col(Touch.browser_id) == me.session.id, col(Touch.answered_at).is_(None), col(Touch.expires_at) > now
        )
    )
    if (waiting or 0) >= MAX_WAITING:
        raise Refused("This browser was asked for many touches and gave none. Wait two minutes, then do it again.")
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    transaction.add(
        Touch(
            principal_id=me.principal.id,
            browser_id=me.session.id,
            challenge_hash=hashlib.sha256(challenge).digest(),
            purpose=act.purpose,
            about=act.about,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    await transaction.flush()
    return challenge


async def answer(transaction: AsyncSession, me: SignedIn, act: Act, given: Answer, now: datetime) -> Touch:
    """The touch that `given` answers, used up by it. Raises InvalidTouch; the caller commits all the same.

    A challenge of another person, another browser or another act is not told from one that never was.
    """
    found = await transaction.scalar(
        update(Touch)
        .where(
            col(Touch.challenge_hash) == hashlib.sha256(given.challenge).digest(),
            col(Touch.principal_id) == me.principal.id,
            col(Touch.browser_id) == me.session.id,
            col(Touch.answered_at).is_(None),
            _is_for(act),
        )
        .values(answered_at=now)
        .returning(Touch)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise InvalidTouch(TouchProblem.UNKNOWN_CHALLENGE)
    if found.expires_at <= now:
        raise InvalidTouch(TouchProblem.EXPIRED)
    return found


async def spend(
    transaction: AsyncSession, touch_id: UUID, by: Principal, act: Act, now: datetime, *, token: str | None = None
) -> Spent | None:
    """Spend a verified touch of `by` on `act`; None: it is none, not for this, spent, or too old, or what it was given
    with has ended, the key or the browser's sign-in.

    `token` is the id of the token that is handed with it.
    """
    touch = await transaction.scalar(
        update(Touch)
        .where(
            col(Touch.id) == touch_id,
            col(Touch.principal_id) == by.id,
            _is_for(act),
            col(Touch.verified_at).is_not(None),
            col(Touch.spent_at).is_(None),
            col(Touch.expires_at) > now,
            counts(col(Touch.key_id)),
            _LIVES,
        )
        .values(spent_at=now, token=token)
        .returning(Touch)
        .execution_options(populate_existing=True)
    )
    return await _spent(transaction, touch)


async def of_token(transaction: AsyncSession, token: str, by: Principal, act: Act) -> Spent | None:
    """The touch that a token was handed with; None: it was handed without one, or the key has ended since.

    One that was given to a command line is for `act` and for that one wish of it: acts.hand_over.
    """
    touch = await transaction.scalar(
        select(Touch).where(
            col(Touch.token) == token,
            col(Touch.principal_id) == by.id,
            _is_for(act) | _is_within(act),
            col(Touch.spent_at).is_not(None),
            counts(col(Touch.key_id)),
        )
    )
    return await _spent(transaction, touch)


async def refused(
    transaction: AsyncSession, me: SignedIn, act: Act, why: TouchProblem, detail: Mapping[str, object] | None = None
) -> None:
    """Put on record that something claimed to be a touch for `act` and proved nothing."""
    await trail.record(
        transaction,
        actor=changes.actor(me.principal),
        action="web:touch:verify",
        resource=me.principal.name,
        outcome="failure",
        detail={
            "why": why.value,
            "purpose": act.purpose.value,
            "about": act.about,
            "browser": str(me.session.id),
            **(detail or {}),
        },
    )


def counts(key_id: Any) -> ColumnElement[bool]:
    """Whether the touch of the key in this column counts: a key that has ended vouches for nothing any more."""
    return exists().where(col(SecurityKey.id) == key_id, col(SecurityKey.ended_at).is_(None))


def is_of_a_living_key(touch_id: Any) -> ColumnElement[bool]:
    """Whether the column names a touch that still counts; NULL does not."""
    return exists().where(col(Touch.id) == touch_id, counts(col(Touch.key_id)))


#: Whether the browser that gave it is signed in still.
_LIVES: Final = exists().where(col(BrowserSession.id) == col(Touch.browser_id), col(BrowserSession.ended_at).is_(None))


def _is_for(act: Act) -> ColumnElement[bool]:
    return (col(Touch.purpose) == TouchPurpose(act.purpose)) & (col(Touch.about) == act.about)


def _is_within(act: Act) -> ColumnElement[bool]:
    """Whether it is for one way of doing it: what stands before the colon ends with an id of one length."""
    about = col(Touch.about).startswith(f"{act.about}:", autoescape=True)
    return (col(Touch.purpose) == TouchPurpose(act.purpose)) & about


async def _spent(transaction: AsyncSession, touch: Touch | None) -> Spent | None:
    if touch is None or touch.key_id is None:
        return None
    return Spent(touch, await transaction.get_one(SecurityKey, touch.key_id))

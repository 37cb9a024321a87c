"""Security keys: registered, listed and ended by their owner; a touch of one is verified here, and by nothing else.

A first key takes a sign-in of the last minutes, every other change a touch of a key that there is as well: a browser
that is signed in, or its cookie, adds none. A key whose counter does not grow may have been copied, and ends at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import changes
from access.context import Access
from access.errors import Refused
from access.identity import acts, browser_sessions, touches
from access.identity.acts import Act
from access.identity.browser_sessions import SignedIn
from access.identity.webauthn import answer, assertion, registration
from access.identity.webauthn.problems import InvalidTouch, TouchProblem
from access.identity.webauthn.registration import NewKey
from access.identity.webauthn.relying_party import RelyingParty
from access.text import storable
from access.visible import visible_line
from storage import outbox
from storage.audit import trail
from storage.database import clock
from storage.model import KeyEnd, PostPurpose, PostSubject, Principal, SecurityKey, Touch

#: How old a sign-in may be that adds or ends a key.
FRESH: Final = timedelta(minutes=10)
#: Keys that somebody has at once.
MAX_KEYS: Final = 10
MAX_NAME_CHARS: Final = 64
_TIMEOUT_MS: Final = int(touches.LIFETIME.total_seconds() * 1000)


class TooOld(Refused):
    """The sign-in is too old to change keys by it."""

    def __init__(self) -> None:
        super().__init__("Keys are added and ended within ten minutes of a sign-in. Sign in again, and do it then.")


class NoKey(Refused):
    """The person has no key to touch."""

    def __init__(self) -> None:
        super().__init__("You have no security key here yet. Add one under Security keys, then do it again.")


@dataclass(frozen=True)
class _Refusal:
    problem: TouchProblem


async def of(transaction: AsyncSession, principal: Principal) -> list[SecurityKey]:
    """The keys of somebody that count, the oldest first."""
    found = await transaction.scalars(
        select(SecurityKey)
        .where(col(SecurityKey.principal_id) == principal.id, _LIVE)
        .order_by(col(SecurityKey.created_at), col(SecurityKey.id))
    )
    return list(found.all())


def is_fresh(me: SignedIn, now: datetime) -> bool:
    """Whether the sign-in is of the last minutes, so that keys may be changed by it."""
    return me.session.signed_in_at > now - FRESH


async def question(access: Access, me: SignedIn, site: RelyingParty, act: Act) -> dict[str, Any]:
    """What a browser is to ask a key for `act`, as JSON. Raises NoKey, TooOld, and Refused for too many questions."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        await browser_sessions.check_live(transaction, me, now)
        mine = await of(transaction, me.principal)
        if not mine:
            raise NoKey
        if act.purpose in _CHANGING and not is_fresh(me, now):
            raise TooOld
        challenge = await touches.begin(transaction, me, act, now)
    known = {key.credential_id: key.transports for key in mine}
    return assertion.question(site, challenge, known=known, timeout_ms=_TIMEOUT_MS)


async def touched(access: Access, me: SignedIn, site: RelyingParty, act: Act, given: str) -> UUID:
    """Verify what a browser sent for `act`; returns the touch, to be spent on it within its two minutes.

    Raises SignedOutMeanwhile, and InvalidTouch, which is on record: whatever came, its challenge is used up then.
    """
    async with access.database.transaction() as transaction:
        found = await _verified(access, transaction, me, site, act, given)
    if isinstance(found, _Refusal):
        raise InvalidTouch(found.problem)
    return found.id


async def registration_question(
    access: Access, me: SignedIn, site: RelyingParty, allowed_by: UUID | None
) -> dict[str, Any]:
    """What a browser is to ask a new key, as JSON. `allowed_by` is a touch for `acts.add_key`, None for a first key.

    Raises TooOld, and Refused.
    """
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        mine = await _addable(transaction, me, now)
        if mine and not await _is_allowed(transaction, me, allowed_by, now):
            raise Refused("Another key is added with a touch of one that you have. Touch one first.")
        challenge = await touches.begin(transaction, me, acts.register(allowed_by if mine else None), now)
    return registration.question(
        site,
        challenge,
        user=me.principal.id.bytes,
        name=me.principal.name,
        known=[key.credential_id for key in mine],
        timeout_ms=_TIMEOUT_MS,
    )


async def register(
    access: Access, me: SignedIn, site: RelyingParty, given: str, name: str, *, allowed_by: UUID | None = None
) -> SecurityKey:
    """Keep the new key under the name that its owner gives it. Raises InvalidTouch, which is on record, and Refused."""
    called = visible_line(storable(name).strip())[:MAX_NAME_CHARS]
    if not called:
        raise Refused("Give the key a name, by which you know it from others.")
    act = acts.register(allowed_by)
    async with access.database.transaction() as transaction:
        found = await _registered(transaction, me, site, act, given, access.redact(called))
        if isinstance(found, SecurityKey):
            await _tell(access, transaction, me.principal, found)
    if isinstance(found, _Refusal):
        raise InvalidTouch(found.problem)
    return found


async def end(access: Access, me: SignedIn, key_id: UUID, touch_id: UUID) -> SecurityKey:
    """End a key of one's own, by a touch of any that one has. Raises TooOld, and Refused."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        if not is_fresh(me, now):
            raise TooOld
        await browser_sessions.check_live(transaction, me, now)
        spent = await touches.spend(transaction, touch_id, me.principal, acts.end_key(key_id), now)
        if spent is None:
            raise Refused("A key is ended with a touch of one that you have. Touch one, then do it again.")
        which = (col(SecurityKey.id) == key_id) & (col(SecurityKey.principal_id) == me.principal.id)
        ended = await _end(transaction, which, KeyEnd.REMOVED, now, {"touch": spent.record})
        if not ended:
            raise Refused("This key has ended already, or it is not yours.")
        await _tell(access, transaction, me.principal, ended[0])
        return ended[0]


async def left(transaction: AsyncSession, principal: Principal, now: datetime) -> int:
    """The policy names them no longer, or gives them another account: whoever had their keys may be somebody else."""
    return len(await _end(transaction, col(SecurityKey.principal_id) == principal.id, KeyEnd.LEFT, now))


async def end_all(
    access: Access, transaction: AsyncSession, principal: Principal, reason: KeyEnd, now: datetime
) -> list[SecurityKey]:
    """Every key of theirs, which they are told in Slack; returns them."""
    ended = await _end(transaction, col(SecurityKey.principal_id) == principal.id, reason, now)
    for key in ended:
        await _tell(access, transaction, principal, key)
    return ended


_LIVE: Final = col(SecurityKey.ended_at).is_(None)
#: Acts that change which keys there are.
_CHANGING: Final = frozenset({acts.add_key().purpose, acts.end_key(UUID(int=0)).purpose})


async def _addable(transaction: AsyncSession, me: SignedIn, now: datetime) -> list[SecurityKey]:
    """The keys that there are, if one may be added to them; the person is locked, so that there is one first key.

    Raises TooOld, and Refused.
    """
    if not is_fresh(me, now):
        raise TooOld
    await transaction.get_one(Principal, me.principal.id, with_for_update={"key_share": True})
    await browser_sessions.check_live(transaction, me, now)
    mine = await of(transaction, me.principal)
    if len(mine) >= MAX_KEYS:
        raise Refused(f"You have {MAX_KEYS} keys, which is as many as anybody may have. End one first.")
    return mine


async def _is_allowed(transaction: AsyncSession, me: SignedIn, touch_id: UUID | None, now: datetime) -> bool:
    if touch_id is None:
        return False
    return await touches.spend(transaction, touch_id, me.principal, acts.add_key(), now) is not None


async def _key(transaction: AsyncSession, me: SignedIn, credential_id: bytes) -> SecurityKey:
    """The key, locked: two touches of one are compared with its counter one after the other. Raises InvalidTouch."""
    found = await transaction.scalar(
        select(SecurityKey)
        .where(col(SecurityKey.credential_id) == credential_id, _LIVE)
        .where(col(SecurityKey.principal_id) == me.principal.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise InvalidTouch(TouchProblem.OTHER_KEY)
    return found


async def _verified(
    access: Access, transaction: AsyncSession, me: SignedIn, site: RelyingParty, act: Act, given: str
) -> Touch | _Refusal:
    """The verified touch. What is refused is put on record, and committed with the challenge that it used up."""
    key: SecurityKey | None = None
    now = await clock(transaction)
    await browser_sessions.check_live(transaction, me, now)
    try:
        read = answer.read(given)
        touch = await touches.answer(transaction, me, act, read, now)
        key = await _key(transaction, me, read.credential_id)
        proven = assertion.verify(
            site,
            read,
            touch.challenge_hash,
            public_key=key.public_key,
            sign_count=key.sign_count,
            user=me.principal.id.bytes,
        )
    except InvalidTouch as problem:
        await touches.refused(transaction, me, act, problem.reason, {"key": str(key.id)} if key is not None else None)
        if problem.reason is TouchProblem.CLONED and key is not None:
            await _end(transaction, col(SecurityKey.id) == key.id, KeyEnd.CLONED, now)
            await _tell(access, transaction, me.principal, key)
        return _Refusal(problem.reason)
    key.sign_count, key.backed_up, key.last_used_at = proven.sign_count, proven.backed_up, now
    touch.verified_at, touch.key_id, touch.user_verified = now, key.id, proven.user_verified
    await transaction.flush()
    return touch


async def _registered(
    transaction: AsyncSession, me: SignedIn, site: RelyingParty, act: Act, given: str, name: str
) -> SecurityKey | _Refusal:
    now = await clock(transaction)
    mine = await _addable(transaction, me, now)
    try:
        read = answer.read(given)
        touch = await touches.answer(transaction, me, act, read, now)
        _check_is_first(act, mine)
        new = registration.verify(site, read, touch.challenge_hash)
        key = await _kept(transaction, me, new, name, now)
    except InvalidTouch as problem:
        await touches.refused(transaction, me, act, problem.reason)
        return _Refusal(problem.reason)
    await trail.record(
        transaction,
        actor=changes.actor(me.principal),
        action="web:security_key:add",
        resource=me.principal.name,
        at=now,
        detail={
            "key": str(key.id),
            "name": key.name,
            "aaguid": key.aaguid,
            "backup_eligible": key.backup_eligible,
            "browser": str(me.session.id),
            "provider": me.session.provider,
            "methods": me.session.methods,
            "signed_in_at": me.session.signed_in_at.isoformat(),
            "allowed_by": act.about,
        },
    )
    return key


def _check_is_first(act: Act, mine: list[SecurityKey]) -> None:
    """Raises InvalidTouch for a first key that is none by now: somebody was quicker."""
    if mine and act == acts.register(None):
        raise InvalidTouch(TouchProblem.UNKNOWN_CHALLENGE)


async def _kept(transaction: AsyncSession, me: SignedIn, new: NewKey, name: str, now: datetime) -> SecurityKey:
    """The row. Raises InvalidTouch for a credential that is somebody's already, or was."""
    values = SecurityKey(
        principal_id=me.principal.id,
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        transports=list(new.transports),
        aaguid=new.aaguid,
        name=name,
        backup_eligible=new.backup_eligible,
        backed_up=new.backed_up,
        created_at=now,
    ).model_dump()
    row = await transaction.scalar(
        insert(SecurityKey)
        .values(values)
        .on_conflict_do_nothing(index_elements=[col(SecurityKey.credential_id)])
        .returning(SecurityKey)
    )
    if row is None:
        raise InvalidTouch(TouchProblem.TAKEN)
    return row


async def _tell(access: Access, transaction: AsyncSession, owner: Principal, key: SecurityKey) -> None:
    """The owner reads in Slack that one of their keys was added or has ended, and what to do if it was not them."""
    person = access.policies.current.people.get(owner.name)
    if person is not None and person.slack is not None:
        await outbox.enqueue(transaction, PostSubject.SECURITY_KEY, key.id, PostPurpose.NOTICE, person.slack)


async def _end(
    transaction: AsyncSession,
    which: ColumnElement[bool],
    reason: KeyEnd,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> list[SecurityKey]:
    """End those of `which` that count, each with its audit event; returns them."""
    rows = await transaction.scalars(
        update(SecurityKey)
        .where(which, _LIVE)
        .values(ended_at=now, end_reason=reason)
        .returning(SecurityKey)
        .execution_options(populate_existing=True)
    )
    ended = list(rows.all())
    for key in ended:
        owner = await transaction.get_one(Principal, key.principal_id)
        await trail.record(
            transaction,
            actor=changes.actor(owner if reason is KeyEnd.REMOVED else None),
            action="web:security_key:end",
            resource=owner.name,
            at=now,
            detail={"key": str(key.id), "name": key.name, "why": reason.value, **(detail or {})},
        )
    return ended

"""SSH keys of people's own: added once their owner has signed a text with them, listed, ended, and let in by.

It takes a sign-in of the last minutes and, for who has a security key, a touch. One key is one person's, for ever. To
end a key takes the sign-in alone: whoever lost a laptop ends its key at once.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.changes import actor
from access.context import Access
from access.errors import Refused
from access.grants import grants
from access.identity import acts, browser_sessions, security_keys, touches
from access.identity.browser_sessions import SignedIn
from access.identity.security_keys import TooOld, is_fresh
from access.identity.ssh import public_keys, sshsig
from access.identity.ssh.public_keys import PublicKey
from access.identity.ssh.sshsig import InvalidSignature
from access.text import storable
from access.tokens import Claims
from access.visible import visible_line
from storage import outbox
from storage.audit import trail
from storage.database import clock
from storage.model import KeyEnd, PostPurpose, PostSubject, Principal, SshKey, SshKeyText

#: Keys that somebody has at once.
MAX_KEYS: Final = 10
MAX_NAME_CHARS: Final = 64
#: How long a text may be signed, and how many wait for one person at once.
LIFETIME: Final = timedelta(minutes=10)
MAX_TEXTS: Final = 20


class TakesTouch(Refused):
    """Whoever has a security key touches it for this, which a command line cannot."""


async def of(transaction: AsyncSession, principal: Principal) -> list[SshKey]:
    """The keys of somebody that count, the oldest first."""
    found = await transaction.scalars(
        select(SshKey)
        .where(col(SshKey.principal_id) == principal.id, _LIVE)
        .order_by(col(SshKey.created_at), col(SshKey.id))
    )
    return list(found.all())


async def text_for(access: Access, me: SignedIn) -> str:
    """What `me` is to sign with the key, once. Raises TooOld, and Refused."""
    text = f"gatepass-{secrets.token_urlsafe(24)}"
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        if not is_fresh(me, now):
            raise TooOld
        await browser_sessions.check_live(transaction, me, now)
        waiting = await transaction.scalar(
            select(func.count()).where(
                col(SshKeyText.principal_id) == me.principal.id,
                col(SshKeyText.used_at).is_(None),
                col(SshKeyText.expires_at) > now,
            )
        )
        if (waiting or 0) >= MAX_TEXTS:
            raise Refused("Many texts wait for your signature. Sign one of them, or wait ten minutes.")
        transaction.add(
            SshKeyText(
                principal_id=me.principal.id,
                browser_id=me.session.id,
                text_hash=_hash(text),
                created_at=now,
                expires_at=now + LIFETIME,
            )
        )
    return text


async def add(access: Access, me: SignedIn, text: str, armour: str, name: str, touch: UUID | None) -> SshKey:
    """Keep the key that signed `text`, under the name that its owner gives it.

    Raises TooOld, TakesTouch, and Refused; whatever is no proof is on record.
    """
    called = visible_line(storable(name).strip())[:MAX_NAME_CHARS]
    if not called:
        raise Refused("Give the key a name, by which you know it from others.")
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        try:
            key = await _added(transaction, me, text, armour, access.redact(called), touch, now)
            refusal = None
            await _tell(access, transaction, me.principal, key)
        except Refused as refused:
            key, refusal = None, refused
            await _record(transaction, me.principal, "add", now, "failure", {"why": str(refused)})
    if refusal is not None or key is None:
        raise refusal or Refused("")
    return key


async def _added(
    transaction: AsyncSession, me: SignedIn, text: str, armour: str, name: str, touch: UUID | None, now: datetime
) -> SshKey:
    if not is_fresh(me, now):
        raise TooOld
    # One after the other: so that there are never more than there may be.
    await transaction.get_one(Principal, me.principal.id, with_for_update={"key_share": True})
    await browser_sessions.check_live(transaction, me, now)
    if len(await of(transaction, me.principal)) >= MAX_KEYS:
        raise Refused(f"You have {MAX_KEYS} SSH keys, which is as many as anybody may have. End one first.")
    key = _signer(armour, text)
    allowed_by = await _allowed_by(transaction, me, text, touch, now)
    used = await transaction.scalar(
        update(SshKeyText)
        .where(
            col(SshKeyText.text_hash) == _hash(text),
            col(SshKeyText.principal_id) == me.principal.id,
            col(SshKeyText.browser_id) == me.session.id,
            col(SshKeyText.used_at).is_(None),
            col(SshKeyText.expires_at) > now,
        )
        .values(used_at=now)
        .returning(col(SshKeyText.id))
    )
    if used is None:
        raise Refused("This text is over, or it was used, or it is somebody else's. Begin anew, and sign the new one.")
    values = SshKey(
        principal_id=me.principal.id,
        fingerprint=key.fingerprint,
        public_key=key.blob,
        kind=key.kind,
        name=name,
        vouched=allowed_by is not None,
        created_at=now,
    ).model_dump()
    row = await transaction.scalar(
        insert(SshKey).values(values).on_conflict_do_nothing(index_elements=[col(SshKey.fingerprint)]).returning(SshKey)
    )
    if row is None:
        raise Refused(await _why_not_again(transaction, me, key))
    await _record(transaction, me.principal, "add", now, "success", {**_detail(row), **_of(me), "touch": allowed_by})
    return row


def _signer(armour: str, text: str) -> PublicKey:
    """The key that signed it, with a line's end behind it or without. Raises Refused."""
    try:
        return sshsig.verify(armour, text.encode())[0]
    except InvalidSignature as first:
        try:
            return sshsig.verify(armour, f"{text}\n".encode())[0]
        except InvalidSignature:
            raise Refused(str(first)) from first


async def _why_not_again(transaction: AsyncSession, me: SignedIn, key: PublicKey) -> str:
    """Of somebody else's key no more is said than that it is known here."""
    known = await transaction.scalar(select(SshKey).where(col(SshKey.fingerprint) == key.fingerprint))
    if known is None or known.principal_id != me.principal.id:
        return "This key is known here already, or was: one key is one person's, once. Make another one."
    if known.ended_at is None:
        return f'This key is yours already, as "{known.name}".'
    return "This key was ended here, and no key comes back that has ended. Make another one: ssh-keygen -t ed25519."


async def _allowed_by(
    transaction: AsyncSession, me: SignedIn, text: str, touch: UUID | None, now: datetime
) -> Mapping[str, Any] | None:
    """The touch that allowed it, for the record; None: its owner has no security key. Raises TakesTouch."""
    if not await security_keys.of(transaction, me.principal):
        return None
    act = acts.add_ssh_key(text)
    spent = await touches.spend(transaction, touch, me.principal, act, now) if touch is not None else None
    if spent is None:
        raise TakesTouch("You have a security key, so adding an SSH key takes a touch of it. Add it under SSH keys.")
    return spent.record


async def end(access: Access, me: SignedIn, key_id: UUID) -> SshKey:
    """End a key of one's own. Raises TooOld, and Refused."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        if not is_fresh(me, now):
            raise TooOld
        await browser_sessions.check_live(transaction, me, now)
        which = (col(SshKey.id) == key_id) & (col(SshKey.principal_id) == me.principal.id)
        ended = await _end(transaction, which, KeyEnd.REMOVED, me.principal, now, _of(me))
        if not ended:
            raise Refused("This key has ended already, or it is not yours.")
        await _tell(access, transaction, me.principal, ended[0])
        return ended[0]


async def left(transaction: AsyncSession, principal: Principal, now: datetime) -> int:
    """The policy names them no longer, or gives them another account: whoever had their keys may be somebody else."""
    which = col(SshKey.principal_id) == principal.id
    return len(await _end(transaction, which, KeyEnd.LEFT, principal, now, {}))


async def end_all(
    access: Access, transaction: AsyncSession, principal: Principal, reason: KeyEnd, now: datetime
) -> int:
    """Every key of theirs, which they are told in Slack; returns how many."""
    return len(await _end_told(access, transaction, col(SshKey.principal_id) == principal.id, principal, reason, now))


async def end_held(
    access: Access, transaction: AsyncSession, principal: Principal, reason: KeyEnd, now: datetime
) -> list[SshKey]:
    """Those that a security key holds, whose touch counts as its owner's presence; returns them."""
    which = (col(SshKey.principal_id) == principal.id) & col(SshKey.kind).startswith("sk-")
    return await _end_told(access, transaction, which, principal, reason, now)


async def _end_told(
    access: Access,
    transaction: AsyncSession,
    which: ColumnElement[bool],
    principal: Principal,
    reason: KeyEnd,
    now: datetime,
) -> list[SshKey]:
    ended = await _end(transaction, which, reason, principal, now, {})
    for key in ended:
        await _tell(access, transaction, principal, key)
    return ended


# --- at the door ------------------------------------------------------------------------------------------------------


async def known(access: Access, fingerprint: bytes) -> SshKey | None:
    """The key of somebody, if it counts."""
    async with access.database.transaction() as transaction:
        return await transaction.scalar(select(SshKey).where(col(SshKey.fingerprint) == fingerprint, _LIVE))


async def claims(access: Access, key_id: UUID, door: str) -> Claims:
    """The access of its owner to `door`; of several the one that lasts longest. Raises Refused."""
    role, _, resource = door.partition("@")
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        key = await transaction.scalar(
            update(SshKey).where(col(SshKey.id) == key_id, _LIVE).values(last_used_at=now).returning(SshKey)
        )
        if key is None:
            raise Refused("This key counts no more. Add another one under SSH keys.")
        owner = await transaction.get_one(Principal, key.principal_id)
        mine = await grants.of(transaction, owner, now)
    policy = access.policies.current
    fitting = [each for each in mine if (each.resource, each.role) == (resource, role)]
    allowed = [each for each in fitting if grants.still_allowed(policy, each, owner.name) is None]
    if not allowed:
        raise Refused(f"{owner.name} has no open access to {visible_line(door[:256])}. Ask for it, then connect again.")
    grant = allowed[-1]
    return Claims(
        principal_id=owner.id,
        grant_id=grant.id,
        resource=grant.resource,
        role=grant.role,
        kind=owner.kind,
        issued_at=key.created_at,
        expires_at=grant.expires_at,
        id=str(key.id),
    )


# --- both -------------------------------------------------------------------------------------------------------------

_LIVE: Final = col(SshKey.ended_at).is_(None)


async def _tell(access: Access, transaction: AsyncSession, owner: Principal, key: SshKey) -> None:
    """The owner reads in Slack that one of their keys was added or has ended, and what to do if it was not them."""
    person = access.policies.current.people.get(owner.name)
    if person is not None and person.slack is not None:
        await outbox.enqueue(transaction, PostSubject.SSH_KEY, key.id, PostPurpose.NOTICE, person.slack)


async def _end(
    transaction: AsyncSession,
    which: ColumnElement[bool],
    reason: KeyEnd,
    owner: Principal,
    now: datetime,
    detail: Mapping[str, Any],
) -> list[SshKey]:
    """End those of `which` that count, all of `owner`, each with its audit event; returns them."""
    rows = await transaction.scalars(
        update(SshKey)
        .where(which, _LIVE)
        .values(ended_at=now, end_reason=reason)
        .returning(SshKey)
        .execution_options(populate_existing=True)
    )
    ended = list(rows.all())
    for key in ended:
        said = {**_detail(key), "why": reason.value, **detail}
        await _record(transaction, owner, "end", now, "success", said, by=reason is KeyEnd.REMOVED)
    return ended


def _detail(key: SshKey) -> dict[str, Any]:
    return {"key": str(key.id), "name": key.name, "kind": key.kind, "fingerprint": public_keys.shown(key.fingerprint)}


def _of(me: SignedIn) -> dict[str, Any]:
    session = me.session
    return {"browser": str(session.id), "provider": session.provider, "signed_in_at": session.signed_in_at.isoformat()}


async def _record(
    transaction: AsyncSession,
    owner: Principal,
    action: str,
    now: datetime,
    outcome: str,
    detail: Mapping[str, Any],
    *,
    by: bool = True,
) -> None:
    await trail.record(
        transaction,
        actor=actor(owner if by else None),
        action=f"web:ssh_key:{action}",
        resource=owner.name,
        outcome=outcome,
        at=now,
        detail=detail,
    )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()

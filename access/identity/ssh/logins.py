"""SSH logins that wait for their person to say, in a browser where they are signed in, that it is them.

A link is good for one connection, for ten minutes, once. Whoever opens it lets that connection in as themselves, so the
page says where it comes from, and takes a number that its terminal alone shows. What a stranger typed as the user name
gets no link unless it could be the policy's. What is let in belongs to the sign-in of that browser, and ends with it.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.changes import actor
from access.context import Access
from access.errors import STALE, PolicyStale, Refused
from access.grants import grants
from access.identity import acts, browser_sessions, proof
from access.identity.browser_sessions import SignedIn
from access.identity.proof import Proof, Unproven
from access.identity.ssh import places
from access.identity.ssh.places import Full, Place
from access.in_force import policy_in_force
from access.policy.policy import Policy
from access.policy.shapes.base import NAME_PATTERN
from access.policy.shapes.credentials import ClientCredential
from access.tokens import Claims, new_token_id
from storage.audit import trail
from storage.database import clock
from storage.locks import Lock, take
from storage.model import Grant, LoginState, Principal, Protocol, SshLogin
from storage.notices import Topic, notify

LIFETIME: Final = timedelta(minutes=10)
#: Logins that one person has let in and that have not gone on yet.
MAX_PER_PERSON: Final = 4
#: Links that one source gets within their lifetime, whatever became of them.
MAX_LINKS: Final = 20
#: Wrong numbers until a link is over.
MAX_MISSES: Final = 3
SECRET_BYTES: Final = 32
_DIGITS: Final = 4
_SOFTWARE: Final = re.compile(r"[A-Za-z0-9._+-]{1,40}")

_OVER: Final = "This link is over, or it was used: it is good for one connection, for ten minutes. Start ssh again."
_SIGNED_OUT: Final = "You are no longer signed in in this browser. Sign in, and open the link again."
NOT_ME: Final = "Somebody opened the link and said that it was not them. Nobody was let in."


class WrongNumber(Refused):
    """It is not the one that the terminal shows, and may be typed again."""


@dataclass(frozen=True)
class Offered:
    """What the terminal shows: the link's secret, and the number."""

    id: UUID
    secret: bytes
    number: str
    expires_at: datetime


async def offer(access: Access, door: str, *, client: str, source: str, software: str) -> Offered:
    """A link for the connection from `client` (host:port), which counts for `source` and says its `software`.

    Raises Refused.
    """
    role, _, resource = door.partition("@")
    # Nothing else is shown to whoever opens the link: it would be a stranger's words on a page of ours.
    if not (re.fullmatch(NAME_PATTERN, role) and re.fullmatch(NAME_PATTERN, resource)):
        raise Refused("The user name must be role@resource, for example deploy@web-1.")
    secret, number = secrets.token_bytes(SECRET_BYTES), f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    async with access.database.transaction() as transaction:
        await take(transaction, Lock.SSH_LOGIN)
        now = await clock(transaction)
        recent = (col(SshLogin.created_at) > now - LIFETIME) & (col(SshLogin.source) == source)
        if (await transaction.scalar(select(func.count()).where(recent)) or 0) >= MAX_LINKS:
            raise Refused("There were many links for your address. Wait ten minutes, or use a token.")
        await _make_room(transaction, source, now)
        login = SshLogin(
            secret_hash=_hash(secret),
            resource=resource,
            role=role,
            client=client[:255],
            source=source,
            software=_software(software),
            number=number,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        transaction.add(login)
        await transaction.flush()
    return Offered(login.id, secret, number, login.expires_at)


def _software(version: str) -> str:
    """The program's name in an identification string (RFC 4253, 4.2), if it is one; what follows is anybody's words."""
    name = version.removeprefix("SSH-2.0-").partition(" ")[0]
    return name if _SOFTWARE.fullmatch(name) else ""


async def _make_room(transaction: AsyncSession, source: str, now: datetime) -> None:
    """Raises Refused where none is to be had; who gives a place up is told."""
    waiting = await transaction.execute(
        select(col(SshLogin.id), col(SshLogin.source))
        .where(col(SshLogin.state) == LoginState.WAITING, col(SshLogin.expires_at) > now)
        .order_by(col(SshLogin.created_at), col(SshLogin.id))
    )
    try:
        leaving = places.room_for([Place(row[0], row[1]) for row in waiting.all()], source)
    except Full as full:
        raise Refused(str(full)) from full
    if leaving is not None:
        await transaction.execute(
            update(SshLogin)
            .where(col(SshLogin.id) == leaving, col(SshLogin.state) == LoginState.WAITING)
            .values(state=LoginState.OVER)
        )
        await notify(transaction, Topic.SSH_LOGIN, leaving)


async def state(access: Access, login_id: UUID) -> SshLogin:
    """As it stands; one that is too late has the state OVER."""
    async with access.database.transaction() as transaction:
        login = await transaction.get_one(SshLogin, login_id)
        if login.state in _UNDECIDED and login.expires_at <= await clock(transaction):
            login.state = LoginState.OVER
        return login


async def gone(access: Access, login_id: UUID) -> None:
    """Its connection waits no more: whoever opens the link lets nobody in."""
    async with access.database.transaction() as transaction:
        await transaction.execute(
            update(SshLogin)
            .where(col(SshLogin.id) == login_id, col(SshLogin.state).in_(_UNDECIDED))
            .values(state=LoginState.OVER)
        )


async def claims(access: Access, login_id: UUID) -> Claims:
    """What it was let in by, for the connection that waited, once. Raises Refused."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        login = await transaction.scalar(
            update(SshLogin)
            .where(
                col(SshLogin.id) == login_id,
                col(SshLogin.state) == LoginState.ALLOWED,
                col(SshLogin.expires_at) > now,
            )
            .values(state=LoginState.USED)
            .returning(SshLogin)
        )
        if login is None or login.principal_id is None or login.grant_id is None or login.credential is None:
            raise Refused(_why_none(await transaction.get(SshLogin, login_id), now))
        holder = await transaction.get_one(Principal, login.principal_id)
    return Claims(
        principal_id=holder.id,
        grant_id=login.grant_id,
        resource=login.resource,
        role=login.role,
        kind=holder.kind,
        issued_at=login.decided_at or now,
        expires_at=login.expires_at,
        id=login.credential,
        sign_in=login.sign_in,
    )


def _why_none(login: SshLogin | None, now: datetime) -> str:
    if login is not None and login.state is LoginState.REFUSED:
        return NOT_ME
    if login is not None and login.state is LoginState.OVER and login.expires_at > now:
        return (
            "Many logins from your network wait for a browser, so this one gave up its place. Start ssh again, or use "
            "a token."
        )
    return "Nobody let this login in within its ten minutes. Start ssh again."


# --- in the browser ---------------------------------------------------------------------------------------------------


async def look(transaction: AsyncSession, secret: bytes, now: datetime) -> SshLogin:
    """Which connection a link is for. Raises Refused for one that is over."""
    return await _waiting(transaction, secret, now, locked=False)


async def grant_for(transaction: AsyncSession, policy: Policy, me: Principal, login: SshLogin) -> Grant | None:
    """The access of `me` that it would be let in by: of several the one that lasts longest."""
    mine = await grants.of(transaction, me)
    fitting = [each for each in mine if (each.resource, each.role) == (login.resource, login.role)]
    allowed = [each for each in fitting if grants.still_allowed(policy, each, me.name) is None]
    return allowed[-1] if allowed else None


def is_near(login: SshLogin, address: str) -> bool:
    """Whether a browser at `address` is where the connection comes from, as far as addresses tell."""
    try:
        found, network = ipaddress.ip_address(address.partition("%")[0]), ipaddress.ip_network(login.source)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return found in network or (found.is_loopback and network.is_loopback)


async def allow(access: Access, secret: bytes, me: SignedIn, *, typed: str, touch: UUID | None) -> SshLogin:
    """Let it in as `me`, who has `typed` the number of its terminal.

    Raises PolicyStale, and Refused: of that Unproven says that it takes a touch, WrongNumber that the link still waits.
    """
    proven, refusal, missed = Proof(), None, False
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        # One after the other of one person: so that there are never more than there may be.
        await transaction.get_one(Principal, me.principal.id, with_for_update={"key_share": True})
        now = await clock(transaction)
        login = await _waiting(transaction, secret, now, locked=True)
        grant = await grant_for(transaction, policy, me.principal, login) if policy is not None else None
        # Asked again: the request's body may have come long after its cookie.
        by = await browser_sessions.held(transaction, me.session.id, now)
        if policy is None:
            refusal = STALE
        elif by is None:
            refusal = _SIGNED_OUT
        elif not hmac.compare_digest(typed.strip().encode(), login.number.encode()):
            refusal = await _missed(transaction, login)
            missed = login.state is LoginState.WAITING
        elif grant is None:
            refusal = f"You have no open access to {login.role}@{login.resource}. Ask for it, then start ssh again."
        else:
            refusal = _not_taken(policy, grant) or await _too_many(transaction, me.principal, now)
        if refusal is None and policy is not None and grant is not None and by is not None:
            requires = policy.required_of_holder(me.principal.name, grant.resource, grant.role)
            credential, act = new_token_id(), acts.let_in(login.id)
            proven = await proof.weigh(
                access, transaction, policy, requires, me.principal, now, act, touch, token=credential
            )
            refusal = proven.lacking
            if refusal is None:
                login.state, login.decided_at, login.credential = LoginState.ALLOWED, now, credential
                login.principal_id, login.grant_id, login.sign_in = me.principal.id, grant.id, by.session.line
                await transaction.flush()
                await notify(transaction, Topic.SSH_LOGIN, login.id)
        await _record(transaction, login, me, "allow", refusal, proven)
    if proven.lacking is not None:
        raise Unproven(proven)
    if missed and refusal is not None:
        raise WrongNumber(refusal)
    if refusal is not None:
        raise Refused(refusal) if refusal != STALE else PolicyStale
    return login


async def refuse(access: Access, secret: bytes, me: SignedIn) -> SshLogin:
    """Whoever opened the link says that it is not them: the connection is told, and counts as a refused login."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        login = await _waiting(transaction, secret, now, locked=True)
        await browser_sessions.check_live(transaction, me, now)
        login.state, login.decided_at, login.principal_id = LoginState.REFUSED, now, me.principal.id
        await transaction.flush()
        await notify(transaction, Topic.SSH_LOGIN, login.id)
        await _record(transaction, login, me, "refuse", None, Proof())
    return login


#: States in which somebody may still come in.
_UNDECIDED: Final = (LoginState.WAITING, LoginState.ALLOWED)


async def _waiting(transaction: AsyncSession, secret: bytes, now: datetime, *, locked: bool) -> SshLogin:
    asked = select(SshLogin).where(
        col(SshLogin.secret_hash) == _hash(secret),
        col(SshLogin.state) == LoginState.WAITING,
        col(SshLogin.expires_at) > now,
    )
    found = await transaction.scalar(asked.with_for_update() if locked else asked)
    if found is None:
        raise Refused(_OVER)
    return found


async def _missed(transaction: AsyncSession, login: SshLogin) -> str:
    login.misses += 1
    if (left := MAX_MISSES - login.misses) > 0:
        tries = "One more try." if left == 1 else f"{left} more tries."
        theirs = "If a link was sent to you, it is somebody else's: say Not me."
        return f"That is not the number in the terminal. {tries} {theirs}"
    login.state = LoginState.REFUSED
    await transaction.flush()
    await notify(transaction, Topic.SSH_LOGIN, login.id)
    return "That was not the number in the terminal, three times, so this link is over. Start ssh again."


def _not_taken(policy: Policy, grant: Grant) -> str | None:
    resource = policy.resources[grant.resource]
    if resource.type is not Protocol.SSH or ClientCredential.BROWSER not in resource.roles[grant.role].accepts:
        return f"{grant.role}@{grant.resource} lets nobody in by a browser."
    return None


async def _too_many(transaction: AsyncSession, me: Principal, now: datetime) -> str | None:
    """Why another one may not be let in; an allowed one is used at once, unless its process is gone."""
    going_on = select(func.count()).where(
        col(SshLogin.principal_id) == me.id, col(SshLogin.state) == LoginState.ALLOWED, col(SshLogin.expires_at) > now
    )
    if (await transaction.scalar(going_on) or 0) < MAX_PER_PERSON:
        return None
    return f"{MAX_PER_PERSON} logins that you let in have not gone on yet. Wait for those, or start ssh again."


async def _record(
    transaction: AsyncSession, login: SshLogin, me: SignedIn, action: str, refusal: str | None, proven: Proof
) -> None:
    detail = {"login": str(login.id), "client": login.client, "browser": str(me.session.id)}
    if refusal is None and login.credential is not None:
        detail["credential"] = login.credential
    await trail.record(
        transaction,
        actor=actor(me.principal),
        action=f"web:ssh_login:{action}",
        resource=f"{login.resource}/{login.role}",
        outcome="success" if refusal is None else "denied",
        grant=login.grant_id,
        detail={**detail, "why": refusal} if refusal is not None else {**detail, **proven.detail},
    )


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()

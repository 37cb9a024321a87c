"""Touches that command lines want: asked for by one for one grant, given on a page by its person, spent by it once.

The page has the touch verified as every page does. What is handed for it is handed to the sign-in that asked, for the
grant that it asked for: the touch names the wish, and means nothing elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.changes import actor
from access.context import Access
from access.errors import PolicyStale, Refused
from access.grants import grants
from access.identity import acts, browser_sessions, proof
from access.identity.acts import Act
from access.identity.browser_sessions import SignedIn
from access.identity.proof import Proof, Unproven
from access.in_force import policy_in_force
from storage.audit import trail
from storage.database import clock
from storage.model import BrowserSession, Grant, WantedTouch
from storage.notices import Topic, notify

#: How long a command line waits for its person.
LIFETIME: Final = timedelta(minutes=5)
#: Wishes of one command line that wait at once.
MAX_WAITING: Final = 8

_OVER: Final = (
    "No command line of yours waits for this any more: it was touched for already, or it is too late. Start the "
    "command again."
)


class Stage(StrEnum):
    """Where a wish stands, as its command line is told."""

    WAITING = "waiting"
    TOUCHED = "touched"
    REFUSED = "refused"
    OVER = "over"


@dataclass(frozen=True)
class Wanted:
    """One wish, as its page shows it."""

    row: WantedTouch
    grant: Grant
    #: The sign-in of the command line that waits.
    by: BrowserSession

    @property
    def act(self) -> Act:
        return acts.hand_over(self.grant.id, self.row.id)


async def ask(access: Access, me: SignedIn, grant_id: UUID, *, client: str) -> WantedTouch:
    """Want a touch for a grant of one's own. `me` is the command line, `client` the address that it asks from.

    Raises Refused where nothing could be handed, touched for or not, PolicyStale and GrantUnusable.
    """
    async with access.database.transaction() as transaction:
        policy = await policy_in_force(access, transaction)
        # One after the other of one command line, so that there are never more than there may be.
        if await browser_sessions.held(transaction, me.session.id, await clock(transaction)) is None:
            raise Refused("This command line is signed in no more. Run `gatepass login`.")
        grant, now = await grants.usable(transaction, grant_id), await clock(transaction)
        if policy is None:
            raise PolicyStale
        if grant.principal_id != me.principal.id:
            raise Refused("This access is somebody else's. Ask for your own.")
        if (refusal := grants.still_allowed(policy, grant, me.principal.name)) is not None:
            raise Refused(refusal)
        requires = policy.required_of_holder(me.principal.name, grant.resource, grant.role)
        if requires is None or not requires.present:
            raise Refused("It takes no touch.")
        act = acts.take_token(grant.id)
        # Nobody touches a key for what a sign-in that is too old would refuse afterwards.
        lacking = await proof.weigh(access, transaction, policy, requires, me.principal, now, act)
        if lacking.takes_sign_in:
            raise Unproven(lacking)
        waiting = await transaction.scalar(
            select(func.count()).where(
                col(WantedTouch.browser_id) == me.session.id,
                col(WantedTouch.touch_id).is_(None),
                col(WantedTouch.refused_at).is_(None),
                col(WantedTouch.expires_at) > now,
            )
        )
        if (waiting or 0) >= MAX_WAITING:
            raise Refused("This command line waits for many touches already. Give those, or wait five minutes.")
        row = WantedTouch(
            principal_id=me.principal.id,
            browser_id=me.session.id,
            grant_id=grant.id,
            client=client[:64],
            created_at=now,
            expires_at=now + LIFETIME,
        )
        transaction.add(row)
        await transaction.flush()
        await _record(transaction, me, grant, "cli:touch:ask", row)
    return row


async def stage(access: Access, me: SignedIn, wanted_id: UUID) -> Stage | None:
    """Where a wish of this command line stands; None: it has none of this id."""
    async with access.database.transaction() as transaction:
        row = await _of_command_line(transaction, me, wanted_id)
        if row is None:
            return None
        if row.refused_at is not None:
            return Stage.REFUSED
        if row.touch_id is not None:
            return Stage.TOUCHED
        return Stage.WAITING if row.expires_at > await clock(transaction) else Stage.OVER


async def touch_for(access: Access, me: SignedIn, wanted_id: UUID, grant_id: UUID) -> UUID:
    """The touch that was given to this command line for this grant; whether it counts is asked where it is spent.

    Raises Refused.
    """
    async with access.database.transaction() as transaction:
        row = await _of_command_line(transaction, me, wanted_id)
        if row is None or row.grant_id != grant_id or row.touch_id is None:
            raise Refused("No touch of your security key was given to this command line for this. Start it again.")
        return row.touch_id


# --- in the browser ---------------------------------------------------------------------------------------------------


async def look(transaction: AsyncSession, me: SignedIn, wanted_id: UUID, now: datetime) -> Wanted:
    """The wish of `me` that waits. Raises Refused: there is none, somebody else's included."""
    found = await transaction.execute(
        select(WantedTouch, Grant, BrowserSession)
        .join(Grant, col(Grant.id) == col(WantedTouch.grant_id))
        .join(BrowserSession, col(BrowserSession.id) == col(WantedTouch.browser_id))
        .where(
            col(WantedTouch.id) == wanted_id,
            col(WantedTouch.principal_id) == me.principal.id,
            col(WantedTouch.touch_id).is_(None),
            col(WantedTouch.refused_at).is_(None),
            col(WantedTouch.expires_at) > now,
            col(BrowserSession.ended_at).is_(None),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise Refused(_OVER)
    return Wanted(row[0], row[1], row[2])


async def give(access: Access, me: SignedIn, wanted_id: UUID, touch: UUID | None) -> Wanted:
    """Give it the touch, which was verified for it. Raises Refused, of which Unproven: there is none."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        await browser_sessions.check_live(transaction, me, now)
        found = await look(transaction, me, wanted_id, now)
        if touch is None:
            raise Unproven(Proof("This takes a touch of your security key.", found.act.page))
        await _decide(transaction, found, {"touch_id": touch})
        await _record(transaction, me, found.grant, "web:touch:give", found.row)
    return found


async def refuse(access: Access, me: SignedIn, wanted_id: UUID) -> Wanted:
    """It is none of theirs: its command line is told. Raises Refused."""
    async with access.database.transaction() as transaction:
        now = await clock(transaction)
        await browser_sessions.check_live(transaction, me, now)
        found = await look(transaction, me, wanted_id, now)
        await _decide(transaction, found, {"refused_at": now})
        await _record(transaction, me, found.grant, "web:touch:refuse", found.row)
    return found


async def _decide(transaction: AsyncSession, found: Wanted, how: dict[str, object]) -> None:
    """Once, whoever comes first. Raises Refused."""
    decided = await transaction.scalar(
        update(WantedTouch)
        .where(
            col(WantedTouch.id) == found.row.id,
            col(WantedTouch.touch_id).is_(None),
            col(WantedTouch.refused_at).is_(None),
        )
        .values(**how)
        .returning(col(WantedTouch.id))
    )
    if decided is None:
        raise Refused(_OVER)
    await notify(transaction, Topic.TOUCH, decided)


# --- both -------------------------------------------------------------------------------------------------------------


async def _of_command_line(transaction: AsyncSession, me: SignedIn, wanted_id: UUID) -> WantedTouch | None:
    mine = (col(WantedTouch.id) == wanted_id) & (col(WantedTouch.browser_id) == me.session.id)
    return await transaction.scalar(select(WantedTouch).where(mine))


async def _record(transaction: AsyncSession, me: SignedIn, grant: Grant, action: str, row: WantedTouch) -> None:
    await trail.record(
        transaction,
        actor=actor(me.principal),
        action=action,
        resource=f"{grant.resource}/{grant.role}",
        grant=grant.id,
        detail={
            "wanted": str(row.id),
            "command_line": str(row.browser_id),
            "sign_in": str(me.session.id),
            "client": row.client,
        },
    )

"""A person who leaves the Slack workspace loses their access: live grants end, pending requests are cancelled.

Slack tells of it once (`user_change`), and what it tells while nobody listens, or while Slack or storage fails, is
lost: so everybody who has or asks for something, or whose approval waits for another one, is looked up at start and
every minute too. Only `deleted` ends anything, and only when Slack says it; whatever else Slack says against an account
takes its votes. An account that cannot be looked up is looked up again the next time.
"""

import asyncio
from collections.abc import Mapping
from typing import Never

import structlog
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.decisions import votes
from access.grants import revocation
from access.identity import people, suspension
from bot.slack import identity
from bot.slack.client import CALL_ERRORS, Installation, Slack, error_code, retry_after_s
from bot.slack.failures import Unanswerable
from storage.database import StorageUnavailable, clock
from storage.model import (
    AccessRequest,
    Grant,
    HoldState,
    Identity,
    IdentityProvider,
    Principal,
    RequestState,
    Review,
    Statement,
)

SWEEP_S = 60.0
#: Between two look-ups: users.info allows some hundred a minute, and commands and clicks need it too.
PACE_S = 1.0
#: When Slack says "not now" and not for how long.
BACK_OFF_S = 30.0

_WHY = "their Slack account was deactivated"
_UNCHECKED = (
    "Gatepass could not ask Slack whether those who approved this before may still review ({}). "
    "Your approval was not counted: please try again."
)

_log = structlog.get_logger(__name__)


class Offboarding:
    """Looks accounts up and ends what the deactivated ones have; doing it twice, or in two processes, is harmless."""

    def __init__(self, access: Access, slack: Slack, installation: Installation) -> None:
        self._access = access
        self._slack = slack
        self._team_id = installation.team_id

    async def run(self) -> Never:
        """Sweep until cancelled."""
        while True:
            try:
                await self._sweep()
            except StorageUnavailable as problem:
                _log.warning("offboarding_storage_unavailable", error=str(problem))
            await asyncio.sleep(SWEEP_S)

    async def look_up(self, slack_id: str) -> bool:
        """Ask Slack for one account: its votes count as long as it may review, and if it is deactivated all ends.

        False: Slack said nothing of it. Raises what CALL_ERRORS names, and StorageUnavailable.
        """
        account = (await self._slack.outgoing.users_info(user=slack_id)).get("user")
        if not isinstance(account, Mapping) or account.get("id") != slack_id:
            return False
        why = identity.account_refusal(account, self._team_id, reviewing=True)
        async with self._access.database.transaction() as transaction:
            await suspension.note(transaction, self._team_id, slack_id, why)
            if account.get("deleted") is not True:
                return True
            principal = await people.principal_of(transaction, IdentityProvider.SLACK, self._team_id, slack_id)
            if principal is None:
                return True
            now = await clock(transaction)
            await revocation.cancel_requests_of(transaction, principal, _WHY, now, source="slack")
            await revocation.revoke_grants_of(transaction, principal, _WHY, now, source="slack")
        _log.info("slack_account_deactivated", slack_user=slack_id)
        return True

    async def look_up_voters(self, about: AccessRequest | Statement) -> None:
        """Ask Slack for everybody who approved this, before another approval is counted with theirs.

        Raises Unanswerable where Slack does not say: then nobody's approval is counted.
        """
        async with self._access.database.transaction() as transaction:
            members = await votes.slack_members_who_approved(transaction, about, self._team_id)
        for slack_id in members:
            try:
                told = await self.look_up(slack_id)
            except CALL_ERRORS as problem:
                raise Unanswerable(_UNCHECKED.format(error_code(problem))) from problem
            if not told:
                raise Unanswerable(_UNCHECKED.format("no such user"))

    async def _sweep(self) -> None:
        """Everybody once, at a pace that leaves the rate limit to people; one that fails does not keep the others."""
        async with self._access.database.transaction() as transaction:
            slack_ids = await self._to_look_up(transaction)
        for slack_id in slack_ids:
            wait_s = PACE_S
            try:
                await self.look_up(slack_id)
            except CALL_ERRORS as problem:
                code = error_code(problem)
                _log.warning("account_not_looked_up", slack_user=slack_id, error=code)
                if code == "ratelimited":
                    wait_s = float(retry_after_s(problem) or BACK_OFF_S)
            await asyncio.sleep(wait_s)

    async def _to_look_up(self, transaction: AsyncSession) -> list[str]:
        """The members of this workspace who have a live grant or a pending request, or approved what still waits."""
        now = await clock(transaction)
        has_grant = exists().where(
            col(Grant.principal_id) == col(Principal.id), col(Grant.revoked_at).is_(None), col(Grant.expires_at) > now
        )
        has_request = exists().where(
            col(AccessRequest.principal_id) == col(Principal.id), col(AccessRequest.state) == RequestState.PENDING
        )
        found = await transaction.scalars(
            select(col(Identity.subject))
            .join(Principal, col(Principal.id) == col(Identity.principal_id))
            .where(
                col(Identity.provider) == IdentityProvider.SLACK,
                col(Identity.issuer) == self._team_id,
                col(Identity.retired_at).is_(None),
                or_(has_grant, has_request, _has_open_vote()),
            )
            .order_by(col(Identity.subject))
        )
        return list(found)


def _has_open_vote() -> ColumnElement[bool]:
    """Whether a principal approved something that is not decided yet."""
    open_requests = select(col(AccessRequest.id)).where(col(AccessRequest.state) == RequestState.PENDING)
    open_statements = select(col(Statement.id)).where(col(Statement.state) == HoldState.PENDING)
    return exists().where(
        col(Review.reviewer_id) == col(Principal.id),
        or_(col(Review.request_id).in_(open_requests), col(Review.statement_id).in_(open_statements)),
    )

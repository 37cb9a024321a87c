"""A person who leaves the Slack workspace loses their access: live grants end, pending requests are cancelled.

Slack tells of it once (`user_change`), and what it tells while nobody listens, or while Slack or storage fails, is
lost: so everybody who has or asks for something is looked up at start and every minute too. Only `deleted` ends
anything, and only when Slack says it; an account that cannot be looked up is looked up again the next time.
"""

import asyncio
from collections.abc import Mapping
from typing import Never

import structlog
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access.context import Access
from access.grants import revocation
from access.identity import people
from bot.slack.client import CALL_ERRORS, Installation, Slack, error_code, retry_after_s
from storage.database import StorageUnavailable, clock
from storage.model import AccessRequest, Grant, Identity, IdentityProvider, Principal, RequestState

SWEEP_S = 60.0
#: Between two look-ups: users.info allows some hundred a minute, and commands and clicks need it too.
PACE_S = 1.0
#: When Slack says "not now" and not for how long.
BACK_OFF_S = 30.0

_WHY = "their Slack account was deactivated"

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

    async def look_up(self, slack_id: str) -> None:
        """Ask Slack for one account, and end what its person has if it is deactivated.

        Raises what CALL_ERRORS names, and StorageUnavailable.
        """
        account = (await self._slack.outgoing.users_info(user=slack_id)).get("user")
        if not isinstance(account, Mapping) or account.get("id") != slack_id or account.get("deleted") is not True:
            return
        async with self._access.database.transaction() as transaction:
            principal = await people.principal_of(transaction, IdentityProvider.SLACK, self._team_id, slack_id)
            if principal is None:
                return
            now = await clock(transaction)
            await revocation.cancel_requests_of(transaction, principal, _WHY, now, source="slack")
            await revocation.revoke_grants_of(transaction, principal, _WHY, now, source="slack")
        _log.info("slack_account_deactivated", slack_user=slack_id)

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
        """The members of this workspace who have a live grant or a pending request."""
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
                or_(has_grant, has_request),
            )
            .order_by(col(Identity.subject))
        )
        return list(found)

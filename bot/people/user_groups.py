"""Slack's user groups, where the policy has groups that they fill: who is in them is asked every minute.

What Slack said counts for an hour, so that an outage of it takes nobody's place at once, and a bot that is gone keeps
nobody's for ever. Only accounts that are somebody's here are written down.
"""

import asyncio
import contextlib
import time
from datetime import timedelta
from typing import Final, Never

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from access import directory
from access.context import Access
from access.in_force import policy_in_force
from access.policy.shapes.groups import SLACK_CLAIM, SlackGroup
from bot.slack.client import CALL_ERRORS, Installation, Slack, error_code
from storage.database import StorageUnavailable, clock
from storage.model import Identity, IdentityProvider
from storage.notices import Notices, Topic

LOOK_S: Final = 60.0
#: Between two readings of storage, however often something changes.
PAUSE_S: Final = 1.0
COUNTS_FOR: Final = timedelta(hours=1)
#: Slack's words for a group that there is not, or not any more: nobody is in it.
_GONE: Final = frozenset({"no_such_subteam", "subteam_not_found"})

_log = structlog.get_logger(__name__)


class UserGroups:
    """Keeps what is known of them in step with Slack; any number of processes may."""

    def __init__(self, access: Access, slack: Slack, installation: Installation, notices: Notices) -> None:
        self._access = access
        self._slack = slack
        self._team_id = installation.team_id
        self._notices = notices
        #: Group -> who is in it, and when Slack said so.
        self._told: dict[str, tuple[frozenset[str], float]] = {}

    async def run(self) -> Never:
        """Until cancelled: every minute, and whenever the policy or somebody's account changed."""
        async with self._notices.subscribe(Topic.POLICY) as changes:
            while True:
                try:
                    await self._fill()
                except StorageUnavailable as problem:
                    _log.warning("user_groups_storage_unavailable", error=str(problem))
                await asyncio.sleep(PAUSE_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await anext(changes)

    async def _fill(self) -> None:
        groups = self._access.policies.written.groups.values()
        wanted = sorted({group.slack for group in groups if isinstance(group, SlackGroup)})
        if not wanted:
            return
        for group in wanted:
            await self._ask(group)
        self._told = {group: told for group, told in self._told.items() if group in wanted}
        async with self._access.database.transaction() as transaction:
            if await policy_in_force(self._access, transaction) is not None:
                await self._write(transaction)

    async def _ask(self, group: str) -> None:
        """Who is in it; what Slack does not say stays as it was, and lapses."""
        known = self._told.get(group)
        if known is not None and time.monotonic() - known[1] < LOOK_S - PAUSE_S:
            return
        try:
            answer = await self._slack.outgoing.usergroups_users_list(usergroup=group)
        except CALL_ERRORS as problem:
            code = error_code(problem)
            _log.warning("user_group_not_read", user_group=group, error=code)
            if code in _GONE:
                self._told[group] = (frozenset(), time.monotonic())
            return
        users = answer.get("users")
        self._told[group] = (frozenset(map(str, users if isinstance(users, list) else ())), time.monotonic())

    async def _write(self, transaction: AsyncSession) -> None:
        """What Slack said, of every account of this workspace that is somebody's."""
        now = await clock(transaction)
        found = await transaction.scalars(
            select(Identity)
            .where(
                col(Identity.provider) == IdentityProvider.SLACK,
                col(Identity.issuer) == self._team_id,
                col(Identity.retired_at).is_(None),
            )
            .order_by(col(Identity.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        is_news = False
        for account in found.all():
            inside = [group for group, (members, _) in sorted(self._told.items()) if account.subject in members]
            groups = {SLACK_CLAIM: inside} if inside else {}
            lapsed = account.groups_until is not None and account.groups_until <= now
            if groups != account.groups or (groups and lapsed):
                is_news = True
                account.groups, account.groups_until = groups, now + COUNTS_FOR
            elif groups and account.groups_until is not None and account.groups_until < now + COUNTS_FOR / 2:
                account.groups_until = now + COUNTS_FOR
        await transaction.flush()
        if is_news:
            await directory.changed(transaction)

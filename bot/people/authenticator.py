"""Who is speaking: a Slack account that can be relied on, and the principal it is linked to.

Looked up at every command and click and never kept: accounts and policies change while cards stand. Refuses everybody
about whom Slack or storage leaves a doubt, and writes the refusal into the audit log.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from access.changes import actor
from access.context import Access
from access.identity import linking, people, suspension
from access.visible import visible_line
from bot.slack import identity
from bot.slack.client import CALL_ERRORS, Installation, Slack, error_code
from bot.slack.failures import NotAdmitted
from storage.audit import trail
from storage.database import clock
from storage.model import IdentityProvider, Principal

_UNKNOWN = "Gatepass does not know you. Ask an administrator to add your Slack member id {} to gatepass.yml."
_UNLINKED = "Gatepass does not know yet whose Slack account this is. Sign in within ten minutes, and it is yours there:"
_LINKS_ENOUGH = "Gatepass gave you several links to sign in by already: use one of those, or come back in ten minutes."
_UNCHECKED = "Gatepass could not check your account with Slack ({}). Please try again."


@dataclass(frozen=True)
class Speaker:
    """A principal, proven by their Slack account."""

    principal: Principal
    slack_id: str


class Authenticator:
    """Admits the people behind payloads, or says why not."""

    def __init__(self, access: Access, slack: Slack, installation: Installation) -> None:
        self._access = access
        self._slack = slack
        self._team_id = installation.team_id

    async def admit(self, body: Mapping[str, Any], *, about: str, reviewing: bool = False) -> Speaker:
        """The speaker. `about` says in the audit log what they were kept from. Raises NotAdmitted."""
        slack_id = identity.user_id(body)
        account: Mapping[str, Any] | None = None
        refusal = identity.payload_refusal(body, self._team_id)
        if refusal is None:
            account, refusal = await self._account(slack_id)
        if account is not None:
            refusal = identity.account_refusal(account, self._team_id, reviewing=reviewing)
        link = ""
        if refusal is None and account is not None:
            await self._known_by_address(slack_id, account)
        async with self._access.database.transaction() as transaction:
            if account is not None and reviewing:
                # What Slack says now is also what their earlier votes are worth.
                await suspension.note(transaction, self._team_id, slack_id, refusal)
            principal = await people.principal_of(transaction, IdentityProvider.SLACK, self._team_id, slack_id)
            if refusal is None and principal is None:
                refusal, link = await self._unlinked(transaction, slack_id, account or {})
            if refusal is None:
                assert principal is not None
                return Speaker(principal, slack_id)
            await trail.record(
                transaction,
                actor="unknown" if refusal == identity.FOREIGN else actor(principal) if principal else "unknown",
                action="slack:identity:refuse",
                resource=about,
                outcome="denied",
                detail={"slack_user": slack_id[:32], "why": refusal},
            )
        raise NotAdmitted(refusal, link)

    async def _known_by_address(self, slack_id: str, account: Mapping[str, Any]) -> None:
        """An account that is nobody's becomes whose address it has, where the policy wants that."""
        slack = self._access.policies.current.slack
        email = _inner(account, "profile").get("email")
        if slack is None or not slack.match_email or not isinstance(email, str) or not email:
            return
        async with self._access.database.transaction() as transaction:
            known = await people.principal_of(transaction, IdentityProvider.SLACK, self._team_id, slack_id)
        if known is None:
            await linking.by_email(self._access, self._team_id, slack_id, email)

    async def _unlinked(self, transaction: AsyncSession, slack_id: str, account: Mapping[str, Any]) -> tuple[str, str]:
        """What a stranger is told, and where they may link their account; empty: nowhere."""
        if not self._access.pages or not self._access.policies.current.providers:
            return _UNKNOWN.format(slack_id), ""
        enterprise = _inner(account, "enterprise_user").get("enterprise_id")
        secret = await linking.offer(
            transaction,
            self._team_id,
            slack_id,
            enterprise=enterprise if isinstance(enterprise, str) else None,
            shown=_shown(account),
            now=await clock(transaction),
        )
        if secret is None:
            return _LINKS_ENOUGH, ""
        return _UNLINKED, f"{self._access.pages}/link/{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"

    async def _account(self, slack_id: str) -> tuple[Mapping[str, Any] | None, str | None]:
        """The account by Slack's own words, or why there is none to judge."""
        if not slack_id:
            return None, _UNCHECKED.format("no user in the payload")
        try:
            answer = await self._slack.client.users_info(user=slack_id)
        except CALL_ERRORS as problem:
            return None, _UNCHECKED.format(error_code(problem))
        account = answer.get("user")
        if not isinstance(account, Mapping) or account.get("id") != slack_id:
            return None, _UNCHECKED.format("no such user")
        return account, None


def _shown(account: Mapping[str, Any]) -> str:
    """As people see it in Slack: the name they gave themselves, and the one they are mentioned by."""
    names = [account.get("real_name"), account.get("name")]
    full, short = (visible_line(each) if isinstance(each, str) else "" for each in names)
    return f"{full} (@{short})" if full and short else full or short


def _inner(account: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = account.get(key)
    return found if isinstance(found, Mapping) else {}

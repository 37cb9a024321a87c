"""Who is speaking: a Slack account that can be relied on, and the principal it is linked to.

Looked up at every command and click and never kept: accounts and policies change while cards stand. Refuses everybody
about whom Slack or storage leaves a doubt, and writes the refusal into the audit log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from access.changes import actor
from access.context import Access
from access.identity import people
from bot.slack import identity
from bot.slack.client import CALL_ERRORS, Installation, Slack, error_code
from bot.slack.failures import NotAdmitted
from storage.audit import trail
from storage.model import IdentityProvider, Principal

_UNKNOWN = "Gatepass does not know you. Ask an administrator to add your Slack member id {} to gatepass.yml."
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
        refusal = identity.payload_refusal(body, self._team_id) or await self._account_refusal(
            slack_id, reviewing=reviewing
        )
        async with self._access.database.transaction() as transaction:
            principal = await people.principal_of(transaction, IdentityProvider.SLACK, self._team_id, slack_id)
            if refusal is None and principal is None:
                refusal = _UNKNOWN.format(slack_id)
            if refusal is None and principal is not None:
                return Speaker(principal, slack_id)
            await trail.record(
                transaction,
                actor="unknown" if refusal == identity.FOREIGN else actor(principal) if principal else "unknown",
                action="slack:identity:refuse",
                resource=about,
                outcome="denied",
                detail={"slack_user": slack_id[:32], "why": refusal},
            )
        raise NotAdmitted(refusal)

    async def _account_refusal(self, slack_id: str, *, reviewing: bool) -> str | None:
        if not slack_id:
            return _UNCHECKED.format("no user in the payload")
        try:
            answer = await self._slack.client.users_info(user=slack_id)
        except CALL_ERRORS as problem:
            return _UNCHECKED.format(error_code(problem))
        account = answer.get("user")
        if not isinstance(account, Mapping) or account.get("id") != slack_id:
            return _UNCHECKED.format("no such user")
        return identity.account_refusal(account, self._team_id, reviewing=reviewing)

"""Authenticator: a token is checked, the grant in storage decides, and every refusal is on record.

Clients without a token must not hurt those who have one: few tokens are checked at once, and a client that is refused
again and again is counted in the audit log rather than written down each time.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from access import in_force
from access.context import Access
from access.errors import STALE
from access.grants import grants
from access.policy.policy import Policy
from access.policy.resources import Resource, Role
from access.tokens import Claims, InvalidToken
from proxy.errors import AccessRefused
from storage.audit import trail
from storage.database import StorageUnavailable
from storage.model import Grant, Principal, Protocol

log: structlog.stdlib.BoundLogger = structlog.get_logger()

NO_STORAGE = "Gatepass cannot reach its storage, so nobody is let in. Try again in a minute."

#: How many tokens are checked at once; storage's connections are for live sessions first.
ADMISSIONS_AT_ONCE = 4
#: How long a client waits for its turn to be checked.
QUEUE_TIMEOUT_S = 10.0

#: Refusals of one host that are written one by one in a window; the rest of them become one event with their number.
REFUSALS_A_WINDOW = 10
WINDOW_S = 60.0
#: Hosts that are told apart; beyond that they count as one.
MOST_HOSTS = 10_000


@dataclass(frozen=True)
class Admission:
    """A verified token's grant, with the resource and role as the policy describes them now."""

    grant: Grant
    principal: Principal
    policy: Policy
    resource: Resource
    role: Role
    protocol: Protocol
    client: str


@dataclass
class _Window:
    """One host's refusals since `started`."""

    started: float
    seen: int = 0


class Authenticator:
    """Admits or refuses; one for every proxy process."""

    def __init__(self, access: Access, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._clock = clock
        self._turns = asyncio.Semaphore(ADMISSIONS_AT_ONCE)
        self._refused: dict[str, _Window] = {}

    async def admit(self, *, username: str, token: str, protocol: Protocol, client: str) -> Admission:
        """Check a token against the role@resource it is used for. `username` is role@resource, `client` host:port.

        Raises AccessRefused with a sentence for the person; every refusal is an audit event, or counted in one.
        """
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise AccessRefused("Too many people are signing in at once. Try again in a moment.") from None
        try:
            return await self._admitted(username, token, protocol, client)
        except (AccessRefused, grants.GrantUnusable) as refusal:
            await self._note_refusal(username, str(refusal), protocol, client)
            raise AccessRefused(str(refusal)) from refusal
        except StorageUnavailable as error:
            raise AccessRefused(NO_STORAGE) from error
        finally:
            self._turns.release()

    async def _admitted(self, username: str, token: str, protocol: Protocol, client: str) -> Admission:
        role_name, _, resource_name = username.partition("@")
        if not role_name or not resource_name:
            raise AccessRefused("The user name must be role@resource, for example read@payments-db.")
        claims = self._claims(token)
        if (claims.resource, claims.role) != (resource_name, role_name):
            raise AccessRefused(
                f"This token opens {claims.role}@{claims.resource}, not {role_name}@{resource_name}. "
                "Get a token for this door from Gatepass in Slack."
            )
        async with self._access.database.transaction() as transaction:
            policy = await in_force.policy_in_force(self._access, transaction)
            grant = await grants.usable(transaction, claims.grant_id)
            principal = await transaction.get_one(Principal, grant.principal_id)
        if policy is None:
            raise AccessRefused(STALE)
        if (grant.resource, grant.role, principal.id) != (resource_name, role_name, claims.principal_id):
            raise AccessRefused("This token does not match its grant. Get a new one from Gatepass in Slack.")
        if (refusal := grants.still_allowed(policy, grant, principal.name)) is not None:
            raise AccessRefused(refusal)
        resource = policy.resources[resource_name]
        if resource.type is not protocol:
            raise AccessRefused(f"{resource_name} is a {resource.type.value} resource; this is the {protocol} port.")
        return Admission(grant, principal, policy, resource, resource.roles[role_name], protocol, client)

    def _claims(self, token: str) -> Claims:
        try:
            return self._access.keys.verify(token)
        except InvalidToken as error:
            raise AccessRefused(str(error)) from error

    # --- refusals -------------------------------------------------------------------------------------------------

    async def note_refusal(self, admission: Admission, why: str) -> None:
        """Put on record that somebody who was admitted got no session after all."""
        door = f"{admission.role.name}@{admission.resource.name}"
        actor = f"{admission.principal.kind}:{admission.principal.name}"
        await self._note_refusal(door, why, admission.protocol, admission.client, actor=actor)

    async def _note_refusal(
        self, username: str, why: str, protocol: Protocol, client: str, *, actor: str = "unknown"
    ) -> None:
        host = client.rpartition(":")[0] or client
        window = self._window(host)
        window.seen += 1
        if window.seen > REFUSALS_A_WINDOW:
            return
        why = self._access.redact(why)
        log.info("access_refused", protocol=protocol.value, client=client, why=why)
        resource = self._access.redact(username)[:200]
        await self._record(resource, {"protocol": protocol.value, "client": client, "why": why}, actor=actor)

    def _window(self, host: str) -> _Window:
        if host not in self._refused and len(self._refused) >= MOST_HOSTS:
            host = "others"
        return self._refused.setdefault(host, _Window(self._clock()))

    async def summarise(self) -> None:
        """Write how many refusals went unwritten in windows that are over; the server calls it every so often."""
        now = self._clock()
        for host, window in list(self._refused.items()):
            if now - window.started < WINDOW_S:
                continue
            del self._refused[host]
            if (more := window.seen - REFUSALS_A_WINDOW) > 0:
                log.warning("access_refused_again_and_again", client=host, more=more)
                why = f"{more} further refusals within {round(now - window.started)} s"
                await self._record("", {"client": host, "why": why, "refusals": more})

    async def _record(self, resource: str, detail: dict[str, object], *, actor: str = "unknown") -> None:
        with contextlib.suppress(StorageUnavailable):
            async with self._access.database.transaction() as transaction:
                await trail.record(
                    transaction,
                    actor=actor,
                    action="proxy:session:refuse",
                    resource=resource,
                    outcome="failure",
                    detail=detail,
                )

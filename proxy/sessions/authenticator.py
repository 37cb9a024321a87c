"""Authenticator: a token is checked, the grant in storage decides, and every refusal is on record.

Clients without a token must not hurt those who have one: few tokens are checked at once, and whoever fails again and
again is answered ever later, and then refused for a while.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from access import in_force
from access.certificates.reading import SENTENCES, CertificateProblem
from access.context import Access
from access.errors import STALE, Refused
from access.grants import grants
from access.identity import presented
from access.identity.presented import NOUNS, LetIn, Presented
from access.identity.proof import Proof
from access.policy.policy import Policy
from access.policy.resources import Resource
from access.policy.shapes.credentials import ClientCredential
from access.policy.shapes.roles import Role
from access.tokens import Claims, InvalidCredential, InvalidToken, TokenProblem
from proxy.errors import AccessRefused
from proxy.sessions.lockout import LockedOut, Lockout
from proxy.sessions.refusals import Attempt, Refusals
from storage.database import StorageUnavailable
from storage.model import Grant, Principal, Protocol

NO_STORAGE = "Gatepass cannot reach its storage, so nobody is let in. Try again in a minute."

#: How many tokens are checked at once; storage's connections are for live sessions first.
ADMISSIONS_AT_ONCE = 4
#: How long a client waits for its turn to be checked.
QUEUE_TIMEOUT_S = 10.0


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
    #: What is asked about them again when their session opens.
    let_in: LetIn
    #: What they had proven, where the rule asked, as access.identity.proof says.
    proof: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: What they let themselves in with: its `kind`, and what else identifies it.
    credential: Mapping[str, Any] = field(default_factory=dict[str, Any])


#: What counts against nobody: this process has the wrong policy, or the wrong time.
_OUR_FAULT = (STALE, str(InvalidToken(TokenProblem.NOT_YET_VALID)), SENTENCES[CertificateProblem.NOT_YET_VALID])


class _Busy(Exception):
    """No turn came in time."""

    def __init__(self) -> None:
        super().__init__("Too many people are signing in at once. Try again in a moment.")


class Authenticator:
    """Admits or refuses; one for every proxy process."""

    def __init__(
        self,
        access: Access,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._access = access
        self._sleep = sleep
        self._turns = asyncio.Semaphore(ADMISSIONS_AT_ONCE)
        self.refusals = Refusals(access, clock)
        self.lockout = Lockout(access, self.refusals, clock=clock)

    async def admit(self, *, username: str, token: str, protocol: Protocol, client: str) -> Admission:
        """As `admit_by`, with a token."""
        return await self.admit_by(presented.token(token), username=username, protocol=protocol, client=client)

    async def admit_by(self, brought: Presented, *, username: str, protocol: Protocol, client: str) -> Admission:
        """Check what was brought against the role@resource it is used for, which is `username`; `client` is host:port.

        Of a protocol without user names it is the resource alone, and the credential says which role.

        Raises AccessRefused with a sentence for the person; every refusal is an audit event, or counted in one. Where
        logins fail again and again it takes its time.
        """
        attempt = Attempt(username, protocol, client)
        source = attempt.source
        tried: list[Claims] = []
        try:
            self.lockout.check_source(source)
            async with self._turn():
                admission = await self._admitted(attempt, brought, tried)
        except StorageUnavailable as error:
            raise AccessRefused(NO_STORAGE) from error
        except _Busy as busy:
            raise AccessRefused(str(busy)) from busy
        except (AccessRefused, grants.GrantUnusable) as refusal:
            await self.refusals.note(attempt, str(refusal))
            if not isinstance(refusal, LockedOut) and str(refusal) not in _OUR_FAULT:
                await self._sleep(await self.lockout.failed(source, tried[0].principal_id if tried else None))
            raise AccessRefused(str(refusal)) from refusal
        self.lockout.succeeded(source, admission.principal.id)
        return admission

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise _Busy from None
        try:
            yield
        finally:
            self._turns.release()

    async def _admitted(self, attempt: Attempt, brought: Presented, tried: list[Claims]) -> Admission:
        """`tried` gets the claims that were proven, whatever becomes of them."""
        role_name, _, resource_name = attempt.username.rpartition("@")
        if not resource_name or (not role_name and attempt.protocol is not Protocol.KUBERNETES):
            raise AccessRefused("The user name must be role@resource, as `gatepass status` and Slack show it.")
        claims = await self._claims(brought, tried)
        role_name = role_name or claims.role
        let_in = brought.let_in(claims)
        if (claims.resource, claims.role) != (resource_name, role_name):
            raise AccessRefused(
                f"This {NOUNS[brought.kind]} opens {claims.role}@{claims.resource}, not {role_name}@{resource_name}. "
                + (_OTHER_DOOR if brought.kind is ClientCredential.TOKEN else _OTHER_USER)
            )
        async with self._access.database.transaction() as transaction:
            policy = await in_force.policy_in_force(self._access, transaction)
            grant = await grants.usable(transaction, claims.grant_id)
            principal = await transaction.get_one(Principal, grant.principal_id)
            signed_out = await let_in.signed_out(transaction)
            proven = Proof()
            if policy is not None:
                proven = await let_in.proven(self._access, transaction, policy, grant, principal)
        if signed_out is not None:
            raise AccessRefused(signed_out)
        if policy is None:
            raise AccessRefused(STALE)
        if (grant.resource, grant.role, principal.id) != (resource_name, role_name, claims.principal_id):
            raise AccessRefused(f"This {NOUNS[brought.kind]} does not match its grant. Get a new one from Gatepass.")
        if (refusal := grants.still_allowed(policy, grant, principal.name)) is not None:
            raise AccessRefused(refusal)
        if proven.lacking is not None:
            raise AccessRefused(proven.lacking)
        resource = policy.resources[resource_name]
        if resource.type is not attempt.protocol:
            mine = f"this is the {attempt.protocol} port."
            raise AccessRefused(f"{resource_name} is a {resource.type.value} resource; {mine}")
        role = resource.roles[role_name]
        if brought.kind not in role.accepts:
            raise AccessRefused(_not_accepted(brought, role_name, resource))
        return Admission(
            grant,
            principal,
            policy,
            resource,
            role,
            attempt.protocol,
            attempt.client,
            let_in,
            proven.record,
            {**brought.record, "id": claims.id},
        )

    async def _claims(self, brought: Presented, tried: list[Claims]) -> Claims:
        try:
            claims = await brought.read(self._access)
        except InvalidCredential as error:
            if error.claims is not None:
                tried.append(error.claims)
                self.lockout.check_person(error.claims.principal_id)
            raise AccessRefused(str(error)) from error
        except Refused as error:
            raise AccessRefused(str(error)) from error
        tried.append(claims)
        self.lockout.check_person(claims.principal_id)
        return claims

    # --- refusals -------------------------------------------------------------------------------------------------

    async def note_refusal(self, admission: Admission, why: str) -> None:
        """Put on record that somebody who was admitted got no session after all."""
        door = f"{admission.role.name}@{admission.resource.name}"
        actor = f"{admission.principal.kind}:{admission.principal.name}"
        await self.refusals.note(Attempt(door, admission.protocol, admission.client), why, actor=actor)


def _not_accepted(brought: Presented, role: str, resource: Resource) -> str:
    accepted = " or ".join(_CALLED[kind] for kind in resource.roles[role].accepts)
    return f"{role}@{resource.name} does not accept {_CALLED[brought.kind]}: connect with {accepted}."


_OTHER_DOOR: Final = "Get a token for this door from Gatepass in Slack."
_OTHER_USER: Final = "Connect as that user, or without it."
_CALLED: Final[Mapping[ClientCredential, str]] = {
    ClientCredential.TOKEN: "a token",
    ClientCredential.CERTIFICATE: "a certificate, as gatepass ssh and gatepass psql do",
    ClientCredential.KEY: "a registered key",
    ClientCredential.BROWSER: "a browser's confirmation",
}

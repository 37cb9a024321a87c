"""The door of provisioning: whoever has the token that the policy names for a provider is that provider.

No cookie is looked at, and no form is taken. A token that is wrong is on record, and counts against its address.
"""

import hashlib
import hmac
from typing import Final

import structlog
from aiohttp import web

from access.context import Access
from access.identity.scim.protocol.problems import Problem
from access.identity.scim.room import Teller
from access.secrets import NoSecret, resolve
from storage.audit import trail
from web.door.guard import CLIENT
from web.door.rates import Rates
from web.settings import Origin

PREFIX: Final = "/scim/v2"
#: Whoever can guess it deactivates everybody.
SHORTEST_TOKEN_CHARS: Final = 24
_LONGEST_TOKEN_CHARS: Final = 4_096
#: Requests of one provider: so many at once, and this long for one more. A first synchronization sends thousands.
BURST: Final = 1_000
REFILL_S: Final = 0.02

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Door:
    """Lets providers in, each by its own token."""

    def __init__(self, access: Access, origin: Origin) -> None:
        self._access = access
        self._origin = origin
        #: Of wrong tokens, by address.
        self._failures = Rates()
        #: Of right ones, by provider.
        self._requests = Rates(burst=BURST, refill_s=REFILL_S)

    async def teller(self, request: web.Request) -> Teller:
        """The provider that sends this. Raises Problem."""
        await self.check(request)
        name = request.match_info["provider"]
        if not self._requests.take(name):
            raise Problem(429, "These were many requests at once. Slow down.")
        return Teller(self._access, name, f"{self._origin}{PREFIX}/{name}")

    async def check(self, request: web.Request) -> None:
        """That it has the token, as the policy names it now. Raises Problem."""
        name = request.match_info["provider"]
        provider = self._access.policies.written.providers.get(name)
        expected = None
        if provider is not None and provider.scim is not None:
            expected = await self._token(name, provider.scim.token)
        given = _given(request)
        is_right = hmac.compare_digest(_digest(given or ""), _digest(expected or ""))
        if given is None or expected is None or not is_right:
            # The right token is let in before: whoever else has the provider's address keeps nobody's leavers in.
            if self._failures.is_empty(request[CLIENT]):
                raise Problem(429, "There were many wrong tokens from this address. Wait a minute.")
            self._failures.take(request[CLIENT])
            await self._refused(request, name if provider is not None else "", "wrong" if given is not None else "none")
            raise Problem(401, "The token is not the one that the policy of this Gatepass names for this provider.")

    async def _token(self, name: str, reference: str) -> str:
        """Raises Problem (503) while there is none to compare with."""
        try:
            token = (await resolve(reference)).get_secret_value()
        except NoSecret as error:
            log.warning("scim_has_no_token", provider=name, why=str(error))
            raise Problem(503, "Gatepass has no token to compare with. Its log says why.") from error
        if len(token) < SHORTEST_TOKEN_CHARS:
            log.warning("scim_token_too_short", provider=name, shortest=SHORTEST_TOKEN_CHARS)
            raise Problem(503, "Gatepass has no token that is long enough. Its log says which.")
        return token

    async def _refused(self, request: web.Request, provider: str, which: str) -> None:
        async with self._access.database.transaction() as transaction:
            await trail.record(
                transaction,
                actor="unknown",
                action="scim:token:refuse",
                resource=provider,
                outcome="failure",
                detail={"token": which, "client": request[CLIENT]},
            )


def _given(request: web.Request) -> str | None:
    """RFC 6750, 2.1; None: there is none."""
    headers = request.headers.getall("Authorization", [])
    if len(headers) != 1:
        return None
    scheme, _, token = headers[0].partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST_TOKEN_CHARS else None


def _digest(token: str) -> bytes:
    """Of one length, whatever was sent."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()

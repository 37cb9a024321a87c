"""Provider: one OpenID provider as this process knows it, its description and keys kept, and fetched again in time.

A provider that is down for an hour stops nobody whose key is known: what was fetched stays until something newer is
had. A key that nobody knows is asked for again, but not more often than every half minute, whoever sends tokens; until
it is known, what it signed is nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar
from urllib.parse import quote_plus

import aiohttp
import structlog

from access import secrets
from access.identity.oidc import id_token, logout_token
from access.identity.oidc.id_token import Expected, IdTokenProblem, InvalidIdToken
from access.identity.oidc.key_set import KeySet, NotAKeySet
from access.identity.oidc.metadata import NotAProvider, ProviderMetadata, well_known
from access.identity.proven import Logout, SignIn
from access.policy.shapes.providers import OidcProvider
from web.oidc.fetching import ProviderSilent, get_json, post_form

#: How old what a provider says of itself may be, and its keys.
METADATA_AGE_S: Final = 3_600.0
KEYS_AGE_S: Final = 600.0
#: How soon a fetch that failed, or an unknown key, makes it ask again.
AGAIN_S: Final = 30.0

T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True)
class Tokens:
    """What a code was exchanged for, as it came: nothing of it is proven yet."""

    id_token: str
    access_token: str | None


@dataclass
class _Kept(Generic[T]):
    """Something of the provider's, and when it was fetched; times are the clock's."""

    age_s: float
    value: T | None = None
    fetched_at: float = 0.0
    #: When a fetch failed last, or was asked for before its time.
    asked_again_at: float = float("-inf")
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_due(self, now: float, *, newer: bool) -> bool:
        if self.value is None:
            return True
        is_old = newer or now - self.fetched_at >= self.age_s
        return is_old and now - self.asked_again_at >= AGAIN_S


class Provider:
    """One provider of the policy; `session` is its HTTP client, made and closed by the caller."""

    def __init__(
        self,
        registration: OidcProvider,
        session: aiohttp.ClientSession,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registration = registration
        self._session = session
        self._clock = clock
        self._metadata: _Kept[ProviderMetadata] = _Kept(METADATA_AGE_S)
        self._keys: _Kept[KeySet] = _Kept(KEYS_AGE_S)

    async def metadata(self) -> ProviderMetadata:
        """What it says of itself. Raises ProviderSilent where that was never to be had."""
        return await self._current(self._metadata, self._fetch_metadata)

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """Give a code for tokens, once (RFC 6749 4.1.3, RFC 7636). Raises ProviderSilent, ProviderRefused, NoSecret."""
        metadata, ours = await self.metadata(), self.registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        auth = None
        if ours.client_secret is None:
            form["client_id"] = ours.client_id
        else:
            # RFC 6749, 2.3.1: both are form-encoded before they are joined.
            secret = await secrets.resolve(ours.client_secret)
            words = (quote_plus(ours.client_id), quote_plus(secret.get_secret_value()))
            auth = aiohttp.encode_basic_auth(*words)
        answered = await post_form(self._session, metadata.token_endpoint, form, auth)
        token = answered.get("id_token") if isinstance(answered, dict) else None
        if not isinstance(answered, dict) or not isinstance(token, str):
            raise ProviderSilent("gave no ID token")
        access_token = answered.get("access_token")
        return Tokens(token, access_token if isinstance(access_token, str) else None)

    async def signed_in(self, tokens: Tokens, nonce: str, now: datetime, *, max_age_s: int | None = None) -> SignIn:
        """Who signed in. Raises InvalidIdToken, ProviderSilent."""
        metadata = await self.metadata()
        ours = self.registration
        expected = Expected(ours.issuer, ours.client_id, nonce, metadata.algorithms, max_age_s)

        def verify(keys: KeySet) -> SignIn:
            return id_token.verify(tokens.id_token, keys, expected, now, access_token=tokens.access_token)

        return await self._with_keys(verify)

    async def signed_out(self, token: str, now: datetime) -> Logout:
        """Whose sessions it says have ended. Raises InvalidIdToken, ProviderSilent."""
        metadata, ours = await self.metadata(), self.registration

        def verify(keys: KeySet) -> Logout:
            return logout_token.verify(
                token,
                keys,
                issuer=ours.issuer,
                client_id=ours.client_id,
                now=now,
                algorithms=metadata.algorithms,
            )

        return await self._with_keys(verify)

    async def _with_keys(self, verify: Callable[[KeySet], T]) -> T:
        """Verified with the keys that are known, or with newer ones where a key is unknown."""
        keys = await self._current(self._keys, self._fetch_keys)
        try:
            return verify(keys)
        except InvalidIdToken as refused:
            if refused.reason is not IdTokenProblem.UNKNOWN_KEY:
                raise
            newer = await self._current(self._keys, self._fetch_keys, newer=True)
            if newer is keys:
                raise
        return verify(newer)

    async def _current(self, kept: _Kept[T], fetch: Callable[[], Awaitable[T]], *, newer: bool = False) -> T:
        """What is kept, fetched again if it is old, or `newer` is wanted. Raises ProviderSilent if there is none."""
        before = kept.value
        if kept.is_due(self._clock(), newer=newer):
            async with kept.one_at_a_time:
                if kept.value is before and kept.is_due(self._clock(), newer=newer):
                    await self._fetched(kept, fetch, newer=newer)
        if kept.value is None:
            raise ProviderSilent("did not answer")
        return kept.value

    async def _fetched(self, kept: _Kept[T], fetch: Callable[[], Awaitable[T]], *, newer: bool) -> None:
        if newer:
            kept.asked_again_at = self._clock()
        try:
            kept.value, kept.fetched_at = await fetch(), self._clock()
        except ProviderSilent as silent:
            kept.asked_again_at = self._clock()
            if kept.value is None:
                raise
            log.warning("provider_silent", provider=self.registration.name, why=str(silent), kept=True)

    async def _fetch_metadata(self) -> ProviderMetadata:
        issuer = self.registration.issuer
        try:
            return ProviderMetadata.read(await get_json(self._session, well_known(issuer)), issuer)
        except NotAProvider as error:
            raise ProviderSilent(f"cannot be used: {error}") from error

    async def _fetch_keys(self) -> KeySet:
        metadata = await self.metadata()
        try:
            return KeySet.read(await get_json(self._session, metadata.jwks_uri))
        except NotAKeySet as error:
            raise ProviderSilent(f"gave no keys: {error}") from error

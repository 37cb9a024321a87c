"""The metadata of one provider as this process knows it: kept, and asked for again once an hour, or as they say.

An address that is down for a day stops nobody: what was had stays until something newer is, or until it says itself
that it counts no more. Where a signature is by a key that is not known, newer metadata are asked for before their time,
but not more often than every half minute, whoever sends what.
"""

import asyncio
import os
import stat
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp
import structlog

from access.identity.saml.protocol.metadata import MAX_BYTES, IdpMetadata, NotAnIdp
from access.policy.file import writable_by_others
from access.policy.shapes.providers import SamlProvider
from web.oidc.fetching import ProviderSilent, get_bytes

AGE_S: Final = 3_600.0
#: How soon a fetch that failed, or an unknown key, makes it ask again.
AGAIN_S: Final = 30.0
#: Files are looked at more often: that is free.
FILE_AGE_S: Final = 30.0
_ACCEPT: Final = "application/samlmetadata+xml, application/xml;q=0.9, */*;q=0.1"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class KeptMetadata:
    """Of one provider; `session` is its HTTP client."""

    def __init__(
        self, registration: SamlProvider, session: aiohttp.ClientSession, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registration = registration
        self._session = session
        self._clock = clock
        self._value: IdpMetadata | None = None
        self._fetched_at = 0.0
        self._asked_again_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()
        self._file = file_of(registration)
        self._age_s = AGE_S if self._file is None else FILE_AGE_S

    async def current(self, now: datetime, *, newer_than: IdpMetadata | None = None) -> IdpMetadata:
        """What it says of itself; asked for again where that is old, or is `newer_than`. Raises ProviderSilent."""
        if self._is_due(now, newer_than):
            async with self._one_at_a_time:
                if self._is_due(now, newer_than):
                    await self._fetch(now, was_early=newer_than is not None)
        if self._value is None:
            raise ProviderSilent("has told nothing of itself")
        if _is_over(self._value, now):
            raise ProviderSilent("has told nothing newer of itself, and what it told is no longer valid")
        return self._value

    def _is_due(self, now: datetime, newer_than: IdpMetadata | None) -> bool:
        if self._value is None:
            return True
        is_old = self._value is newer_than or self._clock() - self._fetched_at >= self._oldest_s(self._value)
        return (is_old or _is_over(self._value, now)) and self._clock() - self._asked_again_at >= AGAIN_S

    def _oldest_s(self, said: IdpMetadata) -> float:
        """How old it may get: an hour, or less where it says so itself, and never less than is asked again in."""
        return self._age_s if said.kept_for is None else min(self._age_s, max(said.kept_for.total_seconds(), AGAIN_S))

    async def _fetch(self, now: datetime, *, was_early: bool) -> None:
        if was_early:
            self._asked_again_at = self._clock()
        entity_id = self._registration.saml.entity_id
        try:
            data = await self._bytes()
            self._value = await asyncio.to_thread(IdpMetadata.read, data, entity_id, now)
            self._fetched_at = self._clock()
        except (ProviderSilent, NotAnIdp) as error:
            self._asked_again_at = self._clock()
            why = str(error) if isinstance(error, ProviderSilent) else f"cannot be used: {error}"
            if self._value is None:
                raise ProviderSilent(why) from error
            log.warning("provider_silent", provider=self._registration.name, why=why, kept=True)

    async def _bytes(self) -> bytes:
        """What stands there. Raises ProviderSilent."""
        if self._file is None:
            return await get_bytes(self._session, self._registration.saml.metadata, accept=_ACCEPT, most=MAX_BYTES)
        try:
            return await asyncio.to_thread(content, self._file)
        except OSError as error:
            raise ProviderSilent(f"has metadata in a file that cannot be read ({error.strerror})") from error


def _is_over(said: IdpMetadata, now: datetime) -> bool:
    return said.valid_until is not None and said.valid_until <= now


def file_of(registration: SamlProvider) -> Path | None:
    """The file that has its metadata; None: an address has."""
    where = registration.saml.metadata
    return Path(where.removeprefix("file:")) if where.startswith("file:") else None


def content(path: Path) -> bytes:
    """Whoever may write it may sign people in. Raises OSError, ProviderSilent."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ProviderSilent(f"has metadata in what is no file: {path}")
    with path.open("rb") as file:
        if who := writable_by_others(os.fstat(file.fileno()).st_mode):
            raise ProviderSilent(f"has metadata in a file that can be written by {who}: chmod go-w {path}")
        return file.read(MAX_BYTES + 1)

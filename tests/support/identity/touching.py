"""People with security keys, as the rules see them: signed in somewhere, with a key of software that answers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from access.identity import browser_sessions, security_keys
from access.identity.acts import Act
from access.identity.browser_sessions import SignedIn
from access.identity.proven import SignIn
from access.identity.webauthn.relying_party import RelyingParty
from storage.model import SecurityKey
from support.access import World
from support.identity.authenticators import ORIGIN, RIGHT, Changes, SoftKey

ISSUER = "https://login.example.com"
SITE = RelyingParty.of(ORIGIN)


@dataclass
class Owner:
    """Somebody in one browser, with a key in their hand."""

    world: World
    me: SignedIn
    key: SoftKey
    known: SecurityKey | None = None

    async def touch(self, act: Act, changes: Changes = RIGHT) -> UUID:
        """Asked, touched and verified. Raises InvalidTouch."""
        question = await security_keys.question(self.world.access, self.me, SITE, act)
        return await self.answer(act, self.key.touched(question, changes))

    async def answer(self, act: Act, given: str) -> UUID:
        return await security_keys.touched(self.world.access, self.me, SITE, act, given)

    async def question(self, act: Act) -> dict[str, Any]:
        return await security_keys.question(self.world.access, self.me, SITE, act)

    async def add(
        self, key: SoftKey, name: str, allowed_by: UUID | None = None, changes: Changes = RIGHT
    ) -> SecurityKey:
        """Register a key."""
        question = await security_keys.registration_question(self.world.access, self.me, SITE, allowed_by)
        given = key.created(question)
        return await security_keys.register(self.world.access, self.me, SITE, given, name, allowed_by=allowed_by)


async def signed_in(world: World, name: str, *, ago_s: float = 60) -> SignedIn:
    """A browser of theirs, signed in so long ago."""
    now = datetime.now(UTC)
    proven = SignIn(
        ISSUER, f"u-{name}", now, now - timedelta(seconds=ago_s), ("pwd", "mfa"), None, None, None, False, {}
    )
    async with world.database.transaction() as transaction:
        secret = await browser_sessions.begin(transaction, world[name], "corp", proven, now)
    async with world.database.transaction() as transaction:
        me = await browser_sessions.current(transaction, secret, now)
    assert me is not None
    return me


async def owner(world: World, name: str, algorithm: int = -7) -> Owner:
    """Somebody who is signed in and has a key."""
    found = Owner(world, await signed_in(world, name), SoftKey(algorithm))
    found.known = await found.add(found.key, "Blue key")
    return found

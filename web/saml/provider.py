"""SamlProvider: one identity provider as this process knows it, asked and answered."""

import asyncio
import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import aiohttp

from access.identity.oidc.authorization import Attempt
from access.identity.saml.protocol import messages, redirect
from access.identity.saml.protocol.assertion import Asserted, Expected, read_assertion
from access.identity.saml.protocol.documents import Element, read, samlp
from access.identity.saml.protocol.logout import LogoutAsked, read_logout
from access.identity.saml.protocol.messages import Ourselves
from access.identity.saml.protocol.metadata import POST, REDIRECT, IdpMetadata
from access.identity.saml.protocol.problems import InvalidSaml, SamlProblem
from access.identity.saml.protocol.response import read_response
from access.identity.saml.protocol.signatures import Signed, signed
from access.identity.saml.protocol.signing import with_signature
from access.policy.shapes.providers import SamlProvider
from web.saml.keys import OwnKeys
from web.saml.metadata import KeptMetadata
from web.saml.xmlsec import Purpose, XmlSec


class _Check(Protocol):
    """Whether something was signed by the provider, as these metadata have its keys. Raises InvalidSaml."""

    async def __call__(self, metadata: IdpMetadata) -> None: ...


@dataclass(frozen=True)
class Onward:
    """Where a browser goes on to, and by what form; without fields by the address alone."""

    to: str
    fields: Mapping[str, str] | None = None


class SamlIdp:
    """One provider of the policy. `base` is the address of our pages."""

    def __init__(
        self, registration: SamlProvider, session: aiohttp.ClientSession, *, base: str, keys: OwnKeys, xmlsec: XmlSec
    ) -> None:
        self.registration = registration
        self.ours = Ourselves(base, registration.name)
        self.metadata = KeptMetadata(registration, session)
        self._keys = keys
        self._xmlsec = xmlsec

    async def own_metadata(self) -> bytes:
        """Who we are, for the provider. Raises KeyUnusable."""
        return self.ours.metadata((await self._keys.get()).certificate_text)

    async def question(self, attempt: Attempt, now: datetime, *, force: bool) -> str:
        """The address to send the browser to. Raises ProviderSilent, KeyUnusable."""
        said = await self.metadata.current(now)
        asked = messages.question(attempt, self.ours, self.registration, said.sign_in, now, force=force)
        key = (await self._keys.get()).private if said.wants_signed_requests else None
        return _joined(said.sign_in, redirect.query("SAMLRequest", asked, messages.relay_state(attempt), key))

    async def signed_in(self, data: bytes, now: datetime) -> tuple[str, Asserted]:
        """The question that was answered, and who signed in. Raises InvalidSaml, ProviderSilent, KeyUnusable."""
        key = (await self._keys.get()).private
        # Aside: the largest takes longer to read than other requests should wait.
        issuer, acs = self.registration.issuer, self.ours.acs
        answer = await asyncio.to_thread(read_response, data, issuer=issuer, acs=acs, key=key)
        await self._verified(answer.assertion, now, Purpose.SIGN_IN)
        expected = Expected(self.registration, self.ours.entity_id, self.ours.acs, answer.in_response_to)
        return answer.in_response_to, read_assertion(answer.assertion, expected, now)

    async def posted_logout(self, data: bytes, now: datetime) -> LogoutAsked:
        """What a request that was posted says has ended. Raises InvalidSaml, ProviderSilent."""
        message = await asyncio.to_thread(_signed_logout, data)
        # Read before, believed after: what no signature would make one, another issuer's say, costs no program's run.
        asked = self._logout(message.root, now)
        await self._verified(message, now, Purpose.LOGOUT)
        return asked

    async def sent_logout(self, query: str, now: datetime) -> tuple[LogoutAsked, str | None]:
        """The same of one in an address, and the state to give back. Raises InvalidSaml, ProviderSilent."""
        sent = redirect.read_query(query)
        if sent.kind != "SAMLRequest":
            raise InvalidSaml(SamlProblem.UNSOLICITED)
        root = read(sent.message)

        async def check(metadata: IdpMetadata) -> None:
            redirect.verify(sent, metadata.keys)

        await self._by_the_provider(check, now)
        return self._logout(root, now), sent.relay_state

    async def logout_answer(
        self, asked: LogoutAsked, relay_state: str | None, now: datetime, *, is_known: bool
    ) -> Onward | None:
        """How the browser brings the answer; None: the provider says no address for it.

        `is_known`: somebody of that name has signed in here at some time.

        Raises ProviderSilent, KeyUnusable.
        """
        told = (await self.metadata.current(now)).sign_out
        binding = next((each for each in (REDIRECT, POST) if each in told), None)
        if binding is None:
            return None
        name, to, key = f"_{secrets.token_hex(16)}", told[binding].response_location, await self._keys.get()
        message = messages.logout_answer(name, asked.id, self.ours, to, now, is_known=is_known)
        if binding == REDIRECT:
            return Onward(_joined(to, redirect.query("SAMLResponse", message, relay_state, key.private)))
        document = with_signature(message, key.private, key.certificate_text)
        state = {} if relay_state is None else {"RelayState": relay_state}
        return Onward(to, {"SAMLResponse": base64.b64encode(document).decode(), **state})

    def _logout(self, root: Element, now: datetime) -> LogoutAsked:
        ours = self.ours
        return read_logout(root, self.registration, audience=ours.entity_id, address=ours.sign_out, now=now)

    async def _verified(self, message: Signed, now: datetime, purpose: Purpose) -> None:
        async def check(metadata: IdpMetadata) -> None:
            await self._xmlsec.verify(message, metadata.certificates, purpose)

        await self._by_the_provider(check, now)

    async def _by_the_provider(self, check: _Check, now: datetime) -> None:
        """Checked with the keys that are known, or with newer ones where none of them made it."""
        known = await self.metadata.current(now)
        try:
            await check(known)
        except InvalidSaml as refused:
            if refused.reason is not SamlProblem.BAD_SIGNATURE:
                raise
            newer = await self.metadata.current(now, newer_than=known)
            if newer.keys == known.keys:
                raise
            await check(newer)


def _signed_logout(data: bytes) -> Signed:
    root = read(data)
    if root.tag != samlp("LogoutRequest"):
        raise InvalidSaml(SamlProblem.WRONG_KIND)
    return signed(root)


def _joined(address: str, query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{query}"

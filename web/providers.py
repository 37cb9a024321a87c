"""The providers of the policy, each known to this process while the policy says the same of it."""

from pathlib import Path

import aiohttp

from access.context import Access
from access.policy.shapes.providers import OidcProvider
from access.policy.shapes.providers import Provider as Registration
from web.oidc.provider import Provider
from web.saml.keys import OwnKeys
from web.saml.provider import SamlIdp
from web.saml.xmlsec import XmlSec


class Providers:
    """By their names in the policy; `session` is the HTTP client of them all.

    `base` is the address of our pages, `home` the folder that our key for SAML is kept in.
    """

    def __init__(self, access: Access, session: aiohttp.ClientSession, *, base: str, home: Path | None) -> None:
        self._access = access
        self._session = session
        self._base = base
        self._keys = OwnKeys.within(home)
        self._xmlsec = XmlSec()
        self._known: dict[str, Provider | SamlIdp] = {}

    def offered(self) -> list[Registration]:
        """What people may sign in at, in the order of the file."""
        return list(self._access.policies.current.providers.values())

    def get(self, name: str) -> Provider | SamlIdp | None:
        """The provider of this name; None: the policy names none."""
        policy = self._access.policies.current.providers
        for gone in self._known.keys() - policy.keys():
            del self._known[gone]
        said = policy.get(name)
        if said is None:
            return None
        known = self._known.get(name)
        if known is None or known.registration != said:
            known = self._known[name] = self._made(said)
        return known

    def _made(self, said: Registration) -> Provider | SamlIdp:
        if isinstance(said, OidcProvider):
            return Provider(said, self._session)
        return SamlIdp(said, self._session, base=self._base, keys=self._keys, xmlsec=self._xmlsec)

"""The providers of the policy, each known to this process by one Provider while the policy says the same of it."""

import aiohttp

from access.context import Access
from access.policy.shapes.providers import OidcProvider
from web.oidc.provider import Provider


class Providers:
    """By their names in the policy; `session` is the HTTP client of them all."""

    def __init__(self, access: Access, session: aiohttp.ClientSession) -> None:
        self._access = access
        self._session = session
        self._known: dict[str, Provider] = {}

    def offered(self) -> list[OidcProvider]:
        """What people may sign in at, in the order of the file."""
        return list(self._access.policies.current.providers.values())

    def get(self, name: str) -> Provider | None:
        """The provider of this name; None: the policy names none."""
        policy = self._access.policies.current.providers
        for gone in self._known.keys() - policy.keys():
            del self._known[gone]
        said = policy.get(name)
        if said is None:
            return None
        known = self._known.get(name)
        if known is None or known.registration != said:
            known = self._known[name] = Provider(said, self._session)
        return known

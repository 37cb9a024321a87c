"""A request as it goes to the API server, with what the client is to get of its answer. Pure."""

from dataclasses import dataclass
from typing import Final

from proxy.kubernetes.requests.accepting import Accepted
from proxy.kubernetes.requests.headers import Header
from proxy.kubernetes.requests.info import RequestInfo
from proxy.kubernetes.requests.paths import Target

#: What documents of the API itself are asked for under: no object is in them.
_OF_THE_API: Final = ("/api", "/apis", "/openapi", "/version")


@dataclass(frozen=True)
class Asked:
    """All of it as it was judged."""

    info: RequestInfo
    target: Target
    fields: list[Header]
    body: bytes
    accepted: Accepted
    #: The body is JSON or YAML, which people can be shown.
    is_readable: bool = True

    @property
    def is_of_the_api(self) -> bool:
        """Whether a document of the API itself is asked for."""
        path = self.info.path
        return not self.info.is_resource and any(path == each or path.startswith(each + "/") for each in _OF_THE_API)

    @property
    def is_watch(self) -> bool:
        """Whether the answer is events, one after the other."""
        return self.info.is_resource and self.info.verb == "watch"

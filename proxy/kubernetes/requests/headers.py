"""Headers of HTTP that pass through the gateway, by name, in either direction. Pure.

Lists of what passes, for nobody knows what another server makes of a header: the gateway says itself to the API server
who asks (https://kubernetes.io/docs/reference/access-authn-authz/authentication/), and each connection has its own
framing (RFC 9110, 7.6.1: hop-by-hop). What passes no list is left out; a name that is none is refused, because some
servers read `Impersonate_User` as `Impersonate-User`.
"""

import re
from collections.abc import Iterable
from typing import Final

from proxy.kubernetes.requests.unreadable import Unreadable

#: RFC 9110, 5.6.2 `token`, without the underscore.
_NAME: Final = re.compile(r"[!#$%&'*+\-.^`|~0-9A-Za-z]+")
#: RFC 9110, 5.5 `field-value`: no line end, no control character but the tab.
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\uffff]*")

_REQUEST: Final = frozenset(
    {
        "accept",
        "accept-language",
        "cache-control",
        "content-language",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        # https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/859-kubectl-headers
        "kubectl-command",
        "kubectl-session",
        "range",
        "user-agent",
    }
)
_RESPONSE: Final = frozenset(
    {
        "accept-ranges",
        "allow",
        "audit-id",
        "cache-control",
        "content-disposition",
        "content-language",
        "content-range",
        "content-type",
        "date",
        "etag",
        "expires",
        "last-modified",
        "retry-after",
        "vary",
        "warning",
        "x-content-type-options",
        "x-kubernetes-pf-flowschema-uid",
        "x-kubernetes-pf-prioritylevel-uid",
    }
)
#: Of these an HTTP server may take the first or the last.
_SINGLE: Final = frozenset({"content-type", "content-length", "host", "authorization", "user-agent"})
_AS_SOMEBODY: Final = "impersonate-"

Header = tuple[str, str]


def to_server(headers: Iterable[Header]) -> list[Header]:
    """The headers of a request that pass, names in lower case and in order.

    Raises Unreadable for what could be read in two ways, and for impersonation: without the header, the request would
    be made as somebody else than it says.
    """
    given = [(_name(name), _value(value)) for name, value in headers]
    names = [name for name, _ in given]
    if any(name.startswith(_AS_SOMEBODY) for name in names):
        raise Unreadable("The request acts as somebody else. Gatepass says who asks: leave out --as and --as-group.")
    for name in _SINGLE:
        if names.count(name) > 1:
            raise Unreadable(f"The header {name} is given {names.count(name)} times. Give it once.")
    return _passing(given, _REQUEST)


def to_client(headers: Iterable[Header]) -> list[Header]:
    """The headers of an answer that pass, names in lower case and in order; what is no header is left out."""
    given = [(name.lower(), value) for name, value in headers if _NAME.fullmatch(name) and _VALUE.fullmatch(value)]
    return _passing(given, _RESPONSE)


def _passing(given: list[Header], allowed: frozenset[str]) -> list[Header]:
    of_connection = {each.strip().lower() for name, value in given if name == "connection" for each in value.split(",")}
    return [(name, value) for name, value in given if name in allowed - of_connection]


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Unreadable("The request has a header whose name is none, or has an underscore. Leave it out.")
    return name.lower()


def _value(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise Unreadable("The request has a header whose value has a control character. Leave it out.")
    return value

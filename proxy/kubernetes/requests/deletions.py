"""What the body of a request that deletes says: options that take the place of those in its address. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/. A server reads the parameters of
a deletion only if the request has no body (k8s.io/apiserver, pkg/endpoints/handlers/delete.go), so `?dryRun=All` with
a body deletes in earnest.
"""

import json
from dataclasses import replace
from typing import Any, Final

from proxy.kubernetes.requests import queries
from proxy.kubernetes.requests.info import DELETING, RequestInfo, is_all
from proxy.kubernetes.requests.unreadable import Unreadable

MAX_OPTIONS_BYTES: Final = 64 * 1024

_HOW: Final = "Send DeleteOptions as JSON, each field once, or no body."


def with_options(info: RequestInfo, query: str, body: bytes) -> RequestInfo:
    """What is known of a deletion with its whole body (b"" for none); any other request as it is.

    Raises Unreadable for a body that is not one object of JSON, or not read in one way.
    """
    if not info.is_resource or info.verb not in DELETING or info.is_tunnel:
        return info
    given = _dry_run(_options(body)) if body else queries.read(query).every("dryRun")
    return replace(info, dry_run=is_all(given))


def _options(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_OPTIONS_BYTES:
        raise Unreadable(f"The body of this deletion is too long. {_HOW}")
    try:
        read = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unreadable(f"The body of this deletion cannot be read. {_HOW}") from None
    if not isinstance(read, dict):
        raise Unreadable(f"The body of this deletion is no object. {_HOW}")
    return read


def _dry_run(options: dict[str, Any]) -> tuple[str, ...]:
    found = options.get("dryRun")
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise Unreadable(f"The body of this deletion has a dryRun that is no list. {_HOW}")
    return tuple(found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields differ in more than case: readers take the first, the last, or either."""
    if len({name.casefold() for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _no_number(_: str) -> None:
    raise ValueError

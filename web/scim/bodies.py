"""Bodies of requests, read within bounds, and those of answers."""

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from access.identity.scim.protocol.problems import Problem
from web.door.bodies import within

MEDIA_TYPE: Final = "application/scim+json"
#: A user has no more to tell; a group of fifty thousand fits into the other.
MAX_USER_BYTES: Final = 64 * 1024
MAX_GROUP_BYTES: Final = 8 * 1024 * 1024
#: The largest on a line of a megabit has its time.
PATIENCE_S: Final = 60.0
_BODY: Final = web.RequestKey("scim_body", bytes)
#: JSON inside JSON; no resource has more than a few.
_MAX_DEPTH: Final = 32
_TYPES: Final = frozenset({MEDIA_TYPE, "application/json"})


async def arrive(request: web.Request, *, at_most: int) -> None:
    """Wait for all of it, which is kept with the request. Raises Problem."""
    if request.content_type not in _TYPES:
        raise Problem(415, f"It is to be {MEDIA_TYPE}.", "invalidSyntax")
    try:
        request[_BODY] = await within(request, at_most, PATIENCE_S)
    except web.HTTPRequestEntityTooLarge as error:
        raise Problem(413, f"It is larger than {at_most} bytes.") from error
    except (web.HTTPRequestTimeout, web.HTTPBadRequest) as error:
        raise Problem(error.status, error.text or error.reason) from error


def read(request: web.Request) -> object:
    """The JSON that has arrived. Raises Problem."""
    try:
        return _said(request[_BODY])
    except (ValueError, RecursionError):
        raise Problem(400, "It is no JSON, or not of the kind that is taken here.", "invalidSyntax") from None


def _said(data: bytes) -> object:
    """Raises ValueError and RecursionError."""
    said = json.loads(data, parse_constant=_no_constant)
    _shallow(said, _MAX_DEPTH)
    # Half of a surrogate pair is no UTF-8, and a null byte no text of PostgreSQL's.
    if b"\\u0000" in json.dumps(said, ensure_ascii=False).encode():
        raise ValueError
    return said


def _no_constant(_: str) -> object:
    raise ValueError


def _shallow(said: object, left: int) -> None:
    if left == 0:
        raise ValueError
    if isinstance(said, dict):
        for each in said.values():
            _shallow(each, left - 1)
    elif isinstance(said, list):
        for each in said:
            _shallow(each, left - 1)


def answer(body: Mapping[str, Any] | None, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """None: nothing but the status."""
    if body is None:
        return web.Response(status=status, headers=headers)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, status=status, headers=headers, content_type=MEDIA_TYPE)


def refusal(problem: Problem) -> web.Response:
    """RFC 7644, 3.12."""
    headers = {"WWW-Authenticate": 'Bearer realm="scim"'} if problem.status == 401 else {}
    if problem.status in {429, 503}:
        headers["Retry-After"] = "5"
    return answer(problem.body(), problem.status, headers)

"""Bodies of requests, read within bounds, and those of answers."""

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from access.identity.scim.protocol.problems import Problem

MEDIA_TYPE: Final = "application/scim+json"
#: A user has no more to tell; a group of fifty thousand fits into the other.
MAX_USER_BYTES: Final = 64 * 1024
MAX_GROUP_BYTES: Final = 8 * 1024 * 1024
#: JSON inside JSON; no resource has more than a few.
_MAX_DEPTH: Final = 32
_TYPES: Final = frozenset({MEDIA_TYPE, "application/json"})


async def read(request: web.Request, *, at_most: int) -> object:
    """The request's JSON. Raises Problem."""
    if request.content_type not in _TYPES:
        raise Problem(415, f"It is to be {MEDIA_TYPE}.", "invalidSyntax")
    data = bytearray()
    async for piece in request.content.iter_any():
        data += piece
        if len(data) > at_most:
            raise Problem(413, f"It is larger than {at_most} bytes.")
    try:
        return _said(bytes(data))
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

"""Bodies of requests: here as a whole, and soon, before anybody is asked who sent them.

A body that is held back would have its request done by a sign-in that has ended since; and whoever holds back many of
them keeps what they cost.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from aiohttp import web

#: A form, or some hundred bytes of JSON: on the slowest line that is a second.
PATIENCE_S: Final = 10.0
#: What forms and JSON are written in (RFC 8259, 8.1).
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


async def whole(request: web.Request) -> None:
    """Read all of a form or of JSON, which is kept with the request.

    Raises HTTPRequestTimeout, HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType for what no page of ours sends, and
    HTTPBadRequest for what breaks off or is in other letters than UTF-8.
    """
    if not request.body_exists:
        return
    if request.content_type.startswith("multipart/"):
        raise web.HTTPUnsupportedMediaType(text="Forms with files are not taken here.")
    async with _here(PATIENCE_S):
        said = await request.read()
    if not _is_utf8(said, request.charset):
        raise web.HTTPBadRequest(text="What was sent is not written in UTF-8. Send it in that.")


async def within(request: web.Request, at_most: int, patience_s: float | None = None) -> bytes:
    """A body that may be larger than those of forms. Raises as `whole`, but for its kind and its letters."""
    data = bytearray()
    async with _here(PATIENCE_S if patience_s is None else patience_s):
        async for piece in request.content.iter_any():
            data += piece
            if len(data) > at_most:
                raise web.HTTPRequestEntityTooLarge(at_most, len(data))
    return bytes(data)


@contextlib.asynccontextmanager
async def _here(patience_s: float) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(patience_s):
            yield
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text="What was sent came too slowly. Send it again.") from error
    except (ConnectionError, web.RequestPayloadError) as error:
        raise web.HTTPBadRequest(text="What was sent broke off, or cannot be read. Send it again.") from error


def _is_utf8(said: bytes, charset: str | None) -> bool:
    if charset is not None and charset.lower() not in _CHARSETS:
        return False
    try:
        said.decode()
    except UnicodeDecodeError:
        return False
    return True

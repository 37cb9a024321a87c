"""Bodies of requests: here as a whole, and soon, before anybody is asked who sent them.

A body that is held back would have its request done by a sign-in that has ended since.
"""

import asyncio
from typing import Final

from aiohttp import web

#: A form, or some hundred bytes of JSON: on the slowest line that is a second.
PATIENCE_S: Final = 10.0


async def whole(request: web.Request) -> None:
    """Read all of the body, which is kept with the request. Raises HTTPRequestTimeout, HTTPRequestEntityTooLarge."""
    if not request.body_exists:
        return
    try:
        async with asyncio.timeout(PATIENCE_S):
            await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text="What was sent came too slowly. Send it again.") from error

"""Ids in the path of a request."""

from uuid import UUID

from aiohttp import web


def id_of(request: web.Request, name: str = "id") -> UUID:
    """Raises HTTPNotFound for what is none: it is as good as one of nothing."""
    try:
        return UUID(request.match_info[name])
    except ValueError as error:
        raise web.HTTPNotFound from error

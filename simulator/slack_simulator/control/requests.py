"""The HTTP side of control handlers: one JSON object in, one out, and refusals as 400 and 404 with a sentence."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from slack_simulator.base.bodies import UnknownCharset, json_of
from slack_simulator.base.json_types import JsonObject, NotJson, as_object
from slack_simulator.control.lookup import BadRequest
from slack_simulator.interactions.inputs import Impossible


def posted(handler: Callable[[JsonObject], Awaitable[JsonObject]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of a POST whose body is one JSON object."""

    async def handle(request: web.Request) -> web.Response:
        try:
            body = as_object(await json_of(request))
        except (UnknownCharset, NotJson):
            body = None
        if body is None:
            return _refusal(400, "the body must be one JSON object")
        return await _guarded(handler(body))

    return handle


def asked(handler: Callable[[web.Request], Awaitable[JsonObject]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of a GET."""

    async def handle(request: web.Request) -> web.Response:
        return await _guarded(handler(request))

    return handle


async def _guarded(answering: Awaitable[JsonObject]) -> web.Response:
    try:
        return web.json_response(await answering)
    except Impossible as problem:
        return _refusal(404, str(problem))
    except BadRequest as problem:
        return _refusal(400, str(problem))


def _refusal(status: int, message: str) -> web.Response:
    return web.json_response({"ok": False, "error": message}, status=status)

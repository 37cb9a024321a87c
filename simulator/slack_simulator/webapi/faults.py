"""Faults of the Web API, done to HTTP requests before and after the methods see them.

The methods themselves know nothing of faults: what is refused here never reaches them, and what is lost here was done.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from slack_simulator.base.clock import Clock
from slack_simulator.faults.faults import Faults

API_PATH = "/api/"
ANSWERS_PATH = "/response/"
#: The name by which faults know a post to a response_url.
ANSWERS = "response_url"


def api_faults(faults: Faults, clock: Clock) -> Middleware:
    """The middleware that does the harm; requests to anything but the Web API and response urls pass untouched."""

    @web.middleware
    async def strike(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        method = _method(request.path)
        if method is None:
            return await handler(request)
        late = faults.take("api_latency", method=method)
        if late is not None:
            await clock.sleep(late.fields["seconds"])
        refusal = _refusal(faults, method)
        if refusal is not None:
            return refusal
        answer = await handler(request)
        if faults.take("api_answer_lost", method=method) is not None and request.transport is not None:
            request.transport.abort()
        return answer

    return strike


def _method(path: str) -> str | None:
    """What the app calls; None if the request is none of the app's."""
    if path.startswith(API_PATH):
        return path.removeprefix(API_PATH)
    return ANSWERS if path.startswith(ANSWERS_PATH) else None


def _refusal(faults: Faults, method: str) -> web.Response | None:
    limited = faults.take("api_ratelimited", method=method)
    if limited is not None:
        headers = {"Retry-After": str(limited.fields["retry_after_s"])}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    broken = faults.take("api_error", method=method)
    if broken is not None:
        status = int(broken.fields["status"])
        if status == 500:
            return web.json_response({"ok": False, "error": "internal_error"}, status=status)
        # What stands before Slack's servers answers for them, and it speaks no JSON.
        return web.Response(status=status, text="<html><body>Server Error</body></html>", content_type="text/html")
    refused = faults.take("api_refuses", method=method)
    return None if refused is None else web.json_response({"ok": False, "error": refused.fields["error"]})

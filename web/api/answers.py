"""What the API answers when it does not do something: a word for programs, and a sentence for whoever runs them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from aiohttp import web

from access.decisions.standing import Standing
from access.errors import PolicyStale, Refused
from access.grants.grants import GrantUnusable
from access.identity.command_lines.given import CodeProblem, CodeRefused
from access.identity.proof import Unproven
from access.key_folders.unusable import KeyUnusable
from storage.database import StorageUnavailable
from web.api import shapes

#: Everything under it is for programs, everything else for browsers.
PREFIX: Final = "/api/"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WORDS: Final = {
    400: "invalid_request",
    404: "not_found",
    405: "not_possible",
    413: "too_large",
    421: "another_address",
    429: "too_often",
}
_SENTENCES: Final = {404: "There is no such thing to ask for here.", 405: "That cannot be asked for like this."}

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class ApiRefused(Exception):
    """It is not done: `word` is for programs, the message for people."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.word = word


def is_for_programs(request: web.Request) -> bool:
    return request.path.startswith(PREFIX)


def middleware() -> Any:
    """Have whatever fails under PREFIX answered as JSON; other paths are left alone."""

    @web.middleware
    async def answers(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_for_programs(request):
            return await handler(request)
        try:
            return await handler(request)
        except Exception as error:
            return _answer(request, error)

    return answers


def _answer(request: web.Request, error: Exception) -> web.Response:
    match error:
        case ApiRefused():
            return refusal(error.status, error.word, str(error))
        case CodeRefused():
            status = 429 if error.problem is CodeProblem.SLOW_DOWN else 400
            return refusal(status, error.problem.value, str(error))
        case Standing():
            subject = {"standing": shapes.standing(error.subject)}
            return refusal(409, "standing", _said(error), subject)
        case PolicyStale():
            return refusal(503, "stale", str(error))
        case Unproven():
            takes_touch = error.page and not error.takes_sign_in
            return refusal(403, "proof", str(error), {"page": error.page} if takes_touch else None)
        case Refused():
            return refusal(403, "refused", _said(error))
        case GrantUnusable():
            return refusal(410, "ended", str(error))
        case StorageUnavailable():
            said = "Gatepass does not reach its storage at the moment. Nothing was changed. Try again in a minute."
            return refusal(503, "unavailable", said)
        case KeyUnusable():
            # It names files and accounts of the machine: for the operator alone.
            log.error("api_key_unusable", path=request.path, why=str(error))
            said = "Gatepass cannot use a key of its own, so it signed nothing. Tell your operator: its log says why."
            return refusal(503, "key_unusable", said)
        case web.HTTPException():
            said = _SENTENCES.get(error.status) or error.text or error.reason
            return refusal(error.status, _WORDS.get(error.status, "refused"), said)
        case _:
            log.error("api_failed", path=request.path, exc_info=error)
            said = "Gatepass could not do this, and has written down why. Ask your operator to look at its log."
            return refusal(500, "failed", said)


def refusal(status: int, word: str, message: str, more: dict[str, Any] | None = None) -> web.Response:
    return web.json_response({"error": word, "message": message, **(more or {})}, status=status)


def _said(error: Exception) -> str:
    """The rules speak to people in Slack; on a command line the same is asked for otherwise."""
    return str(error).replace("/access list shows", "`gatepass status` shows")


async def body(request: web.Request) -> dict[str, Any]:
    """The JSON object of a request. Raises ApiRefused for anything else."""
    if request.content_type != "application/json":
        raise ApiRefused(415, "not_json", "Send JSON, and say so: Content-Type: application/json.")
    try:
        read: Any = json.loads(await request.text())
    except (ValueError, RecursionError) as error:
        raise ApiRefused(400, "not_json", "What was sent is no JSON.") from error
    if not isinstance(read, dict):
        raise ApiRefused(400, "not_json", "What was sent is no JSON object.")
    return read  # pyright: ignore[reportUnknownVariableType]

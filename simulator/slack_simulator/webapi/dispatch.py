"""The door of the Web API: reads the request, checks the token, calls the method, answers as Slack does.

Every answer is HTTP 200 with `ok`, also for errors, as in Slack; only calls that come too often are answered 429.
Methods that the simulator does not have answer `unknown_method`. Nothing of a token is ever recorded.
"""

import hmac
import time
from collections.abc import Callable, Mapping

from aiohttp import hdrs, web

from slack_simulator.base.bodies import FORMS, NotAForm, UnknownCharset, form_of, is_text, json_of
from slack_simulator.base.json_types import JsonObject, NotJson, as_object
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.webapi import scopes
from slack_simulator.webapi.call import Call
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.methods import chat, conversations, files, scheduled, usergroups, users, views
from slack_simulator.webapi.rate_limits import RateLimited, RateLimits
from slack_simulator.webapi.uploads import Uploads
from slack_simulator.workspace.workspace import Workspace

Method = Callable[[Call], JsonObject]

#: Arguments longer than this are shortened in the inspector; the app still sees them whole.
INSPECTED_ARGUMENT = 2000


def auth_test(call: Call) -> JsonObject:
    """auth.test."""
    spec = call.workspace.spec
    return {
        "url": call.workspace.base_url + "/",
        "team": spec.team_name,
        "user": spec.bot_name,
        "team_id": spec.team_id,
        "user_id": spec.bot_user_id,
        "bot_id": spec.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> JsonObject:
    """apps.connections.open: a WebSocket url with a ticket for one connection. An app in HTTP mode gets none."""
    if not call.sockets.is_enabled:
        raise SlackError("socket_mode_not_enabled")
    base = call.workspace.base_url.replace("http://", "ws://", 1)
    return {"url": f"{base}/link/?ticket={call.sockets.issue_ticket()}&app_id={call.workspace.spec.app_id}"}


BOT_METHODS: Mapping[str, Method] = {
    "auth.test": auth_test,
    "chat.delete": chat.delete,
    "chat.deleteScheduledMessage": scheduled.delete,
    "chat.getPermalink": chat.get_permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.scheduleMessage": scheduled.schedule,
    "chat.scheduledMessages.list": scheduled.list_waiting,
    "chat.update": chat.update,
    "conversations.info": conversations.info,
    "conversations.join": conversations.join,
    "conversations.list": conversations.list_all,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_direct_message,
    "files.completeUploadExternal": files.complete_upload,
    "files.getUploadURLExternal": files.get_upload_url,
    "reactions.add": users.add_reaction,
    "usergroups.list": usergroups.list_all,
    "usergroups.users.list": usergroups.list_users,
    "users.info": users.info,
    "users.list": users.list_people,
    "users.lookupByEmail": users.lookup_by_email,
    "views.open": views.open_view,
    "views.publish": views.publish,
    "views.push": views.push,
    "views.update": views.update,
}
#: Methods whose pages do not list application/json among what they take.
FORM_ONLY = frozenset(
    {
        "chat.getPermalink",
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "files.getUploadURLExternal",
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "users.list",
        "users.lookupByEmail",
    }
)
#: docs.slack.dev/apis/web-api: what a POST may carry. Arguments are read from JSON and forms alone.
POST_TYPES = {*FORMS, "application/json", "text/plain"}
APP_METHODS: Mapping[str, Method] = {"apps.connections.open": open_connection}


class WebApi:
    """The methods, for one workspace."""

    def __init__(self, workspace: Workspace, sockets: Sockets) -> None:
        """The workspace that calls read and change, and the sockets that apps.connections.open is for."""
        self._workspace = workspace
        self._sockets = sockets
        self._limits = RateLimits(workspace.clock)

    def routes(self) -> list[web.RouteDef]:
        """Where an app calls, and where it sends files."""
        calls = [web.get("/api/{method}", self.handle), web.post("/api/{method}", self.handle)]
        return [*calls, *Uploads(self._workspace).routes()]

    async def close(self, _: object = None) -> None:
        """Drop the messages that still wait for their time."""
        await self._workspace.scheduled.close()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request to /api/<method>."""
        started = time.perf_counter()
        name = request.match_info["method"]
        arguments: JsonObject = {}
        status, headers = 200, dict[str, str]()
        try:
            arguments = await _arguments(request, name)
            token = _token(request, arguments)
            answer: JsonObject = {"ok": True, **self._call(name, token, arguments)}
        except SlackError as error:
            answer = {"ok": False, "error": error.code, **error.extra}
        except RateLimited as limited:
            answer = {"ok": False, "error": "ratelimited"}
            status, headers = 429, {"Retry-After": str(limited.retry_after_s)}
        answer = _with_warning(answer, _charset_warning(request))
        took_ms = (time.perf_counter() - started) * 1000
        inspected = {key: _shortened(value) for key, value in arguments.items()}
        self._workspace.inspector.record(
            "api", name, ok=bool(answer["ok"]), took_ms=took_ms, arguments=inspected, error=answer.get("error")
        )
        return web.json_response(answer, status=status, headers=headers | self._scope_headers(name, answer))

    def _call(self, name: str, token: str | None, arguments: JsonObject) -> JsonObject:
        method = BOT_METHODS.get(name) or APP_METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        self._check_token(
            token, self._workspace.spec.app_token if name in APP_METHODS else self._workspace.spec.bot_token
        )
        call = Call(self._workspace, self._sockets, arguments)
        if self._workspace.spec.rate_limits:
            self._limits.spend(name, call.target())
        try:
            scopes.require(self._workspace.spec, name)
            return method(call)
        except scopes.MissingScope as missing:
            raise SlackError("missing_scope", needed=missing.needed, provided=missing.provided) from missing

    def _scope_headers(self, name: str, answer: JsonObject) -> dict[str, str]:
        """What the token may do and what the method asks for, told to whoever came with the right kind of token."""
        known = name in BOT_METHODS or name in APP_METHODS
        if not known or answer.get("error") in {"not_authed", "invalid_auth", "not_allowed_token_type"}:
            return {}
        granted = "connections:write" if name in APP_METHODS else scopes.provided(self._workspace.spec)
        return {"X-OAuth-Scopes": granted, "X-Accepted-OAuth-Scopes": scopes.accepted(name)}

    def _check_token(self, token: str | None, expected: str) -> None:
        if not token:
            raise SlackError("not_authed")
        if hmac.compare_digest(token.encode(errors="replace"), expected.encode()):
            return
        if token in {self._workspace.spec.bot_token, self._workspace.spec.app_token}:
            raise SlackError("not_allowed_token_type")
        raise SlackError("invalid_auth")


async def _arguments(request: web.Request, method: str) -> JsonObject:
    """The query and the body as one set of arguments; the body may be a form or JSON. Raises SlackError.

    What a method that takes no JSON is sent as JSON counts for nothing, and neither does a token beside JSON.
    """
    arguments: JsonObject = {name: one for name, one in request.query.items() if is_text(name) and is_text(one)}
    if request.body_exists and hdrs.CONTENT_TYPE not in request.headers:
        raise SlackError("missing_post_type")
    if request.body_exists and request.content_type not in POST_TYPES:
        raise SlackError("invalid_post_type")
    try:
        if request.content_type == "application/json":
            body = as_object(await json_of(request))
            if body is None:
                raise SlackError("json_not_object")
            taken = arguments if method in FORM_ONLY else arguments | body
            return {name: one for name, one in taken.items() if name != "token"}
        return arguments | await form_of(request) if request.content_type in FORMS else arguments
    except UnknownCharset as problem:
        raise SlackError("invalid_charset") from problem
    except NotJson as problem:
        raise SlackError("invalid_json") from problem
    except NotAForm as problem:
        raise SlackError("invalid_form_data") from problem


def _charset_warning(request: web.Request) -> str | None:
    """docs.slack.dev/apis/web-api: JSON without a charset, and a form with one, are taken with a warning."""
    if request.content_type == "application/json":
        return "missing_charset" if request.charset is None else None
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return "superfluous_charset" if is_form and request.charset is not None else None


def _with_warning(answer: JsonObject, warning: str | None) -> JsonObject:
    """The answer with this warning beside those that it has."""
    if warning is None or answer.get("error") == "ratelimited":
        return answer
    metadata: JsonObject = answer.get("response_metadata", {})
    warnings = [*metadata.get("warnings", []), warning]
    return answer | {"warning": ",".join(warnings), "response_metadata": metadata | {"warnings": warnings}}


def _token(request: web.Request, arguments: JsonObject) -> str | None:
    """The token, taken out of the arguments so that it is recorded nowhere."""
    given = arguments.pop("token", None)
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else str(given or "")


def _shortened(value: object) -> object:
    return value[:INSPECTED_ARGUMENT] + "…" if isinstance(value, str) and len(value) > INSPECTED_ARGUMENT else value

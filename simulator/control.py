"""The control API: what scripts, tests and the page do as people of the workspace. docs/simulator.md has examples.

Tolerant about names (user = Slack id, name or @name; channel = id, name, #name, @person or dm), strict about
everything else: an unknown name, message, element or view answers 404 and says what there is.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from simulator.conversations import Conversation
from simulator.interactions import Impossible, Interactions, Outcome
from simulator.json_types import JsonObject, as_object
from simulator.messages import Message
from simulator.modals import View
from simulator.shown import shown_conversation, shown_message, shown_person, shown_view
from simulator.sockets import NotDelivered, Sockets
from simulator.spec import Person
from simulator.workspace import Workspace

#: A long poll never holds a connection for longer.
LONGEST_WAIT_S = 60.0


class BadRequest(Exception):
    """The request itself is wrong (400): the message says what is missing or malformed."""


class Control:
    """The handlers under /control, for one workspace."""

    def __init__(self, workspace: Workspace, interactions: Interactions, sockets: Sockets) -> None:
        """Deeds go through `interactions`, so they are what a person does on the page."""
        self._workspace = workspace
        self._interactions = interactions
        self._sockets = sockets

    def routes(self) -> list[web.RouteDef]:
        """Everything under /control."""
        posts: dict[str, Callable[[JsonObject], Awaitable[JsonObject]]] = {
            "command": self.command,
            "message": self.message,
            "action": self.action,
            "submit": self.submit,
            "close": self.close,
            "home": self.home,
            "options": self.options,
            "person": self.person,
            "clock": self.clock,
        }
        gets: dict[str, Callable[[web.Request], Awaitable[JsonObject]]] = {
            "workspace": self.show_workspace,
            "messages": self.show_messages,
            "views": self.show_views,
            "inspector": self.show_inspector,
        }
        return [web.post(f"/control/{name}", _posted(handler)) for name, handler in posts.items()] + [
            web.get(f"/control/{name}", _asked(handler)) for name, handler in gets.items()
        ]

    async def command(self, body: JsonObject) -> JsonObject:
        """{user, channel, text}: a whole line such as "/hello there"; answers once the app acked it."""
        person = self._person(body)
        conversation = self._conversation(body.get("channel"), person)
        line = _text(body, "text")
        outcome = await self._interactions.command(person, conversation, line, body.get("thread_ts"))
        return _answer(outcome) | {"ack": outcome.ack}

    async def message(self, body: JsonObject) -> JsonObject:
        """{user, channel, text, thread_ts?}: a plain message, or a command if it starts with a slash."""
        person = self._person(body)
        conversation = self._conversation(body.get("channel"), person)
        line = _text(body, "text")
        outcome = await self._interactions.type_line(person, conversation, line, body.get("thread_ts"))
        return _answer(outcome) | {"ack": outcome.ack}

    async def action(self, body: JsonObject) -> JsonObject:
        """{user, channel, ts, action_id, value?, block_id?}: tap an element of a message.

        With view_id, or without channel, the element is in a modal or the App Home. `state` ({block_id: {action_id:
        value}}) fills other inputs first.
        """
        person = self._person(body)
        action_id = _text(body, "action_id")
        value, block_id = body.get("value"), body.get("block_id")
        if body.get("channel") is None and body.get("ts") is None:
            view = self._view(person, body.get("view_id"), action_id)
            self._interactions.fill(view, as_object(body.get("state")) or {})
            outcome = await self._interactions.tap_view(person, view, action_id, value, block_id)
        else:
            message = self._message(person, body)
            outcome = await self._interactions.tap_message(person, message, action_id, value, block_id)
        return _answer(outcome)

    async def submit(self, body: JsonObject) -> JsonObject:
        """{user, view?, values}: fill in and submit the person's modal."""
        person = self._person(body)
        view = self._view(person, body.get("view") or body.get("view_id"), None)
        values = as_object(body.get("values")) or {}
        errors = self._interactions.fill(view, values)
        if errors:
            return {"ok": False, "error": "invalid_inputs", "errors": errors}
        outcome = await self._interactions.submit(person, view)
        top = self._workspace.views.top_of(person.slack_id)
        return _answer(outcome) | {
            "view_closed": outcome.view in {"closed", "cleared"},
            "updated": outcome.view in {"updated", "pushed"},
            "view": None if top is None else shown_view(self._workspace, top),
        }

    async def close(self, body: JsonObject) -> JsonObject:
        """{user, all?}: close the modal on top, or all of them."""
        return _answer(await self._interactions.close(self._person(body), everything=bool(body.get("all"))))

    async def home(self, body: JsonObject) -> JsonObject:
        """{user, tab?}: open the App Home; the app learns of it by app_home_opened."""
        self._interactions.open_home(self._person(body), str(body.get("tab") or "home"))
        return {"ok": True}

    async def options(self, body: JsonObject) -> JsonObject:
        """{user, action_id, value, view_id? | channel, ts}: what an external select offers for the typed value."""
        person = self._person(body)
        action_id = _text(body, "action_id")
        is_message = body.get("channel") is not None
        source = self._message(person, body) if is_message else self._view(person, body.get("view_id"), action_id)
        typed = str(body.get("value") or "")
        try:
            found = await self._interactions.suggest(person, source, action_id, typed, body.get("block_id"))
        except NotDelivered as missed:
            return {"ok": False, "error": str(missed)}
        return {"ok": True, "options": found}

    async def person(self, body: JsonObject) -> JsonObject:
        """{user, ...flags}: change an account (deleted, is_restricted, email, …); the app gets user_change."""
        person = self._person(body)
        changeable = {one.name for one in dataclasses.fields(Person)} - {"slack_id"}
        changes = {name: value for name, value in body.items() if name != "user"}
        unknown = sorted(set(changes) - changeable)
        if unknown:
            raise BadRequest(f"a person has no {unknown[0]!r}; change any of {', '.join(sorted(changeable))}")
        self._interactions.change_person(dataclasses.replace(person, **changes))
        return {"ok": True}

    async def clock(self, body: JsonObject) -> JsonObject:
        """{advance_s}: push the workspace's time forward; deadlines that pass are due at once."""
        advance_s = body.get("advance_s", 0)
        if not isinstance(advance_s, (int, float)) or advance_s < 0:
            raise BadRequest("advance_s must be a number of seconds, not negative")
        self._workspace.clock.advance(advance_s)
        return {"ok": True, "now": self._workspace.clock.now()}

    async def show_workspace(self, request: web.Request) -> JsonObject:
        """?user=: the people, and the channels in that person's sidebar (all channels without a user)."""
        workspace = self._workspace
        viewer = self._viewer(request)
        mine = workspace.conversations.all() if viewer is None else workspace.conversations.of_member(viewer.slack_id)
        seen_by = workspace.spec.bot_user_id if viewer is None else viewer.slack_id
        return {
            "ok": True,
            "revision": workspace.changes.revision,
            "team": {"id": workspace.spec.team_id, "name": workspace.spec.team_name},
            "app": {"id": workspace.spec.app_id, "name": workspace.spec.bot_name, "user": workspace.spec.bot_user_id},
            "connections": self._sockets.count,
            "people": [shown_person(workspace, person) for person in workspace.people()],
            "channels": [shown_conversation(workspace, one, seen_by) for one in mine],
        }

    async def show_messages(self, request: web.Request) -> JsonObject:
        """?channel=&user=&limit=&after=&wait_s=: messages as that person sees them, oldest first.

        With wait_s, answers as soon as one of them is newer than revision `after`, or when the time is over.
        """
        viewer = self._viewer(request)
        limit = _number(request, "limit", None)
        after = int(_number(request, "after", 0) or 0)
        wait_s = min(_number(request, "wait_s", 0) or 0, LONGEST_WAIT_S)
        conversations = self._asked_conversations(request, viewer)
        await self._until_changed(conversations, viewer, after, wait_s)
        conversations = self._asked_conversations(request, viewer)
        slack_id = None if viewer is None else viewer.slack_id
        seen = [one for each in conversations for one in self._workspace.messages.seen_in(each.id, slack_id)]
        seen.sort(key=lambda one: one.ts)
        if limit is not None:
            seen = seen[-int(limit) :] if limit > 0 else []
        shown = [shown_message(self._workspace, one) for one in seen]
        return {"ok": True, "revision": self._workspace.changes.revision, "messages": shown}

    async def show_views(self, request: web.Request) -> JsonObject:
        """?user=&after=&wait_s=: the person's open modals, top last, and their App Home."""
        person = self._person(dict(request.query))
        wait_s = min(_number(request, "wait_s", 0) or 0, LONGEST_WAIT_S)
        if wait_s:
            await self._workspace.changes.wait_past(int(_number(request, "after", 0) or 0), wait_s)
        home = self._workspace.views.home_of(person.slack_id)
        stack = self._workspace.views.stack_of(person.slack_id)
        return {
            "ok": True,
            "revision": self._workspace.changes.revision,
            "views": [shown_view(self._workspace, view) for view in stack],
            "home": None if home is None else shown_view(self._workspace, home),
        }

    async def show_inspector(self, request: web.Request) -> JsonObject:
        """?after=: what passed between the app and the workspace since that entry's number."""
        entries = self._workspace.inspector.after(int(_number(request, "after", 0) or 0))
        return {"ok": True, "connections": self._sockets.count, "entries": [entry.to_json() for entry in entries]}

    async def _until_changed(
        self, conversations: list[Conversation], viewer: Person | None, after: int, wait_s: float
    ) -> None:
        """Return when anything in these conversations, or in one opened since, is newer than `after`."""
        slack_id = None if viewer is None else viewer.slack_id
        clock_end = self._workspace.changes.deadline(wait_s)
        while not any(self._workspace.messages.changed_in(one.id, slack_id, after) for one in conversations):
            left_s = clock_end - self._workspace.changes.deadline(0)
            if left_s <= 0:
                return
            await self._workspace.changes.wait_past(self._workspace.changes.revision, left_s)

    def _asked_conversations(self, request: web.Request, viewer: Person | None) -> list[Conversation]:
        channel = request.query.get("channel")
        if channel:
            return [self._conversation(channel, viewer)]
        if viewer is None:
            return self._workspace.conversations.all()
        return self._workspace.conversations.of_member(viewer.slack_id)

    def _viewer(self, request: web.Request) -> Person | None:
        return self._person(dict(request.query)) if request.query.get("user") else None

    def _person(self, body: JsonObject) -> Person:
        name = _text(body, "user")
        person = self._workspace.person_called(name)
        if person is None:
            everyone = ", ".join(one.name for one in self._workspace.people())
            raise Impossible(f"nobody is called {name!r}; there are {everyone}")
        return person

    def _conversation(self, channel: Any, person: Person | None) -> Conversation:
        """The channel by id or name, or the direct message with the app ("dm") or with somebody ("@name")."""
        if not isinstance(channel, str) or not channel:
            raise BadRequest("channel is missing: give its id, its name, @person, or dm for the app's direct message")
        conversations, bot = self._workspace.conversations, self._workspace.spec.bot_user_id
        if channel == "dm" and person is not None:
            return self._workspace.direct_message_with_bot(person.slack_id)
        found = conversations.get(channel) or conversations.named(channel.removeprefix("#"))
        if found is not None:
            return self._entered(found, person)
        other = self._workspace.person_called(channel)
        if other is None:
            names = ", ".join("#" + one.name for one in conversations.all() if not one.is_im)
            raise Impossible(f"there is no channel {channel!r}; there are {names}")
        here = self._workspace.bot if person is None or person.slack_id == other.slack_id else person
        return conversations.direct_message(here.slack_id, other.slack_id if other.slack_id != here.slack_id else bot)[
            0
        ]

    def _entered(self, conversation: Conversation, person: Person | None) -> Conversation:
        if person is not None and person.slack_id not in conversation.members:
            raise Impossible(f"{person.name} is not in {conversation.name!r}")
        return conversation

    def _message(self, person: Person, body: JsonObject) -> Message:
        conversation = self._conversation(body.get("channel"), person)
        ts = _text(body, "ts")
        message = self._workspace.messages.get(conversation.id, ts)
        if message is None or not message.visible_to(person.slack_id):
            raise Impossible(f"{person.name} sees no message {ts} in {conversation.name!r}")
        return message

    def _view(self, person: Person, view_id: Any, action_id: str | None) -> View:
        """The named view; else the modal on top; else, for an action, the App Home."""
        views = self._workspace.views
        mine = [*views.stack_of(person.slack_id)]
        home = views.home_of(person.slack_id)
        if view_id == "home" or (view_id is None and not mine and action_id is not None):
            mine, view_id = [home] if home is not None else [], None
        elif home is not None and view_id == home.id:
            return home
        found = next((one for one in reversed(mine) if view_id in {None, one.id}), None)
        if found is None:
            raise Impossible(f"{person.name} has no such view open: {view_id or 'no modal and no App Home'}")
        return found


def _posted(handler: Callable[[JsonObject], Awaitable[JsonObject]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = as_object(json.loads(await request.text() or "{}"))
        except ValueError:
            body = None
        if body is None:
            return _refusal(400, "the body must be one JSON object")
        return await _guarded(handler(body))

    return handle


def _asked(handler: Callable[[web.Request], Awaitable[JsonObject]]) -> Callable[[web.Request], Awaitable[web.Response]]:
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


def _answer(outcome: Outcome) -> JsonObject:
    answer: JsonObject = {"ok": outcome.ok}
    if outcome.error is not None:
        answer["error"] = outcome.error
    if outcome.errors:
        answer["errors"] = outcome.errors
    return answer


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is missing, or not a text")
    return value


def _number(request: web.Request, name: str, default: float | None) -> float | None:
    given = request.query.get(name)
    if not given:
        return default
    try:
        return float(given)
    except ValueError as problem:
        raise BadRequest(f"{name} must be a number") from problem

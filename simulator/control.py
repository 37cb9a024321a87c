"""The control API: what scripts, tests and the page do as people of the workspace. docs/simulator.md has examples.

Tolerant about names (user = Slack id, name or @name; channel = id, name, #name, @person or dm), strict about
everything else: an unknown name, message, element or view answers 404 and says what there is.
"""

import dataclasses
import json
import math
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.conversations import Conversation
from simulator.inputs import Impossible, fill
from simulator.interactions import Interactions
from simulator.json_types import JsonObject, as_object
from simulator.lookup import BadRequest, Lookup, text_of
from simulator.outcomes import Outcome
from simulator.shown import (
    shown_commands,
    shown_conversation,
    shown_message,
    shown_person,
    shown_shortcut,
    shown_view,
)
from simulator.sockets import NotDelivered, Sockets
from simulator.spec import Person
from simulator.threads import in_thread, own_lines, summaries
from simulator.workspace import Workspace

#: A long poll never holds a connection for longer.
LONGEST_WAIT_S = 60.0


class Control:
    """The handlers under /control, for one workspace."""

    def __init__(self, workspace: Workspace, interactions: Interactions, sockets: Sockets) -> None:
        """Deeds go through `interactions`, so they are what a person does on the page."""
        self._workspace = workspace
        self._interactions = interactions
        self._sockets = sockets
        self._lookup = Lookup(workspace)

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
            "shortcut": self.shortcut,
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
        person = self._lookup.person(body)
        conversation = self._lookup.conversation(body.get("channel"), person)
        line = text_of(body, "text")
        outcome = await self._interactions.composer.command(person, conversation, line, body.get("thread_ts"))
        return _answer(outcome) | {"ack": outcome.ack}

    async def message(self, body: JsonObject) -> JsonObject:
        """{user, channel, text, thread_ts?}: a plain message, or a command if it starts with a slash."""
        person = self._lookup.person(body)
        conversation = self._lookup.conversation(body.get("channel"), person)
        line = text_of(body, "text")
        outcome = await self._interactions.composer.type_line(person, conversation, line, body.get("thread_ts"))
        return _answer(outcome) | {"ack": outcome.ack}

    async def action(self, body: JsonObject) -> JsonObject:
        """{user, channel, ts, action_id, value?, block_id?}: tap an element of a message.

        With view_id, or without channel, the element is in a modal or the App Home. `state` ({block_id: {action_id:
        value}}) fills other inputs first.
        """
        person = self._lookup.person(body)
        action_id = text_of(body, "action_id")
        value, block_id = body.get("value"), body.get("block_id")
        if body.get("channel") is None and body.get("ts") is None:
            view = self._lookup.view(person, body.get("view_id"), action_id)
            fill(view, as_object(body.get("state")) or {})
            outcome = await self._interactions.taps.view(person, view, action_id, value, block_id)
        else:
            message = self._lookup.message(person, body)
            outcome = await self._interactions.taps.message(person, message, action_id, value, block_id)
        return _answer(outcome)

    async def submit(self, body: JsonObject) -> JsonObject:
        """{user, view?, values}: fill in and submit the person's modal."""
        person = self._lookup.person(body)
        view = self._lookup.view(person, body.get("view") or body.get("view_id"), None)
        values = await self._interactions.taps.with_offered_options(person, view, as_object(body.get("values")) or {})
        errors = fill(view, values)
        if errors:
            return {"ok": False, "error": "invalid_inputs", "errors": errors}
        outcome = await self._interactions.submissions.submit(person, view)
        top = self._workspace.views.top_of(person.slack_id)
        return _answer(outcome) | {
            "view_closed": outcome.view in {"closed", "cleared"},
            "updated": outcome.view in {"updated", "pushed"},
            "view": None if top is None else shown_view(self._workspace, top),
        }

    async def close(self, body: JsonObject) -> JsonObject:
        """{user, all?}: close the modal on top, or all of them."""
        return _answer(
            await self._interactions.submissions.close(self._lookup.person(body), everything=bool(body.get("all")))
        )

    async def home(self, body: JsonObject) -> JsonObject:
        """{user, tab?}: open the App Home; the app learns of it by app_home_opened."""
        self._interactions.open_home(self._lookup.person(body), str(body.get("tab") or "home"))
        return {"ok": True}

    async def options(self, body: JsonObject) -> JsonObject:
        """{user, action_id, value, view_id? | channel, ts}: what an external select offers for the typed value."""
        person = self._lookup.person(body)
        action_id = text_of(body, "action_id")
        is_message = body.get("channel") is not None
        source = (
            self._lookup.message(person, body)
            if is_message
            else self._lookup.view(person, body.get("view_id"), action_id)
        )
        typed = str(body.get("value") or "")
        try:
            found = await self._interactions.taps.suggest(person, source, action_id, typed, body.get("block_id"))
        except NotDelivered as missed:
            return {"ok": False, "error": str(missed)}
        return {"ok": True, "options": found}

    async def shortcut(self, body: JsonObject) -> JsonObject:
        """{user, callback_id | name, channel?, ts?}: a global shortcut, or with channel and ts one on that message."""
        person = self._lookup.person(body)
        name = text_of(body, "callback_id" if body.get("callback_id") is not None else "name")
        if body.get("channel") is None and body.get("ts") is None:
            return _answer(await self._interactions.shortcuts.use(person, name))
        message = self._lookup.message(person, body)
        return _answer(await self._interactions.shortcuts.use_on(person, message, name))

    async def person(self, body: JsonObject) -> JsonObject:
        """{user, ...flags}: change an account (deleted, is_restricted, email, …); the app gets user_change."""
        person = self._lookup.person(body)
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
            "commands": shown_commands(workspace.spec),
            "shortcuts": [shown_shortcut(one) for one in self._interactions.shortcuts.offered()],
            "people": [shown_person(workspace, person) for person in workspace.people()],
            "channels": [shown_conversation(workspace, one, seen_by) for one in mine],
        }

    async def show_messages(self, request: web.Request) -> JsonObject:
        """?channel=&user=&limit=&thread_ts=&top=&after=&wait_s=: messages as that person sees them, oldest first.

        With wait_s, answers as soon as one of them is newer than revision `after`, or when the time is over. thread_ts
        keeps one thread; top=1 leaves replies out, as a channel does.
        """
        viewer = self._viewer(request)
        limit = _number(request, "limit", None)
        after = int(_number(request, "after", 0) or 0)
        wait_s = min(_number(request, "wait_s", 0) or 0, LONGEST_WAIT_S)
        await self._until_changed(request, viewer, after, wait_s)
        conversations = self._asked_conversations(request, viewer)
        slack_id = None if viewer is None else viewer.slack_id
        seen = [one for each in conversations for one in self._workspace.messages.seen_in(each.id, slack_id)]
        seen.sort(key=lambda one: one.ts)
        threads = summaries(seen)
        if request.query.get("thread_ts"):
            seen = in_thread(seen, request.query["thread_ts"])
        elif request.query.get("top"):
            seen = own_lines(seen)
        kept = seen if limit is None else seen[-int(limit) :] if limit > 0 else []
        return {
            "ok": True,
            "revision": self._workspace.changes.revision,
            "messages": [shown_message(self._workspace, one) | threads.get(one.ts, {}) for one in kept],
            "has_more": len(kept) < len(seen),
        }

    async def show_views(self, request: web.Request) -> JsonObject:
        """?user=&after=&wait_s=: the person's open modals, top last, and their App Home."""
        person = self._lookup.person(dict(request.query))
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

    async def _until_changed(self, request: web.Request, viewer: Person | None, after: int, wait_s: float) -> None:
        """Return when anything that was asked for is newer than `after`; direct messages opened meanwhile count."""
        slack_id = None if viewer is None else viewer.slack_id
        changes, messages = self._workspace.changes, self._workspace.messages
        end = changes.deadline(wait_s)
        while not any(
            messages.changed_in(one.id, slack_id, after) for one in self._asked_conversations(request, viewer)
        ):
            left_s = end - changes.deadline(0)
            if left_s <= 0:
                return
            await changes.wait_past(changes.revision, left_s)

    def _viewer(self, request: web.Request) -> Person | None:
        return self._lookup.person(dict(request.query)) if request.query.get("user") else None

    def _asked_conversations(self, request: web.Request, viewer: Person | None) -> list[Conversation]:
        channel = request.query.get("channel")
        if channel:
            return [self._lookup.conversation(channel, viewer)]
        if viewer is None:
            return self._workspace.conversations.all()
        return self._workspace.conversations.of_member(viewer.slack_id)


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


def _number(request: web.Request, name: str, default: float | None) -> float | None:
    given = request.query.get(name)
    if not given:
        return default
    try:
        number = float(given)
    except ValueError as problem:
        raise BadRequest(f"{name} must be a number") from problem
    if not math.isfinite(number):
        raise BadRequest(f"{name} must be a finite number")
    return number

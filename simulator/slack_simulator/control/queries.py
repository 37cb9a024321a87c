"""The control API's queries: what people see, as JSON, and long polls that answer at the next change.

`plain` beside Slack's JSON is what a person reads. docs/drive.md has examples.
"""

import math

from aiohttp import web

from slack_simulator.base.json_types import JsonObject
from slack_simulator.control.lookup import BadRequest, Lookup
from slack_simulator.control.presentation import (
    shown_app,
    shown_commands,
    shown_conversation,
    shown_message,
    shown_person,
    shown_shortcut,
    shown_view,
)
from slack_simulator.control.requests import asked
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.interactions.shortcuts import Shortcuts
from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.threads import in_thread, own_lines, summaries
from slack_simulator.workspace.workspace import Workspace

#: A long poll never holds a connection for longer.
LONGEST_WAIT_S = 60.0


class Queries:
    """The handlers of GET under /control, for one workspace."""

    def __init__(self, workspace: Workspace, shortcuts: Shortcuts, sockets: Sockets) -> None:
        """What the app offers and whether it is connected is shown too."""
        self._workspace = workspace
        self._shortcuts = shortcuts
        self._sockets = sockets
        self._lookup = Lookup(workspace)

    def routes(self) -> list[web.RouteDef]:
        """Everything that is asked for."""
        return [
            web.get("/control/workspace", asked(self.show_workspace)),
            web.get("/control/messages", asked(self.show_messages)),
            web.get("/control/views", asked(self.show_views)),
            web.get("/control/inspector", asked(self.show_inspector)),
        ]

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
            "app": shown_app(workspace.spec),
            "connections": self._sockets.count,
            "commands": shown_commands(workspace.spec),
            "shortcuts": [shown_shortcut(one) for one in self._shortcuts.offered()],
            "usergroups": [{"id": one.id, "handle": one.handle} for one in workspace.spec.usergroups],
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

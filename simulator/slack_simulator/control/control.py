"""The control API's commands: what scripts, tests and the page do as people. docs/drive.md has examples.

Tolerant about names (user = Slack id, name or @name; channel = id, name, #name, @person or dm), strict about
everything else: an unknown name, message, element or view answers 404 and says what there is.
"""

import base64
import binascii
import dataclasses
from collections.abc import Awaitable, Callable

from aiohttp import web

from slack_simulator.base.json_types import JsonObject
from slack_simulator.blocks.state import options_of
from slack_simulator.control.lookup import BadRequest, Lookup, optional_object, optional_text, text_of
from slack_simulator.control.presentation import shown_view
from slack_simulator.control.queries import Queries
from slack_simulator.control.requests import posted
from slack_simulator.delivery.acks import NotDelivered
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.interactions.inputs import fill
from slack_simulator.interactions.interactions import Interactions
from slack_simulator.interactions.outcomes import Outcome
from slack_simulator.webapi.errors import SlackError
from slack_simulator.workspace.spec import Person, SpecError
from slack_simulator.workspace.spec_file import changed
from slack_simulator.workspace.workspace import Workspace

#: Ten years: longer than anything that Slack remembers, and never past the last date that there is.
LONGEST_JUMP_S = 315_360_000


class Control:
    """The handlers under /control, for one workspace."""

    def __init__(self, workspace: Workspace, interactions: Interactions, sockets: Sockets) -> None:
        """All of it goes through `interactions`, so it is what a person does on the page."""
        self._workspace = workspace
        self._interactions = interactions
        self._lookup = Lookup(workspace)
        self._queries = Queries(workspace, interactions.shortcuts, sockets)

    def routes(self) -> list[web.RouteDef]:
        """Everything under /control about people and what they see."""
        posts: dict[str, Callable[[JsonObject], Awaitable[JsonObject]]] = {
            "command": self.command,
            "message": self.message,
            "action": self.action,
            "submit": self.submit,
            "close": self.close,
            "file": self.file,
            "home": self.home,
            "options": self.options,
            "shortcut": self.shortcut,
            "person": self.person,
            "reload": self.reload,
            "clock": self.clock,
        }
        return [
            web.post(f"/control/{name}", posted(handler)) for name, handler in posts.items()
        ] + self._queries.routes()

    async def command(self, body: JsonObject) -> JsonObject:
        """{user, channel, text}: a whole line such as "/hello there"; answers once the app acked it."""
        person = self._lookup.person(body)
        conversation = self._lookup.conversation(body.get("channel"), person)
        line = text_of(body, "text")
        outcome = await self._interactions.composer.command(
            person, conversation, line, optional_text(body, "thread_ts")
        )
        return _answer(outcome) | {"ack": outcome.ack}

    async def message(self, body: JsonObject) -> JsonObject:
        """{user, channel, text, thread_ts?}: a plain message, or a command if it starts with a slash."""
        person = self._lookup.person(body)
        conversation = self._lookup.conversation(body.get("channel"), person)
        line = text_of(body, "text")
        outcome = await self._interactions.composer.type_line(
            person, conversation, line, optional_text(body, "thread_ts")
        )
        return _answer(outcome) | {"ack": outcome.ack}

    async def action(self, body: JsonObject) -> JsonObject:
        """{user, channel, ts, action_id, value?, block_id?}: tap an element of a message.

        With view_id, or without channel, the element is in a modal or the App Home. `state` ({block_id: {action_id:
        value}}) fills other inputs first.
        """
        person = self._lookup.person(body)
        action_id = text_of(body, "action_id")
        value, block_id = body.get("value"), optional_text(body, "block_id")
        if body.get("channel") is None and body.get("ts") is None:
            view = self._lookup.view(person, optional_text(body, "view_id"), action_id)
            fill(view, optional_object(body, "state"))
            outcome = await self._interactions.block_actions.view(person, view, action_id, value, block_id)
        else:
            message = self._lookup.message(person, body)
            outcome = await self._interactions.block_actions.message(person, message, action_id, value, block_id)
        return _answer(outcome)

    async def submit(self, body: JsonObject) -> JsonObject:
        """{user, view?, values}: fill in and submit the person's modal."""
        person = self._lookup.person(body)
        view = self._lookup.view(person, optional_text(body, "view") or optional_text(body, "view_id"), None)
        values = await self._interactions.block_actions.resolved(person, view, optional_object(body, "values"))
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
            else self._lookup.view(person, optional_text(body, "view_id"), action_id)
        )
        typed = str(body.get("value") or "")
        block_id = optional_text(body, "block_id")
        try:
            found = await self._interactions.block_actions.suggest(person, source, action_id, typed, block_id)
        except NotDelivered as missed:
            return {"ok": False, "error": str(missed)}
        except SlackError as refused:
            return {"ok": False, "error": refused.code, **refused.extra}
        return {"ok": True, "options": list(options_of(found)), "groups": found.get("option_groups", [])}

    async def shortcut(self, body: JsonObject) -> JsonObject:
        """{user, callback_id | name, channel?, ts?}: a global shortcut, or with channel and ts one on that message."""
        person = self._lookup.person(body)
        name = text_of(body, "callback_id" if body.get("callback_id") is not None else "name")
        if body.get("channel") is None and body.get("ts") is None:
            return _answer(await self._interactions.shortcuts.use(person, name))
        message = self._lookup.message(person, body)
        return _answer(await self._interactions.shortcuts.use_on(person, message, name))

    async def file(self, body: JsonObject) -> JsonObject:
        """{user, name, content}: a person's upload for a file input; content is base64. Answers the file's object."""
        person = self._lookup.person(body)
        name = text_of(body, "name")
        try:
            content = base64.b64decode(text_of(body, "content"), validate=True)
        except binascii.Error as problem:
            raise BadRequest("content must be the file's bytes in base64") from problem
        files = self._workspace.files
        file = files.announce(name, len(content), person.slack_id, alt_text="", snippet_type=None)
        files.store(file, content)
        return {"ok": True, "file": self._workspace.file_json(file)}

    async def person(self, body: JsonObject) -> JsonObject:
        """{user, ...flags}: change an account (deleted, is_restricted, email, …); the app gets user_change."""
        person = self._lookup.person(body)
        changeable = {one.name for one in dataclasses.fields(Person)} - {"slack_id"}
        changes = {name: value for name, value in body.items() if name != "user"}
        unknown = sorted(set(changes) - changeable)
        if unknown:
            raise BadRequest(f"a person has no {unknown[0]!r}; change any of {', '.join(sorted(changeable))}")
        try:
            after = changed(person, changes)
        except SpecError as problem:
            raise BadRequest(str(problem)) from problem
        if self._workspace.person_called(after.name) not in {None, person}:
            raise BadRequest(f"name: somebody else is called {after.name!r}")
        self._interactions.change_person(after)
        return {"ok": True}

    async def reload(self, body: JsonObject) -> JsonObject:
        """{user}: the person's client starts anew; ephemeral messages do not survive that."""
        return {"ok": True, "forgotten": self._workspace.messages.forget_ephemeral(self._lookup.person(body).slack_id)}

    async def clock(self, body: JsonObject) -> JsonObject:
        """{advance_s}: push the workspace's time forward; deadlines that pass are due at once."""
        advance_s = body.get("advance_s", 0)
        is_number = isinstance(advance_s, (int, float)) and not isinstance(advance_s, bool)
        if not is_number or not 0 <= advance_s <= LONGEST_JUMP_S:
            raise BadRequest(f"advance_s must be a number of seconds from 0 to {LONGEST_JUMP_S}")
        self._workspace.clock.advance(advance_s)
        return {"ok": True, "now": self._workspace.clock.now()}


def _answer(outcome: Outcome) -> JsonObject:
    answer: JsonObject = {"ok": outcome.ok}
    if outcome.error is not None:
        answer["error"] = outcome.error
    if outcome.status is not None:
        answer["status"] = outcome.status
    if outcome.errors:
        answer["errors"] = outcome.errors
    return answer

"""From the names that scripts use to the people, conversations, messages and views they mean.

Raises Impossible with what there is instead, so that a typing error explains itself.
"""

from typing import Any

from slack_simulator.base.json_types import JsonObject, as_object
from slack_simulator.interactions.inputs import Impossible
from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.messages import Message
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.views import View
from slack_simulator.workspace.workspace import Workspace


class BadRequest(Exception):
    """The request itself is wrong (400): the message says what is missing or malformed."""


class Lookup:
    """Finds things in one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """The workspace to look in."""
        self._workspace = workspace

    def person(self, body: JsonObject) -> Person:
        """Whom `user` names: a Slack id, a name or @name."""
        name = text_of(body, "user")
        person = self._workspace.person_called(name)
        if person is None:
            everyone = ", ".join(one.name for one in self._workspace.people())
            raise Impossible(f"nobody is called {name!r}; there are {everyone}")
        return person

    def conversation(self, channel: Any, person: Person | None) -> Conversation:
        """The channel by id or name, or the direct message with the app ("dm") or with somebody ("@name")."""
        if not isinstance(channel, str) or not channel:
            raise BadRequest("channel is missing: give its id, its name, @person, or dm for the app's direct message")
        conversations = self._workspace.conversations
        if channel == "dm" and person is not None:
            return self._workspace.direct_message_with_bot(person.slack_id)
        found = conversations.get(channel) or conversations.named(channel.removeprefix("#"))
        if found is not None:
            return _entered(found, person)
        other = self._workspace.person_called(channel)
        if other is None:
            names = ", ".join("#" + one.name for one in conversations.all() if not one.is_im)
            raise Impossible(f"there is no channel {channel!r}; there are {names}")
        if person is None or person.slack_id == other.slack_id:
            return self._workspace.direct_message_with_bot(other.slack_id)
        return conversations.direct_message(person.slack_id, other.slack_id)[0]

    def message(self, person: Person, body: JsonObject) -> Message:
        """The message that `channel` and `ts` name, if this person sees it."""
        conversation = self.conversation(body.get("channel"), person)
        ts = text_of(body, "ts")
        message = self._workspace.messages.get(conversation.id, ts)
        if message is None or not message.visible_to(person.slack_id):
            raise Impossible(f"{person.name} sees no message {ts} in {conversation.name!r}")
        return message

    def view(self, person: Person, view_id: str | None, action_id: str | None) -> View:
        """The named view ("home" is the App Home); else the modal on top; else, for an action, the App Home."""
        views = self._workspace.views
        stack, home = views.stack_of(person.slack_id), views.home_of(person.slack_id)
        if home is not None and view_id in {"home", home.id}:
            return home
        if not stack and home is not None and view_id is None and action_id is not None:
            return home
        found = next((one for one in reversed(stack) if view_id in {None, one.id}), None)
        if found is None:
            raise Impossible(f"{person.name} has no such view open: {view_id or 'no modal and no App Home'}")
        return found


def text_of(body: JsonObject, name: str) -> str:
    """A text that must be there. Raises BadRequest."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is missing, or not a text")
    return value


def optional_text(body: JsonObject, name: str) -> str | None:
    """A text that may be left out. Raises BadRequest."""
    return None if body.get(name) is None else text_of(body, name)


def optional_object(body: JsonObject, name: str) -> JsonObject:
    """An object that may be left out, and is empty then. Raises BadRequest."""
    value = body.get(name)
    found = {} if value is None else as_object(value)
    if found is None:
        raise BadRequest(f"{name} must be an object")
    return found


def _entered(conversation: Conversation, person: Person | None) -> Conversation:
    if person is not None and person.slack_id not in conversation.members:
        raise Impossible(f"{person.name} is not in {conversation.name!r}")
    return conversation

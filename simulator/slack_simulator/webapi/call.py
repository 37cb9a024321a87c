"""One call of the Web API: its arguments as Slack reads them from forms and JSON, and what they name."""

import re
from dataclasses import dataclass
from typing import Any

from slack_simulator.base.json_types import JsonObject
from slack_simulator.delivery.sockets import Sockets
from slack_simulator.webapi.content import string_of, structure_of
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.scopes import POST_ANYWHERE
from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.workspace import Workspace


@dataclass(frozen=True)
class Call:
    """What a method gets to see."""

    workspace: Workspace
    sockets: Sockets
    arguments: JsonObject

    def text(self, name: str) -> str | None:
        """A string argument; None if absent or empty. Raises SlackError invalid_arguments."""
        return string_of(self.arguments, name) or None

    def required(self, name: str) -> str:
        """A string argument that must be there. Raises SlackError invalid_arguments."""
        value = self.text(name)
        if value is None:
            raise SlackError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        """A boolean argument: true, 1 and their text forms."""
        return str(self.arguments.get(name, "")).lower() in {"1", "true"}

    def number(self, name: str, default: int, highest: int) -> int:
        """A whole number argument between 1 and `highest`. Raises SlackError invalid_limit."""
        given = self.text(name)
        if given is None:
            return default
        number = whole(given)
        if number is None or not 1 <= number <= highest:
            raise SlackError("invalid_limit")
        return number

    def structure(self, name: str, error: str) -> Any:
        """A JSON argument, sent as JSON or as a string of JSON; None if absent. Raises SlackError with `error`."""
        return structure_of(self.arguments, name, error)

    def writable_conversation(self) -> Conversation:
        """Where the `channel` argument lets the app write; a user id means the direct message with that user.

        Raises SlackError: channel_not_found, not_in_channel, is_archived, messages_tab_disabled.
        """
        return self.writable_named(self.required("channel"))

    def writable_named(self, channel: str) -> Conversation:
        """The same for a conversation that is named elsewhere."""
        conversation = self._visible_named(channel)
        if self.workspace.spec.bot_user_id not in conversation.members and not self._may_post_unjoined(conversation):
            raise SlackError("not_in_channel")
        if conversation.is_archived:
            raise SlackError("is_archived")
        manifest = self.workspace.spec.manifest
        if conversation.is_im and manifest is not None and not manifest.has_messages_tab:
            raise SlackError("messages_tab_disabled")
        return conversation

    def _may_post_unjoined(self, conversation: Conversation) -> bool:
        """chat:write.public opens public channels; it has to be asked for, so a manifest must name it."""
        manifest = self.workspace.spec.manifest
        return manifest is not None and not conversation.is_private and POST_ANYWHERE in manifest.bot_scopes

    def target(self) -> str | None:
        """The id of the conversation that `channel` names, by whatever name; None if it names none."""
        channel = self.arguments.get("channel")
        if not isinstance(channel, str) or not channel:
            return None
        conversations = self.workspace.conversations
        if self.workspace.person(channel) is not None:
            return conversations.direct_message_id(channel, self.workspace.spec.bot_user_id)
        found = conversations.get(channel) or conversations.named(channel.removeprefix("#"))
        return None if found is None else found.id

    def visible_conversation(self) -> Conversation:
        """The conversation that `channel` names, if the app may know of it. Raises SlackError channel_not_found."""
        return self._visible_named(self.required("channel"))

    def _visible_named(self, channel: str) -> Conversation:
        bot = self.workspace.spec.bot_user_id
        person = self.workspace.person(channel)
        if person is not None and person.slack_id != bot:
            if person.is_bot:
                raise SlackError("cannot_dm_bot")
            return self.workspace.direct_message_with_bot(person.slack_id)
        found = self.workspace.conversations.get(channel) or self.workspace.conversations.named(
            channel.removeprefix("#")
        )
        if found is None or (found.is_private and bot not in found.members):
            raise SlackError("channel_not_found")
        return found

    def conversation_with_id(self) -> Conversation:
        """The same for methods that take no names. Raises SlackError channel_not_found."""
        found = self.visible_conversation()
        if found.id != self.required("channel"):
            raise SlackError("channel_not_found")
        return found

    def known_person(self, name: str = "user") -> Person:
        """The account that the argument names. Raises SlackError user_not_found."""
        person = self.workspace.person(self.required(name))
        if person is None:
            raise SlackError("user_not_found")
        return person


def whole(given: str) -> int | None:
    """The whole number that a text of plain digits stands for; None for any other text, an absurdly long one too."""
    return int(given) if re.fullmatch(r"[0-9]{1,15}", given) else None

"""One call of the Web API: its arguments as Slack reads them from forms and JSON, and the errors it may answer."""

import re
from dataclasses import dataclass
from typing import Any

from simulator.blocks.normal import normalised
from simulator.blocks.validate import MARKDOWN_TEXT, Problem, blocks_problems, tables_in, text_length
from simulator.conversations import Conversation
from simulator.json_types import JsonObject, NotJson, as_list, as_object, read_json
from simulator.sockets import Sockets
from simulator.spec import Person
from simulator.webapi.scopes import POST_ANYWHERE
from simulator.workspace import Workspace

#: docs.slack.dev/reference/methods/chat.postMessage: text is cut off at 40,000; bots get msg_too_long.
MESSAGE_TEXT_LIMIT = 40_000
#: Undocumented; measured by app authors at about 13,200 characters over all blocks (slackapi/bolt-js issue 2509).
ALL_BLOCKS_TEXT_LIMIT = 13_000
MESSAGE_BLOCKS_LIMIT = 50
ATTACHMENTS_LIMIT = 100


class SlackError(Exception):
    """The call fails with this error code; `extra` joins the answer beside it."""

    def __init__(self, code: str, messages: list[str] | None = None, **extra: Any) -> None:
        """`messages` become `response_metadata.messages`."""
        super().__init__(code)
        self.code = code
        self.extra: JsonObject = dict(extra)
        if messages:
            self.extra["response_metadata"] = {"messages": messages}


@dataclass(frozen=True)
class MessageContent:
    """What a message says, checked and completed; at least one of the three is there."""

    text: str
    blocks: list[JsonObject]
    attachments: list[JsonObject]


@dataclass(frozen=True)
class Call:
    """What a method gets to see."""

    workspace: Workspace
    sockets: Sockets
    arguments: JsonObject

    def text(self, name: str) -> str | None:
        """A string argument; None if absent or empty."""
        value = self.arguments.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, (dict, list)):
            raise SlackError("invalid_arguments", [f"[ERROR] must be a string [json-pointer:/{name}]"])
        return str(value)

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
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return read_json(value)
        except NotJson as problem:
            raise SlackError(error) from problem

    def message_blocks(self) -> list[JsonObject]:
        """The `blocks` argument of a message, checked and completed. Raises SlackError."""
        given = self.structure("blocks", "invalid_blocks_format")
        return [] if given is None else checked_message_blocks(given)

    def message_text(self) -> str:
        """The `text` argument of a message. Raises SlackError msg_too_long."""
        text = self.text("text") or ""
        if len(text) > MESSAGE_TEXT_LIMIT:
            raise SlackError("msg_too_long")
        return text

    def message_content(self) -> MessageContent:
        """What chat.postMessage and its kin post: `text`, `blocks` and `attachments`, or `markdown_text` alone.

        Raises SlackError: no_text, markdown_text_conflict, and whatever is wrong with one of them.
        """
        markdown = self.text("markdown_text")
        if markdown is not None:
            if self.text("text") is not None or self.arguments.get("blocks"):
                raise SlackError("markdown_text_conflict")
            if len(markdown) > MARKDOWN_TEXT:
                raise SlackError("msg_too_long")
            blocks = checked_message_blocks([{"type": "markdown", "text": markdown}])
            return MessageContent(markdown, blocks, self.attachments())
        content = MessageContent(self.message_text(), self.message_blocks(), self.attachments())
        if not (content.text or content.blocks or content.attachments):
            raise SlackError("no_text")
        return content

    def attachments(self) -> list[JsonObject]:
        """The `attachments` argument, with the blocks inside checked. Raises SlackError."""
        given = self.structure("attachments", "invalid_attachments")
        if given is None:
            return []
        attachments = as_list(given)
        if attachments is None:
            raise SlackError("invalid_attachments")
        if len(attachments) > ATTACHMENTS_LIMIT:
            raise SlackError("too_many_attachments")
        checked: list[JsonObject] = []
        for one in attachments:
            attachment = as_object(one)
            if attachment is None:
                raise SlackError("invalid_attachments")
            blocks = attachment.get("blocks")
            checked.append(attachment if blocks is None else attachment | {"blocks": checked_message_blocks(blocks)})
        return checked

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

    def known_person(self, name: str = "user") -> Person:
        """The account that the argument names. Raises SlackError user_not_found."""
        person = self.workspace.person(self.required(name))
        if person is None:
            raise SlackError("user_not_found")
        return person


def whole(given: str) -> int | None:
    """The whole number that a text of plain digits stands for; None for any other text, an absurdly long one too."""
    return int(given) if re.fullmatch(r"[0-9]{1,15}", given) else None


def checked_message_blocks(given: Any) -> list[JsonObject]:
    """Message blocks, completed.

    Raises SlackError: invalid_blocks_format, invalid_blocks, msg_blocks_too_long, invalid_attachments (two tables).
    """
    blocks = as_list(given)
    if blocks is None:
        raise SlackError("invalid_blocks_format")
    problems = blocks_problems(blocks, surface="message", limit=MESSAGE_BLOCKS_LIMIT)
    if problems:
        errors = [str(problem) for problem in problems]
        raise SlackError("invalid_blocks", prefixed(problems), errors=errors)
    if tables_in(blocks) > 1:
        raise SlackError("invalid_attachments", ["only_one_table_allowed"])
    if text_length(blocks) > ALL_BLOCKS_TEXT_LIMIT:
        raise SlackError("msg_blocks_too_long")
    return normalised(blocks)


def prefixed(problems: list[Problem]) -> list[str]:
    """Problems as `response_metadata.messages` has them."""
    return [f"[ERROR] {problem}" for problem in problems]

"""What people type into the composer: slash commands, and plain messages, of which the app may hear by an event.

Text is data: what a person types is escaped, and only @name and #name become mentions.
"""

import re

from slack_simulator.base.json_types import JsonObject
from slack_simulator.delivery.acks import NotDelivered
from slack_simulator.delivery.delivery import Delivery
from slack_simulator.delivery.events import Events
from slack_simulator.delivery.payloads import Payloads
from slack_simulator.interactions.inputs import Impossible
from slack_simulator.interactions.outcomes import Outcome
from slack_simulator.webapi.errors import SlackError
from slack_simulator.webapi.responses import Responses
from slack_simulator.workspace.conversations import Conversation
from slack_simulator.workspace.handles import ResponseUrl
from slack_simulator.workspace.messages import Message
from slack_simulator.workspace.spec import Person
from slack_simulator.workspace.workspace import Workspace

_MENTION = re.compile(r"(?<!\S)([@#])([\w.-]+)")
_ADDRESS = re.compile(r"(?<!\S)https?://[^\s<>]+")


class Composer:
    """Lines that the people of one workspace type."""

    def __init__(self, workspace: Workspace, delivery: Delivery, payloads: Payloads, events: Events) -> None:
        """Commands go out by `delivery`; messages are told of by `events`."""
        self._workspace = workspace
        self._delivery = delivery
        self._payloads = payloads
        self._events = events
        self._responses = Responses(workspace)

    async def type_line(
        self, person: Person, conversation: Conversation, line: str, thread_ts: str | None = None
    ) -> Outcome:
        """A line in the composer: a slash command if it starts with a slash, else a message. Raises Impossible."""
        if line.startswith("/"):
            return await self.command(person, conversation, line, thread_ts)
        return self.say(person, conversation, line, thread_ts)

    async def command(
        self, person: Person, conversation: Conversation, line: str, thread_ts: str | None = None
    ) -> Outcome:
        """A slash command with its text. Slack has none in threads. Raises Impossible where nobody can type."""
        self._refuse_read_only(conversation)
        command, _, text = line.strip().partition(" ")
        if thread_ts is not None:
            notice = f"{command} is not supported in threads. Sorry!"
            self._workspace.slackbot_notice(conversation.id, person.slack_id, notice)
            return Outcome(ok=False, error="not_supported_in_threads")
        if not command.startswith("/") or len(command) < 2 or not self._workspace.spec.takes_command(command):
            notice = (
                f'{command} is not a valid command. In Slack, all messages that start with the "/" character are '
                "interpreted as commands.\n\nIf you are trying to send a message and not run a command, try preceding "
                'the "/" with an empty space.'
            )
            self._workspace.slackbot_notice(conversation.id, person.slack_id, notice)
            return Outcome(ok=False, error="unknown_command")
        payload = self._payloads.slash_command(person, conversation, command, self._escaped(command, text.strip()))
        try:
            ack = await self._delivery.deliver("slash_commands", payload, accepts_response_payload=True)
            if ack:
                handle = ResponseUrl(person.slack_id, conversation.id, self._workspace.clock.now(), None)
                self._responses.apply(handle, ack)
        except (NotDelivered, SlackError) as failed:
            error = failed.code if isinstance(failed, SlackError) else str(failed)
            notice = f'{command} failed with the error "{error}"'
            self._workspace.slackbot_notice(conversation.id, person.slack_id, notice)
            return Outcome(ok=False, error=error)
        return Outcome(ok=True, ack=ack)

    def say(self, person: Person, conversation: Conversation, text: str, thread_ts: str | None = None) -> Outcome:
        """A plain message. What the person types is data: special characters are escaped, mentions become mentions.

        Raises Impossible where nobody can type.
        """
        self._refuse_read_only(conversation)
        escaped = self._mentions(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        messages = self._workspace.messages
        message = Message(conversation.id, messages.next_ts(), person.slack_id, escaped, thread_ts=thread_ts)
        messages.add(message)
        self._tell_of(message, conversation)
        return Outcome(ok=True, ack={"ts": message.ts})

    def _refuse_read_only(self, conversation: Conversation) -> None:
        """The app's messages tab may be for reading alone: the client shows no message box there."""
        spec = self._workspace.spec
        is_read_only = spec.manifest is not None and spec.manifest.is_messages_tab_read_only
        if is_read_only and conversation.is_im and spec.bot_user_id in conversation.members:
            raise Impossible("the app takes no messages: its manifest says messages_tab_read_only_enabled")

    def _escaped(self, command: str, text: str) -> str:
        """With should_escape, ids for names and angle brackets around addresses."""
        if not self._workspace.spec.escapes(command):
            return text
        return self._mentions(_ADDRESS.sub(r"<\g<0>>", text))

    def _mentions(self, text: str) -> str:
        def mention(found: re.Match[str]) -> str:
            sign, name = found.groups()
            if sign == "@":
                person = self._workspace.person_called(name)
                return found.group(0) if person is None else f"<@{person.slack_id}|{person.name}>"
            conversation = self._workspace.conversations.named(name)
            return found.group(0) if conversation is None else f"<#{conversation.id}|{conversation.name}>"

        return _MENTION.sub(mention, text)

    def _tell_of(self, message: Message, conversation: Conversation) -> None:
        bot = self._workspace.spec.bot_user_id
        if bot not in conversation.members:
            return
        kind = {"public_channel": "channel", "private_channel": "group"}.get(conversation.kind, conversation.kind)
        common: JsonObject = {
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "channel": conversation.id,
            "event_ts": message.ts,
        }
        if message.thread_ts:
            common["thread_ts"] = message.thread_ts
        name = f"message.{kind}" if conversation.kind in {"im", "mpim"} else f"message.{kind}s"
        self._events.send(name, {"type": "message", "channel_type": kind, **common})
        if f"<@{bot}" in message.text:
            self._events.send("app_mention", {"type": "app_mention", **common})
